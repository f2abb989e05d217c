"""What is said of a query that cannot be used: what is wrong, where, and what to write instead."""

import re
from difflib import get_close_matches
from typing import Literal

from lark import UnexpectedInput, UnexpectedToken

QueryProblem = Literal["syntax", "name", "meaning", "cost"]
"""Not readable; names something that is not there; can be read but not judged; more than a query may cost."""


class QueryError(ValueError):
    """A query that cannot be used. `column` counts from 1; `caret` draws the place."""

    def __init__(
        self, message: str, query: str, offset: int, hint: str = "", *, kind: QueryProblem = "meaning"
    ) -> None:
        self.message = message
        self.hint = hint
        self.kind: QueryProblem = kind
        self.offset = max(0, min(offset, len(query)))
        self.column = self.offset + 1
        self.caret = caret(query, self.offset)
        super().__init__(f"{message} at column {self.column}" + (f" ({hint})" if hint else "") + f"\n{self.caret}")


def caret(query: str, offset: int) -> str:
    """The line of the query around `offset` and a caret below it."""
    before, after = query[:offset].rpartition("\n")[2], query[offset:].partition("\n")[0]
    cut = max(0, len(before) - 60)
    shown = "".join(character if character.isprintable() else "\ufffd" for character in f"{before[cut:]}{after[:60]}")
    lead = "..." if cut else ""
    return f"{lead}{shown}\n{' ' * (len(lead) + len(before) - cut)}^"


FIELDS = (
    "title", "lead", "body", "dateline", "credit", "related", "case", "lang", "source", "feed", "source-country",
)  # fmt: skip
"""What may stand before a colon."""
_OTHER_FIELDS = {
    "language": "lang", "country": "source-country", "outlet": "source", "owner": "source", "site": "source",
    "domain": "source", "url": "source", "host": "source", "headline": "title", "text": "body", "content": "body",
    "exact": "case",
}  # fmt: skip
_OTHER_OPERATORS = {
    "&": "AND", "&&": "AND", "|": "OR", "||": "OR", "!": "NOT", "andnot": "AND NOT", "and-not": "AND NOT",
    "and_not": "AND NOT", "ornot": "OR NOT", "or-not": "OR NOT", "or_not": "OR NOT", "butnot": "AND NOT",
    "but-not": "AND NOT",
}  # fmt: skip
_DISTANCES = {"near": "NEAR", "before": "BEFORE", "w": "NEAR", "within": "NEAR", "adj": "NEAR", "pre": "BEFORE"}
_QUOTES = "„‟«»‹›“”"
_TRAP = re.compile(
    rf"""
      "[^"]*"|“[^”]*”                                       # a phrase, whatever is in it
    | (?P<open>")
    | (?P<smart>[{_QUOTES}])
    | (?<![\w@#$*])(?P<single>['‘’‚])
    | (?<![^\s()])(?P<minus>-)(?=[\w"@#$(])
    | (?<![^\s()])(?P<other>(?:&&?|\|\|?)(?![^\s()])|!(?=[\s\w"@#$(])|(?i:and|or|but)[-_]?(?i:not)(?![^\s()]))
    | (?<![^\s()])(?P<lower>(?i:and|or|not))(?![^\s()"])
    | (?<![^\s()])(?P<unit>(?i:sentence|paragraph))(?=\s*\()
    | (?<![^\s()])(?P<least>(?i:atleast|at-least))(?P<lleft>\s*/?\s*)(?P<lnumber>\d*)(?![^\s()@#$"*])
    | (?<![^\s()])(?P<distance>(?i:near|before))(?P<dleft>\s*/\s*|\s+(?=\d)|)(?P<dnumber>\d*)(?![^\s()@#$"*])
    | (?<![^\s()])(?P<slash>(?i:w|within|adj|pre|near|before))/(?P<snumber>\d*)
    | (?P<plus>\#[\w-]+\+)
    """,
    re.VERBOSE,
)


def check_writing(query: str) -> None:
    """Refuses what is known to be meant otherwise: operators and quotes as other programs have them."""
    for match in _TRAP.finditer(query):
        name = next((group for group in _TRAPS if match[group] is not None), "")
        message, hint = _trap(match, name) if name else ("", "")
        if message:
            raise QueryError(message, query, match.start(), hint, kind="syntax")


_TRAPS = ("open", "smart", "single", "minus", "other", "lower", "unit", "least", "distance", "slash", "plus")
_STRAIGHT = 'phrases stand in straight double quotes: "joint force"'
_ALWAYS_WRONG = {
    "open": ("this quotation mark has no partner", 'a closing " is missing, here or before'),
    "smart": ("this is not read as a quotation mark here", _STRAIGHT),
    "single": ("a word cannot begin with an apostrophe", _STRAIGHT),
    "minus": ("a minus is no operator", "write AND NOT in front of what must not be there"),
    "plus": ("a keyword set has no members", "take the + out"),
}


