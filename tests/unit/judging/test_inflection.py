"""Which forms of a word are the same word, and which are another one."""

import pytest

from newswatch_core.text import fold
from newswatch_judging.inflect import name_forms, plural_stem, stems, with_plural, without_clitics


@pytest.mark.parametrize(
    ("word", "language", "forms"),
    [
        ("Россия", "ru", "России Россию Россией"),
        ("Нигер", "ru", "Нигера Нигеру Нигером Нигере"),
        ("Нигерия", "ru", "Нигерии Нигерию Нигерией"),
        ("Москва", "ru", "Москвы Москве Москву Москвой"),
        ("Кремль", "ru", "Кремля Кремлю Кремлём Кремле"),
        ("российский", "ru", "российского российским российская российскую российские российских"),
        ("Лавров", "ru", "Лаврова Лаврову Лавровым Лаврове"),
        ("малиец", "ru", "малийца малийцы малийцев"),
        ("россиянин", "ru", "россияне россиян россиянам"),
        ("malien", "fr", "maliens malienne maliennes"),
        ("nigérian", "fr", "nigérians nigériane nigérianes"),
        ("Russian", "en", "Russians"),
        ("ruso", "es", "rusa rusos rusas"),
        ("russisch", "de", "russische russischen russischer"),
        ("Russland", "de", "Russlands"),
        ("Rosja", "pl", "Rosji Rosję"),
        ("rosyjski", "pl", "rosyjskiego rosyjskich rosyjscy"),
    ],
)
def test_a_name_takes_the_forms_of_its_language(word: str, language: str, forms: str):
    assert {fold(form) for form in forms.split()} <= name_forms(word, language)


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("Нигер", "Нигерия", "ru"),
        ("нигерский", "нигерийский", "ru"),
        ("Мали", "малый", "ru"),
        ("Мали", "мало", "ru"),
        ("nigérien", "nigérian", "fr"),
        ("Niger", "Nigeria", "en"),
        ("Nigerien", "Nigerian", "en"),
        ("Mali", "Malian", "en"),
        ("nigerino", "nigeriano", "es"),
        ("nigrisch", "nigerianisch", "de"),
    ],
)
def test_names_that_look_alike_share_no_form(one: str, other: str, language: str):
    assert not name_forms(one, language) & name_forms(other, language)


def test_an_acronym_has_no_other_forms():
    assert name_forms("AES", "en") == {"aes"}


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("embassy", "embassies", "en"),
        ("посольство", "посольствами", "ru"),
        ("вооружённые", "вооруженных", "ru"),
        ("السفارة", "سفارات", "ar"),
        ("عسكرية", "العسكري", "ar"),
        ("conjointe", "conjointes", "fr"),
        ("CONJOINTE", "conjointe", "fr"),
        ("militar", "militares", "es"),
        ("militar", "militares", "pt"),
        ("unificada", "unificadas", "pt"),
        ("gemeinsame", "gemeinsamer", "de"),
        ("объединённый", "объединённых", "ru"),
        ("контингент", "контингента", "ru"),
    ],
)
def test_forms_of_a_keyword_share_a_stem(one: str, other: str, language: str):
    assert stems(one, language) & stems(other, language)


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [("embassy", "ambassador", "en"), ("посольство", "посол", "ru"), ("سفارة", "سفير", "ar")],
)
def test_an_ambassador_is_no_embassy(one: str, other: str, language: str):
    assert not stems(one, language) & stems(other, language)


def test_a_plural_is_one_word_with_its_singular_but_a_verb_form_is_not():
    assert plural_stem("forces") == plural_stem("force")
    assert plural_stem("embassies") == plural_stem("embassy")
    assert plural_stem("forced") != plural_stem("force")


def test_arabic_particles_and_the_article_come_off():
    assert "روسيا" in without_clitics(fold("وروسيا"))
    assert fold("سفارة") in without_clitics(fold("وبالسفارة"))
    assert fold("سفارة") in without_clitics(fold("للسفارة"))
    assert without_clitics("وفد") == ()


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("museum", "museum museums"),
        ("match", "match matches"),
        ("city", "city cities"),
        ("calles", "calles"),
        ("NATO", "nato"),
        ("né", "ne"),
    ],
)
def test_a_word_of_no_language_has_a_plain_plural_only(word: str, forms: str):
    assert with_plural(word) == set(forms.split())
