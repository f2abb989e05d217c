"""receivers.yaml, and the messages for what is wrong in it."""

from pathlib import Path

import pytest

from newswatch_alerter.config import Receivers
from newswatch_core.config import ConfigError

GOOD = """\
version: 1
receivers:
  - {id: console, type: console}
  - {id: desk-slack, type: slack, webhook: {env: TEST_SLACK_WEBHOOK}, pace: 2s, burst: 3}
  - id: desk-mail
    type: email
    host: smtp.example.org
    from: newswatch@example.org
    to: [desk@example.org]
    user: newswatch
    password: {env: TEST_SMTP_PASSWORD}
routes:
  - {id: everybody, receivers: [desk-mail, console]}
"""


def desk(folder: Path, text: str) -> Path:
    (folder / "receivers.yaml").write_text(text)
    return folder


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        Receivers.load(desk(folder, text))
    return [str(problem) for problem in refused.value.problems]


def test_routes_are_expanded_in_order_and_each_receiver_named_once(tmp_path: Path) -> None:
    receivers = Receivers.load(desk(tmp_path, GOOD))
    assert receivers.expand(["console", "everybody", "desk-slack"]) == ("console", "desk-mail", "desk-slack")


def test_secrets_that_are_missing_only_warn_in_a_check_but_stop_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEST_SLACK_WEBHOOK", raising=False)
    monkeypatch.delenv("TEST_SMTP_PASSWORD", raising=False)
    receivers = Receivers.load(desk(tmp_path, GOOD))
    assert [(one.line, one.severity) for one in receivers.secret_warnings()] == [(4, "warning"), (11, "warning")]
    with pytest.raises(ConfigError) as refused:
        receivers.build()
    assert [(one.file, one.line, one.severity) for one in refused.value.problems] == [
        ("receivers.yaml", 4, "error"),
        ("receivers.yaml", 11, "error"),
    ]


def test_a_useless_secret_is_refused_and_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SLACK_WEBHOOK", "ftp://canary-secret")
    monkeypatch.setenv("TEST_SMTP_PASSWORD", "canary-password")
    with pytest.raises(ConfigError) as refused:
        Receivers.load(desk(tmp_path, GOOD)).build()
    assert "receivers.yaml:4: desk-slack: the webhook must be an https:// URL" in str(refused.value)
    assert "canary" not in str(refused.value)


def test_with_its_secrets_every_receiver_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SLACK_WEBHOOK", "https://hooks.slack.com/services/T/B/x")
    monkeypatch.setenv("TEST_SMTP_PASSWORD", "secret-password")
    assert set(Receivers.load(desk(tmp_path, GOOD)).build()) == {"console", "desk-slack", "desk-mail"}


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("id: desk-slack", "id: console", "receivers.yaml:4: the id 'console' stands twice (first in line 3; "),
        ("id: everybody", "id: console", "receivers.yaml:13: the id 'console' stands twice"),
        ("[desk-mail, console]", "[desk-mial]", "names 'desk-mial', which is no receiver (did you mean 'desk-mail'?)"),
        ("[desk-mail, console]", "[]", "receivers.yaml:13: "),
        (
            "type: console",
            "type: consle",
            "receivers.yaml:3: type: 'consle' is none of 'console', 'slack', 'email'",
        ),
        ("type: console", "colour: red", "receivers.yaml:3: 'type' is missing"),
        ("type: console", "type: console, colour: red", "receivers.yaml:3: unknown field 'colour'"),
        (
            "host: smtp.example.org",
            "hots: smtp.example.org",
            "receivers.yaml:7: unknown field 'hots' (did you mean 'host'?)",
        ),
        ("env: TEST_SLACK_WEBHOOK", "value: https://x", "receivers.yaml:4: unknown field 'value'"),
        (
            "webhook: {env: TEST_SLACK_WEBHOOK}",
            "webhook: https://x",
            "receivers.yaml:4: webhook: secrets do not stand in this file: write {env: NAME} or {file: PATH}",
        ),
        (
            "env: TEST_SLACK_WEBHOOK",
            "env: $HOOK",
            "receivers.yaml:4: webhook: write the name of the environment variable",
        ),
        ("pace: 2s", "pace: 2", "receivers.yaml:4: pace: a length of time such as 30s"),
        (
            "to: [desk@example.org]",
            "to: [desk]",
            "receivers.yaml:9: to: an address such as desk@example.org is expected, without a name, not 'desk'",
        ),
        ("to: [desk@example.org]", "to: a@b.example", "receivers.yaml:9: to: it is a list: write [a@b.example]"),
        ("[desk-mail, console]", "console", "receivers.yaml:13: receivers: it is a list: write [console]"),
        ("version: 1", "version: 2", "receivers.yaml:1: version"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, wrong: str, right: str, message: str) -> None:
    assert wrong in GOOD
    told = problems(tmp_path, GOOD.replace(wrong, right, 1))
    assert any(message in one for one in told), told


@pytest.mark.parametrize(
    ("place", "written"),
    [
        ("webhook: {env: TEST_SLACK_WEBHOOK}", "webhook: CANARY"),
        ("env: TEST_SLACK_WEBHOOK", "env: CANARY"),
        ("env: TEST_SLACK_WEBHOOK", "env: $CANARY"),
        ("env: TEST_SLACK_WEBHOOK", "env: CANARY, file: CANARY"),
        ("webhook: {env: TEST_SLACK_WEBHOOK}", "webhook: [CANARY]"),
        ("password: {env: TEST_SMTP_PASSWORD}", "password: CANARY"),
    ],
)
@pytest.mark.parametrize("secret", ["https://hooks.slack.example/canary", "canary-password"])
def test_a_secret_written_into_the_file_is_not_repeated(tmp_path: Path, place: str, written: str, secret: str) -> None:
    assert place in GOOD
    told = problems(tmp_path, GOOD.replace(place, written.replace("CANARY", f'"{secret}"'), 1))
    assert "canary" not in repr(told)


def test_a_secret_file_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    text = GOOD.replace("password: {env: TEST_SMTP_PASSWORD}", "password: {file: /nowhere/smtp}")
    told = [str(one) for one in Receivers.load(desk(tmp_path, text)).secret_warnings()]
    assert any("the secret file /nowhere/smtp: no such file" in one for one in told)


def test_a_desk_without_receivers_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"receivers\.yaml: no such file"):
        Receivers.load(tmp_path)
