"""A desk's entities: entities/*.yaml as written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, StringConstraints, field_validator

from newswatch_core.codes import LANGUAGES, language_hint
from newswatch_core.config import ConfigError, Loaded, Model, Problem, Versioned, load
from newswatch_core.text import words

FOLDER = "entities"
MAX_ALIAS = 200

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
Phrase = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ALIAS)]
Language = Annotated[str, StringConstraints(pattern=r"^([a-z]{2,3}|any)$")]


class ContextWord(NamedTuple):
    """A word or phrase that says something about an alias.

    With a language it stands for its inflected forms in articles of that language; without, for itself and its plain
    plural, and for its inflected forms only in scripts that one language of ours is written in (Russian, Arabic).
    """

    text: str
    language: str = ""


class Context(Model):
    """Words near an alias: within so many words of it and not across title and text, or anywhere in the article.

    `words` is a list, or a list for each language (`any` for those of no language); see `ContextWord`.
    """

    words: dict[Language, tuple[Phrase, ...]] = Field(min_length=1)
    within: int | None = Field(default=None, ge=1, le=1000)

    @field_validator("words", mode="before")
    @classmethod
    def _of_no_language(cls, given: object) -> object:
        if isinstance(given, str):
            raise ValueError("must be a list of words, or a list for each language")  # pydantic's own
        return {"any": given} if isinstance(given, list | tuple) else given

    @field_validator("words")
    @classmethod
    def _not_empty(cls, given: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if not all(given.values()):
            raise ValueError("no words: write at least one, or take the guard out")
        return given

    @cached_property
    def each_word(self) -> tuple[ContextWord, ...]:
        return tuple(
            ContextWord(text, "" if language == "any" else language)
            for language, texts in self.words.items()
            for text in texts
        )


class Longer(Model):
    """A longer name inside which an entity or a keyword is not meant; with `case: exact` only as written."""

    text: Phrase
    case: Literal["exact", "any"] = "any"

    @property
    def is_exact(self) -> bool:
        return self.case == "exact"


class Alias(Model):
    """A way an entity is written, with the guards that keep other things of that name out.

    `never-alone`: it counts only where an unguarded alias of the entity, a related entity, member or person, or one of
    the entity's context words stands in the article as well. `metonym`: a capital, which counts only where it stands
    for the government and not for the place. `also-means`: other things of this name, spelled out; where one of them
    stands in the article, the alias counts only if an unguarded alias of the entity does, too. `combining`: half a word
    (Russo-, franco-), which counts only with a hyphen and another word behind it.
    """

    text: Phrase
    case: Literal["exact", "any"] = "any"
    languages: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")], ...] = ()
    requires: Context | None = None
    forbids: Context | None = None
    never_alone: Literal["true", "false"] = Field(default="false", alias="never-alone")
    metonym: Literal["true", "false"] = "false"
    combining: Literal["true", "false"] = "false"
    also_means: tuple[Phrase, ...] = Field(default=(), alias="also-means")

    @property
    def is_guarded(self) -> bool:
        return self.is_never_alone or self.requires is not None

    @property
    def is_never_alone(self) -> bool:
        return self.never_alone == "true"

    @property
    def is_metonym(self) -> bool:
        return self.metonym == "true"

    @property
    def is_combining(self) -> bool:
        return self.combining == "true"

    @property
    def is_exact(self) -> bool:
        return self.case == "exact"

    @property
    def is_bare_acronym(self) -> bool:
        """Capitals that others share: AES, CSS."""
        return self.is_never_alone and self.is_exact and self.text.isupper()

    @cached_property
    def other_senses(self) -> tuple[ContextWord, ...]:
        return tuple(map(ContextWord, self.also_means))


class Entity(Model):
    """Something that is tracked. `@id+` in a query is the entity, its members and its people."""

    id: Id
    name: Phrase
    type: Literal["country", "organisation", "person", "place"] = "organisation"
    members: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    context: tuple[Phrase, ...] = ()
    blocked: tuple[Phrase | Longer, ...] = ()
    aliases: dict[Language, tuple[Phrase | Alias, ...]]

    @cached_property
    def context_words(self) -> tuple[ContextWord, ...]:
        return tuple(map(ContextWord, self.context))

    def each_blocked(self) -> Iterator[Longer]:
        return each_longer(self.blocked)

    def each_alias(self) -> Iterator[tuple[str, int, Alias]]:
        """Language, place in its list and alias."""
        for language, aliases in self.aliases.items():
            for place, alias in enumerate(aliases):
                yield language, place, alias if isinstance(alias, Alias) else Alias(text=alias)


def each_longer(blocked: Iterable[str | Longer]) -> Iterator[Longer]:
    """The blocked names of an entity or a keyword set, those given as mere text, too."""
    return (longer if isinstance(longer, Longer) else Longer(text=longer) for longer in blocked)


class EntitiesFile(Versioned):
    """The whole of one file in entities/."""

    entities: tuple[Entity, ...]


@dataclass(frozen=True)
class EntitiesRead:
    """All entities of a desk, where each stands, and the problems found on the way."""

    entities: Mapping[str, Entity]
    places: Mapping[str, tuple[Loaded[EntitiesFile], int]] = field(default_factory=dict)
    problems: Sequence[Problem] = ()

    def problem(self, entity: str, message: str, *path: str | int, hint: str = "", warning: bool = False) -> Problem:
        """A problem at `path` below the entity with id `entity`."""
        loaded, index = self.places[entity]
        return loaded.problem(message, "entities", index, *path, hint=hint, warning=warning)


def read_entities(desk: Path) -> EntitiesRead:
    """The entities of all files in the desk's folder entities/."""
    entities: dict[str, Entity] = {}
    places: dict[str, tuple[Loaded[EntitiesFile], int]] = {}
    problems: list[Problem] = []
    all_read = True
    for path in sorted((desk / FOLDER).glob("*.y*ml")):
        try:
            loaded = load(path, EntitiesFile, root=desk)
        except ConfigError as error:
            problems += error.problems
            all_read = False
            continue
        for index, entity in enumerate(loaded.model.entities):
            if entity.id in entities:
                first, place = places[entity.id]
                hint = f"first in {first.file}:{first.node.line_of('entities', place)}; put them together"
                problems.append(
                    loaded.problem(f"the entity {entity.id!r} exists already", "entities", index, "id", hint=hint)
                )
                continue
            entities[entity.id] = entity
            places[entity.id] = (loaded, index)
    read = EntitiesRead(entities, places, problems)
    problems += [problem for entity in entities.values() for problem in _check(entity, read, all_read=all_read)]
    return read


