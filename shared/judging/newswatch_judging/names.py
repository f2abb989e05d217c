"""Whether what a query names is there: entities, keyword sets, definitions, feeds, sources, languages and countries."""

from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches

from newswatch_core.codes import COUNTRIES, LANGUAGES, language_hint
from newswatch_core.feednames import FeedNames
from newswatch_judging.queryerrors import QueryError
from newswatch_judging.tree import Filter, Node, Term, filters_of, terms_of


def check_names(
    tree: Node,
    query: str,
    entities: Collection[str],
    keywords: Collection[str],
    feeds: FeedNames | None = None,
) -> Sequence[QueryError]:
    """One error for each name that does not exist, in the order of the query. Feeds only where these are given."""
    errors = [*_wrong_terms(tree, query, entities, keywords), *_wrong_filters(tree, query, feeds)]
    return sorted(errors, key=lambda error: error.offset)


def _wrong_terms(tree: Node, query: str, entities: Collection[str], keywords: Collection[str]) -> Iterator[QueryError]:
    for term in terms_of(tree):
        if term.kind in {"entity", "entity+"} and term.value not in entities:
            hint = _moved(term, keywords, "#") or suggest(term.value, entities, "@", "entity")
            yield QueryError(f"no entity @{term.value}", query, term.start, hint, kind="name")
        elif term.kind == "keywords" and term.value not in keywords:
            hint = _moved(term, entities, "@") or suggest(term.value, keywords, "#", "keyword set")
            yield QueryError(f"no keyword set #{term.value}", query, term.start, hint, kind="name")


def _moved(term: Term, others: Collection[str], mark: str) -> str:
    return f"did you mean {mark}{term.value}?" if term.value in others else ""


def unknown_definition(use: Term, text: str, definitions: Collection[str]) -> tuple[str, str, int, str]:
    """What QueryError is told of a definition that is not there: message, query, place and hint."""
    hint = suggest(use.value, definitions, "$", "definition")
    if not definitions:
        hint = f'write define: {{{use.value}: ...}} in a file of rules/; a word is quoted: "${use.value}"'
    return f"no definition ${use.value}", text, use.start, hint


def _wrong_filters(tree: Node, query: str, feeds: FeedNames | None) -> Iterator[QueryError]:
    for part in filters_of(tree):
        message, hint = _wrong_filter(part, feeds)
        if message:
            yield QueryError(message, query, part.start, hint, kind="name")


def _wrong_filter(part: Filter, feeds: FeedNames | None) -> tuple[str, str]:
    if part.field == "lang" and part.value.lower() not in LANGUAGES:
        return f"no language {part.value!r}", language_hint(part.value)
    if part.field == "source-country" and part.value.upper() not in COUNTRIES:
        hint = "did you mean source-country:GB?" if part.value.upper() == "UK" else "two letters such as ML or FR"
        return f"no country {part.value!r}", hint
    if part.field == "feed" and feeds and part.value.lower() not in {name.lower() for name in feeds.ids}:
        return f"no feed {part.value!r} in feeds.yaml", suggest(part.value, feeds.ids, "feed:", "feed")
    return "", ""


def suggest(wrong: str, known: Collection[str], mark: str, what: str) -> str:
    """What was probably meant, or else what is known."""
    close = get_close_matches(wrong.lower(), known, 1, 0.6)
    if close:
        return f"did you mean {mark}{close[0]}?"
    if not known:
        return f"the desk has no {what} yet"
    names = [mark + name for name in sorted(known)[:8]]
    return "known: " + " ".join(names) + (" ..." if len(known) > len(names) else "")


def unknown_source(part: Filter, feeds: FeedNames) -> str:
    """A hint where a `source:` names nobody in feeds.yaml; a feed's articles may come from further hosts."""
    known = {name.lower(): name for name in feeds.sources}
    if part.field != "source" or part.value.lower() in known:
        return ""
    close = get_close_matches(part.value.lower(), known, 1, 0.7)
    return f'did you mean source:"{known[close[0]]}"?' if close else "no feed names it as outlet, owner or host"
