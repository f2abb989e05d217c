"""Fingerprints: what they keep, what they pass over, and that they can be stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswatch_deduplicator.fingerprint import NUMBER, Fingerprint, fingerprint, pack, unpack
from tests.support.articles import NOON, article
from tests.support.press import Press


def parts(mark: Fingerprint) -> dict[str, object]:
    """Everything but what names the revision."""
    return {
        name: list(value) if name in {"terms", "phrases", "shingles"} else value
        for name in mark.__struct_fields__
        if name not in {"article", "revision"}
        for value in [getattr(mark, name)]
    }


def of(title: str, text: str = "") -> Fingerprint:
    return fingerprint(article(title=title, text=text))


def test_case_punctuation_and_white_space_do_not_count():
    plain = of("Ferry to Gao resumes", "The ferry sails again, twice a week.")
    assert parts(plain) == parts(of("FERRY to  Gao resumes!", "The ferry\nsails again - twice a week"))


def test_composed_and_decomposed_letters_are_the_same():
    assert parts(of("Grève à Kédougou")) == parts(of("Gre\u0300ve a\u0300 Ke\u0301dougou"))


def test_inflected_forms_of_a_long_word_share_a_term():
    assert set(of("посольство").terms) == set(of("посольства").terms)


def test_numbers_are_marked_as_numbers():
    assert [term & 7 == NUMBER for term in of("Fuel rises to 1,250 francs").terms] == [False, False, False, True, False]


def test_text_written_without_spaces_is_read_sign_by_sign():
    mark = of("俄罗斯在巴马科开设大使馆")
    assert len(mark.terms) == 12
    assert len(mark.phrases) == 10


def test_hindi_vowel_signs_do_not_cut_words():
    assert len(of("प्रधानमंत्री ने कहा").terms) == 3


def test_only_full_texts_have_shingles():
    press = Press(1)
    assert list(of("Short", "Only a few words here.").shingles) == []
    assert len(of("Long", press.paragraphs(5)).shingles) > 10


def test_hashes_never_change_since_they_are_stored():
    mark = of("Niger reopens its border", "Lorries cross again at Malanville.")
    assert mark.terms[0] == 1293407466
    assert mark.phrases[0] == 2787461715


def test_a_stored_fingerprint_comes_back_whole():
    piece = article(title="Маркет: цены на рис", text=Press(2).paragraphs(6))
    mark = fingerprint(piece)
    back = unpack(mark.article, mark.revision, mark.language, mark.at, pack(mark))
    assert (back.article, back.revision) == (piece.id, piece.revision)
    assert parts(back) == parts(mark)


@pytest.mark.parametrize("url", ["https://[broken/", "", "mailto:x"])
def test_an_odd_url_is_no_obstacle(url: str):
    assert fingerprint(article(url=url)).site >= 0


@given(st.text(max_size=300), st.text(max_size=600))
def test_any_text_has_a_fingerprint(title: str, text: str):
    mark = fingerprint(article(title=title, text=text, id="x", seen=NOON))
    assert mark.titled <= len(mark.terms)
    assert parts(unpack("a", "b", mark.language, mark.at, pack(mark))) == parts(mark)


def test_a_lone_surrogate_is_a_word_like_any_other():
    assert len(of("broken \ud800 half").terms) >= 2
