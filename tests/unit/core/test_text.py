"""Words, sentences and zones: what an article is made of."""

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newswatch_core.text import Document, fold, read, words


def sentences(text: str) -> list[str]:
    return [text[sentence.start : sentence.end] for sentence in read("", text).sentences]


def zones(text: str) -> list[tuple[str, str]]:
    document = read("", text)
    return [(sentence.zone, text[sentence.start : sentence.end]) for sentence in document.sentences]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Russia’s army", ["Russia", "army"]),
        ("the states’ force", ["the", "states", "force"]),
        ("l’ambassade d'une", ["l", "ambassade", "d", "une"]),
        ("Russian-backed Mali-G78", ["Russian", "backed", "Mali", "G78"]),
        ("the A.E.S. and U.N", ["the", "A.E.S.", "and", "U.N"]),
        ("俄罗斯和Mali", ["俄", "罗", "斯", "和", "Mali"]),
        ("รัส", ["ร", "ั", "ส"]),
        ("see https://mali.example.org/x or a@mali.example.org, @russia", ["see", "or"]),
        ("on tass.ru today", ["on", "today"]),
        ("Con\u00adfederation cafe\u0301", ["Con\u00adfederation", "cafe\u0301"]),
    ],
)
def test_a_text_is_split_into_words(text: str, expected: list[str]):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Études", "ETUDES"),
        ("Con\u00adfederation", "confederation"),
        ("A.E.S.", "AES"),
        ("вооружённые", "Вооруженные"),
        ("Росси\u0301я", "россия"),
        ("e\u0301tat", "état"),
        ("رُوسـيا", "روسيا"),
        ("أفريقيا", "افريقيا"),
        ("Ƙungiyar", "kungiyar"),
        ("Straße", "STRASSE"),
        ("Ｍａｌｉ", "mali"),
    ],
)
def test_spellings_that_differ_in_form_only_fold_to_one(one: str, other: str):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("мой", "мои"), ("Niger", "Nigeria"), ("nigérien", "nigérian")])
def test_different_words_stay_apart(one: str, other: str):
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    "text",
    [
        "Gen. Tiani met Mr. Diop of the U.S. State Department.",
        "Talks went on; they ended: late - or (some say) early.",
        "Глава МИД С. В. Лавров в 2024 г. посетил Мали, им. Ленина.",
        "The sum was 4.5 million, e.g. for No. 5 in Jan. 2024.",
        "The line\nis broken here.",
        "Am 4. April sagte er nichts.",
    ],
)
def test_abbreviations_semicolons_and_line_breaks_end_no_sentence(text: str):
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four… Five", ["One.", "Two!", "Three?", "Four…", "Five"]),
        ("He said “no.” She left.", ["He said “no.”", "She left."]),
        ("First\n\nSecond", ["First", "Second"]),
        ("List\n- one\n- two\n1. three", ["List", "- one", "- two", "1. three"]),
        ("نعم؟ لا.", ["نعم؟", "لا."]),
        ("第一。第二！", ["第一。", "第二！"]),
        ("They live in the U.S. The army left.", ["They live in the U.S.", "The army left."]),
        ("Он ушёл. Она осталась.", ["Он ушёл.", "Она осталась."]),
    ],
)
def test_stops_blank_lines_and_list_items_end_a_sentence(text: str, expected: list[str]):
    assert sentences(text) == expected


def test_the_title_is_a_sentence_of_its_own():
    document = read("Russia and Mali. Again", "The text.")

    assert [(sentence.zone, sentence.first, sentence.last) for sentence in document.sentences] == [
        ("title", 0, 4),
        ("lead", 4, 6),
    ]


@pytest.mark.parametrize(
    "dateline",
    [
        "MOSCOW, April 4 (TASS) -",
        "BAMAKO (Reuters) -",
        "BAMAKO, Mali (AP) —",
        "МОСКВА, 4 апреля. /ТАСС/.",
        "МОСКВА, 3 апр - РИА Новости.",
        "Bamako, le 4 avril (AFP) –",
        "Moscú, 4 abr (EFE).-",
        "موسكو (رويترز) -",
        "NIAMEY -",
        "LONDON/MOSCOW, April 4 (Reuters) -",
        "MOSCOW, April 4. /TASS/.",
        "МОСКВА. 3 апреля. ИНТЕРФАКС -",
        "Niamey (Our Courier) -",
        "واغادوغو، 3 مايو (رويترز) -",
    ],
)
def test_a_dateline_is_a_zone_of_its_own(dateline: str):
    found = zones(f"{dateline} The ministers met in the hall.")

    assert {zone for zone, _ in found[:-1]} == {"dateline"}
    assert found[-1] == ("lead", "The ministers met in the hall.")


@pytest.mark.parametrize(
    "text",
    [
        "Russia and Mali agreed to meet on April 4.",
        "Alliance of Sahel States (AES) – the bloc of three – met.",
        "Moscow, which denied it, was silent.",
        "Russia - Mali talks were held.",
        "Lavrov said on April 4 that it was so.",
        "Mali (which denied it) – that is, its army – was silent.",
    ],
)
def test_an_ordinary_beginning_is_no_dateline(text: str):
    assert [zone for zone, _ in zones(text)] == ["lead"]


