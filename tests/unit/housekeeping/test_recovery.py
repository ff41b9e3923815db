"""Who is dead, and what is put in order behind them: on SQLite and on a real Postgres."""

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select, update

from tests.conftest import Override
from utils.clock import now
from utils.config import Settings, load_settings
from utils.db import items, leases, ledger, queue, runs, workers
from utils.db.items import Seen
from utils.db.schema import Execution, Item, Run, Worker
from utils.db.session import session
from utils.errors import PermanentError, ResourceError, RetryableError, StoppedError
from utils.housekeeping import recovery
from utils.models.item import FileStat, MediaKind
from utils.models.shift import RunStatus
from utils.observability import progress
from utils.scheduling import claims, run_session
from utils.storage import home, scratch

RUN = "a-run"


# Another process of this machine: it takes its lock, leaves a temporary file, and says where.
LIVING = """
from utils.storage import scratch
(scratch.folder() / "half-written.part").write_bytes(b"x" * 1000)
print(scratch.lock_path(), flush=True)
input()
"""


class Other(NamedTuple):
    process: subprocess.Popen[str]
    lock: Path

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def other(settings: Settings) -> Iterator[Other]:
    """A process that lives until it is killed, and its lock."""
    with subprocess.Popen(
        [sys.executable, "-c", LIVING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Other(process, Path(process.stdout.readline().strip()))
        process.kill()


def add(number: int) -> str:
    item_id = f"{number:064x}"
    stat = FileStat(path=Path(f"/x/{number}"), size_bytes=1, modified_ns=1, inode=number)
    with session() as s:
        items.register(s, Seen(stat, item_id, True), MediaKind.AUDIO)
    return item_id


def hold(
    lock: Path | str, worker: str = RUN, host: str | None = None, alive_seconds: int = 60
) -> str:
    """A worker with one item in work, a lease, an open run and a running step."""
    item_id = add(1)
    with session() as s:
        s.add(
            Worker(
                id=worker,
                run_id=worker,
                host=host or scratch.host(),
                lock=str(lock),
                alive_until=workers.shared_now(s) + timedelta(seconds=alive_seconds),
            )
        )
        runs.begin(s, worker, "night-shift")
        assert queue.claim(s, worker, queue.waiting(3), 10) == [item_id]
        assert leases.acquire(s, worker, ["source:/media"]) == ["source:/media"]
    ledger.start(item_id, "compress_video", ledger.Inputs("key", {"version": 1}), worker)
    return item_id


def statuses() -> tuple[set[str], set[str], set[str]]:
    with session() as s:
        return (
            set(s.scalars(select(Item.status))),
            set(s.scalars(select(Execution.status))),
            {run.status for run in s.scalars(select(Run))},
        )


def test_what_a_killed_process_held_is_free_at_once_and_its_files_are_gone(
    database: str, other: Other
) -> None:
    hold(other.lock)
    assert not recovery.recover(load_settings())
    assert other.lock.with_suffix("").is_dir()
    other.kill()
    recovered = recovery.recover(load_settings())
    assert (recovered.runs, len(recovered.items), recovered.executions) == ((RUN,), 1, 1)
    assert (recovered.files, recovered.size_bytes) == (1, 1000)
    assert statuses() == ({"pending"}, {"lost"}, {RunStatus.CRASHED.value})
    assert not other.lock.with_suffix("").exists()
    with session() as s:
        assert leases.acquire(s, "next", ["source:/media"]) == ["source:/media"]
        assert len(queue.claim(s, "next", queue.waiting(3), 10)) == 1


def test_what_would_be_recovered_can_be_seen_first(database: str, other: Any) -> None:
    hold(other.lock)
    other.kill()
    assert recovery.in_words(recovery.recover(load_settings(), dry_run=True)) == (
        "1 open runs, 1 claimed items, 1 running steps, 1 temporary files (1000 Bytes)"
    )
    assert statuses() == ({"pending"}, {"running"}, {"running"})


def test_the_clock_does_not_kill_a_process_of_this_machine(database: str, other: Other) -> None:
    hold(other.lock, alive_seconds=-3600)  # the clock jumped an hour
    assert not recovery.recover(load_settings())


def test_a_process_of_another_machine_is_dead_when_its_lease_is_over(database: str) -> None:
    hold("/there/lock", host="elsewhere", alive_seconds=60)
    assert not recovery.recover(load_settings())
    with session() as s:
        s.get_one(Worker, RUN).alive_until = now() - timedelta(seconds=5)
    assert len(recovery.recover(load_settings()).items) == 1


def test_a_heartbeat_renews_the_lease_and_says_if_the_worker_was_taken_for_dead(
    database: str,
) -> None:
    hold("/there/lock", host="elsewhere", alive_seconds=-5)
    with session() as s:
        assert workers.heartbeat(s, RUN, 60)
        assert not workers.dead(s)
        workers.unregister(s, RUN)
        assert not workers.heartbeat(s, RUN, 60)


def test_who_was_taken_for_dead_executes_nothing_more_on_what_it_lost(database: str) -> None:
    item_id = hold("/there/lock", host="elsewhere", alive_seconds=-5)
    recovery.recover(load_settings())
    with session() as s:
        assert queue.claim(s, "heir", queue.waiting(3), 10) == [item_id]
    step = ("transcribe_audio", ledger.Inputs("key", {"version": 1}), RUN)
    with pytest.raises(StoppedError, match="took this item over"):
        ledger.start(item_id, *step, claim_owner=RUN)
    assert ledger.start(item_id, *step, claim_owner="heir")


def test_an_item_that_kills_the_process_again_and_again_waits_for_a_person(
    database: str, override: Override
) -> None:
    override(max_crashes=3)
    for number in range(3):
        name = f"run-{number}"
        hold("/there/lock", worker=name, host="elsewhere", alive_seconds=-5)
        recovered = recovery.recover(load_settings())
        assert len(recovered.quarantined) == (number == 2)
    with session() as s:
        item = s.scalars(select(Item)).one()
        assert item.status == "quarantined"
        assert "died 3 times in a row in compress_video" in item.error


def test_deaths_between_which_the_step_was_done_do_not_count(
    database: str, override: Override
) -> None:
    override(max_crashes=2)
    for number in range(2):
        item_id = hold("/there/lock", worker=f"run-{number}", host="elsewhere", alive_seconds=-5)
        assert not recovery.recover(load_settings()).quarantined
        ledger.fail(
            ledger.start(item_id, "compress_video", ledger.Inputs("key", {"version": 1}), None),
            ValueError("no"),
            1.0,
        )


def test_two_workers_never_have_the_same_lease(database: str) -> None:
    names = [f"entry:{number}" for number in range(1200)]
    with session() as s:
        assert len(leases.acquire(s, "a", names[:700])) == 700
        assert leases.acquire(s, "b", names) == names[700:]
        leases.release(s, "a", names[:700])
        assert leases.acquire(s, "b", names) == names


def test_a_run_leaves_nothing_open_behind(database: str) -> None:
    item_id = add(1)
    with run_session.run_session("night-shift", RUN, load_settings()):
        assert claims.claim_requested(RUN, [item_id]) == [item_id]
        with session() as s:
            assert RUN in workers.alive(s)
    with session() as s:
        assert (s.get_one(Item, item_id).status, s.get(Worker, RUN)) == ("pending", None)


def test_a_run_that_breaks_off_says_why_and_names_no_secret(database: str) -> None:
    for number, (error, why) in enumerate(
        (
            (StoppedError("too dear"), "it broke off: too dear"),
            (ValueError("https://user:hunter2@host"), "it broke off: ValueError"),
        )
    ):
        with (
            pytest.raises(type(error)),
            run_session.run_session("night-shift", f"run-{number}", load_settings()),
        ):
            raise error
        with session() as s:
            run = s.get_one(Run, f"run-{number}")
            assert (run.status, run.reason) == ("crashed", why)


def test_a_run_that_is_stopped_says_what_it_did_not_get_to(database: str) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        run_session.run_session("night-shift", RUN, load_settings()),
    ):
        progress.emit(progress.Begun(3))
        progress.emit(progress.Settled("a", "a", "done", ""))
        raise KeyboardInterrupt
    with session() as s:
        run = s.get_one(Run, RUN)
        assert (run.status, run.left_over) == ("stopped", 2)
        assert run.ended_at is not None


def test_a_process_that_ends_at_once_gives_back_what_its_threads_still_have(database: str) -> None:
    item_id = add(1)
    with run_session.run_session("night-shift", RUN, load_settings()):
        claims.claim_requested(RUN, [item_id])
        inputs = ledger.Inputs("key", {"version": 1})
        execution = ledger.start(item_id, "compress_video", inputs, RUN)
        run_session.stop(RUN, 1)
        with session() as s:
            item = s.get_one(Item, item_id)
            assert (item.status, item.claimed_by) == ("pending", None)
            assert not queue.settle_failed(s, RUN, item_id, ValueError("late"), 3)
            assert s.get_one(Run, RUN).status == "stopped"
            row = s.get_one(Execution, execution)
            assert (row.status, row.error_class) == ("failed", "StoppedError")


def test_a_run_whose_process_was_killed_is_told_as_crashed_before_anything_put_it_in_order(
    database: str,
) -> None:
    with session() as s:
        runs.begin(s, RUN, "night-shift")
        workers.register(s, RUN, RUN, 120)
        assert runs.load(s, RUN).status is RunStatus.RUNNING
        lock_of_nobody = str(load_settings().home / "scratch" / "gone.lock")
        s.execute(update(Worker).values(lock=lock_of_nobody))
        told = runs.load(s, RUN)
        assert (told.status, told.reason) == (RunStatus.CRASHED, runs.KILLED)
        assert s.get_one(Run, RUN).status == "running"


@pytest.mark.parametrize(("silent_hours", "is_left"), [(1, True), (30, False)])
def test_what_a_replaced_container_left_goes_after_a_day(
    settings: Settings, silent_hours: int, is_left: bool
) -> None:
    home.prepare(settings)
    place = settings.home / "scratch" / "container-4711_0123456789ab"
    place.mkdir(parents=True)
    (place / "half.part").write_bytes(b"x")
    lock = place.with_suffix(".lock")
    lock.touch()
    then = time.time() - silent_hours * 3600
    os.utime(lock, (then, then))
    assert scratch.remove_abandoned(settings.home).files == (not is_left)
    assert place.exists() == is_left


@pytest.mark.parametrize("name", ["../../evil", "a/b", "", "x" * 65, "a b", "né"])
def test_a_run_has_no_id_that_would_name_another_file(name: str) -> None:
    with pytest.raises(PermanentError, match="id is made of"):
        with run_session.run_session("night-shift", name, load_settings()):
            pytest.fail("it began")


@pytest.fixture
def vanishing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead process's folder that another process removes while it is being looked at."""
    place = settings.home / "scratch" / scratch._name("dead00000000")
    (place / "deep").mkdir(parents=True)
    for number in range(3):
        (place / "deep" / f"{number}.part").write_bytes(b"x")
    place.with_suffix(".lock").touch()
    is_file = Path.is_file

    def removed_meanwhile(path: Path) -> Any:
        found = is_file(path)
        if path.is_relative_to(place):
            shutil.rmtree(place, ignore_errors=True)
        return found

    monkeypatch.setattr(Path, "is_file", removed_meanwhile)


def test_a_folder_that_another_process_removes_meanwhile_breaks_no_run(vanishing: Any) -> None:
    with run_session.run_session("night-shift", RUN, load_settings()):
        pass
    with session() as s:
        assert s.get_one(Run, RUN).status == "running"  # not crashed: who works in it closes it


@pytest.mark.parametrize(
    "error",
    [
        RetryableError("The database is locked."),
        ResourceError("The disk is full."),
        OSError(errno.EIO, "Input/output error"),
    ],
)
def test_no_error_of_a_recovery_ends_the_heartbeats(
    database: str, monkeypatch: pytest.MonkeyPatch, error: Any
) -> None:
    def fails(*_args: Any) -> None:
        raise error

    settings = load_settings().model_copy(update={"lease_seconds": 60})
    hold("/there/lock", host="elsewhere", alive_seconds=-5)
    monkeypatch.setattr(recovery, "recover", fails)
    run_session.heartbeat(RUN, RUN, settings)
    with session() as s:
        assert RUN in workers.alive(s)  # the lease was renewed all the same