def _check(entity: Entity, read: EntitiesRead, *, all_read: bool) -> Iterator[Problem]:
    for kind in ("members", "people", "related"):
        for index, other in enumerate(getattr(entity, kind)):
            if other == entity.id:
                yield read.problem(entity.id, f"{other!r} names itself in {kind}", kind, index)
            elif other not in read.entities and all_read:
                # Where a file could not be read, that one problem is told, not all that follows from it.
                hint = suggestion(other, read.entities) or "write an entity with this id, or take it out here"
                yield read.problem(entity.id, f"no entity {other!r}", kind, index, hint=hint)
    for language in entity.aliases:
        if language != "any" and language not in LANGUAGES:
            yield read.problem(
                entity.id, f"no language {language!r}", "aliases", language, hint=language_hint(language)
            )
    for language, place, alias in entity.each_alias():
        for wrong in sorted(set(alias.languages) - LANGUAGES.keys()):
            message = f"the alias {alias.text!r} counts in {wrong!r}, which is no language"
            yield read.problem(entity.id, message, "aliases", language, place, hint=language_hint(wrong))
        if not words(alias.text):
            message = f"the alias {alias.text!r} holds no word"
            yield read.problem(entity.id, message, "aliases", language, place, hint="write letters or digits")


def suggestion(wrong: str, known: Mapping[str, object], mark: str = "") -> str:
    """A hint that names what was probably meant, or ""."""
    close = get_close_matches(wrong, known, 1, 0.6)
    return f"did you mean {mark}{close[0]}?" if close else ""
