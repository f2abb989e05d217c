"""When a capital stands for its government, and when it is a place."""

import pytest

from newswatch_core.text import fold, read
from newswatch_judging.metonyms import names_a_place

CAPITALS = frozenset(
    map(
        fold,
        ("Moscow", "Moscou", "Moskau", "Moscú", "Москва", "Москвы", "Bamako", "Niamey", "Abuja", "باماكو", "موسكو"),
    )
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
    ],
)
def test_where_one_goes_lives_or_measures_from_is_a_place(text: str):
    assert is_place(text)
