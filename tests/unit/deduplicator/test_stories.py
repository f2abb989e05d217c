"""Which articles tell of the same event, on texts written for these tests."""

import pytest

from tests.support.press import Press
from tests.support.wire import Wire


@pytest.fixture
def wire() -> Wire:
    """A memory that has read two hundred articles about other things, so that it knows which words are common."""
    wire, press = Wire(), Press(99)
    for number in range(200):
        wire.take(f"noise{number}", press.sentence(), press.paragraphs(1), hours=-20 + number / 20)
    return wire


REPORTS = {
    "en": (
        ("Earthquake near Agadez kills 14", "A magnitude 5.8 quake struck the Aïr mountains near Agadez overnight."),
        (
            "At least 14 dead after quake shakes Agadez",
            "Rescuers dig in villages of the Aïr mountains, where an earthquake of magnitude 5.8 hit in the night.",
        ),
    ),
    "fr": (
        ("Séisme près d'Agadez : 14 morts", "Une secousse de magnitude 5,8 a frappé l'Aïr dans la nuit."),
        (
            "Au moins 14 morts dans un séisme à Agadez",
            "Les secours fouillent les villages de l'Aïr après la secousse de magnitude 5,8 de la nuit.",
        ),
    ),
    "ru": (
        ("Землетрясение под Агадесом: 14 погибших", "Толчок магнитудой 5,8 произошел ночью в горах Аир."),
        (
            "В Агадесе не менее 14 человек погибли при землетрясении",
            "Спасатели разбирают завалы в деревнях в горах Аир, где ночью был толчок магнитудой 5,8.",
        ),
    ),
}


@pytest.mark.parametrize("language", REPORTS)
def test_a_second_report_of_an_event_is_in_its_story_and_no_copy(wire: Wire, language: str):
    first, second = REPORTS[language]
    wire.take("first", *first, language=language)
    wire.take("second", *second, hours=3, language=language)
    assert wire.copy_of("second") is None
    assert wire.story("second") == "first"


def test_a_copy_is_in_the_story_of_its_original(wire: Wire):
    first, second = REPORTS["en"]
    wire.take("first", *first)
    wire.take("second", *second, hours=3)
    wire.take("copy", "Agadez: quake death toll at 14", second[1], hours=4)
    assert wire.copy_of("copy") == "second"
    assert wire.story("copy") == "first"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            ("Earthquake near Agadez kills 14", "A magnitude 5.8 quake struck the Aïr mountains overnight."),
            ("Earthquake off Sumatra kills 3", "A magnitude 7.1 quake struck west of Padang on Sunday morning."),
        ),
        (
            ("Mali recalls its ambassador to Algeria", "Bamako is angry about the drone downed near Tinzaouatine."),
            ("Niger recalls its ambassador to Benin", "Niamey is angry about the closed bridge at Malanville."),
        ),
        (
            ("Court in Dakar jails former minister for five years", "Amadou Sow took money for road works."),
            ("Court in Lomé jails former minister for two years", "Kossi Abalo took money for school books."),
        ),
    ],
)
def test_sister_events_are_not_one_story(wire: Wire, one: tuple[str, str], other: tuple[str, str]):
    wire.take("one", *one)
    wire.take("other", *other, hours=2)
    assert wire.story("other") == "other"


def test_the_same_subject_days_later_is_another_story(wire: Wire):
    wire.take(
        "one", "Fuel lorries burn on the Sikasso road", "Jihadists attacked a convoy of fuel lorries near Sikasso."
    )
    wire.take(
        "other", "Fuel lorries reach Bamako under escort", "The army escorted fuel lorries from Sikasso.", hours=90
    )
    assert wire.story("other") == "other"


def test_reports_in_two_languages_are_two_stories_here(wire: Wire):
    wire.take("en", *REPORTS["en"][0])
    wire.take("fr", *REPORTS["fr"][0], hours=1, language="fr")
    assert wire.story("fr") == "fr"


def test_articles_of_unknown_language_are_a_group_of_their_own(wire: Wire):
    first, second = REPORTS["en"]
    wire.take("one", *first, language="")
    wire.take("two", *second, hours=1, language="")
    wire.take("en", *second[::-1], hours=2)
    assert wire.story("two") == "one"
    assert wire.story("en") == "en"


def test_a_story_does_not_wander_from_event_to_event():
    """Each article shares half of its words with the one before: a chain, as long as one likes."""
    wire, press = Wire(), Press(5)
    words = [press.name() for _ in range(100)]
    for number in range(0, 90, 2):
        part = words[number : number + 6]
        wire.take(f"a{number}", " ".join(part[:4]), " ".join(part), hours=number / 10)
    assert max(len(story) for story in wire.stories()) <= 4


def test_a_story_takes_no_article_later_than_three_days_after_its_first(wire: Wire):
    wire.take("first", *REPORTS["en"][0])
    wire.take("second", *REPORTS["en"][1], hours=40)
    third = (
        "Agadez quake: rescuers end search, 14 dead",
        "Villages of the Aïr mountains bury their earthquake victims.",
    )
    wire.take("third", *third, hours=71)
    wire.take("fourth", *third[::-1], hours=73)
    assert [wire.story(name) for name in ("second", "third", "fourth")] == ["first", "first", "fourth"]
    assert wire.copy_of("fourth") is None


def test_two_stories_that_turn_out_to_be_one_are_merged_into_the_older(wire: Wire):
    wire.take(
        "quake",
        "Earthquake shakes Agadez region in Niger",
        "Walls fell in Iférouane and Timia; the quake of magnitude 5.8 was felt in Arlit.",
    )
    wire.take(
        "victims",
        "Fourteen killed in Agadez region",
        "Houses in Iférouane and Timia fell on sleeping families in the Agadez region, mayor Rhissa Feltou said.",
        hours=1,
    )
    assert wire.story("victims") == "victims"
    wire.take(
        "both",
        "Earthquake in Niger's Agadez region: fourteen killed in Iférouane and Timia",
        "The quake of magnitude 5.8 shook walls in Arlit; houses fell on sleeping families, mayor Rhissa Feltou said.",
        hours=2,
    )
    assert wire.merged == [("victims", "quake")]
    assert {wire.story(name) for name in ("quake", "victims", "both")} == {"quake"}
    wire.take(
        "copy",
        "Iférouane: 14 dead",
        "Houses in Iférouane and Timia fell on sleeping families in the Agadez region, mayor Rhissa Feltou said.",
        hours=3,
    )
    assert wire.copy_of("copy") == "victims"
    assert wire.story("copy") == "quake"
