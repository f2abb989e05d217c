"""Finding the article text in an HTML page, without its navigation, asides and footers."""

import logging
import re

import trafilatura

from newswatch_fetcher.clean import clean_text, clean_title

# What it warns of (a page without text, say) is told by the empty result.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

_META = re.compile(rb"""<meta[^>]{1,200}?charset\s*=\s*["']?\s*([a-zA-Z0-9_:.-]{2,30})""", re.IGNORECASE)
_HEADER = re.compile(r"""charset\s*=\s*["']?([a-zA-Z0-9_:.-]{2,30})""", re.IGNORECASE)
_TITLES = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"""<meta[^>]{1,300}?property\s*=\s*["']og:title["'][^>]{1,300}?content\s*=\s*"([^"]{1,500})""",
        r"""<meta[^>]{1,300}?content\s*=\s*"([^"]{1,500})"[^>]{1,300}?property\s*=\s*["']og:title["']""",
        r"<h1[^>]{0,500}>(.{1,1000}?)</h1>",
        r"<title[^>]{0,300}>(.{1,500}?)</title>",
    )
)
_TITLE_WITHIN = 300_000
_REFUSED = ("utf-7", "utf7", "cp65000")


def extract_text(body: bytes, content_type: str = "", url: str | None = None) -> str:
    """The article text of a page with a blank line between paragraphs; "" where none was found."""
    page = decode(body, content_type)
    found = trafilatura.extract(page, url=url, fast=True, include_comments=False, output_format="txt")
    # Each line of its plain-text output is a block of the page.
    return clean_text("\n\n".join((found or "").splitlines()))


def extract_title(body: bytes, content_type: str = "") -> str:
    """The headline of a page: what it tells other sites, else its first heading, else its title; "" if none."""
    page = decode(body[:_TITLE_WITHIN], content_type)
    found = (pattern.search(page) for pattern in _TITLES)
    return next((title for one in found if one and (title := clean_title(one[1]))), "")


def decode(body: bytes, content_type: str = "") -> str:
    """The page as text: valid UTF-8 is UTF-8, else what the header or the page itself names, else Windows-1252."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    named = _HEADER.search(content_type)
    written = _META.search(body[:4_096])
    for name in (named and named[1], written and written[1].decode("ascii")):
        if name and name.lower() not in _REFUSED:
            try:
                return body.decode(name, "replace")
            except (LookupError, ValueError):
                continue
    # A page that says nothing of itself and is nearly UTF-8 has one broken byte somewhere.
    text = body.decode("utf-8", "replace")
    return text if text.count("\ufffd") * 200 < len(text) else body.decode("cp1252", "replace")