@pytest.mark.parametrize(
    "line",
    [
        "Photo: Press Service of the President of Russia",
        "By Niger Correspondent",
        "(Reporting by A. Writer; Editing by B. Editor)",
        "© 2025 Russia News Group",
        "Copyright Mali Media, all rights reserved",
        "Фото: пресс-служба МИД России",
        "Crédit photo : Présidence du Mali",
        "Source: TASS",
        "AFP",
        "Sputnik, Russia",
        "Our correspondent in Russia",
        "Notre correspondant à Moscou",
        "Von unserem Korrespondenten in Moskau",
        "Наш корреспондент в Москве",
        "مراسلنا في موسكو",
        "دبأ",
    ],
)
def test_a_line_of_credits_is_no_part_of_the_story(line: str):
    assert zones(f"The ministers met.\n\n{line}") == [("lead", "The ministers met."), ("credit", line)]


@pytest.mark.parametrize(
    "line",
    [
        "Read also: Russia opens an embassy",
        "Lire aussi : La Russie ouvre une ambassade",
        "À lire aussi – Le Mali",
        "Читайте также: Россия откроет посольство",
        "اقرأ أيضا: روسيا",
        "Tags: Russia, embassy",
        "Sign up for our Russia newsletter",
        "Подписывайтесь на наш канал о России",
        "Lesen Sie auch: Russland",
        "اشترك في نشرتنا: روسيا",
        "Artículos relacionados: Rusia",
        "#Russia #Mali #Niger",
    ],
)
def test_links_to_other_stories_are_no_part_of_the_story(line: str):
    assert {zone for zone, _ in zones(f"The ministers met.\n\n{line}")[1:]} == {"related"}


def test_a_heading_of_links_covers_the_headlines_below_it_but_not_the_story_that_goes_on():
    story = "The ministers met again on Monday, and the talks lasted well into the evening, officials said."

    found = zones(f"They met.\n\nRelated articles\n\n- Russia opens embassy\n\nNiger: the force\n\n{story}")

    assert [zone for zone, _ in found] == ["lead", "related", "related", "related", "lead"]


def test_a_link_inside_a_paragraph_leaves_the_rest_of_it():
    found = zones("They met on Monday. (Read also: Russia opens an embassy) They parted.\n\nThe end.")

    assert [zone for zone, _ in found] == ["lead", "related", "lead", "lead"]


def test_of_a_caption_only_the_credit_is_no_story():
    found = zones("The embassy of Russia in Bamako. Photo: AFP/Mali Bureau")

    assert found == [("lead", "The embassy of Russia in Bamako."), ("credit", "Photo: AFP/Mali Bureau")]


def test_a_caption_that_begins_with_photo_tells_the_story():
    assert zones("Photo: Malian soldiers walk past the Russian embassy in the capital.")[0][0] == "lead"
    assert [zone for zone, _ in zones("Photo: Malian soldiers walk past the Russian embassy, 3 May. Credit: AFP")] == [
        "lead",
        "credit",
    ]


def test_the_lead_is_two_paragraphs_or_sixty_words():
    short = read("", "One.\n\nTwo.\n\nThree.")
    sentence = " ".join(["word"] * 30) + "."
    long = read("", " ".join([sentence.capitalize()] * 4))

    assert [each.zone for each in short.sentences] == ["lead", "lead", "body"]
    assert [each.zone for each in long.sentences] == ["lead", "lead", "body", "body"]


def test_words_in_capitals_throughout_are_known():
    assert read("RUSSIA TO OPEN EMBASSY", "AES met.").shouted == {0}


@given(st.text(max_size=300), st.text(max_size=600))
@settings(max_examples=200, deadline=None)
def test_whatever_the_text_offsets_and_sentences_hold(title: str, text: str):
    document = read(title, text)

    assert len(document.words) == len(document.starts) == len(document.ends)
    for index, word in enumerate(document.words):
        source = title if index < document.in_title else text
        assert source[document.starts[index] : document.ends[index]] == word
    _check_sentences(document)


def _check_sentences(document: Document) -> None:
    firsts = [sentence.first for sentence in document.sentences]
    assert all(one.last <= other.first for one, other in pairwise(document.sentences))
    assert firsts == sorted(firsts)
    for index in range(len(document.words)):
        sentence = document.sentences[document.sentence_of(index)]
        assert sentence.first <= index < sentence.last


@pytest.mark.parametrize(
    "piece",
    [
        "Word ",
        "A.",
        "A. ",
        "(",
        "\n- x",
        "READ ALSO ",
        "\n\nPhoto: ",
        "' ",
        "1. ",
        "a@",
        "\u00ad",
        "«",
        "МОСКВА, ",
        "tags: ",
    ],
)
def test_hostile_texts_are_read_in_time_that_grows_with_their_length(piece: str):
    text = piece * (100_000 // len(piece))

    begin = time.process_time()
    read(text[:200], text)

    assert time.process_time() - begin < 3


def test_a_list_item_reaches_to_the_next_one_or_to_the_end_of_the_paragraph():
    document = read("Title", "Intro words.\n- one. Still one\n- two\n\nEnd")

    items = [document.list_item(index) for index in range(len(document.words))]

    assert items == [None, None, None, (3, 6), (3, 6), (3, 6), (6, 7), None]
