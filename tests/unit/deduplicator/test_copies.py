"""What is a copy of what, on texts written for these tests."""

import random

import pytest

from tests.support.press import Press
from tests.support.wire import Wire

FERRY = "Ferry between Gao and Timbuktu sails again after nine months"
FERRY_TEXT = (
    "The ferry between Gao and Timbuktu took up its service on Tuesday, nine months after a boat was shelled and "
    "the army closed the river to passengers, the transport company said."
)


@pytest.fixture
def wire() -> Wire:
    return Wire()


def edited(text: str, share: float, seed: int = 1) -> str:
    """`text` with this share of its words replaced."""
    words = text.split(" ")
    picks = random.Random(seed)
    for position in picks.sample(range(len(words)), k=int(len(words) * share)):
        words[position] = picks.choice(["soon", "nearby", "also", "partly", "again"])
    return " ".join(words)


# full texts


def test_a_reprint_with_five_of_a_hundred_words_changed_is_a_copy(wire: Wire):
    text = Press(1).paragraphs(8)
    wire.take("first", "Council approves harbour fees", text)
    wire.take("second", "A new price list for ships", edited(text, 0.05), hours=3)
    assert wire.copy_of("second") == "first"


@pytest.mark.parametrize("kept", [2, 4])
def test_a_text_cut_to_a_part_is_a_copy(wire: Wire, kept: int):
    paragraphs = Press(2).paragraphs(8).split("\n\n")
    wire.take("first", "Council approves harbour fees", "\n\n".join(paragraphs))
    wire.take("cut", "Ships to pay more", "\n\n".join(paragraphs[:kept]), hours=3)
    assert wire.copy_of("cut") == "first"


def test_half_a_wire_report_and_half_own_text_is_a_copy(wire: Wire):
    press = Press(3)
    text = press.paragraphs(6)
    wire.take("wire", "Council approves harbour fees", text)
    wire.take(
        "mixed", "What ships will pay", press.paragraphs(4) + "\n\n" + "\n\n".join(text.split("\n\n")[:4]), hours=5
    )
    assert wire.copy_of("mixed") == "wire"


def test_the_same_text_under_another_title_is_a_copy_even_days_later(wire: Wire):
    text = Press(4).paragraphs(6)
    wire.take("first", "Council approves harbour fees", text)
    wire.take("later", "Why ships pay more", text, hours=120)
    assert wire.copy_of("later") == "first"


def test_a_copy_names_the_original_and_not_another_copy(wire: Wire):
    paragraphs = Press(5).paragraphs(18).split("\n\n")
    wire.take("first", "One", "\n\n".join(paragraphs[:10]))
    wire.take("second", "Two", "\n\n".join(paragraphs[6:]), hours=1)
    wire.take("third", "Three", "\n\n".join(paragraphs[10:]), hours=2)
    assert wire.copy_of("second") == "first"
    assert wire.copy_of("third") == "first"


def test_an_original_that_comes_after_its_copy_is_called_a_copy_of_it(wire: Wire):
    paragraphs = Press(6).paragraphs(8).split("\n\n")
    wire.take("cut", "Ships to pay more", "\n\n".join(paragraphs[:3]))
    wire.take("agency", "Council approves harbour fees", "\n\n".join(paragraphs), hours=1)
    wire.take("another", "Fees", "\n\n".join(paragraphs[4:]), hours=2)
    assert wire.copy_of("cut") is None
    assert wire.copy_of("agency") == "cut"
    assert wire.copy_of("another") == "cut"


@pytest.mark.parametrize("articles", [2, 30])
def test_a_shared_footer_does_not_link(wire: Wire, articles: int):
    press = Press(7)
    footer = press.paragraphs(1)
    for number in range(articles):
        text = press.paragraphs(3) + "\n\n" + footer
        wire.take(f"a{number}", press.sentence(), text, hours=number, site="same")
    assert [wire.copy_of(f"a{number}") for number in range(articles)] == [None] * articles


def test_a_rates_page_of_another_day_is_no_copy_though_its_text_is(wire: Wire):
    frame = Press(8).paragraphs(4)
    for day in (26, 27, 28):
        text = f"One dollar costs 3.9{day} today. {frame}"
        wire.take(f"d{day}", f"Dollar rate on {day} July", text, hours=24 * (day - 26), site="bank")
    assert [wire.copy_of(f"d{day}") for day in (26, 27, 28)] == [None, None, None]


def test_many_copies_of_a_wire_report_do_not_make_it_unrecognisable(wire: Wire):
    text = Press(9).paragraphs(6)
    for number in range(60):
        wire.take(f"a{number}", "Council approves harbour fees", edited(text, 0.03, seed=number), hours=number / 10)
    assert {wire.copy_of(f"a{number}") for number in range(1, 60)} == {"a0"}


# titles and summaries


def test_the_same_summary_with_a_dateline_is_a_copy(wire: Wire):
    wire.take("first", FERRY, FERRY_TEXT)
    wire.take("second", "Gao ferry is back", "BAMAKO - " + FERRY_TEXT, hours=2)
    assert wire.copy_of("second") == "first"


