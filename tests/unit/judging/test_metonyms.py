"""When a capital stands for its government, and when it is a place."""

import pytest

from newswatch_core.text import fold, read
from newswatch_judging.metonyms import names_a_place

CAPITALS = frozenset(
    fold(word)
    for words in (
        "Moscow Moscou Moskau Moskaus Moscú Moscovo Москва Москвы Москву",
        "Bamako Niamey Abuja باماكو موسكو بموسكو",
    )
    for word in words.split()
)


def is_place(text: str) -> bool:
    document = read("", text)
    first = next(place for place, word in enumerate(document.words) if fold(word) in CAPITALS)
    return bool(names_a_place(document, first, first + 1))


@pytest.mark.parametrize(
    "text",
    [
        "Moscow denied it",
        "The UN called on Bamako to talk",
        "Bamako calls for talks",
        "Niamey called the ambassador",
        "A message to Moscow",
        "La ONU pide diálogo a Bamako",
        "París exige a Niamey la liberación",
        "Carta abierta a Moscú",
        "Une ingérence d'Abuja",
        "Les griefs de Bamako",
        "Paris demande à Niamey de libérer le président",
        "Kritik aus Moskau",
        "Aus Moskau kam Protest",
        "Ответ Москвы",
        "Сигнал из Москвы",
        "رسالة إلى موسكو",
        "A setback for Moscow",
        "Moscow trains pilots",
        "Relations between Niamey and its neighbours",
        "Un refus dénoncé par Moscou",
        "Un revers pour Moscou",
        "علاقاتها بموسكو",
    ],
)
def test_what_asks_helps_or_blames_has_a_government_before_it(text: str):
    assert not is_place(text)


@pytest.mark.parametrize(
    "text",
    [
        "They flew to Moscow",
        "Abuja taxi drivers end strike",
        "Moscow traffic",
        "Bamako market burns",
        "El ministro viaja a Niamey",
        "Pide volver a Bamako",
        "La ayuda llegó a Niamey",
        "Un incendie à Bamako",
        "Le ministre se rend à Niamey",
        "Les rues de Moscou",
        "Der Kanzler besucht Abuja",
        "Der Zug aus Moskau",
        "Москва, 1147 км: как доехать",
        "Поезд из Москвы",
        "يزور موسكو",
        "عاد من باماكو",
        "درس بموسكو",
        "Le ministre quitte Niamey",
        "They left for Moscow",
        "They meet in Lomé, Cotonou and Niamey",
        "They meet in Lomé, Niamey and Cotonou",
        "The road between Niamey and Dosso",
        "Moscow, where he studied, is cold",
        "Bamako's main market",
        "The quarter called Little Moscow",
        "Un tailleur de Petit-Moscou",
        "Улетел через Москву",
        "На окраине Москвы",
        "Moskaus Straßen sind leer",
        "El tren sale de Moscú",
    ],
)
def test_where_one_goes_lives_or_measures_from_is_a_place(text: str):
    assert is_place(text)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("They went with friends to see the Moscow Circus", "en", True),
        ("It said yesterday that Moscow Tuesday refused again", "en", False),
        ("Moscow Denies The Report", "en", False),
        ("Es heißt, dass Moskau Truppen entsendet", "de", False),
    ],
)
def test_a_name_that_goes_on_with_a_capital_is_another_one(text: str, language: str, *, expected: bool):
    document = read("", text)
    first = next(place for place, word in enumerate(document.words) if fold(word) in CAPITALS)

    assert bool(names_a_place(document, first, first + 1, language)) is expected
