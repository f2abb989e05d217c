"""Why a rule fires on an article, or which clause fails, how, and which guard had a hand in it."""

from pathlib import Path

from newswatch_core.events import Article
from newswatch_judging.desk import Judging
from newswatch_judging.explain import ClauseAccount, RuleAccount
from newswatch_judging.fixtures import read_fixture
from tests.support.command import SEEDS
from tests.support.judging import article, desk_with


def account(folder: Path, query: str, found: Article) -> RuleAccount:
    desk = desk_with(folder, query)
    return desk.account("it", found, desk.tagged(found))


def failed(folder: Path, query: str, found: Article) -> dict[str, str]:
    """What fails, with the reason."""
    return {clause.clause: clause.why for clause in account(folder, query, found).clauses if not clause.holds}


def words(clause: ClauseAccount) -> list[tuple[str, str]]:
    return [(quote.words, quote.span.zone) for quote in clause.quotes]


def test_a_rule_that_fires_quotes_the_words_of_each_clause_with_their_zones(tmp_path: Path):
    told = account(tmp_path, "@russia AND #embassy AND NOT @mali", article("Russia acts", "Its\nembassy opens."))

    assert (told.fires, told.closeness) == (True, "article")
    assert [(clause.clause, clause.holds) for clause in told.clauses] == [
        ("@russia", True),
        ("#embassy", True),
        ("NOT @mali", True),
    ]
    assert [words(clause) for clause in told.clauses] == [[("Russia", "title")], [("embassy", "lead")], []]


def test_a_quote_carries_the_proof_of_an_ambiguous_name(tmp_path: Path):
    told = account(tmp_path, "@css", article("AES", "The AES met in Bamako."))

    assert {quote.proof for quote in told.clauses[0].quotes} == {"with Bamako"}


def test_of_many_places_five_are_quoted_and_all_are_counted(tmp_path: Path):
    (clause,) = account(tmp_path, "@russia", article("News", "Russia. " * 9)).clauses

    assert (len(clause.quotes), clause.found) == (5, 9)


def test_each_missing_clause_is_named(tmp_path: Path):
    assert failed(tmp_path, "@russia AND #embassy AND @mali", article("Russia")) == {
        "#embassy": "not found",
        "@mali": "not found",
    }


def test_a_clause_names_what_its_guards_refused(tmp_path: Path):
    told = account(tmp_path, "@css AND @russia", article("Russia", "AES does encryption."))

    (clause,) = [clause for clause in told.clauses if not clause.holds]
    assert [(each.term, each.words, each.why) for each in clause.refused] == [
        ("@css", "AES", "forbidden near it: encryption")
    ]


def test_a_member_that_was_refused_is_named_where_the_query_asks_for_members(tmp_path: Path):
    told = account(tmp_path, "@css+", article("News", "A Mali GPU is new."))

    assert [each.term for each in told.clauses[0].refused] == ["@mali"]


def test_a_keyword_that_a_longer_name_blocks_is_named(tmp_path: Path):
    told = account(tmp_path, "#embassy", article("News", "Embassy Suites are open."))

    assert [(each.term, each.why) for each in told.clauses[0].refused] == [("#embassy", "part of Embassy Suites")]


def test_a_negated_clause_that_fails_quotes_what_stands_there(tmp_path: Path):
    assert failed(tmp_path, "@russia AND NOT @mali", article("Russia", "In Mali.")) == {"NOT @mali": "there is 'Mali'"}


def test_parts_that_are_never_in_one_sentence_hold_and_the_sentence_fails(tmp_path: Path):
    query = "sentence(@russia AND #embassy)"

    assert failed(tmp_path, query, article("Russia", "The embassy.")) == {query: "never all in one sentence"}


def test_a_sentence_that_lacks_a_part_altogether_names_that_part(tmp_path: Path):
    assert failed(tmp_path, "sentence(@russia AND #embassy)", article("Russia")) == {"#embassy": "not found"}


def test_near_tells_how_far_apart_its_sides_are(tmp_path: Path):
    near = article("News", "Russia has sent a long letter to the embassy.")

    assert failed(tmp_path, "@russia NEAR/3 #embassy", near) == {
        "@russia NEAR/3 #embassy": "8 words apart at best, and 3 are allowed"
    }
    assert failed(tmp_path, "#embassy BEFORE/20 @russia", near) == {
        "#embassy BEFORE/20 @russia": "only the other way round"
    }
    assert failed(tmp_path, "@russia NEAR/8 #embassy", near) == {}


def test_a_zone_and_a_count_tell_what_they_lack(tmp_path: Path):
    found = article("News", "Russia has an embassy.")

    assert failed(tmp_path, "title:(@russia)", found) == {"title:(@russia)": "not all in the title"}
    assert failed(tmp_path, "atleast/3 @russia", found) == {"atleast/3 @russia": "only 1 of at least 3"}


def test_words_that_stand_in_a_zone_that_does_not_count_are_told(tmp_path: Path):
    why = failed(tmp_path, "@russia", article("News", "Nothing today.\n\nRead also: Russia opens an embassy"))

    assert why == {"@russia": "not found (only in the related, which counts if the query names it)"}


def test_an_alternative_of_which_a_half_stands_there_says_what_it_lacks(tmp_path: Path):
    why = failed(tmp_path, "#military-force OR (@mali AND #embassy)", article("Mali"))

    assert list(why.values()) == ["not found: none of its 2 alternatives; @mali AND #embassy lacks #embassy"]


def test_a_filter_says_what_the_article_is_instead(tmp_path: Path):
    assert failed(tmp_path, "@russia AND lang:fr", article("Russia")) == {"lang:fr": "the article's language is en"}


def test_an_account_agrees_with_the_evaluator_on_every_sample_of_the_desk():
    desk = Judging.load(SEEDS)
    articles = [read_fixture(f"articles/{path.name}", SEEDS) for path in sorted((SEEDS / "articles").glob("*.yaml"))]
    for one in articles:
        tagged = desk.tagged(one)
        fired = {match.rule for match in desk.judge(one, tagged.mentions)}
        told = [desk.account(rule, one, tagged) for rule in desk.rules]
        assert {each.rule for each in told if each.fires} == fired
        for each in told:
            # What does not fire names at least one clause that fails, and one that fires names none.
            assert each.fires == all(clause.holds for clause in each.clauses), (one.title, each.rule)
            assert all(clause.why for clause in each.clauses if not clause.holds)
