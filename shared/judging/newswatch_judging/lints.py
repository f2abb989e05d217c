"""What is not wrong in an entity file, but will bite: warnings for `newswatch check`."""

from collections.abc import Iterator

from newswatch_core.config import Problem
from newswatch_core.text import fold, words
from newswatch_judging.entities import Alias, EntitiesRead

COMMON = frozenset(
    """
    the and for with not all one two new state states union alliance force forces army council group party bank press
    house court law act war peace aid gas oil sea sun star post times today news media world security government
    minister president general will may march can must out off over who us it is in on at to of by or as an no yes
    les des une pour dans avec etat etats armee conseil groupe parti presse banque cour loi guerre paix monde
    el la los las del una estado estados alianza ejercito consejo grupo partido guerra paz mundo
    государство союз альянс армия совет группа партия война мир банк газета
    دولة اتحاد تحالف جيش مجلس حزب حرب سلام
    """.split()  # noqa: SIM905  # a list of one string each would be ten times as long
)
"""Words too common to name anything by themselves."""
LONGEST_ACRONYM = 4


def lint_entities(read: EntitiesRead) -> Iterator[Problem]:
    """Ambiguous aliases without a guard, aliases of two entities, and words too common to be a name."""
    owners: dict[tuple[str, ...], tuple[str, str]] = {}
    for entity in read.entities.values():
        for language, place, alias in entity.each_alias():
            path = ("aliases", language, place)
            form = tuple(map(fold, words(alias.text)))
            message, hint = _lint(alias)
            if message:
                yield read.problem(entity.id, message, *path, hint=hint, warning=True)
            owner, _ = owners.setdefault(form, (entity.id, alias.text))
            if owner != entity.id and not alias.is_guarded:
                message = f"the alias {alias.text!r} belongs to {owner!r} as well"
                hint = "each article that holds it mentions both; guard one of them, or take it out"
                yield read.problem(entity.id, message, *path, hint=hint, warning=True)


def _lint(alias: Alias) -> tuple[str, str]:
    parts = words(alias.text)
    if len(parts) != 1:
        return "", ""
    bare = "".join(letter for letter in alias.text if letter.isalpha())
    guarded = alias.is_guarded or alias.forbids or alias.languages
    if len(bare) <= LONGEST_ACRONYM and bare.isupper() and bare.isascii() and not guarded:
        return (
            f"the short acronym {alias.text!r} has no guard",
            "others share it: add never-alone: true, requires: or forbids:, or the languages it counts in",
        )
    if fold(alias.text) in COMMON and not guarded:
        return f"{alias.text!r} is too common a word to name an entity", "write the longer name, or add a guard"
    return "", ""
