"""Where sentences and paragraphs end.

A full stop, exclamation or question mark (of any script), a blank line and a list item end a sentence. Semicolons,
colons, dashes, brackets, the dots of abbreviations and initials, and single line breaks do not.
"""

import re
from collections.abc import Iterator

# A search for one of a set of characters is fast; so each pattern of a stop begins with its first character, and what
# must stand before it is looked up behind that. A run of stops is taken whole or not at all: trying its parts would
# take time that grows with its square.
_STOP = re.compile(
    "[.!?…؟۔।。！？](?:"
    '(?<=[.!?…؟۔।])(?<![.!?…؟۔।]{2})[.!?…؟۔।]*+[)\\]"\'»”’“]*+(?=\\s|$|["“«(\\[])'
    "|(?<=[。！？])[。！？]*[」』）”]*"
    r"|(?<=[a-zà-ÿа-яё]\.)(?=[A-ZА-Я][a-zа-я]))"
)
_BREAK = re.compile(r"\n[^\S\n]*(?:\n\s*)+|\n[^\S\n]*(?=(?:[-–—•*‣▪●·]|\d{1,2}[.)])[^\S\n]+\S)")
_BLANK = re.compile(r"\n[^\S\n]*\n")
_WORD_BEFORE = re.compile(r"([^\W_]+(?:\.[^\W_]+)*)$")
_NEXT = re.compile(r"[\s\"'“”«»„(\[–—-]*(\w+)?")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Titles and ranks; things, measures and months; then Russian.
_ABBREVIATIONS = _words("""
    mr mrs ms mx dr prof st ste gen gén lt col maj capt cpt sgt adm rep sen gov pres min amb hon rev sr sra srta jr
    m mm mme mlle mgr me gral cmdt cdt brig cdr exmo hr fr dipl ing vs cf ca approx est al dept inc ltd corp bros no
    nos nr núm pág art fig vol p pp av bd ed env usw bzw u evtl mio mrd bn mn ee rr ff aa jan feb mar apr jun jul
    aug sep sept oct nov dec janv févr avr juil déc fév ene abr ago dic e g i ie eg
    г гг им т д п др пр см тыс млн млрд трлн руб обл ул род ген полк проф акад напр св вв стр зам мин чел долл кв
    ред
""")
_BEFORE_NUMBERS_ONLY = _words("no nos nr art fig vol p pp mar may jun sept dec ca п д см стр ст")
_OFTEN_LAST = _words("etc jr sr inc ltd corp co др пр г гг руб млн млрд тыс чел долл")
_LAST_UNLESS_LOWER = _words("etc inc ltd corp")
_SHORT = _ABBREVIATIONS | _BEFORE_NUMBERS_ONLY | _OFTEN_LAST
_DOTTED = re.compile(r"(?:[^\W\d_]\.){2,}$")
_STARTERS = _words("""
    the a an in on at it its he she they we this that these those but and as after before when while for with from if
    however meanwhile both his her their our there according officials le la les l un une des il elle ils elles ce
    cette ces en dans au aux pour mais selon après el los las una pero según в на по он она они это как но и однако
""")
_GERMAN_MONTHS = _words("januar februar märz april mai juni juli august september oktober november dezember jänner")


def paragraph_spans(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each paragraph, without the white space around it."""
    start = 0
    for blank in _BLANK.finditer(text):
        if trimmed := _trimmed(text, start, blank.start()):
            yield trimmed
        start = blank.end()
    if trimmed := _trimmed(text, start, len(text)):
        yield trimmed


def sentence_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Start and end of each sentence of `text[start:end]`, without the white space around it."""
    cuts = [stop.end() for stop in _STOP.finditer(text, start, end) if _ends(text, stop.start(), stop.end(), end)]
    if text.find("\n", start, end) >= 0:
        cuts += [gap.end() for gap in _BREAK.finditer(text, start, end)]
        cuts.sort()
    found: list[tuple[int, int]] = []
    for cut in (*cuts, end):
        if trimmed := _trimmed(text, start, cut):
            found.append(trimmed)
        start = max(start, cut)
    return found


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """`start` and `end` moved past white space; None where there is nothing else."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def _ends(text: str, at: int, after: int, end: int) -> bool:
    """Does the mark at `text[at:after]` end a sentence?"""
    if text[at] == "." and text[after : after + 1].isspace() and text[after + 1 : min(after + 2, end)].isupper():
        # What most sentences end with: a long word, a stop, a blank and a capital.
        blank = text.rfind(" ", max(0, at - 20), at)
        last = text[blank + 1 : at].lower()
        if blank >= 0 and len(last) > 1 and last.isalpha() and last not in _SHORT:
            return True
    following = _NEXT.match(text, after, min(end, after + 40))
    word = (following and following[1]) or ""
    if word[:1].islower():
        return False
    if text[at] != "." or text[at + 1 : at + 2] == ".":
        return True
    before = _WORD_BEFORE.search(text, max(0, at - 24), at)
    return before is None or not _is_abbreviation(text, before[1], at, word)


def _is_abbreviation(text: str, last: str, at: int, word: str) -> bool:
    """Is the dot at `at`, after the word `last` and before `word`, one that shortens the word?"""
    lower, following = last.lower(), word.lower()
    if _DOTTED.search(text, max(0, at - 11), at + 1):
        short = following not in _STARTERS
    elif len(last) == 1 and last.isalpha():
        # An initial; the Russian year (2024 г.) is one too. "I." and "plan B." are rarer than "J. Smith".
        short = bool(word) and not (last in "гi" and following in _STARTERS)
    elif lower.isdecimal():
        short = len(lower) <= 2 and following in _GERMAN_MONTHS
    elif lower in _BEFORE_NUMBERS_ONLY:
        short = word[:1].isdecimal()
    elif lower in _OFTEN_LAST:
        short = bool(word) and following not in _STARTERS and lower not in _LAST_UNLESS_LOWER
    else:
        short = lower in _ABBREVIATIONS
    return short
