"""Texts that try to be more than text, for every field that comes from outside."""

MENTIONS = ("<!channel>", "<!here|here>", "<!everyone>", "<@U012AB3CD>", "<!subteam^S012|@desk>", "<#C012|general>")
LINKS = (
    "<http://evil.example|https://bank.example>",
    "https://evil.example/login",
    "www.evil.example",
    "evil.example",
    "mailto:a@evil.example",
    "[bank](https://evil.example)",
    "javascript:alert(1)",
    "HTTPS://EVIL.EXAMPLE",
    "ftp://evil.example/x",
)
HEADERS = (
    "x\r\nBcc: evil@evil.example",
    "x\nBcc: evil@evil.example",
    "x\rBcc: evil@evil.example",
    "=?utf-8?q?x=0D=0ABcc:_evil=40evil.example?=",
    "=?utf-8?b?eA0KQmNjOiBldmlsQGV2aWwuZXhhbXBsZQ==?=",
    "=?utf-8?q?x?= =?utf-8?q?=0D=0ABcc:_evil=40evil.example?=",
    "x\u2028Bcc: evil@evil.example",
    "x\u0085Bcc: evil@evil.example",
    "x\x0bBcc: evil@evil.example",
)
MARKUP = (
    "<script>alert(1)</script>",
    "<img src=https://evil.example/pixel.gif>",
    '"><a href="https://evil.example">bank</a>',
    "<style>*{display:none}</style>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<!-- --><b>bold</b>",
    "&lt;!channel&gt;",
    "&#60;img src=x&#62;",
    "</blockquote></body></html>",
)
SIGNS = (
    "*bold* _italic_ ~gone~ `code` ```block```",
    "> quoted",
    "{{7*7}} ${7*7} %s %(x)s {x} {body}",
    '\n{"level":"error","event":"forged"}',
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "\x00NUL\x00",
    "\u202egnp.exe\u202c",
    "\u2066isolated\u2069\u200b\ufeff",
    "lone \ud800 and \udfff",
    "😀" * 400,
    "a" * 1_000_000,
    "\u0301" * 5_000,
    "",
    "   ",
    "\r\n\r\n.\r\nMAIL FROM:<evil@evil.example>",
    "\n.\n",
    "From evil",
    "--=_boundary",
)
ALL = MENTIONS + LINKS + HEADERS + MARKUP + SIGNS
