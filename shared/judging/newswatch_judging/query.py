"""The query language of rules: from text to a checked tree (docs/query-language.md).

    @css AND @russia AND (#military-force OR "joint army") AND NOT title:exercise*

Terms: `@entity`, `@entity+` (it, its members and its people), `#keyword-set`, `word` (and its inflected forms),
`"exact phrase"`, `begin*`, `case:"AES"`, and `$definition`, a query under a name of its own (definitions.py).
Operators, loosest first: `OR`, `AND`, `NOT`, then `a NEAR/12 b` and `a BEFORE/5 b`. Around an expression:
`sentence(...)`, `paragraph(...)`, `title:(...)` and the other zones. Around a term: `atleast/3 @css`. Filters:
`lang:fr`, `source:"RFI"`, `feed:rfi-afrique`, `source-country:ML`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError

from newswatch_core.events import Zone
from newswatch_core.text import words
from newswatch_judging.names import unknown_definition
from newswatch_judging.queryerrors import QueryError, check_writing, explain
from newswatch_judging.shape import check_length, check_nesting, check_shape, check_size
from newswatch_judging.tree import (
    And,
    AtLeast,
    Field,
    Filter,
    InZone,
    Kind,
    Near,
    Node,
    Not,
    Or,
    Term,
    Unit,
    Within,
    terms_of,
)

MAX_DISTANCE = 100
MAX_COUNT = 1_000
SHORTEST_PREFIX = 3

_GRAMMAR = r"""
?start: or
?or: and ("OR" and)*
?and: unary ("AND" unary)*
?unary: NOT unary -> negated
      | near
?near: atom ((NEAR | BEFORE) atom)*
?atom: TERM -> term
     | LEFT or RIGHT -> group
     | UNIT or RIGHT -> within
     | ZONE atom -> zoned
     | ATLEAST atom -> at_least
     | FILTER -> filtered

