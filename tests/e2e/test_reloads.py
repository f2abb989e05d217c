"""A desk that changes all the time while articles flow; `make reloads` is the long form, with 1,000 changes.

Whether every article was judged once, as a whole, by a version that was in force, is decided by tests.reload.run.
"""

from pathlib import Path

from tests.reload.flow import Flow, embedded, on_kafka
from tests.reload.run import Report, carry_out

RELOADS = 60


def carried_out(flow: Flow) -> Report:
    report = carry_out(flow, reloads=RELOADS, rate=40, seed=20261125, by_time=0.1)
    assert report.wrong == [], report.text()
    assert report.articles > 0
    assert report.broken >= RELOADS // 5
    assert report.alarms, "some broken versions had to be found without a signal"
    return report


def test_one_process_judges_every_article_once_by_a_version_that_was_in_force(tmp_path: Path):
    with embedded(tmp_path) as flow:
        carried_out(flow)


def test_workers_judge_every_article_once_and_an_alerter_that_is_ahead_or_behind_tags_again(
    kafka: str, postgres_url: str, tmp_path: Path
):
    with on_kafka(tmp_path, kafka, postgres_url) as flow:
        report = carried_out(flow)
    assert report.retagged > 0
