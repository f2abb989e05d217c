"""Which errors are the machine's and which the event's: the same in both runtimes."""

from collections.abc import Callable

import pytest
from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError

from newswatch_core.events import FetchedArticle
from newswatch_core.runtime import batches
from tests.support.articles import fetched
from tests.unit.core import test_batches, test_stages

Kind = type[DBAPIError]


def told(kind: Kind, *, invalidated: bool = False) -> DBAPIError:
    return kind("INSERT", {}, Exception("told by the driver"), connection_invalidated=invalidated)


MACHINES = [
    MemoryError(),
    NoConnectionFreeError("no connection is free"),
    told(OperationalError),
    told(InterfaceError),
    told(InternalError),
    told(DatabaseError),
    told(ProgrammingError, invalidated=True),
]
EVENTS = [ValueError(), *map(told, (ProgrammingError, NotSupportedError, DataError, IntegrityError))]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for pause in ("_DATABASE_PAUSE", "_LOAD_PAUSE", "_TRY_PAUSE"):
        monkeypatch.setattr(batches, pause, 0.0)


def on_kafka(answer: Callable[[FetchedArticle], None]) -> list[str]:
    return test_batches.shown(test_batches.Bench(answer).run(fetched(1), fetched(2)))


def raising(error: Exception, times: int) -> Callable[[FetchedArticle], None]:
    """An answer that raises for the first article, so many times."""
    left = iter([True] * times)

    def answer(event: FetchedArticle) -> None:
        if event.article.title == "Title 1" and next(left, False):
            raise error

    return answer


@pytest.mark.parametrize("error", MACHINES, ids=repr)
def test_trouble_of_the_machine_is_waited_out_in_both_runtimes(error: Exception):
    assert on_kafka(raising(error, 6)) == ["Title 1", "Title 2"]
    bench = test_stages.Bench(raising(error, 6))
    bench.put(1, 2)
    assert (bench.run(), bench.dead()) == (["Title 1", "Title 2"], [])


@pytest.mark.parametrize("error", EVENTS, ids=repr)
def test_trouble_of_an_event_buries_it_in_both_runtimes(error: Exception):
    assert on_kafka(raising(error, 6)) == [repr(error), "Title 2"]
    bench = test_stages.Bench(raising(error, 6))
    bench.put(1, 2)
    assert (bench.run(), bench.dead()) == (["Title 2"], [f"{error!r} after 3"])
