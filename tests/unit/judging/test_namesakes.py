"""Names that are somebody or something else's, by the words around them."""

import pytest

from newswatch_core.text import Document, fold, read
from newswatch_judging.givennames import names_another
from newswatch_judging.namesakes import names_a_dish, names_a_namesake
from newswatch_judging.senses import common_word, spelled_out


def place(text: str, name: str) -> tuple[Document, int]:
    document = read("", text)
    return document, next(each for each, word in enumerate(document.words) if fold(word) == fold(name))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("They live in a village called Mali", "Mali"),
        ("He learnt it from an old professor named Lavrov", "Lavrov"),
        ("Il vit dans un village nommé Mali", "Mali"),
        ("Он живёт в деревне под названием Мали", "Мали"),
        ("درس عند أستاذ يدعى لافروف", "لافروف"),
        ("They met at the Hotel Russia", "Russia"),
        ("Встреча прошла в гостинице «Россия»", "Россия"),
        ("Mali adlı bir köy", "Mali"),
    ],
)
def test_what_is_called_so_is_a_namesake(text: str, name: str):
    document, first = place(text, name)

    assert names_a_namesake(document, first, first + 1)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("He named Diop foreign minister", "Diop"),
        ("In a statement Paris called Mali back", "Mali"),
        ("He comes from a country called Mali", "Mali"),
        ("Members want to bar Russia from the games", "Russia"),
        ("On Monday a minister called Moscow", "Moscow"),
        ("It is the hotel Russian guests like", "Russian"),
    ],
)
def test_who_is_named_telephoned_or_barred_is_no_namesake(text: str, name: str):
    document, first = place(text, name)

    assert not names_a_namesake(document, first, first + 1)


@pytest.mark.parametrize(
    ("text", "name", "language"),
    [
        ("a bowl of Russian salad", "Russian", "en"),
        ("une salade russe", "russe", "fr"),
        ("русская рулетка", "русская", "ru"),
        ("una tortilla francesa", "francesa", "es"),
    ],
)
def test_a_dish_breed_or_toy_has_no_country(text: str, name: str, language: str):
    document, first = place(text, name)

    assert names_a_dish(document, first, first + 1, language)


def test_salad_that_a_country_sells_leaves_it_a_country():
    document, first = place("Russian exporters sold salad", "Russian")

    assert not names_a_dish(document, first, first + 1, "en")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The actor Kirill Lavrov bowed", "Lavrov"),
        ("Роль сыграл Кирилл Лавров", "Лавров"),
        ("Памятник Кириллу Лаврову открыт", "Лаврову"),
        ("Der Salat von Koch Wagner", "Wagner"),
        ("Frau Lawrow lacht", "Lawrow"),
    ],
)
def test_a_given_name_or_title_makes_a_surname_another_persons(text: str, name: str):
    document, first = place(text, name)

    assert names_another(document, first, frozenset({"sergei"}))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Minister Lavrov bowed", "Lavrov"),
        ("On Monday Lavrov bowed", "Lavrov"),
        ("Надежда на то, что надежда Лаврова сбудется", "Лаврова"),
    ],
)
def test_other_words_before_a_surname_change_nothing(text: str, name: str):
    document, first = place(text, name)

    assert not names_another(document, first, frozenset({"sergei"}))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The Compagnie sucrière sénégalaise (CSS) pays", "CSS"),
        ("Le Conseil économique et social (CES) siège", "CES"),
        ("They wrote it in CSS (Cascading Style Sheets)", "CSS"),
    ],
)
def test_an_acronym_may_be_spelled_out(text: str, name: str):
    document, first = place(text, name)

    assert spelled_out(document, first, first + 1)


def test_words_of_other_letters_spell_no_acronym_out():
    document, first = place("The leaders of the bloc (CSS) met", "CSS")

    assert not spelled_out(document, first, first + 1)


def test_a_capital_that_only_begins_a_sentence_tells_no_name():
    document, first = place("Poutine is a dish. They ate poutine.", "Poutine")
    other, second = place("Putin came. They saw Putin eat.", "Putin")

    assert common_word(document, first)
    assert not common_word(other, second)
