"""A desk's entities: entities/*.yaml as written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from newswatch_core.config import ConfigError, Loaded, Model, Problem, Versioned, load
from newswatch_core.text import words

FOLDER = "entities"
MAX_ALIAS = 200

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
Phrase = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ALIAS)]
Language = Annotated[str, StringConstraints(pattern=r"^([a-z]{2,3}|any)$")]


class Context(Model):
    """Words (or phrases) near an alias: within so many words of it, or anywhere in the article."""

    words: tuple[Phrase, ...] = Field(min_length=1)
    within: int | None = Field(default=None, ge=1, le=1000)


class Alias(Model):
    """A way an entity is written, with the guards that keep other things of that name out.

    `never-alone`: it counts only where an unguarded alias of the entity, a related entity, member or person, or one of
    the entity's context words stands in the article as well. `metonym`: a capital, which counts only where it stands
    for the government and not for the place.
    """

    text: Phrase
    case: Literal["exact", "any"] = "any"
    languages: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")], ...] = ()
    requires: Context | None = None
    forbids: Context | None = None
    never_alone: Literal["true", "false"] = Field(default="false", alias="never-alone")
    metonym: Literal["true", "false"] = "false"

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
    def is_exact(self) -> bool:
        return self.case == "exact"


class Entity(Model):
    """Something that is tracked. `@id+` in a query is the entity, its members and its people."""

    id: Id
    name: Phrase
    type: Literal["country", "organisation", "person", "place"] = "organisation"
    members: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    context: tuple[Phrase, ...] = ()
    blocked: tuple[Phrase, ...] = ()
    aliases: dict[Language, tuple[str | Alias, ...]]

    def each_alias(self) -> Iterator[tuple[str, int, Alias]]:
        """Language, place in its list and alias."""
        for language, aliases in self.aliases.items():
            for place, alias in enumerate(aliases):
                yield language, place, alias if isinstance(alias, Alias) else Alias(text=alias)


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
    for language, place, alias in entity.each_alias():
        if not words(alias.text):
            message = f"the alias {alias.text!r} holds no word"
            yield read.problem(entity.id, message, "aliases", language, place, hint="write letters or digits")


def suggestion(wrong: str, known: Mapping[str, object], mark: str = "") -> str:
    """A hint that names what was probably meant, or ""."""
    close = get_close_matches(wrong, known, 1, 0.6)
    return f"did you mean {mark}{close[0]}?" if close else ""
