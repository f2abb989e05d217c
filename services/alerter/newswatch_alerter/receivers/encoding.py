"""What the encoders of several receivers share."""

import re

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""Hosts that secrets may go to without encryption: this machine."""

_JOINER = "\u2060"
_SCHEME = re.compile(r"(?<=[A-Za-z0-9]):(?=//|[^\s:/]+@)")
_DOT = re.compile(r"(?<=\w)\.(?=[^\W\d_])")
_AT = re.compile(r"(?<=\S)@(?=\S)|@(?=\w)")


def defang(text: str) -> str:
    """`text` that looks the same but that no program turns into a link, an address or a mention.

    An invisible word joiner goes into `https://x`, `example.com` and `a@b`, where programs look for links.
    """
    text = _SCHEME.sub(f":{_JOINER}", text)
    text = _DOT.sub(f".{_JOINER}", text)
    return _AT.sub(f"@{_JOINER}", text)
