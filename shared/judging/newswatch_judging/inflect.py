"""Inflection: the other forms that a word may stand in.

Keywords are compared by stem. Names are not, since a stemmer makes one word of Nigeria and Niger, or of the
Russian words for Mali and for small; their forms are generated from endings instead, each spelled out.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache

import snowballstemmer

from newswatch_core.folding import fold, tidy

_ALGORITHMS = {
    "de": "german", "en": "english", "es": "spanish", "fr": "french", "it": "italian", "nl": "dutch",
    "pl": "polish", "pt": "portuguese", "ru": "russian", "tr": "turkish",
}  # fmt: skip
LATIN = frozenset(_ALGORITHMS) - {"ru"}
STEMMED = frozenset(_ALGORITHMS) | {"ar"}

_PLURAL_IN_ES = frozenset({"es", "pt"})

_ARABIC_ARTICLES = ("وبال", "ولل", "فال", "وال", "بال", "كال", "لل", "ال")
_ARABIC_CLITICS = ("ول", "وب", "فل", "فب", "و", "ف", "ب", "ك", "ل")
_ARABIC_ENDINGS = ("ات", "ون", "ين", "ان", "يه", "ها", "هم", "ه", "ي")
_ARABIC_POSSESSED = ("تهما", "تكم", "تها", "تهم", "تنا", "ته", "تك", "تي")
_SHORTEST_ARABIC = 3


def is_cyrillic(word: str) -> bool:
    return any("\u0400" <= letter <= "\u052f" for letter in word)


def is_arabic(word: str) -> bool:
    return any("\u0600" <= letter <= "\u06ff" for letter in word)


def stems(word: str, language: str) -> frozenset[str]:
    """The folded stems of a word: with its accents and, as capitals lose them, without."""
    if language == "ar":
        bare_forms = (fold(word), *without_clitics(fold(word)))
        return frozenset(stem for bare in bare_forms for stem in _arabic_stems(bare))
    if language not in _ALGORITHMS:
        return frozenset({fold(word)})
    return _snowball(tidy(word), language)


@lru_cache(maxsize=100_000)
def _snowball(word: str, language: str) -> frozenset[str]:
    stem = _stemmer(language)
    bare = fold(word)
    if language == "ru":
        return frozenset({fold(stem(word))})
    found = {fold(stem(word)), fold(stem(bare))}
    if language in _PLURAL_IN_ES and len(bare) > 5 and bare.endswith("es"):
        # The stemmers take the ending of militar for a verb's and leave militares whole.
        found.add(fold(stem(word[:-2])))
    return frozenset(found)


@cache
def _stemmer(language: str) -> Callable[[str], str]:
    stemmer = snowballstemmer.stemmer(_ALGORITHMS[language])

    def stem(word: str) -> str:
        return str(stemmer.stemWord(word)) if len(word) <= 60 else word

    return stem


def plural_stem(word: str) -> str:
    """English without verbs: forces and force are one, forced is another."""
    bare = fold(word)
    if len(bare) > 4 and bare.endswith("ies"):
        return bare[:-3] + "y"
    if len(bare) > 4 and bare.endswith(("sses", "shes", "ches", "xes")):
        return bare[:-2]
    if len(bare) > 3 and bare.endswith("s") and not bare.endswith(("ss", "us", "is")):
        return bare[:-1]
    return bare


def with_plural(word: str) -> frozenset[str]:
    """The folded forms of a word of no language: itself and a plain plural."""
    form = fold(word)
    if form.endswith(("ch", "sh", "x", "ss")) and len(form) > 3:
        return frozenset({form, form + "es"})
    return name_forms(word, "en")


def without_clitics(form: str) -> tuple[str, ...]:
    """A folded Arabic word without the particles and the article that are written together with it."""
    found: list[str] = []
    for prefixes in (_ARABIC_ARTICLES, _ARABIC_CLITICS):
        for prefix in prefixes:
            if form.startswith(prefix) and len(form) - len(prefix) >= _SHORTEST_ARABIC:
                found.append(form[len(prefix) :])
                if prefixes is _ARABIC_ARTICLES and prefix != "ال":
                    found.append("ال" + form[len(prefix) :])
    return tuple(dict.fromkeys(found))


def _arabic_stems(form: str) -> Iterator[str]:
    """The form without its ending; before a possessive the feminine one is a letter of its own (قوة, قوتها)."""
    yield next((form[: -len(ending)] for ending in _ARABIC_ENDINGS if _ends(form, ending)), form)
    yield from (form[: -len(ending)] for ending in _ARABIC_POSSESSED if _ends(form, ending))


def _ends(form: str, ending: str) -> bool:
    return form.endswith(ending) and len(form) - len(ending) >= 2


def name_forms(word: str, language: str) -> frozenset[str]:
    """The folded forms that one word of a name takes in its language, itself among them."""
    form = fold(word)
    make = _FORMS.get(language)
    if make is None or len(form) < 3 or (word.isupper() and len(word) <= 6) or not form.isalpha():
        return frozenset({form})
    return frozenset({form, *make(form)})


def _endings(form: str, cut: int, endings: str) -> Iterable[str]:
    trunk = form[: len(form) - cut]
    return (trunk + ending for ending in endings.split())


def _english(form: str) -> Iterable[str]:
    if form.endswith(("s", "x", "ch", "sh", "ese")):
        return ()
    return [form[:-1] + "ies"] if form.endswith("y") and form[-2:-1] not in "aeiou" else [form + "s"]


def _french(form: str) -> Iterable[str]:
    found = [] if form.endswith(("s", "x")) else [form + "s"]
    if form.endswith(("ien", "een")):
        found += [form + "ne", form + "nes"]
    elif form.endswith(("ais", "ois", "ain", "and", "al", "an")):
        found += [form + "e", form + "es"]
        found += [form[:-1] + "ux"] if form.endswith("al") else []
    return found


def _spanish(form: str) -> Iterable[str]:
    if form.endswith("o"):
        return _endings(form, 1, "a os as")
    if form.endswith(("a", "e")):
        return [form + "s"]
    if form.endswith("es"):
        return [form + "a", form + "es", form + "as"]
    return [form + "es"] if form.endswith(("l", "n", "r")) else ()


def _portuguese(form: str) -> Iterable[str]:
    if form.endswith("ao"):
        return _endings(form, 2, "oes aes a as")
    return _spanish(form)


def _german(form: str) -> Iterable[str]:
    if form.endswith("isch"):
        return _endings(form, 0, "e er en es em")
    found = [] if form.endswith(("s", "x", "z")) else [form + "s"]
    if form.endswith("e"):
        found.append(form + "n")
    if form.endswith("er"):
        found += _endings(form, 0, "n in innen")
    return found


_HUSHING = tuple("гкхжшчщ")
_ADJECTIVE = ("ый", "ий", "ой", "ая", "ое", "ые", "ие")
_RUSSIAN_NOUNS: tuple[tuple[str, int, str], ...] = (
    # ending, letters to cut, endings to put in their place; the first that fits
    ("ия", 1, "и ю ей й ям ями ях"),
    ("ея", 1, "и ю ей й ям ями ях"),
    ("ка", 1, "и е у ой ою ам ами ах"),
    ("а", 1, "ы и е у ой ою"),
    ("я", 1, "и е ю ей"),
    ("ь", 1, "я ю ем е и ью ей ям ями ях"),
    ("й", 1, "я ю ем е и ев ям ями ях"),
    ("янин", 2, "ин ина ину ином ине е ам ами ах"),
    ("иец", 2, "йца йцу йцем йце йцы йцев йцам йцами йцах"),
    ("ец", 2, "ца цу цем це цы цев цам цами цах"),
)
_UNCHANGED = tuple("иуэеоыю")


def _russian(form: str) -> Iterable[str]:
    """Nouns and adjectives by their endings. Words in -и, -у, -э and -е (Мали, Траоре) do not change."""
    if form.endswith(_ADJECTIVE) and len(form) > 5 and form[-3] in "нкгхвтш":
        vowel = "и" if form[-3] in _HUSHING else "ы"
        return _endings(form, 2, f"{vowel}й ого ому {vowel}м ом ая ой ую ое {vowel}е {vowel}х {vowel}ми")
    for ending, cut, endings in _RUSSIAN_NOUNS:
        if form.endswith(ending):
            return [*_endings(form, cut, endings), form[:-2]] if ending == "янин" else _endings(form, cut, endings)
    if form.endswith(_UNCHANGED):
        return ()
    forms = [*_endings(form, 0, "а у ом е ы ов ам ами ах")]
    if form.endswith(_HUSHING):
        forms += _endings(form, 0, "ем и ей")
    if form.endswith(("ов", "ев", "ин", "ын")):
        forms += _endings(form, 0, "ым ой ых ыми")
    return forms


def _ukrainian(form: str) -> Iterable[str]:
    if form.endswith("ія"):
        return _endings(form, 1, "ї ю єю")
    if form.endswith("ський"):
        return _endings(form, 2, "ого ому им ім а ої ій у ою е і их ими")
    if form.endswith("а"):
        return _endings(form, 1, "и і у ою")
    return () if form[-1] in "иіїуеєо" else _endings(form, 0, "а у ом ові і и ів ам ами ах")


def _polish(form: str) -> Iterable[str]:
    if form.endswith("ski"):
        return [*_endings(form, 1, "iego iemu im a iej ie ich imi"), form[:-3] + "scy"]
    if form.endswith("ja"):
        return _endings(form, 1, "i e o")
    if form.endswith("a"):
        return _endings(form, 1, "y i e ie o")
    return () if form[-1] in "iuoey" else _endings(form, 0, "u a owi em ie y ow")


_FORMS: dict[str, Callable[[str], Iterable[str]]] = {
    "de": _german,
    "en": _english,
    "es": _spanish,
    "fr": _french,
    "pl": _polish,
    "pt": _portuguese,
    "ru": _russian,
    "uk": _ukrainian,
}
