"""What receivers are told, in whole: tests/data/messages holds each case as every receiver shows it.

After a wanted change: NEWSWATCH_WRITE_GOLDEN=1 pytest tests/unit/alerter/test_messages.py, and read the difference.
"""

import json
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswatch_alerter import messages
from newswatch_alerter.messages import Message, Thread, age, compose, plain, safe_url, word
from newswatch_alerter.receivers import console, email, slack
from newswatch_core.events import Article
from tests.support.alerting import NAMES, match, message, rule, sending
from tests.support.articles import NOON, article

DATA = Path(__file__).parents[2] / "data" / "messages"
DELIVERY = "0123456789abcdef0123"


def several_rules() -> Message:
    of = article(
        1,
        title="Russia to help the Sahel confederation with a joint force",
        text="Lavrov spoke on Friday.\n\nRussia will open an embassy in Niamey, the AES said.",
        outlet="RFI",
        kind="state",
        language="en",
        published=NOON,
    )
    force = match(of, {"@css": "Sahel confederation", "@russia": "Russia", "#force": "joint force"}, closeness="title")
    opened = match(of, {"@css": "AES", "#embassy": "embassy"}, rule_id="css-embassy")
    rules = (rule("css-force", title="CSS and Russia - force"), rule("css-embassy", severity="critical"))
    return compose(
        of, list(zip(rules, (force, opened), strict=True)), names=NAMES, desk="Sahel & Russia", zone="Africa/Bamako"
    )


def foreign_and_short() -> Message:
    of = article(
        2,
        title="В Ниамее готовят здание для посольства",
        text="",
        outlet="Вестник",
        kind="agency",
        language="ru",
        text_from="feed",
        published=None,
    )
    fired = match(of, {"#embassy": "посольства"}, closeness="title")
    return compose(of, [(rule("embassies", severity="low"), fired)], names=NAMES)


def follow_up() -> Message:
    of = article(3, title="Envoys arrive", text="The embassy opens.", outlet="Le Fil", language="xx", kind="")
    thread = Thread("f" * 20, "[HIGH] First title - RFI", ("css-force", "css-russia"))
    fired = match(of, {"#embassy": "embassy"}, closeness="article")
    return compose(of, [(rule("css-embassy"), fired)], names=NAMES, thread=thread, sample=True)


CASES: Mapping[str, tuple[Callable[[], Message], bool]] = {
    "several-rules": (several_rules, False),
    "foreign-and-short": (foreign_and_short, False),
    "follow-up-repeated-sample": (follow_up, True),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("form", ["console.txt", "slack.json", "email.txt", "email.html"])
def test_a_message_reads_as_it_always_did(case: str, form: str) -> None:
    make, repeat = CASES[case]
    wording = word(make(), now=NOON + timedelta(minutes=42), delivery=DELIVERY, repeat=repeat)
    shown = {
        "console.txt": lambda: "\n".join(console.lines(wording, colours=False)) + "\n",
        "slack.json": lambda: json.dumps(slack.payload(wording), ensure_ascii=False, indent=1) + "\n",
        "email.txt": lambda: email.as_text(wording),
        "email.html": lambda: email.as_html(wording),
    }[form]()
    golden = DATA / f"{case}.{form}"
    if os.environ.get("NEWSWATCH_WRITE_GOLDEN"):
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


def test_the_first_line_says_severity_title_outlet_and_age() -> None:
    wording = word(foreign_and_short(), now=NOON + timedelta(hours=5), delivery=DELIVERY)
    assert wording.first_line == "[LOW] В Ниамее готовят здание для посольства - Вестник (agency, Russian), 4 h ago"


def test_words_in_the_desks_own_language_are_not_glossed() -> None:
    assert several_rules().glosses == ()
    assert [gloss.name for gloss in foreign_and_short().glosses] == ["embassy"]


def test_a_message_survives_the_outbox() -> None:
    for make, _ in CASES.values():
        assert messages.decode(messages.encode(make())) == make()


def test_a_message_about_any_text_can_be_kept() -> None:
    of = message(title="lone \ud800", outlet="\udfff", desk="\ud83d", rule_title="\x00")
    assert messages.decode(messages.encode(of)) == of


def test_rules_beyond_the_limit_are_counted() -> None:
    of = article(1)
    fired = [(rule(f"rule-{number}"), match(of, {}, rule_id=f"rule-{number}")) for number in range(40)]
    wording = word(compose(of, fired, names={}), now=NOON, delivery=DELIVERY)
    assert wording.rules_word == "40 rules (25 more not listed)"


@given(st.text())
def test_plain_text_is_one_printable_line(text: str) -> None:
    line = plain(text, 50)
    assert len(line) <= 50
    line.encode("utf-8")
    assert not any(character < " " or "\u2028" <= character <= "\u202e" for character in line)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.org/a?b=c&d=e#f", "https://example.org/a?b=c&d=e"),
        ("https://пример.рф/новости", "https://xn--e1afmkfd.xn--p1ai/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8"),
        ("https://user:secret@example.org/", "https://example.org/"),
        ("https://example.org/a|b>c<d\"e'f g", "https://example.org/a%7Cb%3Ec%3Cd%22e%27f%20g"),
        ("https://[2001:db8::1]:8080/x", "https://[2001:db8::1]:8080/x"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://", ""),
        ("https://exa mple.org/", ""),
        ("https://example.org:99999/", ""),
        ("https://example.org/" + "a" * 2_000, ""),
        ("", ""),
    ],
)
def test_only_a_web_address_becomes_a_link(url: str, safe: str) -> None:
    assert safe_url(url) == safe


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=-1), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(hours=47), "47 h ago"),
        (timedelta(hours=49), "2 days ago"),
    ],
)
def test_age_is_told_in_one_unit(length: timedelta, words: str) -> None:
    assert age(length) == words


def test_times_are_told_in_the_desks_zone() -> None:
    of: Article = article(1, published=NOON)
    told = compose(of, [(rule(), match(of, {}))], names={}, zone="Asia/Kathmandu")
    assert messages.times(told) == "published 04 Apr 2026 17:45, seen 04 Apr 2026 17:46 (Asia/Kathmandu)"


def test_hidden_characters_do_not_reach_a_message() -> None:
    of = sending(message(title="pay\u200bpal \u202egnp.exe\u202c"))
    assert of.message.title == "paypal gnp.exe"
