"""Folding of words: what counts as the same spelling.

Case, accents, soft hyphens, ligatures, wide forms, Arabic diacritics and alef forms, and the Russian ё all fold
away. Words are folded one by one, so the offsets of a text are never touched.
"""

import re
from functools import lru_cache
from unicodedata import category, normalize

INVISIBLE = "\u00ad\u200b-\u200f\u2060\ufeff\u0640"
"""Soft hyphen, zero-width characters and the Arabic tatweel, for a character class."""
MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
"""Combining accents and the vowel signs of Hebrew and Arabic, for a character class."""

_DROPPED = re.compile(f"[{INVISIBLE}.]")
_DROPPED_MARKS = re.compile(f"[{INVISIBLE}{MARKS}.]")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_ARABIC = re.compile("[\u0600-\u06ff]")
_ARABIC_FORMS = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ک": "ك", "ی": "ي", "ؤ": "و", "ئ": "ي"}
)
_ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_CYRILLIC_FORMS = str.maketrans({"ё": "е", "Ё": "Е"})
_LATIN_FORMS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "ħ": "h", "þ": "th"}
    | {"Æ": "AE", "Œ": "OE", "Ø": "O", "Đ": "D", "Ł": "L", "İ": "I", "ẞ": "SS"}
    | {"ɗ": "d", "Ɗ": "D", "ɓ": "b", "Ɓ": "B", "ƙ": "k", "Ƙ": "K", "ƴ": "y", "ŋ": "n"}
)


def fold(word: str) -> str:
    """The word as it is compared: "Études" and "ETUDES" give "etudes", "A.E.S." gives "aes"."""
    if word.isascii():
        return word.lower() if "." not in word else word.replace(".", "").lower()
    return _strip(word).lower()


def fold_keeping_case(word: str) -> str:
    """As `fold`, but "AES" and "aes" stay apart."""
    if word.isascii():
        return word if "." not in word else word.replace(".", "")
    return _strip(word)


@lru_cache(maxsize=65_536)
def _strip(word: str) -> str:
    composed = normalize("NFC", word)
    if _CYRILLIC.search(composed):
        # и and й are different letters although Unicode takes the second apart into the first and a mark.
        return _DROPPED_MARKS.sub("", composed).translate(_CYRILLIC_FORMS)
    if _ARABIC.search(composed):
        plain = normalize("NFKC", _DROPPED_MARKS.sub("", composed))
        return plain.translate(_ARABIC_FORMS).translate(_ARABIC_DIGITS)
    apart = normalize("NFKD", composed)
    kept = "".join(character for character in apart if category(character) != "Mn")
    return _DROPPED.sub("", kept).translate(_LATIN_FORMS)


@lru_cache(maxsize=65_536)
def tidy(word: str) -> str:
    """Lower case in composed form without invisible characters, accents kept: what a stemmer wants to read."""
    return _DROPPED.sub("", normalize("NFC", word)).lower().replace("ё", "е")
