"""The query language of rules: from text to a checked tree.

    @css AND @russia AND (#military-force OR "joint army") AND NOT title:exercise*

Terms: `@entity`, `@entity+` (it, its members and its people), `#keyword-set`, `word` (and its inflected forms),
`"exact phrase"`, `begin*`, `case:"AES"`. Operators, loosest first: `OR`, `AND`, `NOT`, then `a NEAR/12 b` and
`a BEFORE/5 b`. Around an expression: `sentence(...)`, `paragraph(...)`, `title:(...)` and the other zones. Around a
term: `atleast/3 @css`. Filters: `lang:fr`, `source:"RFI"`, `feed:rfi-afrique`, `source-country:ML`.
"""

import re
from collections.abc import Callable, Collection, Sequence
from functools import cache

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import VisitError

from newswatch_core.events import Zone
from newswatch_core.text import words
from newswatch_judging.entities import suggestion
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
    children,
    is_positive,
    terms_of,
)

MAX_LENGTH = 100_000
MAX_TERMS = 2_000
MAX_DEPTH = 50
MAX_DISTANCE = 100
MAX_COUNT = 1_000
SHORTEST_PREFIX = 3


class QueryError(ValueError):
    """A query that cannot be used. `column` counts from 1; `caret` draws the place."""

    def __init__(self, message: str, query: str, offset: int, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        self.offset = max(0, min(offset, len(query)))
        self.column = self.offset + 1
        self.caret = _caret(query, self.offset)
        super().__init__(f"{message} at column {self.column}" + (f" ({hint})" if hint else "") + f"\n{self.caret}")


_GRAMMAR = r"""
?start: or
?or: and ("OR" and)*
?and: unary ("AND" unary)*
?unary: NOT unary -> negated
      | near
?near: atom ((NEAR | BEFORE) atom)*
?atom: TERM -> term
     | "(" or ")" -> group
     | UNIT or ")" -> within
     | ZONE atom -> zoned
     | ATLEAST atom -> at_least
     | FILTER -> filtered

NOT.9: /NOT(?![\w*])/
NEAR.9: /NEAR\/\d+/
BEFORE.9: /BEFORE\/\d+/
UNIT.9: /(sentence|paragraph)\s*\(/
ZONE.9: /(title|lead|body|dateline|credit|related)\s*:/
ATLEAST.9: /atleast\/\d+/
FILTER.9: /(lang|source-country|source|feed)\s*:\s*("[^"]*"|[^\s()":]+)/
TERM.1: /@[\w-]+\+?/ | /#[\w-]+/ | /case\s*:\s*"[^"]*"/ | /"[^"]*"/ | /“[^”]*”/ | /[^\s()"“”@#*:\/]+\*?/
%ignore /\s+/
"""

_OPERATOR = re.compile(r"AND|OR|(?:NEAR|BEFORE)/\d+")
_OPERATOR_BEFORE = re.compile(rf"(?<!\S)({_OPERATOR.pattern})\s*$")
_LOWER = {"and": "AND", "or": "OR", "not": "NOT", "near": "NEAR/10", "before": "BEFORE/10"}


@cache
def _parser() -> Lark:
    # The transformer runs inside the parser, so that no depth of nesting costs stack.
    return Lark(_GRAMMAR, parser="lalr", transformer=_Builder(), maybe_placeholders=False)


def parse(query: str) -> Node:
    """The tree of a query. Raises QueryError; says nothing yet of whether its entities exist."""
    if len(query) > MAX_LENGTH:
        hint = "split it into several rules, or move its words into a keyword set"
        raise QueryError(f"the query is longer than {MAX_LENGTH:,} characters", query, MAX_LENGTH, hint)
    if not query.strip():
        raise QueryError("the query is empty", query, 0, "write for example '@css AND #embassy'")
    _check_nesting(query)
    try:
        tree: Node = _parser().parse(query)  # type: ignore[assignment]  # the transformer makes nodes of lark's trees
    except VisitError as error:
        if isinstance(error.orig_exc, _RefusedError):
            raise _refusal(error.orig_exc, query) from None
        raise
    except _RefusedError as error:
        raise _refusal(error, query) from None
    except UnexpectedInput as error:
        raise _explain(error, query) from None
    terms = sum(1 for _ in terms_of(tree))
    if terms > MAX_TERMS:
        hint = "move its words into a keyword set (keywords.yaml)"
        raise QueryError(f"the query has {terms:,} terms, more than {MAX_TERMS:,}", query, 0, hint)
    _check_shape(tree, query)
    return tree


def check_names(tree: Node, query: str, entities: Collection[str], keywords: Collection[str]) -> Sequence[QueryError]:
    """One error for each entity and keyword set that does not exist."""
    errors = []
    for term in terms_of(tree):
        known, mark, what = (keywords, "#", "keyword set") if term.kind == "keywords" else (entities, "@", "entity")
        if term.kind in {"entity", "entity+", "keywords"} and term.value not in known:
            hint = suggestion(term.value, dict.fromkeys(known), mark) or _listed(known, mark, what)
            errors.append(QueryError(f"no {what} {mark}{term.value}", query, term.start, hint))
    return errors


def _check_shape(tree: Node, query: str) -> None:
    waiting: list[tuple[Node, int]] = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > MAX_DEPTH:
            # A NEAR b NEAR c is ((a NEAR b) NEAR c): a chain is as deep as it is long.
            raise QueryError(f"nested deeper than {MAX_DEPTH} levels", query, node.start, "split the rule")
        waiting.extend((child, depth + 1) for child in children(node))
        if isinstance(node, Not) and isinstance(node.part, Not):
            raise QueryError("NOT NOT", query, node.start, "take both out")
        if isinstance(node, Near):
            for side in (node.left, node.right):
                if not _is_place(side):
                    hint = (
                        'NEAR and BEFORE take words, "phrases", @entities, #keyword-sets and OR of these on each side'
                    )
                    raise QueryError("this has no place in the text", query, side.start, hint)
        if isinstance(node, AtLeast) and not _is_place(node.part):
            hint = 'atleast/n takes one word, "phrase", @entity, #keyword-set, or OR of these in brackets'
            raise QueryError("this cannot be counted", query, node.part.start, hint)
        if isinstance(node, Within | InZone) and not is_positive(node.part):
            raise QueryError("nothing here must be found", query, node.part.start, "write NOT in front of it instead")
    if not is_positive(tree):
        hint = "add what must stand in the article, joined with AND; NOT and filters only narrow"
        raise QueryError(
            "the query has no required term, so it would be tried on every article", query, tree.start, hint
        )


def _is_place(node: Node) -> bool:
    return isinstance(node, Term | Near) or (isinstance(node, Or) and all(_is_place(part) for part in node.parts))


def _check_nesting(query: str) -> None:
    """Refuses what nests too deep before the tree is built; quoted text does not count."""
    depth = run = 0
    for match in re.finditer(r'"[^"]*"|“[^”]*”|\(|\)|NOT(?!\w)|\w+\s*:(?=\s*[(\w])|[^\s()"]+', query):
        piece = match[0]
        if piece == ")":
            depth -= 1
        elif piece == "(":
            depth += 1
        run = run + 1 if piece == "NOT" or piece.endswith(":") else 0
        if depth + run > MAX_DEPTH:
            raise QueryError(f"nested deeper than {MAX_DEPTH} levels", query, match.start(), "split the rule")


class _RefusedError(Exception):
    def __init__(self, message: str, offset: int, hint: str) -> None:
        super().__init__(message)
        self.message, self.offset, self.hint = message, offset, hint


def _refusal(error: _RefusedError, query: str) -> QueryError:
    return QueryError(error.message, query, error.offset, error.hint)


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    """Called by the parser bottom up, with tokens and nodes as arguments."""

    def term(self, token: Token) -> Node:
        return _term(token)

    def group(self, node: Node) -> Node:
        return node

    def negated(self, token: Token, part: Node) -> Node:
        return Not(part, _start(token), part.end)

    def near(self, first: Node, *rest: Token | Node) -> Node:
        node = first
        for operator, right in zip(rest[::2], rest[1::2], strict=True):
            if not isinstance(operator, Token) or isinstance(right, Token):
                raise TypeError("the grammar gives operator and operand in turn")
            name, _, number = operator.partition("/")
            node = Near(node, right, _number(operator, number, MAX_DISTANCE), name == "BEFORE", node.start, right.end)
        return node

    def within(self, token: Token, part: Node) -> Node:
        unit: Unit = "sentence" if token.startswith("sentence") else "paragraph"
        return Within(unit, part, _start(token), part.end + 1)

    def zoned(self, token: Token, part: Node) -> Node:
        zone: Zone = token.rstrip(": ")  # type: ignore[assignment]  # the grammar lets zones through only
        return InZone(zone, part, _start(token), part.end)

    def at_least(self, token: Token, part: Node) -> Node:
        return AtLeast(_number(token, token.partition("/")[2], MAX_COUNT), part, _start(token), part.end)

    def filtered(self, token: Token) -> Node:
        name, _, value = token.partition(":")
        field: Field = name.strip()  # type: ignore[assignment]  # the grammar lets these fields through only
        return Filter(field, value.strip().strip('"').strip(), _start(token), _end(token))


def _joined(make: type[And] | type[Or]) -> Callable[..., Node]:
    def build(_: _Builder, *parts: Node) -> Node:
        if len(parts) == 1:
            return parts[0]
        flat = [inner for part in parts for inner in (part.parts if isinstance(part, make) else (part,))]
        return make(tuple(flat), parts[0].start, parts[-1].end)

    return build


setattr(_Builder, "and", v_args(inline=True)(_joined(And)))
setattr(_Builder, "or", v_args(inline=True)(_joined(Or)))


def _term(token: Token) -> Term:
    text, start, end = str(token), _start(token), _end(token)
    if text[0] == "@":
        kind: Kind = "entity+" if text.endswith("+") else "entity"
        return Term(kind, text[1:].rstrip("+"), start, end)
    if text[0] == "#":
        return Term("keywords", text[1:], start, end)
    if text.startswith("case") and text.endswith('"'):
        return _checked(Term("cased", text.partition(":")[2].strip().strip('"'), start, end))
    if text[0] in '"“':
        return _checked(Term("phrase", text[1:-1], start, end))
    if text in _LOWER or text in {"NEAR", "BEFORE"}:
        hint = f'operators are written in capitals, as {_LOWER[text.lower()]}; a word is quoted: "{text.lower()}"'
        raise _RefusedError(f"{text!r} is no term", start, hint)
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
        raise _RefusedError(f"{digits} is out of bounds", _start(token), f"a number from 1 to {most:,}")
    return int(digits)


def _start(token: Token) -> int:
    return token.start_pos or 0


def _end(token: Token) -> int:
    return token.end_pos or 0


def _explain(error: UnexpectedInput, query: str) -> QueryError:
    offset = error.pos_in_stream if error.pos_in_stream is not None else len(query)
    if not isinstance(error, UnexpectedToken):
        found = query[offset : offset + 1]
        return QueryError(f"{found!r} is not expected here", query, offset, _character_hint(error, query, offset))
    if error.token.type == "$END":
        return QueryError("the query ends too soon", query, len(query), _missing(query))
    shown = str(error.token)[:40]
    dangling = _OPERATOR_BEFORE.search(query[:offset][-40:])
    if shown == ")":
        return QueryError("a closing bracket too many, or nothing before it", query, offset, "take it out")
    if shown in _LOWER:
        return QueryError(f"{shown!r} is no operator", query, offset, f"write it in capitals: {_LOWER[shown]}")
    if dangling or _OPERATOR.fullmatch(shown):
        operator, place = (dangling[1], max(0, offset - 40) + dangling.start(1)) if dangling else (shown, offset)
        return QueryError(f"{operator} needs something before it", query, place, "write a term on each side")
    return QueryError(f"{shown!r} follows without an operator", query, offset, "write AND or OR between them")


def _missing(query: str) -> str:
    if query.count('"') % 2:
        return 'a closing " is missing'
    if query.count("(") > query.count(")"):
        return "a closing bracket is missing"
    return "something must follow the last operator"


def _character_hint(error: UnexpectedInput, query: str, offset: int) -> str:
    found = query[offset : offset + 1]
    if found == '"':
        return 'a closing " is missing'
    if found == ":":
        return "known before a colon: title lead body dateline credit related case lang source feed source-country"
    if found == "/":
        return "distances are NEAR/12, BEFORE/5 and atleast/3, in this writing"
    if found == "*":
        return "a * stands at the end of a word only"
    if found in "@#":
        return "an id follows directly, such as @russia or #embassy"
    return "quote the text" if isinstance(error, UnexpectedCharacters) else "see the query language"


def _listed(known: Collection[str], mark: str, what: str) -> str:
    if not known:
        return f"the desk has no {what} yet"
    names = [mark + name for name in sorted(known)[:8]]
    return "known: " + " ".join(names) + (" ..." if len(known) > len(names) else "")


def _caret(query: str, offset: int) -> str:
    """The line of the query around `offset` and a caret below it."""
    before, after = query[:offset].rpartition("\n")[2], query[offset:].partition("\n")[0]
    cut = max(0, len(before) - 60)
    shown = ("..." if cut else "") + before[cut:]
    return f"{shown}{after[:60]}\n{' ' * len(shown)}^"
