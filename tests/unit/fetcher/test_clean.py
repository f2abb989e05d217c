from hypothesis import given
from hypothesis import strategies as st

from newswatch_core.events import MAX_TEXT
from newswatch_fetcher.clean import MAX_TITLE, clean_text, clean_title, first_words, html_to_text


def test_blocks_of_markup_become_paragraphs():
    markup = "<p>The ministers of <b>three</b>\nstates met.</p><p>They signed&nbsp;nothing.<br>Yet.</p>"
    assert clean_text(html_to_text(markup)) == "The ministers of three states met.\n\nThey signed nothing.\n\nYet."


def test_scripts_and_comments_are_no_text():
    assert clean_text(html_to_text("<p>One<!-- not this --><script>nor(this)</script> two</p>")) == "One two"


def test_text_without_markup_stays_as_it_is():
    assert html_to_text("2 < 3 and R&D, said <<Le Monde>>") == "2 < 3 and R&D, said <<Le Monde>>"


def test_a_title_is_one_clean_line():
    assert clean_title(" AT&amp;T\n <i>signs</i>\x00 it\u2028now ") == "AT&T signs it now"


def test_marks_that_turn_the_reading_direction_are_dropped():
    assert clean_title("report \u202egnp.exe") == "report gnp.exe"


def test_joiners_that_carry_meaning_stay():
    assert clean_title("می\u200cخواهم") == "می\u200cخواهم"


def test_letters_and_accents_become_one_character():
    assert clean_title("Se\u0301ne\u0301gal") == "Sénégal"


def test_a_paragraph_ends_at_a_blank_line_only():
    assert clean_text("one\ntwo\n \n\nthree \r\n\r\nfour\x07") == "one two\n\nthree\n\nfour"


def test_title_and_text_are_capped():
    assert len(clean_title("x" * 5_000)) == MAX_TITLE
    assert len(clean_text("x" * (MAX_TEXT + 5))) == MAX_TEXT


def test_first_words_end_at_a_word():
    assert first_words("Short enough.\n\nMore.") == "Short enough."
    assert first_words("word " * 40).endswith("word ...")


@given(st.text(max_size=200))
def test_clean_text_is_clean_already(text):
    once = clean_text(text)
    assert clean_text(once) == once
    assert all(character.isprintable() or character == "\n" or ord(character) > 0x7F for character in once)


@given(st.text(alphabet="<>/&;apbr !-\"'=#x12\n", max_size=80))
def test_any_markup_gives_some_text(markup):
    assert isinstance(clean_text(html_to_text(markup)), str)
