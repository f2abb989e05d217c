"""Which entities an article mentions, and what the guards refuse."""

from pathlib import Path

import pytest

from newswatch_judging.desk import Judging
from newswatch_judging.gazetteer import MAX_MENTIONS
from tests.support.judging import article, counted, write_desk


@pytest.fixture
def desk(tmp_path: Path) -> Judging:
    return Judging.load(write_desk(tmp_path))


def entities(desk: Judging, title: str = "", text: str = "", language: str = "en") -> set[str]:
    return counted(desk.tag(article(title, text, language)))


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Russia’s army and Malian-led patrols", "en", {"russia", "mali"}),
        ("Nigerien soldiers", "en", {"niger"}),
        ("Nigerian soldiers in Niger State", "en", {"nigeria"}),
        ("Playing Russian roulette", "en", set()),
        ("a Mali GPU and a Mali-G78 and a Mali-T880", "en", set()),
        ("Les soldats maliens et l’armée nigérienne", "fr", {"mali", "niger"}),
        ("Les soldats nigérians", "fr", {"nigeria"}),
        ("Встреча с Нигером и Нигерией", "ru", {"niger", "nigeria"}),
        ("Запасы малы и мало кто знает", "ru", set()),
        ("Переговоры с Конфедерацией государств Сахеля", "ru", {"css"}),
        ("وروسيا مع كونفدرالية دول الساحل", "ar", {"russia", "css"}),
        ("LA CONFEDERATION DES ETATS DU SAHEL", "fr", {"css"}),
    ],
)
def test_names_count_in_their_forms_and_not_in_longer_names(
    desk: Judging, text: str, language: str, expected: set[str]
):
    assert entities(desk, text=text, language=language) == expected


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("AES", "A standard.", set()),
        ("AES", "Leaders met in Bamako.", {"css"}),
        ("AES", "Mali and its partners.", {"css", "mali"}),
        ("AES", "The Confederation of Sahel States met.", {"css"}),
        ("AES encryption in Bamako", "", set()),
        ("aes in Bamako", "", set()),
        ("A.E.S. in Bamako", "", {"css"}),
        ("AES-256 in Bamako", "", set()),
        ("AES STANDARD TURNS TWENTY", "It is a cipher.", set()),
        ("AES MEETS IN BAMAKO", "", {"css"}),
        ("AES", "A standard.\n\nRead also: Mali and Bamako", set()),
    ],
)
def test_a_guarded_acronym_counts_where_the_article_proves_it(desk: Judging, title: str, text: str, expected: set[str]):
    assert entities(desk, title, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The AES-256 chip. The AES is fast. Mali buys it.", {"mali"}),
        ("The AES-512 chip. The AES is fast. Mali buys it.", {"mali"}),
        ("The Advanced Encryption Standard. The AES is fast. Mali buys it.", {"mali"}),
        ("The Confederation of Sahel States uses AES-256. The AES is proud.", {"css"}),
        ("The AES-2026 summit in Bamako", {"css"}),
        ("The AES encryption is fast. Mali buys AES.", {"mali"}),
        ("The Audio Editors Society (AES) met. Mali joined AES.", {"mali"}),
        ("The A. E. S. met in Bamako", {"css"}),
        ("The AES met in Bamako.\n\nRead also: AES-256 explained", {"css"}),
    ],
)
def test_an_acronym_that_means_something_else_in_the_article_needs_the_full_name(
    desk: Judging, text: str, expected: set[str]
):
    assert entities(desk, text=text) == expected


def guarded(folder: Path, guard: str) -> Judging:
    entities = f"""
        version: 1
        entities:
          - {{id: city, name: City, aliases: {{any: [{{text: Moscow, {guard}}}]}}}}
    """
    return Judging.load(write_desk(folder, entities=entities, keywords="version: 1\nkeywords: []\n"))


def test_a_context_word_has_the_forms_of_its_own_language_only(tmp_path: Path):
    plain = guarded(tmp_path / "plain", "forbids: {words: [calles, museum, match, школа], within: 3}")
    spanish = guarded(tmp_path / "es", "forbids: {words: {es: [llamar], any: [TASS]}, within: 3}")

    for text in ("Moscow calls for talks", "Moscow called again"):
        assert entities(plain, text=text) == {"city"}
    for text in ("las calles Moscow", "Moscow museums", "Moscow matches", "школы Moscow"):
        assert entities(plain, text=text) == set()
    assert entities(spanish, text="Moscow llamando", language="es") == set()
    assert entities(spanish, text="Moscow llamando", language="en") == {"city"}
    assert entities(spanish, text="Moscow TASS") == set()


def test_a_window_ends_with_the_title_and_for_forbidden_words_with_the_sentence(tmp_path: Path):
    forbids = guarded(tmp_path / "forbids", "forbids: {words: [museum], within: 3}")
    requires = guarded(tmp_path / "requires", "requires: {words: [museum], within: 3}")

    assert entities(forbids, "Moscow", "Museum closed") == {"city"}
    assert entities(forbids, text="It is Moscow. Museum closed") == {"city"}
    assert entities(forbids, text="It is Moscow, museum closed") == set()
    assert entities(requires, "Moscow", "Museum closed") == set()
    assert entities(requires, text="It is Moscow. Museum closed") == {"city"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Russo-Chinese drills", {"russia"}),
        ("A goal by Russo", set()),
        ("The bill is EUM$5, and the EUM pays", {"here"}),
        ("The bill is EUM$5", set()),
        ("An A. here nut", set()),
        ("It is a here nut", {"here"}),
    ],
)
def test_half_a_word_a_currency_and_a_name_in_its_own_capitals_are_told_apart(
    tmp_path: Path, text: str, expected: set[str]
):
    entities_file = """
        version: 1
        entities:
          - id: russia
            name: Russia
            aliases: {en: [Russia, {text: russo, combining: true}]}
          - id: here
            name: Here
            blocked: [{text: A. here, case: exact}]
            aliases: {any: [here, {text: EUM, case: exact}]}
    """

    assert entities(Judging.load(write_desk(tmp_path, entities=entities_file)), text=text) == expected


