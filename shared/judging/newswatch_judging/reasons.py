"""What a match shows a reader: the sentences that hold it, with the matched words marked."""

from collections.abc import Sequence
from dataclasses import dataclass

from newswatch_core.events import Article, Match, Span, Zone
from newswatch_core.text import Document, Sentence, read

LONGEST = 300


@dataclass(frozen=True)
class Reason:
    """A sentence of at most about 300 characters; `marks` are offsets into `text`, end exclusive."""

    zone: Zone
    text: str
    marks: tuple[tuple[int, int], ...]


def reasons(article: Article, match: Match, limit: int = 2) -> tuple[Reason, ...]:
    """At most `limit` sentences, those with the most clauses first; further ones only where they show a new clause."""
    document = read(article.title, article.text)
    clauses_at: dict[int, set[int]] = {}
    spans_at: dict[int, set[Span]] = {}
    for number, clause in enumerate(match.clauses):
        for span in clause.spans:
            sentence = document.sentence_at(span.start, title=span.zone == "title")
            clauses_at.setdefault(sentence, set()).add(number)
            spans_at.setdefault(sentence, set()).add(span)
    shown: set[int] = set()
    chosen: list[int] = []
    while len(chosen) < limit:
        rest = [place for place in clauses_at if place not in chosen]
        best = min(
            rest, key=lambda place: (-len(clauses_at[place] - shown), -len(clauses_at[place]), place), default=None
        )
        if best is None or (chosen and not clauses_at[best] - shown):
            break
        chosen.append(best)
        shown |= clauses_at[best]
    return tuple(_reason(document, document.sentences[place], sorted(spans_at[place])) for place in chosen)


def marked(reason: Reason) -> str:
    """The sentence with the matched words in brackets, for terminals and files."""
    text = reason.text
    for start, end in reversed(reason.marks):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


def _reason(document: Document, sentence: Sentence, spans: Sequence[Span]) -> Reason:
    source = document.title if sentence.zone == "title" else document.text
    start, end = _window(source, sentence, spans)
    text = source[start:end]
    before = "… " if start > sentence.start else ""
    after = " …" if end < sentence.end else ""
    marks = [
        (max(span.start, start) - start + len(before), min(span.end, end) - start + len(before))
        for span in spans
        if span.start < end and span.end > start
    ]
    flat = "".join(" " if character.isspace() else character for character in text)
    return Reason(spans[0].zone, before + flat + after, _merged(marks))


def _window(source: str, sentence: Sentence, spans: Sequence[Span]) -> tuple[int, int]:
    """The part of the sentence to show: all of it, or what lies around the marks, cut between words."""
    if sentence.end - sentence.start <= LONGEST:
        return sentence.start, sentence.end
    first = spans[0].start
    last = max((span.end for span in spans if span.end - first <= LONGEST - 20), default=spans[0].end)
    last = min(last, first + LONGEST)
    margin = (LONGEST - (last - first)) // 2
    start, end = max(sentence.start, first - margin), min(sentence.end, last + margin)
    if start > sentence.start:
        cut = source.find(" ", start, first)
        start = cut + 1 if cut >= 0 else first
    if end < sentence.end:
        cut = source.rfind(" ", last, end)
        end = cut if cut >= 0 else last
    return start, end


def _merged(marks: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(marks):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