@pytest.mark.parametrize(
    ("language", "title", "text", "again"),
    [
        (
            "fr",
            "Le bac entre Gao et Tombouctou reprend après neuf mois",
            "Le bac entre Gao et Tombouctou a repris mardi, neuf mois après la fermeture du fleuve par l'armée.",
            "Le bac qui relie Gao et Tombouctou a repris mardi, neuf mois après la fermeture du fleuve par l'armée.",
        ),
        (
            "ru",
            "Паром между Гао и Томбукту снова ходит спустя девять месяцев",
            "Паром между Гао и Томбукту возобновил рейсы во вторник, через девять месяцев после закрытия реки армией.",
            "Паром между Гао и Томбукту возобновил рейсы во вторник, спустя девять месяцев после закрытия реки армией.",
        ),
        (
            "ar",
            "عودة العبارة بين غاو وتمبكتو بعد تسعة أشهر",
            "استأنفت العبارة بين غاو وتمبكتو رحلاتها يوم الثلاثاء بعد تسعة أشهر من إغلاق النهر من قبل الجيش",
            "استأنفت العبارة بين غاو وتمبكتو رحلاتها الثلاثاء بعد تسعة أشهر من إغلاق النهر من قبل الجيش",
        ),
        (
            "pl",
            "Prom między Gao a Timbuktu kursuje po dziewięciu miesiącach",
            "Prom między Gao a Timbuktu wznowił we wtorek rejsy, dziewięć miesięcy po zamknięciu rzeki przez wojsko.",
            "Prom między Gao a Timbuktu wznowił we wtorek kursy, dziewięć miesięcy po zamknięciu rzeki przez wojsko.",
        ),
    ],
)
def test_an_edited_summary_is_a_copy_in_any_language(wire: Wire, language: str, title: str, text: str, again: str):
    wire.take("first", title, text, language=language)
    wire.take("second", title, again, hours=1, language=language)
    assert wire.copy_of("second") == "first"


def test_a_summary_of_a_full_text_is_its_copy(wire: Wire):
    wire.take("full", FERRY, FERRY_TEXT + "\n\n" + Press(10).paragraphs(5))
    wire.take("short", FERRY, FERRY_TEXT, hours=1)
    assert wire.copy_of("short") == "full"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Currency rates 27 July", "Currency rates 28 July"),
        ("Курс доллара на 27 июля", "Курс доллара на 28 июля"),
        ("Horoscope du 27 juillet", "Horoscope du 28 juillet"),
    ],
)
def test_a_dated_template_is_no_copy(wire: Wire, one: str, other: str):
    text = "Check today's figures of the central bank for the dollar, the euro, the yuan and the franc in our table."
    wire.take("one", one, text, site="bank")
    wire.take("other", other, text, hours=24, site="bank")
    assert wire.copy_of("other") is None
    assert wire.story("other") == "other"


def test_live_blogs_of_different_days_are_no_copies(wire: Wire):
    title = "War in Sudan: latest updates"
    wire.take("one", title, "Shelling is reported from Omdurman; aid lorries wait in Adré.", site="daily")
    wire.take("two", title, "Talks in Jeddah are put off; a hospital in Bahri closes.", hours=24, site="daily")
    assert wire.copy_of("two") is None


def test_guides_of_one_series_are_no_copies(wire: Wire):
    text = "The season starts next week. Here is what the ratings say about the squad, line by line."
    wire.take("one", "Season guide 2026: Bamako Lions squad and ratings", text, site="sport")
    wire.take(
        "two", "Season guide 2026: Ségou Herons squad and ratings", text + " Herons first.", hours=20, site="sport"
    )
    assert wire.copy_of("two") is None


def test_two_empty_articles_are_no_copies(wire: Wire):
    wire.take("one", "", "")
    wire.take("two", "", "")
    assert wire.copy_of("two") is None


def test_a_short_fixed_headline_is_no_copy(wire: Wire):
    wire.take("one", "What's news", "What's news", site="paper")
    wire.take("two", "What's news", "What's news", hours=24, site="paper")
    assert wire.copy_of("two") is None


# revisions and the window


def test_a_new_revision_is_never_a_copy_and_keeps_its_story(wire: Wire):
    wire.take("first", FERRY, FERRY_TEXT)
    wire.take("first", FERRY + ": what we know", FERRY_TEXT + " It carries 300 people.", hours=2)
    assert wire.copy_of("first") is None
    assert wire.story("first") == "first"


def test_a_revision_that_becomes_like_another_article_keeps_what_was_decided(wire: Wire):
    wire.take("first", FERRY, FERRY_TEXT)
    wire.take("own", "Dam wall at Sélingué inspected", "Engineers looked at the dam wall.", hours=1)
    wire.take("own", FERRY, FERRY_TEXT, hours=2)
    assert wire.copy_of("own") is None
    assert wire.story("own") == "own"


def test_a_text_that_only_a_later_revision_has_can_be_copied(wire: Wire):
    wire.take("first", "Ferry: more soon", "More soon.")
    wire.take("first", FERRY, FERRY_TEXT, hours=1)
    wire.take("second", FERRY, FERRY_TEXT, hours=2)
    assert wire.copy_of("second") == "first"


def test_an_often_revised_article_can_still_be_copied(wire: Wire):
    text = Press(11).paragraphs(6)
    for number in range(30):
        wire.take("first", "Council approves harbour fees", text + f" Update {number}.", hours=number / 10)
    wire.take("second", "Fees", edited(text, 0.05), hours=4)
    assert wire.copy_of("second") == "first"
