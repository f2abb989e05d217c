"""What is not wrong in the entities and keyword sets of a desk, but will bite: warnings for `newswatch check`."""

from collections.abc import Iterable, Iterator

from newswatch_core.config import Problem
from newswatch_core.text import fold, read, words
from newswatch_judging.commonwords import COMMON_WORDS
from newswatch_judging.entities import Alias, EntitiesRead, Entity, Longer
from newswatch_judging.keywords import KeywordSet, KeywordsRead
from newswatch_judging.lexicon import How, Lexicon

LONGEST_ACRONYM = 4
_ACRONYM = (
    "others share it: add never-alone: true, requires: or forbids:, or the languages it counts in;"
    " or say never-alone: false, where nothing else is called so"
)


def lint_entities(read: EntitiesRead) -> Iterator[Problem]:
    """Ambiguous aliases without a guard, aliases of two entities, common words, and guards that do nothing."""
    owners: dict[tuple[str, ...], tuple[str, str]] = {}
    for entity in read.entities.values():
        for language, place, alias in entity.each_alias():
            path = ("aliases", language, place)
            form = tuple(map(fold, words(alias.text)))
            for message, hint in _lint_alias(alias, entity):
                yield read.problem(entity.id, message, *path, hint=hint, warning=True)
            owner, _ = owners.setdefault(form, (entity.id, alias.text))
            if owner != entity.id and not alias.is_guarded:
                message = f"the alias {alias.text!r} belongs to {owner!r} as well"
                hint = "each article that holds it mentions both; guard one of them, or take it out"
                yield read.problem(entity.id, message, *path, hint=hint, warning=True)
        names = [(alias.text, _how(alias, "name"), language) for language, _, alias in entity.each_alias()]
        for place, blocked in _idle(entity.each_blocked(), names):
            message = f"the blocked name {blocked!r} holds no alias of {entity.id!r}: it blocks nothing"
            hint = "write the longer name as it stands in articles, with the alias in it, or take it out"
            yield read.problem(entity.id, message, "blocked", place, hint=hint, warning=True)


def _lint_alias(alias: Alias, entity: Entity) -> Iterator[tuple[str, str]]:
    if alias.also_means and not alias.is_guarded:
        yield (
            f"also-means does nothing for {alias.text!r}: an alias without a guard proves itself",
            "add never-alone: true or requires:, or block the other thing's longer name",
        )
    if any(alias.text == longer.text for longer in entity.each_blocked()):
        yield f"the alias {alias.text!r} is blocked by its own entity: it never counts", "take one of both out"
    if len(words(alias.text)) != 1:
        return
    bare = "".join(letter for letter in alias.text if letter.isalpha())
    # Who writes `never-alone: false` knows what he does.
    guarded = alias.is_guarded or alias.forbids or alias.languages or "never_alone" in alias.model_fields_set
    if len(bare) <= LONGEST_ACRONYM and bare.isupper() and not guarded:
        yield (
            f"the short acronym {alias.text!r} has no guard",
            _ACRONYM,
        )
    elif fold(alias.text) in COMMON_WORDS and not guarded:
        yield f"{alias.text!r} is too common a word to name an entity", "write the longer name, or add a guard"


def lint_keywords(read: KeywordsRead) -> Iterator[Problem]:
    """Keywords that are too common, and blocked names that block nothing."""
    for keywords in read.sets.values():
        for language, place, keyword in keywords.each_word():
            guarded = keyword.requires or keyword.forbids or keyword.is_exact
            if len(words(keyword.text)) == 1 and fold(keyword.text) in COMMON_WORDS and not guarded:
                message = f"{keyword.text!r} is too common a word for #{keywords.id}"
                hint = "it makes the set true of articles of all kinds: write a phrase, or add requires:"
                yield read.problem(keywords.id, message, language, place, hint=hint, warning=True)
        yield from _lint_blocked(keywords, read)


def _lint_blocked(keywords: KeywordSet, read: KeywordsRead) -> Iterator[Problem]:
    written = [(keyword.text, _how(keyword, "keyword"), language) for language, _, keyword in keywords.each_word()]
    for place, blocked in _idle(keywords.each_blocked(), written):
        message = f"the blocked name {blocked!r} holds no word of #{keywords.id}: it blocks nothing"
        hint = "write the longer expression with the keyword in it, or take it out"
        yield read.problem(keywords.id, message, "blocked", place, hint=hint, warning=True)


def _how(alias: Alias, otherwise: How) -> How:
    return "exact" if alias.is_exact else otherwise


def _idle(blocked: Iterable[Longer], names: Iterable[tuple[str, How, str]]) -> Iterator[tuple[int, str]]:
    """The longer names, and their places, inside which none of `names` (text, how, language) stands."""
    lexicon, languages = Lexicon[str](), {""}
    for text, how, language in names:
        lexicon.add(text, text, how=how, language=language)
        languages.add("" if language == "any" else language)
    for place, longer in enumerate(blocked):
        document = read("", longer.text)
        if not any(lexicon.find(document, language) for language in sorted(languages)):
            yield place, longer.text
