"""Phrases are found word by word: all of them, and never inside a word."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newswatch_core.text import fold, read, words
from newswatch_judging.lexicon import How, Lexicon


def found(phrase: str, text: str, how: How = "exact", language: str = "en", article_language: str = "en") -> list[str]:
    lexicon = Lexicon[str]()
    assert lexicon.add(phrase, phrase, how=how, language=language)
    document = read("", text)
    hits = lexicon.find(document, article_language)
    return [text[document.starts[hit.first] : document.ends[hit.last - 1]] for hit in hits]


def test_a_phrase_is_found_over_line_breaks_hyphens_and_quotes_but_not_over_commas_and_stops():
    text = "Joint force. joint\nforce, joint-force, joint ‘force’; joint, force: a joint. Force (joint) force"

    assert found("joint force", text) == ["Joint force", "joint\nforce", "joint-force", "joint ‘force"]


def test_a_phrase_is_never_found_inside_a_word_or_over_a_blank_line():
    assert found("mali", "Somalia, Malian, normalise") == []
    assert found("joint force", "joint\n\nforce") == []


def test_a_comma_in_a_phrase_must_stand_in_the_text():
    assert found("Moscow, Idaho", "In Moscow, Idaho. In Moscow Idaho.") == ["Moscow, Idaho"]


def test_capitals_count_where_they_were_asked_for():
    assert found("AES", "AES aes Aes A.E.S.", how="cased") == ["AES", "A.E.S."]


def test_a_beginning_matches_the_rest_of_the_word():
    assert found("diplomat", "diplomats, diplomatic, a diploma", how="prefix") == ["diplomats", "diplomatic"]


def test_a_keyword_matches_by_stem_in_its_own_language_only():
    assert found("embassy", "two embassies", how="keyword") == ["embassies"]
    assert found("embassy", "two embassies", how="keyword", article_language="fr") == []
    assert found("посольство", "about посольствах", how="keyword", language="ru") == ["посольствах"]


def test_an_english_phrase_takes_the_plural_but_no_verb():
    text = "military forces; the military forced them"

    assert found("military force", text, how="keyword") == ["military forces"]


def test_a_russian_name_of_many_words_inflects_each_of_them():
    text = "с Конфедерацией государств Сахеля и о Конфедерации государств Сахеля"

    assert len(found("Конфедерация государств Сахеля", text, how="name", language="ru")) == 2


def test_an_arabic_name_is_found_behind_particles():
    assert found("روسيا", "وروسيا بروسيا لروسيا", how="name", language="ar", article_language="ar") == [
        "وروسيا",
        "بروسيا",
        "لروسيا",
    ]


def test_overlapping_phrases_are_all_found():
    lexicon = Lexicon[str]()
    for phrase in ("Niger", "Niger State", "State governor"):
        lexicon.add(phrase, phrase, how="exact")

    hits = lexicon.find(read("", "The Niger State governor"), "en")

    assert [hit.payload for hit in hits] == ["Niger", "Niger State", "State governor"]


def test_a_phrase_without_a_word_is_refused():
    assert not Lexicon[str]().add("…", "x", how="exact")


_WORDS = st.lists(st.sampled_from(["mali", "Mali", "états", "ETATS", "а", "Ё", "俄", "x1"]), min_size=1, max_size=3)


@given(
    st.lists(_WORDS.map(" ".join), max_size=8),
    st.lists(st.sampled_from(["mali", "états", "ё", "俄", "x1", "А"]), max_size=30),
)
@settings(max_examples=150, deadline=None)
def test_the_tree_finds_what_a_plain_search_finds(phrases: list[str], text_words: list[str]):
    lexicon = Lexicon[int]()
    for number, phrase in enumerate(phrases):
        lexicon.add(phrase, number, how="exact")
    text = " ".join(text_words)

    hits = {(hit.first, hit.last, hit.payload) for hit in lexicon.find(read("", text), "en")}

    folded = [fold(word) for word in words(text)]
    plain = {
        (first, first + len(parts), number)
        for number, phrase in enumerate(phrases)
        for parts in [[fold(word) for word in words(phrase)]]
        for first in range(len(folded) - len(parts) + 1)
        if folded[first : first + len(parts)] == parts
    }
    assert hits == plain


@pytest.mark.parametrize("text", ["мали " * 20_000, "joint " * 20_000])
def test_a_text_of_one_word_is_searched_in_linear_time(text: str):
    assert len(found("joint joint force", text)) == 0
    assert re.match(r"\w+", text)
