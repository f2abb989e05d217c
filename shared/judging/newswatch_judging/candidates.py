"""Aliases that stand in an article, and which of them give way: to another sense of theirs, to a longer name."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from newswatch_judging.disambiguate import FORBIDDEN, PART_OF, PROVING_ZONES, Seen, Verdict
from newswatch_judging.entities import Alias
from newswatch_judging.senses import spelled_out


@dataclass(frozen=True, slots=True)
class Name:
    """An alias of an entity; `shouted` is its form for sentences that are all in capitals, `spaced` is A. E. S."""

    entity: str
    alias: Alias
    shouted: bool = False
    spaced: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """An alias standing at the words `first` to `last`, and what its guards say."""

    first: int
    last: int
    name: Name
    verdict: Verdict


def without_other_senses(
    candidates: Sequence[Candidate],
    refused: Sequence[tuple[Candidate, str]],
    seen: Seen,
    people: Container[str],
) -> tuple[list[Candidate], list[tuple[Candidate, str]]]:
    """Refuses a short name where the article shows that it means something else, unless the full name stands there.

    After AES-256 or Cascading Style Sheets, a bare AES or CSS is no confederation, whatever country is near; after the
    striker Ibrahim Traoré, a bare Traoré is no president. `people` are the entities that are persons.
    """
    named = {
        candidate.name.entity
        for candidate in candidates
        if not candidate.name.alias.is_guarded
        and not candidate.verdict.open
        and not (candidate.name.entity in people and _is_short(candidate))
        and seen.document.zone_of(candidate.first) in PROVING_ZONES
    }
    shown = dict(reversed(list(_shown(candidates, refused, seen, people))))
    kept: list[Candidate] = []
    others: list[tuple[Candidate, str]] = []
    for candidate in candidates:
        alias, entity = candidate.name.alias, candidate.name.entity
        other = shown.get((entity, alias.text), "") or seen.any_of(alias.other_senses)
        if _is_short(candidate):
            other = other or shown.get((entity, ""), "")
        if other and entity not in named:
            others.append((candidate, f"here it means something else: {other}"))
        else:
            kept.append(candidate)
    return kept, others


def _shown(
    candidates: Sequence[Candidate], refused: Sequence[tuple[Candidate, str]], seen: Seen, people: Container[str]
) -> Iterator[tuple[tuple[str, str], str]]:
    """Entity, alias ("" for all short ones of a person), and what the article shows it to mean instead."""
    for candidate, why in refused:
        alias, entity = candidate.name.alias, candidate.name.entity
        if seen.document.zone_of(candidate.first) not in PROVING_ZONES:
            continue
        if alias.is_bare_acronym and why.startswith((PART_OF, FORBIDDEN)):
            yield (entity, alias.text), why
        elif entity in people and not _is_short(candidate) and why.startswith(FORBIDDEN):
            yield (entity, ""), why
    for candidate in candidates:
        alias = candidate.name.alias
        if alias.is_bare_acronym and (full := spelled_out(seen.document, candidate.first, candidate.last)):
            yield (candidate.name.entity, alias.text), full


def _is_short(candidate: Candidate) -> bool:
    return candidate.last - candidate.first == 1


def longest(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that no longer one covers or overlaps; of one entity at one place the best proven stays."""
    ranked = sorted(candidates, key=lambda each: (each.first - each.last, each.first, _weakness(each)))
    taken: dict[int, tuple[int, int]] = {}
    of_entity: set[tuple[str, tuple[int, int]]] = set()
    kept: list[Candidate] = []
    for candidate in ranked:
        place = (candidate.first, candidate.last)
        holders = {taken[word] for word in range(*place) if word in taken}
        if holders - {place} or (candidate.name.entity, place) in of_entity:
            continue
        kept.append(candidate)
        of_entity.add((candidate.name.entity, place))
        taken.update(dict.fromkeys(range(*place), place))
    return sorted(kept, key=lambda each: (each.first, each.last, each.name.entity))


def _weakness(candidate: Candidate) -> tuple[bool, bool, str]:
    return bool(candidate.verdict.proof), candidate.name.shouted, candidate.name.alias.text
