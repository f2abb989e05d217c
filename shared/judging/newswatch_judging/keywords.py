"""A desk's keyword sets: keywords.yaml as written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict, Field, model_validator

from newswatch_core.config import ConfigError, Loaded, Model, Problem, Versioned, load
from newswatch_core.text import words
from newswatch_judging.entities import Alias, Id, Longer, Phrase, each_longer

FILE = "keywords.yaml"
LANGUAGES = frozenset(
    """
    am any ar bg bm bn ca cs da de el en es fa ff fi fr ha he hi hr hu ig it ja ko ln mg nl no om pl ps pt ro ru rw sk
    sl so sr sv sw ta th ti tr uk ur vi wo yo zh zu
    """.split()  # noqa: SIM905  # a list of one string each would be three times as long
)
"""Languages that a keyword set may have words for. (The code of Indonesian is taken by the field `id`.)"""


class KeywordSet(Model):
    """Words and phrases in many languages: `#id` in a query. A language's two-letter code names its list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Id
    name: Phrase
    words: dict[str, tuple[Phrase | Alias, ...]] = Field(default_factory=dict)
    blocked: tuple[Phrase | Longer, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: object) -> object:
        """Languages stand beside the other fields in the file; in here they are `words`."""
        if not isinstance(data, dict):
            return data
        found = {key: value for key, value in data.items() if key in LANGUAGES}
        rest = {key: value for key, value in data.items() if key not in LANGUAGES}
        if not found and not rest.keys() - {"id", "name", "blocked"}:
            raise ValueError("no words: write a list under a language, such as en: [embassy]")
        return {**rest, "words": found} if found else rest

    def each_blocked(self) -> Iterator[Longer]:
        return each_longer(self.blocked)

    def each_word(self) -> Iterator[tuple[str, int, Alias]]:
        """Language, place in its list and keyword."""
        for language, keywords in self.words.items():
            for place, keyword in enumerate(keywords):
                yield language, place, keyword if isinstance(keyword, Alias) else Alias(text=keyword)


class KeywordsFile(Versioned):
    """The whole of keywords.yaml."""

    keywords: tuple[KeywordSet, ...] = ()


@dataclass(frozen=True)
class KeywordsRead:
    """All keyword sets of a desk, and the problems found on the way."""

    sets: Mapping[str, KeywordSet]
    problems: Sequence[Problem] = ()
    loaded: Loaded[KeywordsFile] | None = None

    def problem(self, keywords: str, message: str, *path: str | int, hint: str = "", warning: bool = False) -> Problem:
        """A problem at `path` below the keyword set with this id."""
        if self.loaded is None:
            return Problem(FILE, 0, message, hint, "warning" if warning else "error")
        index = next(place for place, one in enumerate(self.loaded.model.keywords) if one.id == keywords)
        return self.loaded.problem(message, "keywords", index, *path, hint=hint, warning=warning)


def read_keywords(desk: Path) -> KeywordsRead:
    """The keyword sets of a desk; none where it has no keywords.yaml."""
    if not (desk / FILE).exists():
        return KeywordsRead({})
    try:
        loaded = load(desk / FILE, KeywordsFile, root=desk)
    except ConfigError as error:
        return KeywordsRead({}, error.problems)
    sets: dict[str, KeywordSet] = {}
    problems: list[Problem] = []
    for index, keywords in enumerate(loaded.model.keywords):
        if keywords.id in sets:
            message = f"the keyword set {keywords.id!r} exists already"
            problems.append(loaded.problem(message, "keywords", index, "id", hint="put them together"))
            continue
        sets[keywords.id] = keywords
        problems += _check(keywords, loaded, index)
    return KeywordsRead(sets, problems, loaded)


def _check(keywords: KeywordSet, loaded: Loaded[KeywordsFile], index: int) -> Iterator[Problem]:
    for language, place, keyword in keywords.each_word():
        path = ("keywords", index, language, place)
        if not words(keyword.text):
            yield loaded.problem(f"the keyword {keyword.text!r} holds no word", *path, hint="write letters or digits")
        if keyword.is_never_alone or keyword.is_metonym:
            hint = "keywords know text, case, languages, requires and forbids"
            yield loaded.problem("never-alone and metonym are for aliases of entities", *path, hint=hint)
