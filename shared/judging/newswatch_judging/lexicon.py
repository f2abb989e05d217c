"""All phrases of a desk in one tree, looked up word by word.

A phrase is a sequence of slots, one a word; a slot is what a word of a text may fill: a spelling, a stem in a
language, a beginning. Each spelling met in texts is resolved to its slots once and remembered, so most words cost
one dictionary look-up. All matches are found, overlapping ones too; who wins is decided later.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Generic, Literal, TypeVar

from newswatch_core.text import Document, fold, fold_keeping_case, spans
from newswatch_judging.inflect import (
    LATIN,
    STEMMED,
    is_arabic,
    is_cyrillic,
    name_forms,
    plural_stem,
    stems,
    with_plural,
    without_clitics,
)

How = Literal["exact", "cased", "name", "keyword", "context", "any", "prefix"]
"""Which forms of a phrase count.

exact: this spelling, folded; cased: the same with its capitals; name: and the forms of a name in its language;
keyword: and what has the same stem in its language; any: and what has the same stem in the article's language,
whichever that is; context: as keyword where it has a language, else and its plain plural, as a stemmer of another
language makes the Spanish streets (calles) an English call; prefix: the last word only begins so.
"""

_REMEMBERED = 50_000
_LONGEST_REMEMBERED = 32
_ARABIC = "ar:"
"""Marks spellings that may stand with clitics before them."""
_LIKELY = frozenset({"de", "en", "es", "fr", "pt"})
"""Whose stems are tried where the language of an article is not known."""
_EACH = {language: frozenset({language}) for language in LATIN}
_RUSSIAN, _ARABIC_ONLY = frozenset({"ru"}), frozenset({"ar"})
_BREAKS = frozenset(",;:!?()[]{}<>|/\\•…。，、；：！？«»\n")
_QUOTES = frozenset("«»")

P = TypeVar("P")


@dataclass(slots=True)  # not frozen: thousands are made a second, and a frozen one takes three times as long
class Hit(Generic[P]):
    """The words `first` to `last` (exclusive) of a document are a phrase that was added with `payload`."""

    first: int
    last: int
    payload: P


class _Resolved(dict[str, tuple[int, ...]]):
    """What each spelling met in texts comes to; `map` looks it up without a step in Python.

    Once it is full it begins anew, and takes over what it knew as it is asked for.
    """

    def __init__(self, resolve: Callable[[str], tuple[int, ...]]) -> None:
        super().__init__()
        self._resolve = resolve
        self._before: dict[str, tuple[int, ...]] = {}

    def __missing__(self, word: str) -> tuple[int, ...]:
        resolved = self._before.get(word)
        if resolved is None:
            resolved = self._resolve(word)
        if len(word) <= _LONGEST_REMEMBERED:
            if len(self) >= _REMEMBERED:
                self._before = dict(self)
                self.clear()
            self[word] = resolved
        return resolved


class Lexicon(Generic[P]):
    """Phrases with a payload each."""

    def __init__(self) -> None:
        self._slots: dict[_Spelled, int] = {}
        self._forms: dict[str, list[int]] = {}
        self._cased: dict[str, list[int]] = {}
        self._stems: dict[tuple[str, str], list[int]] = {}
        self._prefixes: dict[str, list[int]] = {}
        self._prefix_lengths: set[int] = set()
        self._beginnings: dict[str, set[str]] = {}
        self._waiting: list[tuple[str, bool, int]] = []
        self._ready: set[str] = set()
        self._tree: list[dict[int, int]] = [{}]
        self._payloads: list[list[P]] = [[]]
        self._known: dict[str, tuple[_Resolved, _Resolved]] = {}

    def add(self, phrase: str, payload: P, *, how: How, language: str = "") -> bool:
        """Adds a phrase; false where it holds no word."""
        places = spans(phrase)
        parts = [phrase[start:end] for start, end in places]
        if not parts:
            return False
        node = 0
        for position, part in enumerate(parts):
            kind = "exact" if how == "prefix" and position < len(parts) - 1 else how
            slot = self._slot(part, kind, language, alone=len(parts) == 1)
            # A phrase may be written with a comma (Moscow, Idaho): then the text must have it, too.
            edge = ~slot if position and "," in phrase[places[position - 1][1] : places[position][0]] else slot
            following = self._tree[node].get(edge)
            if following is None:
                following = len(self._tree)
                self._tree[node][edge] = following
                self._tree.append({})
                self._payloads.append([])
            node = following
        self._payloads[node].append(payload)
        self._known.clear()
        return True

    def find(self, document: Document, language: str) -> list[Hit[P]]:
        """Every place of every phrase, in the order of the text; none crosses a sentence or an inner break."""
        slots_of, nodes_of = self._of_language(language)
        words = document.words
        begun = list(map(nodes_of.__getitem__, words))
        found: list[Hit[P]] = []
        for first in compress(range(len(words)), begun):
            nodes: Sequence[int] = begun[first]
            last = first
            while nodes:
                last += 1
                leads = False
                for node in nodes:
                    if payloads := self._payloads[node]:
                        found += [Hit(first, last, payload) for payload in payloads]
                    leads = leads or bool(self._tree[node])
                if not leads or last == len(words) or last == document.in_title:
                    break
                slots = slots_of[words[last]]
                nodes = self._following(nodes, slots, document, last) if slots else ()
        return found

    def _of_language(self, language: str) -> "tuple[_Resolved, _Resolved]":
        """For each word of a text in this language the slots that it fills, and the nodes that a phrase begins at."""
        known = self._known.get(language)
        if known is None:
            if language not in self._ready:
                self._prepare(language)
                self._known.clear()
            root = self._tree[0]
            slots_of = _Resolved(lambda word: self._resolve(word, language))
            nodes_of = _Resolved(
                lambda word: tuple(sorted({root[slot] for slot in self._resolve(word, language) if slot in root}))
            )
            known = self._known[language] = (slots_of, nodes_of)
        return known

    def _following(self, nodes: Sequence[int], slots: Sequence[int], document: Document, last: int) -> Sequence[int]:
        """The nodes that a phrase which reached `nodes` comes to with the word `last`, which fills `slots`."""
        plain: set[int] = set()
        with_comma: set[int] = set()
        for node in nodes:
            if branch := self._tree[node]:
                plain.update(branch[slot] for slot in slots if slot in branch)
                with_comma.update(branch[~slot] for slot in slots if ~slot in branch)
        # What stands between the words is looked at last: for that, all offsets of the text are made.
        if plain or with_comma:
            if document.between(last - 1).strip() == ",":
                return sorted(with_comma)
            if plain and joined(document, last - 1):
                return sorted(plain)
        return ()

    def _slot(self, part: str, how: How, language: str, *, alone: bool) -> int:
        """The number of the slot that a word of a phrase makes; the same for words that the same texts fill."""
        spelled = _spelled(part, how, language, alone=alone)
        slot = self._slots.get(spelled)
        if slot is not None:
            return slot
        slot = self._slots[spelled] = len(self._slots)
        for form in spelled.forms:
            self._forms.setdefault(form, []).append(slot)
        if spelled.cased:
            self._cased.setdefault(spelled.cased, []).append(slot)
        if spelled.prefix:
            self._prefixes.setdefault(spelled.prefix, []).append(slot)
            self._prefix_lengths.add(len(spelled.prefix))
        for each, stem in spelled.stems:
            self._add_stem(each, stem, slot)
        if spelled.any_language:
            self._waiting.append((part, alone, slot))
            self._ready.clear()
        return slot

    def _add_stem(self, language: str, stem: str, slot: int) -> None:
        slots = self._stems.setdefault((language, stem), [])
        if slot not in slots:
            slots.append(slot)
        self._beginnings.setdefault(language, set()).update((stem[:2], stem[:3]))

    def _prepare(self, language: str) -> None:
        """Stems, once a language is met, the words that count in whatever language the article has."""
        self._ready.add(language)
        for part, alone, slot in self._waiting:
            for each in _stem_languages(part, language):
                for name, stem in keyword_stems(part, each, alone=alone):
                    self._add_stem(name, stem, slot)

    def _resolve(self, word: str, language: str) -> tuple[int, ...]:
        form = fold(word)
        slots = [*self._forms.get(form, ()), *self._cased.get(fold_keeping_case(word), ())]
        for length in self._prefix_lengths:
            if len(form) >= length:
                slots += self._prefixes.get(form[:length], ())
        if not form.isascii() and is_arabic(form):
            for bare in (form, *without_clitics(form)):
                slots += self._forms.get(_ARABIC + bare, ())
        for each in _stem_languages(form, language):
            for name in (each, "en-plural") if each == "en" else (each,):
                beginnings = self._beginnings.get(name)
                if beginnings and (name == "ar" or form[: _beginning(form)] in beginnings):
                    for stem in _stems(word, name):
                        slots += self._stems.get((name, stem), ())
        return tuple(dict.fromkeys(slots))


@dataclass(frozen=True, slots=True)
class _Spelled:
    """What a word of a text must be to fill a slot: one of these spellings, or of one of these stems."""

    forms: frozenset[str] = frozenset()
    cased: str = ""
    prefix: str = ""
    stems: frozenset[tuple[str, str]] = frozenset()
    any_language: bool = False


def _spelled(part: str, how: How, language: str, *, alone: bool) -> _Spelled:
    form = fold(part)
    if how == "cased":
        return _Spelled(cased=fold_keeping_case(part))
    if how == "prefix":
        return _Spelled(prefix=form)
    if how == "name":
        forms = {form, *name_forms(part, language)}
        if is_arabic(form):
            forms.add(_ARABIC + form)
        by_stem = not alone and language == "ru" and is_cyrillic(form) and len(form) > 4
        return _Spelled(frozenset(forms), stems=_named(stems(part, "ru"), "ru") if by_stem else frozenset())
    if how == "context" and not language and not (is_cyrillic(form) or is_arabic(form)):
        return _Spelled(with_plural(part))
    if how == "keyword" or (how == "context" and language):
        return _Spelled(frozenset({form}), stems=frozenset(keyword_stems(part, language, alone=alone)))
    return _Spelled(frozenset({form}), any_language=how in {"any", "context"})


def _beginning(form: str) -> int:
    """So many letters stand in the stem as in the word: stemmers change the end only (spy, spies: spi)."""
    return 3 if len(form) > 3 else 2


def _named(found: frozenset[str], language: str) -> frozenset[tuple[str, str]]:
    return frozenset((language, stem) for stem in found)


def _stem_languages(form: str, language: str) -> frozenset[str]:
    """The languages whose stems a word is looked up by: those of its script, and there the article's own."""
    if not form.isascii():
        if is_cyrillic(form):
            return _RUSSIAN
        if is_arabic(form):
            return _ARABIC_ONLY
    if language in LATIN:
        return _EACH[language]
    return _EACH["en"] if language else _LIKELY


def joined(document: Document, word: int) -> bool:
    """Can this word and the next one belong to one phrase? Not across a comma, a bracket or the end of a sentence."""
    if word + 1 == document.in_title:
        return False
    between = document.between(word)
    if between == " ":
        return True
    if "\n" in between and not between.strip():
        return document.sentence_of(word) == document.sentence_of(word + 1)
    if any(character in _BREAKS and character not in _QUOTES for character in between):
        return False
    if " - " in between or "–" in between.strip("–") or "—" in between:
        return False
    return document.sentence_of(word) == document.sentence_of(word + 1)


def keyword_stems(part: str, language: str, *, alone: bool) -> frozenset[tuple[str, str]]:
    """The stems that a keyword's word is looked up by. In English phrases only the plural, as forced is no force."""
    if language == "en" and not alone:
        return frozenset({("en-plural", plural_stem(part))})
    return _named(stems(part, language), language) if language in STEMMED else frozenset()


def _stems(word: str, language: str) -> frozenset[str]:
    return frozenset({plural_stem(word)}) if language == "en-plural" else stems(word, language)
