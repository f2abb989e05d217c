from structlog.testing import capture_logs

from newswatch_fetcher.notices import Notices


def told(logs) -> list[tuple[str, str, str]]:
    return [
        (line["log_level"], line["event"], line.get("problem", "")) for line in logs if line["log_level"] != "debug"
    ]


def test_a_feed_that_cannot_be_reached_is_told_once():
    notices = Notices()
    with capture_logs() as logs:
        for _ in range(3):
            notices.failed("news", "cannot be reached: name not found", unreachable=True)
            notices.flush()
    assert told(logs) == [("warning", "feed problem", "cannot be reached: name not found; retrying")]


def test_many_that_cannot_be_reached_are_one_line():
    notices = Notices()
    with capture_logs() as logs:
        for number in range(9):
            notices.failed(f"feed{number}", "cannot be reached", unreachable=True)
        notices.flush()
    ((_, _, problem),) = told(logs)
    assert problem.startswith("9 feeds cannot be reached (no network?): feed0, feed1, ")


def test_a_body_that_is_no_feed_is_told_at_once():
    with capture_logs() as logs:
        Notices().failed("news", "an HTML page instead of a feed", unreachable=False)
    assert told(logs) == [("warning", "feed problem", "an HTML page instead of a feed")]


def test_a_feed_that_is_back_is_told():
    notices = Notices()
    with capture_logs() as logs:
        notices.good("news", was="")
        notices.failed("news", "answers 500", unreachable=False)
        notices.good("news", was="answers 500")
        notices.good("news", was="")
    assert [line[1] for line in told(logs)] == ["feed problem", "feed recovered"]


def test_a_feed_that_is_back_before_it_was_told_is_not_told():
    notices = Notices()
    with capture_logs() as logs:
        notices.failed("news", "cannot be reached", unreachable=True)
        notices.good("news", was="")
        notices.flush()
    assert "feed problem" not in [line[1] for line in told(logs)]


def test_a_remark_on_a_feed_that_works_is_made_once():
    notices = Notices()
    with capture_logs() as logs:
        notices.problem("news", "lists too much")
        notices.problem("news", "lists too much")
    assert len(logs) == 1
