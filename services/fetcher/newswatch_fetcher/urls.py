"""Canonical URLs: one spelling for one article, whatever the feed appended to its link."""

import re
from ipaddress import IPv6Address
from urllib.parse import urljoin, urlsplit

import httpx

from newswatch_core.events import hash_id

MAX_URL = 2048

_TRACKING = re.compile(
    r"""(?ix) ^(?:
    utm_.* | at_(?:medium|campaign|format|link_.*|custom.*|bbc_team) | xtor
    | ns_(?:campaign|source|mchannel|linkname|fee) | (?:fb|g|dc|ms|tw|y|tt)clid | [wg]braid | igshid | gclsrc
    | _openstat | wt_?mc | mc_[ce]id | cmpid | ocid | smid | soc_(?:src|trk) | ref_src | mkt_tok | _hs(?:enc|mi)
    | vero_(?:id|conv) | traffic_source
    )$"""
)
_SESSION = re.compile(r";(?:jsessionid|phpsessid)=[^/?#]*", re.IGNORECASE)
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_IN_PATH = _UNRESERVED | frozenset(b"/!$&'()*+,;=:@")
_IN_QUERY = _IN_PATH | frozenset(b"?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def canonical_url(link: str, base: str = "") -> str:
    """The canonical form of `link` (relative to `base`), or "" where it is no usable http(s) URL.

    Scheme and host in lower case, the default port, user, fragment, session and tracking parameters removed,
    percent-encoding in one form. The order of the other parameters stays: servers may care.
    """
    link = "".join(character for character in link.strip() if character.isprintable()).replace(" ", "%20")
    try:
        parts = urlsplit(urljoin(base, link) if base else link)
        port = parts.port
        host = _ascii_host(parts.hostname or "")
    except ValueError:
        return ""
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not host:
        return ""
    place = host if port in {None, _DEFAULT_PORTS[scheme]} else f"{host}:{port}"
    path = _without_dots(_normalise(_SESSION.sub("", parts.path), _IN_PATH) or "/")
    query = "&".join(
        _normalise(pair, _IN_QUERY)
        for pair in parts.query.split("&")
        if pair and not _TRACKING.match(pair.split("=")[0])
    )
    url = f"{scheme}://{place}{path}" + (f"?{query}" if query else "")
    return url if len(url) <= MAX_URL else ""


def article_id(url: str) -> str:
    """The id of the article at canonical `url`; http and https give the same."""
    return hash_id(url.partition(":")[2])


def host_of(url: str) -> str:
    """The host as readers name it, without www."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def same_place(url: str) -> str:
    """The `host:port` that a request of `url` goes to. Raises ValueError."""
    parsed = httpx.URL(url)
    port = parsed.port or _DEFAULT_PORTS.get(parsed.scheme)
    host = parsed.raw_host.decode("ascii").lower().rstrip(".")
    if not port or not host:
        raise ValueError("only http and https URLs with a host are fetched")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _ascii_host(host: str) -> str:
    host = host.rstrip(".").lower()
    if ":" in host:
        return f"[{IPv6Address(host)}]"
    try:
        return httpx.URL(f"http://{host}/").raw_host.decode("ascii") if host else ""
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from None


def _normalise(text: str, allowed: frozenset[int]) -> str:
    """Escapes in upper case, and only where one is needed."""

    def one(match: re.Match[bytes]) -> bytes:
        byte = int(match[1], 16)
        return bytes([byte]) if byte in _UNRESERVED else b"%%%02X" % byte

    data = _ESCAPE.sub(one, text.encode("utf-8", "replace"))
    out = []
    for position, byte in enumerate(data):
        plain = byte in allowed or (byte == 0x25 and _ESCAPE.match(data, position))
        out.append(chr(byte) if plain else f"%{byte:02X}")
    return "".join(out)


def _without_dots(path: str) -> str:
    if "/." not in path:
        return path
    out: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if len(out) > 1:
                out.pop()
        elif segment != ".":
            out.append(segment)
    if path.endswith(("/.", "/..")):
        out.append("")
    return "/".join(out) or "/"