def _trap(match: re.Match[str], name: str) -> tuple[str, str]:
    """What is wrong with it and what to write; two empty texts where it is as it should be."""
    written = match[0]
    if name in _ALWAYS_WRONG:
        return _ALWAYS_WRONG[name]
    if name == "other":
        return f"{written!r} is no operator", f"write {_OTHER_OPERATORS[written.lower()]}"
    if name == "lower" and not written.isupper():
        hint = f'operators are written in capitals: {written.upper()}; a word is quoted: "{written}"'
        return f"{written!r} is no operator", hint
    if name == "unit" and not written.islower():
        return f"{written!r} is not known", f"write {written.lower()}(...)"
    return _number_trap(match, name) if name in {"least", "distance", "slash"} else ("", "")


def _number_trap(match: re.Match[str], name: str) -> tuple[str, str]:
    """NEAR, BEFORE and atleast that are written without their number, or otherwise than `NEAR/5`."""
    written = match[0].strip()
    if name == "least":
        number = match["lnumber"] or "3"
        meant = f"atleast/{number}"
        return ("", "") if written == meant else (f"{written!r} is not known", f"write {meant}, with its number")
    operator = _DISTANCES[match[name].lower()]
    number = (match["dnumber"] if name == "distance" else match["snumber"]) or "10"
    meant = f"{operator}/{number}"
    if written == meant:
        return "", ""
    hint = f"write {meant}, in capitals and with its number"
    if written.isalpha():
        hint += f'; a word is quoted: "{written}"'
    return f"{written!r} is no operator", hint


_OPERATOR = re.compile(r"AND|OR|(?:NEAR|BEFORE)/\d+")
_OPERATOR_BEFORE = re.compile(rf"(?<!\S)({_OPERATOR.pattern})\s*$")


def explain(error: UnexpectedInput, query: str) -> QueryError:
    """The parser's error in words."""
    offset = error.pos_in_stream if error.pos_in_stream is not None else len(query)
    if not isinstance(error, UnexpectedToken):
        found = query[offset : offset + 1]
        return _syntax(f"{found!r} is not expected here", query, offset, _character_hint(query, offset))
    if error.token.type == "$END":
        return _syntax("the query ends too soon", query, len(query), _missing(query))
    shown = str(error.token)[:40]
    dangling = _OPERATOR_BEFORE.search(query[:offset][-40:])
    if shown == ")":
        return _syntax("a closing bracket too many, or nothing before it", query, offset, "take it out")
    if dangling or _OPERATOR.fullmatch(shown):
        operator, place = (dangling[1], max(0, offset - 40) + dangling.start(1)) if dangling else (shown, offset)
        return _syntax(f"{operator} needs something before it", query, place, "write a term on each side")
    if shown == "NOT":
        return _syntax("NOT follows without an operator", query, offset, "write AND NOT")
    return _syntax(f"{shown!r} follows without an operator", query, offset, "write AND or OR between them")


def _syntax(message: str, query: str, offset: int, hint: str) -> QueryError:
    return QueryError(message, query, offset, hint, kind="syntax")


def _missing(query: str) -> str:
    if query.count("(") > query.count(")"):
        return "a closing bracket is missing"
    return "something must follow the last operator"


def _character_hint(query: str, offset: int) -> str:
    found = query[offset : offset + 1]
    if found == ":":
        return _field_hint(re.search(r"[\w-]*\s*$", query[:offset]), query[offset + 1 :])
    if found == "/":
        return "distances are NEAR/12, BEFORE/5 and atleast/3, in this writing"
    if found == "*":
        return "a * stands at the end of a word only"
    if found in {"@", "#", "$"}:
        return "an id follows directly, such as @russia, #embassy or $sahel-states"
    return "quote the text"


def _field_hint(before: re.Match[str] | None, after: str) -> str:
    name = before[0].strip() if before else ""
    if name.lower() in FIELDS:
        return (
            f"write {name.lower()}:, followed by what is looked for"
            if name != name.lower() or not after
            else ("one value follows the colon: quote it if it holds spaces")
        )
    meant = _OTHER_FIELDS.get(name.lower()) or next(iter(get_close_matches(name.lower(), FIELDS, 1, 0.6)), "")
    if meant:
        return f"did you mean {meant}:?"
    return "known before a colon: " + " ".join(FIELDS)
