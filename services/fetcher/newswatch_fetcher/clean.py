"""Making text from outside harmless and uniform: no control characters, one Unicode form, plain white space."""

import re
from unicodedata import category, normalize

from lxml import etree, html

from newswatch_core.events import MAX_TEXT

MAX_TITLE = 1_000

# <<Le Monde>> is a quotation, not a tag.
_MARKUP = re.compile(r"(?<!<)<[a-zA-Z/!]|&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z]\w{1,30});")
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li main"
        " nav ol p pre section table td th tr ul",
    )
)
_DROPPED = frozenset(("script", "style", "noscript", "template", "iframe", "object", "svg", "head"))
_UNSEEN = {0x00AD: None, 0xFEFF: None, 0x200B: None}
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_title(text: str) -> str:
    """`text` as one line without markup, cut to MAX_TITLE."""
    return " ".join(_harmless(html_to_text(text)).split())[:MAX_TITLE].rstrip()


def clean_text(text: str) -> str:
    """Plain text with a blank line between paragraphs, cut to MAX_TEXT. A paragraph ends where a line is blank."""
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", _harmless(text)))
    return "\n\n".join(part for part in paragraphs if part)[:MAX_TEXT].rstrip()


def first_words(text: str, most: int = 90) -> str:
    """What stands for a missing title."""
    line = text.partition("\n")[0]
    return line if len(line) <= most else line[:most].rpartition(" ")[0] + " ..."


def html_to_text(markup: str) -> str:
    """The text of an HTML fragment, with a blank line between its blocks. Text without markup stays as it is."""
    if not _MARKUP.search(markup):
        return markup
    try:
        root = html.document_fromstring(f"<div>{_harmless(markup)}</div>")
    except (etree.LxmlError, ValueError):
        return re.sub(r"<[^>]*>", " ", markup)
    parts: list[str] = []
    depth_dropped = 0
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        name = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            depth_dropped += name in _DROPPED
            if name in _BLOCKS:
                parts.append("\n\n")
            if node.text and not depth_dropped:
                parts.append(node.text)
            continue
        if event == "end":
            depth_dropped -= name in _DROPPED
            if name in _BLOCKS:
                parts.append("\n\n")
        if node.tail and not depth_dropped:
            parts.append(node.tail)
    # Newlines of the source are white space; only blocks make paragraphs.
    joined = "".join("\n\n" if part == "\n\n" else re.sub(r"\s+", " ", part) for part in parts)
    return joined.strip()


def _harmless(text: str) -> str:
    """NFC, without control characters, lone surrogates and marks that turn the direction of the rest."""
    text = normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").translate(_UNSEEN))
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_character, text))


def _character(character: str) -> str:
    if character.isprintable() or character in "\n\t":
        return character
    kind = category(character)
    if kind in {"Zl", "Zp"}:
        return "\n"
    if kind == "Zs":
        return " "
    # Joiners (Cf) carry meaning in Arabic script, Persian and emoji; what overrides direction does not.
    return character if kind in {"Cf", "Co", "Cn"} and character not in _BIDI else " " if kind == "Cc" else ""