def test_a_person_of_the_same_surname_takes_the_bare_surname_with_him(tmp_path: Path):
    entities_file = """
        version: 1
        entities:
          - id: it
            name: Ivan Holm
            type: person
            aliases: {any: [{text: Ivan Holm, forbids: {words: [striker], within: 4}}, {text: Holm, case: exact}]}
    """
    desk = Judging.load(write_desk(tmp_path, entities=entities_file))

    assert entities(desk, text="Ivan Holm spoke. Then Holm left.") == {"it"}
    assert entities(desk, text="The striker Ivan Holm scored. Then Holm left.") == set()
    assert entities(desk, text="Then Kirill Holm left.") == set()


def test_required_words_must_be_near_and_the_language_must_fit(desk: Judging):
    near = "La CES del Sahel firma"
    far = "La CES firma. " + "palabra " * 10 + "Sahel"

    assert entities(desk, text=near, language="es") == {"css"}
    assert entities(desk, text=far, language="es") == set()
    assert entities(desk, text=near, language="de") == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Moscow denied the report", {"russia"}),
        ("The support of Moscow matters", {"russia"}),
        ("Close ties to Moscow", {"russia"}),
        ("A fire in Moscow", set()),
        ("They flew to Moscow", set()),
        ("The streets of Moscow", set()),
        ("Moscow traffic", set()),
        ("Moscow, 12 km", set()),
        ("An interference of Moscow", {"russia"}),
        ("Students in Moscow, Idaho, danced. Moscow danced, too.", set()),
    ],
)
def test_a_capital_counts_where_it_stands_for_the_government(desk: Judging, text: str, expected: set[str]):
    assert entities(desk, text=text) == expected


def test_an_adjective_in_a_longer_name_says_nothing_about_the_same_adjective_elsewhere(desk: Judging):
    assert entities(desk, text="Playing Russian Roulette. A Russian soldier.") == {"russia"}


def test_a_mention_says_where_it_stands_and_what_proved_it(desk: Judging):
    found = article("Talks", "MALI (AFP) - The AES met.\n\nPhoto: Mali Press")

    mentions = {(mention.entity, mention.zone): mention for mention in desk.tag(found)}

    assert set(mentions) == {("mali", "dateline"), ("css", "lead"), ("mali", "credit")}
    css = mentions["css", "lead"]
    assert found.text[css.start : css.end] == "AES"
    assert (css.alias, css.sentence, css.proof) == ("AES", 2, "with Mali")


def test_what_was_refused_is_told_with_its_reason(desk: Judging):
    refused = desk.tagged(article("AES", "A standard. Playing Russian roulette in Moscow.")).refused

    assert {(mention.alias, reason) for mention, reason in refused} == {
        ("AES", "alone: nothing else in the article proves it"),
        ("Russian", "part of Russian roulette"),
        ("Moscow", "a place here: in"),
    }


def test_the_longest_name_wins_and_equal_ones_are_both_told(tmp_path: Path):
    desk = Judging.load(
        write_desk(
            tmp_path,
            entities="""
            version: 1
            entities:
              - {id: corps, name: Africa Corps, aliases: {en: [Africa Corps, Russian Africa Corps]}}
              - {id: russia, name: Russia, aliases: {en: [Russian]}}
              - {id: one, name: One, aliases: {any: [Union]}}
              - {id: two, name: Two, aliases: {any: [Union]}}
            """,
            keywords="version: 1\nkeywords: []\n",
        )
    )

    assert entities(desk, text="the Russian Africa Corps") == {"corps"}
    assert entities(desk, text="the Union") == {"one", "two"}


def test_a_generated_form_never_takes_the_alias_of_another_entity(tmp_path: Path):
    desk = Judging.load(
        write_desk(
            tmp_path,
            entities="""
            version: 1
            entities:
              - {id: state, name: State, aliases: {en: [Marian]}}
              - {id: islands, name: Islands, aliases: {en: [Marians]}}
            """,
            keywords="version: 1\nkeywords: []\n",
        )
    )

    assert entities(desk, text="the Marians") == {"islands"}


@pytest.mark.parametrize("word", ["AES ", "Mali ", "Moscow ", "AES encryption "])
def test_a_text_full_of_one_name_is_tagged_in_linear_time(desk: Judging, word: str):
    desk.tag(article("", word * (60_000 // len(word))))


def test_a_text_of_one_repeated_name_gives_a_bounded_number_of_mentions(desk: Judging):
    mentions = desk.tag(article("Mali", "Mali, " * 5_000))
    assert 2 * MAX_MENTIONS < len(mentions) + MAX_MENTIONS <= 4 * MAX_MENTIONS
