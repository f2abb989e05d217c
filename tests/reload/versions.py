"""Versions of a desk, good and broken, and what has to be in force after each.

The desk has one entity and two rules. Each version calls the entity by another name, or has the rules ask for other
words; every article holds all names and all words. So each article fires both rules under any version, and the spans of
its matches tell which version judged it.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

WORDS = 100
"""So many versions in a row can be told apart."""
_LETTERS = "abdegiklmo"
GOOD = ("all", "rules", "entities")
BROKEN = ("cut", "fixture", "entities-cut", "no-rules", "no-entities", "receiver", "double", "article", "lost")
IN_ONE_FILE = ("rules", "cut")
"""What may be written in place: one file, and met half-written it changes nothing."""


class State(NamedTuple):
    """What is in force: the number of the entity's name, and of the words that the rules ask for."""

    name: int = 0
    left: int = 0
    right: int = 0


@dataclass(frozen=True)
class Version:
    """`files`: the whole desk, by path. `state`: in force once this was read."""

    kind: str
    files: Mapping[str, str]
    state: State

    @property
    def is_broken(self) -> bool:
        return self.kind in BROKEN


def word(what: str, number: int) -> str:
    """A word that no other number has, and that is no form of another word."""
    number %= WORDS
    return f"{what}{_LETTERS[number // 10]}{_LETTERS[number % 10]}zx"


def text() -> str:
    """All names and words, in sentences."""
    return "\n\n".join(
        f"The envoy of {word('land', number)} spoke of {word('lef', number)} and then of {word('rig', number)}."
        for number in range(WORDS)
    )


def first() -> Version:
    return Version("all", _desk(State()), State())


def drawn(dice: random.Random, number: int, before: State) -> Version:
    """The version `number`: one in three is broken."""
    if dice.random() < 1 / 3:
        return _broken(dice.choice(BROKEN), number, before)
    kind = dice.choice(GOOD)
    everything = State(number, number, number)
    state = {
        "all": everything,
        "rules": everything._replace(name=before.name),
        "entities": before._replace(name=number),
    }
    return Version(kind, _desk(state[kind]), state[kind])


def _broken(kind: str, number: int, before: State) -> Version:
    """Other words for both rules, with a mistake; what the mistake does not touch is to be taken."""
    rules, entities, articles = "rules/all.yaml", "entities/it.yaml", "articles/all.yaml"
    both, right = before._replace(left=number, right=number), before._replace(right=number)
    files = _desk(both)
    text = files[rules]
    left = f'AND "{word("lef", number)}"'
    again = "version: 1\nrules:\n  - {id: left, title: Again, query: '@it'}\n"
    changes: dict[str, tuple[State, dict[str, str]]] = {
        "cut": (before, {rules: text[: text.index("AND")]}),
        "fixture": (right, {rules: text.replace(left, "AND nowhere")}),
        "receiver": (right, {rules: text.replace("notify: [desk]", "notify: [dekc]", 1)}),
        "double": (right, {"rules/more.yaml": again}),
        "entities-cut": (both, {entities: files[entities][:-20]}),
        "lost": (both, {entities: _entities("nowhere")}),
        "article": (before, {articles: "version: 1\ntitle: ["}),
        "no-rules": (before, {rules: ""}),
        "no-entities": (both, {entities: ""}),
    }
    state, changed = changes[kind]
    # Two mistakes of a kind may leave the same files: what holds the same is no change.
    files |= {"articles/version.yaml": f"# {number}\n", **changed}
    return Version(kind, {path: file for path, file in files.items() if file}, state)


def _desk(state: State) -> dict[str, str]:
    rules = "".join(
        f"""\
  - id: {name}
    title: The {name} one
    query: '@it AND "{word(name[:3], number)}"'
    notify: [desk]
    fixtures: {{fires: [articles/all.yaml], silent: [{{title: A quiet day}}]}}
"""
        for name, number in (("left", state.left), ("right", state.right))
    )
    lines = "".join(f"  {line}\n" if line else "\n" for line in text().split("\n"))
    return {
        "rules/all.yaml": "version: 1\nrules:\n" + rules,
        "entities/it.yaml": _entities(word("land", state.name)),
        "articles/all.yaml": "version: 1\ntitle: Bulletin\ntext: |\n" + lines,
    }


def _entities(name: str) -> str:
    return f"version: 1\nentities:\n  - {{id: it, name: It, type: place, aliases: {{any: [{name}]}}}}\n"
