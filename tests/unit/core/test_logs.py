import io
import json

import pytest
import structlog

from newswatch_core import logs
from newswatch_core.secrets import MissingSecretError, SecretRef


@pytest.fixture
def lines():
    stream = io.StringIO()

    def use(style="text", level="info"):
        logs.setup(style=style, level=level, stream=stream)
        return structlog.get_logger()

    use.text = stream.getvalue
    return use


def test_a_line_is_time_event_and_fields(lines):
    lines().info("poll", feed="rfi", new=3, title="two words")
    time, event, *rest = lines.text().split()
    assert (event, rest) == ("poll", ["feed=rfi", "new=3", 'title="two', 'words"'])
    assert len(time) == len("12:00:00")


def test_hostile_text_cannot_forge_a_line(lines):
    lines().info("article", title='x\n12:00:00 alert\x1b[31m\u202e"')
    assert lines.text().count("\n") == 1
    assert "\x1b" not in lines.text()


def test_json_lines_are_json(lines):
    lines("json").warning("feed problem", problem='a "quote"\n', bad="\ud800")
    assert json.loads(lines.text())["event"] == "feed problem"


def test_a_line_is_written_in_one_piece():
    class Pieces(io.StringIO):
        def write(self, text):
            pieces.append(text)
            return len(text)

    pieces = []
    logs.setup(style="json", stream=Pieces())
    structlog.get_logger().info("poll", feed="rfi")
    assert [piece[-2:] for piece in pieces] == ["}\n"], "another thread's line, or a kill, would come between"


def test_a_secret_that_was_read_is_blotted_out_everywhere(lines, tmp_path):
    (tmp_path / "secret").write_text("hooks/T000/verysecret\n")
    secret = SecretRef(file=str(tmp_path / "secret")).reveal()
    log = lines()
    log.error("delivery problem", url=f"https://x.example/{secret}", parts=[secret])
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("unexpected")
    assert "verysecret" not in lines.text()


@pytest.mark.parametrize("reference", [{}, {"env": "A", "file": "b"}])
def test_a_secret_stands_in_one_place(reference):
    with pytest.raises(ValueError, match="name the secret's place"):
        SecretRef(**reference)


def test_a_missing_secret_is_named(tmp_path):
    with pytest.raises(MissingSecretError, match="NEWSWATCH_NOT_SET"):
        SecretRef(env="NEWSWATCH_NOT_SET").reveal({})
    with pytest.raises(MissingSecretError, match="nowhere"):
        SecretRef(file=str(tmp_path / "nowhere")).reveal()


def test_a_log_that_nobody_reads_any_more_stops_nothing(lines):
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    lines().info("before")
    logs.setup(style="text", stream=Gone())
    structlog.get_logger().error("lost")
    stream = io.StringIO()
    logs.setup(style="text", stream=stream)
    stream.close()
    structlog.get_logger().error("lost, too")
