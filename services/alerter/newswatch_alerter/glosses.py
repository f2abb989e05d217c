"""What the words that satisfied a clause stand for, in the desk's own names."""

import re
from collections.abc import Iterator, Mapping, Sequence

from newswatch_core.events import Match, Mention, Span

_TERM = re.compile(r"[@#][\w-]+\+?")


def meanings(
    matches: Sequence[Match], names: Mapping[str, str], mentions: Sequence[Mention]
) -> Iterator[Sequence[tuple[Span, str]]]:
    """For each clause its places that have one meaning, each with the name of that.

    `names`: what `@entity` and `#keyword-set` are called, and `@group+@entity` the one as part of the other.
    """
    meant = {Span(one.start, one.end, one.zone): one.entity for one in mentions}
    clauses = [clause for match in matches for clause in match.clauses]
    places = {(clause.clause, span) for clause in clauses for span in clause.spans}
    for clause in clauses:
        named = [(span, _name(clause.clause, meant.get(span, ""), names)) for span in clause.spans]
        yield [(span, name) for span, name in named if name and not _is_shared(clause.clause, span, places)]


def _name(clause: str, entity: str, names: Mapping[str, str]) -> str:
    """What words mean that satisfied a clause and mention `entity` ("" if none); "" where the clause leaves it open."""
    terms = _TERM.findall(clause)
    if entity:
        own = f"@{entity}" in terms or f"@{entity}+" in terms
        groups = [names.get(f"{term}@{entity}", "") for term in terms if term.endswith("+") and not own]
        return next(filter(None, groups), names.get(f"@{entity}", ""))
    if terms == [clause]:
        return names.get(clause.rstrip("+"), "")
    sets = [term for term in terms if term[0] == "#"]
    others = re.sub(rf"{_TERM.pattern}|\bOR\b|[\s()]", "", clause)
    return names.get(sets[0], "") if len(sets) == 1 and not others else ""


def _is_shared(clause: str, span: Span, places: set[tuple[str, Span]]) -> bool:
    """Words that two clauses share have no one meaning to tell."""
    return any(other != clause and _overlap(span, place) for other, place in places)


def _overlap(one: Span, other: Span) -> bool:
    same = (one.zone == "title") == (other.zone == "title")
    return same and one.start < other.end and other.start < one.end