LEFT: "("
RIGHT: ")"
NOT.9: /NOT(?![\w*])/
NEAR.9: /NEAR\/\d+/
BEFORE.9: /BEFORE\/\d+/
UNIT.9: /(sentence|paragraph)\s*\(/
ZONE.9: /(title|lead|body|dateline|credit|related)\s*:/
ATLEAST.9: /atleast\/\d+/
FILTER.9: /(lang|source-country|source|feed)\s*:\s*("[^"]*"|[^\s()":]+)/
TERM.1: /@[\w-]+\+?/ | /[#$][\w-]+/ | /case\s*:\s*"[^"]*"/ | /"[^"]*"/ | /“[^”]*”/ | /[^\s()"“”@#*:\/]+\*?/
%ignore /\s+/
"""


@cache
def _parser() -> Lark:
    # The transformer runs inside the parser, so that no depth of nesting costs stack.
    return Lark(_GRAMMAR, parser="lalr", transformer=_Builder(), maybe_placeholders=False)


def parse(query: str) -> Node:
    """The tree of a query without definitions. Raises QueryError; says nothing yet of whether its entities exist."""
    tree = read_query(query)
    for term in terms_of(tree):
        if term.kind == "defined":
            raise QueryError(*unknown_definition(term, query, ()), kind="name")
    check_shape(tree, query)
    return tree


def read_query(query: str) -> Node:
    """The tree of a query as it stands there, its `$definitions` not replaced yet and its cost not looked at.

    Raises QueryError.
    """
    check_length(query)
    if not query.strip():
        raise QueryError("the query is empty", query, 0, "write for example '@css AND #embassy'", kind="syntax")
    check_writing(query)
    check_nesting(query)
    try:
        tree: Node | _Bracketed = _parser().parse(query)  # type: ignore[assignment]  # the transformer makes nodes
    except VisitError as error:
        if isinstance(error.orig_exc, _RefusedError):
            raise _refusal(error.orig_exc, query) from None
        raise
    except _RefusedError as error:
        raise _refusal(error, query) from None
    except UnexpectedInput as error:
        raise explain(error, query) from None
    check_size(_bare(tree), query)
    return _bare(tree)


class _RefusedError(Exception):
    def __init__(self, message: str, offset: int, hint: str) -> None:
        super().__init__(message)
        self.message, self.offset, self.hint = message, offset, hint


def _refusal(error: _RefusedError, query: str) -> QueryError:
    return QueryError(error.message, query, error.offset, error.hint, kind="syntax")


@dataclass(frozen=True, slots=True)
class _Bracketed:
    """A node with the brackets around it: they belong to the text of what it is part of, not to its own."""

    node: Node
    start: int
    end: int


_Part = Node | _Bracketed


def _bare(part: _Part) -> Node:
    return part.node if isinstance(part, _Bracketed) else part


@v_args(inline=True)
class _Builder(Transformer[Token, _Part]):
    """Called by the parser bottom up, with tokens and nodes as arguments."""

    def term(self, token: Token) -> Node:
        return _term(token)

    def group(self, left: Token, part: _Part, right: Token) -> _Part:
        return _Bracketed(_bare(part), _start(left), _end(right))

    def negated(self, token: Token, part: _Part) -> Node:
        return Not(_bare(part), _start(token), part.end)

    def near(self, first: _Part, *rest: Token | _Part) -> Node:
        node = _bare(first)
        for operator, right in zip(rest[::2], rest[1::2], strict=True):
            if not isinstance(operator, Token) or isinstance(right, Token):
                raise TypeError("the grammar gives operator and operand in turn")
            name, _, number = operator.partition("/")
            distance = _number(operator, number, MAX_DISTANCE)
            node = Near(node, _bare(right), distance, name == "BEFORE", first.start, right.end)
        return node

    def within(self, token: Token, part: _Part, right: Token) -> Node:
        unit: Unit = "sentence" if token.startswith("sentence") else "paragraph"
        return Within(unit, _bare(part), _start(token), _end(right))

    def zoned(self, token: Token, part: _Part) -> Node:
        zone: Zone = token.rstrip(": \t\r\n")  # type: ignore[assignment]  # the grammar lets zones through only
        return InZone(zone, _bare(part), _start(token), part.end)

    def at_least(self, token: Token, part: _Part) -> Node:
        return AtLeast(_number(token, token.partition("/")[2], MAX_COUNT), _bare(part), _start(token), part.end)

    def filtered(self, token: Token) -> Node:
        name, _, value = token.partition(":")
        field: Field = name.strip()  # type: ignore[assignment]  # the grammar lets these fields through only
        wanted = value.strip().strip('"').strip()
        if not wanted:
            raise _RefusedError(f"nothing follows {field}:", _start(token), f"write for example {_EXAMPLES[field]}")
        return Filter(field, wanted, _start(token), _end(token))


_EXAMPLES = {"lang": "lang:fr", "source": 'source:"RFI"', "feed": "feed:rfi-afrique", "source-country": "ML"}


def _joined(make: type[And] | type[Or]) -> Callable[..., Node]:
    def build(_: _Builder, *parts: _Part) -> Node:
        bare = [_bare(part) for part in parts]
        flat = [inner for part in bare for inner in (part.parts if isinstance(part, make) else (part,))]
        # What is written again adds nothing but its cost.
        once = {(one.kind, one.value) if isinstance(one, Term) else one: one for one in reversed(flat)}
        return make(tuple(reversed(once.values())), parts[0].start, parts[-1].end)

    return build


setattr(_Builder, "and", v_args(inline=True)(_joined(And)))
setattr(_Builder, "or", v_args(inline=True)(_joined(Or)))


def _term(token: Token) -> Term:
    text, start, end = str(token), _start(token), _end(token)
    if text[0] == "@":
        kind: Kind = "entity+" if text.endswith("+") else "entity"
        return Term(kind, text[1:].rstrip("+"), start, end)
    if text[0] in "#$":
        return Term("keywords" if text[0] == "#" else "defined", text[1:], start, end)
    if text.startswith("case") and text.endswith('"'):
        return _checked(Term("cased", text.partition(":")[2].strip().strip('"'), start, end))
    if text[0] in '"“':
        return _checked(Term("phrase", text[1:-1], start, end))
    if text.endswith("*"):
        if len(text) - 1 < SHORTEST_PREFIX:
            raise _RefusedError(f"{text!r} is too short", start, f"at least {SHORTEST_PREFIX} letters before the *")
        return _checked(Term("prefix", text[:-1], start, end))
    return _checked(Term("word", text, start, end))


def _checked(term: Term) -> Term:
    if not words(term.value):
        raise _RefusedError("there is no word to look for", term.start, "write letters or digits")
    return term


def _number(token: Token, digits: str, most: int) -> int:
    if not 1 <= int(digits[:9]) <= most:
        raise _RefusedError(f"{digits[:20]} is out of bounds", _start(token), f"a number from 1 to {most:,}")
    return int(digits)


def _start(token: Token) -> int:
    return token.start_pos or 0


def _end(token: Token) -> int:
    return token.end_pos or 0
