"""Kill it, again and again: what a shift that is killed at random moments repeats, loses, leaves.

Work over some clips is killed with -9 at seeded moments, and started again by one command. At
the end the ledger is counted and every output is compared with that of an undisturbed run.

``run``: `nightshift run`, of which the process, its whole group or Prefect's ephemeral server is
killed. ``run_served``: `nightshift up` and `prefect deployment run night-shift/nightly`, of which
the flow's process, the worker, the server, Postgres, or all of it at once is killed.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from benchmarks import selfhosted
from benchmarks.shift import make_clips

Row = tuple[str, str, str, str, str]
KILLS, SEED, CLIPS = 20, 7, 24
TARGETS = ("process", "group", "server")
# What the command lines of the processes of `nightshift up` say.
SERVED = {
    "flow": ("prefect.engine",),
    "worker": ("worker start",),
    "prefect server": ("prefect_server", "prefect.server"),
    "postgres": ("bin/postgres",),
    "everything": ("",),
}
# A kill comes up to so long after the work of a run began: within a step, or between two.
LATEST_SECONDS = 10.0
# Whose results follow from the order of items, which a kill changes: of look-alikes the first is
# nobody's duplicate.
_BY_ORDER = frozenset({"find_near_duplicates"})
# A run whose worker was killed has a quarter of a minute to end (utils/processes/parent.py).
_MOMENT_SECONDS = 20
# What was killed must have gone on by then.
_PATIENCE_SECONDS = 300


class Story(NamedTuple):
    """What was done to a shift, and what it came to; the lists are empty if all went well."""

    kills: Counter[str]
    done: int
    broken_off: int
    repeated: list[str]
    lost: list[str]
    differing: list[str]
    orphans: list[str]
    leftovers: list[str]


def rows() -> list[Row]:
    made = []
    for what, story_of in (("nightshift run", run), ("nightshift up", run_served)):
        with tempfile.TemporaryDirectory() as name:
            library = make_clips(Path(name, "library"), CLIPS)
            story = story_of(Path(name), library, KILLS // 2, SEED)
        kinds = ", ".join(f"{number} {target}" for target, number in story.kills.items())
        wrong = (story.repeated, story.lost, story.differing, story.orphans, story.leftovers)
        print(*(line for lines in wrong for line in lines), sep="\n", file=sys.stderr)
        made.append((
            f"chaos, {what}: {story.kills.total()} kills with -9 ({kinds}), seed {SEED}, "
            f"{CLIPS} clips",
            f"{len(story.repeated)} steps repeated, {len(story.lost)} items lost, "
            f"{len(story.orphans)} orphans, {len(story.leftovers)} leftovers",
            f"an undisturbed run: {len(story.differing)} results or files differ; {story.done} "
            f"steps done, {story.broken_off} broken off",
            "–",
            "0 repeated, 0 lost, 0 orphans",
        ))  # fmt: skip
    return made


def run(folder: Path, library: Path, kills: int, seed: int) -> Story:
    """Run a library undisturbed in one home, and in another with up to ``kills`` while it lasts."""
    calm, wild = folder / "calm", folder / "wild"
    _finish(_start(library, calm))
    dice, killed, orphans = random.Random(seed), Counter[str](), list[str]()
    while killed.total() < kills:
        process = _start(library, wild)
        target, moment = dice.choice(TARGETS), dice.uniform(0, LATEST_SECONDS)
        if not _begins(process):
            break  # all is done
        time.sleep(moment)
        if process.poll() is None:
            _kill(process, target)
            killed[target] += 1
        process.communicate(timeout=300)
        orphans += [f"after kill {killed.total()}: {one}" for one in _processes(wild)]
        print(f"kill {killed.total()}: {target} after {moment:.1f} s", file=sys.stderr, flush=True)
    _finish(_start(library, wild))
    return _story(killed, calm, wild, [*orphans, *_processes(wild)])


def run_served(folder: Path, library: Path, kills: int, seed: int) -> Story:
    """The same by `nightshift up`, with up to ``kills``, each after a step began."""
    calm, wild = folder / "calm", folder / "wild"
    clips = len(list(library.iterdir()))
    for home in (calm, wild):
        shutil.copytree(library, home / "inbox")
    _finish(_start(calm / "inbox", calm))
    dice, killed, orphans = random.Random(seed), Counter[str](), list[str]()
    with ExitStack() as stack:
        served = stack.enter_context(selfhosted.on_postgres(wild))
        while _goes_on(served, clips) and killed.total() < kills:
            target, moment = dice.choice(list(SERVED)), dice.uniform(0, LATEST_SECONDS)
            time.sleep(moment)
            _kill_served(served, target)
            killed[target] += 1
            print(
                f"kill {killed.total()}: {target} after {moment:.1f} s", file=sys.stderr, flush=True
            )
            if served.process.poll() is not None:
                orphans += [f"after kill {killed.total()}: {one}" for one in _processes(wild)]
                stack.close()
                served = stack.enter_context(selfhosted.on_postgres(wild))
        while _goes_on(served, clips):
            pass
        _wait_until_settled(wild)
    return _story(killed, calm, wild, [*orphans, *_processes(wild)])


def _story(killed: Counter[str], calm: Path, wild: Path, orphans: list[str]) -> Story:
    with _database(wild) as ledger, _database(calm) as reference:
        return Story(
            killed,
            _count(ledger, "done"),
            _count(ledger, "lost"),
            _repeated(ledger),
            [*_unfinished(ledger), *_open_rows(ledger)],
            [
                *_different_results(ledger, wild, reference, calm, _BY_ORDER),
                *_different_files(wild, calm),
            ],
            orphans,
            [str(path) for path in _leftovers(wild)],
        )


def _start(library: Path, home: Path) -> subprocess.Popen[str]:
    # The limit is for what kills the process by itself; here it is killed on purpose.
    own = {"NIGHTSHIFT_HOME": str(home), "NIGHTSHIFT_MAX_CRASHES": "1000"}
    return subprocess.Popen(
        [Path(sys.executable).with_name("nightshift"), "run", library],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, **own},
        start_new_session=True,
    )  # fmt: skip


def _begins(process: subprocess.Popen[str]) -> bool:
    """Wait until the first item is in work; False if there is nothing to do."""
    assert process.stderr is not None
    return any(line.strip().endswith(" to do") for line in process.stderr)


def _finish(process: subprocess.Popen[str]) -> None:
    _, said = process.communicate(timeout=1200)
    assert process.returncode == 0, said[-3000:]


def _kill(process: subprocess.Popen[str], target: str) -> None:
    if target == "group":
        os.killpg(process.pid, signal.SIGKILL)
    elif target == "server":
        for child in psutil.Process(process.pid).children():
            with suppress(psutil.Error):  # a tool that ended just now
                if any("prefect.server" in word for word in child.cmdline()):
                    child.kill()
    else:
        process.kill()


def _goes_on(served: selfhosted.Served, clips: int) -> bool:
    """Wait until a step begins, with the one command where no night does; False if all is done."""
    end, begun = time.monotonic() + _PATIENCE_SECONDS, _steps_begun(served.home)
    while not _all_done(served.home, clips):
        if _steps_begun(served.home) > begun:
            return True
        assert time.monotonic() < end, f"no step began within {_PATIENCE_SECONDS} s"
        if not _a_night_works(served.home):
            _start_a_night(served)
        time.sleep(0.5)
    return False


def _start_a_night(served: selfhosted.Served) -> None:
    """What a person does who sees that nothing works, unless it is coming already."""
    due = {"before_": datetime.now(UTC).isoformat()}
    coming = {"state": {"type": {"any_": ["PENDING", "SCHEDULED"]}}, "expected_start_time": due}
    try:
        answer = served.post("/flow_runs/filter", flow_runs=coming)
        if not answer.is_success or answer.json():
            return
    except httpx.HTTPError:  # the server is coming back
        return
    subprocess.run(
        [Path(sys.executable).with_name("prefect"), "deployment", "run", "night-shift/nightly"],
        env={**os.environ, **served.client}, capture_output=True, check=False,
    )  # fmt: skip


def _a_night_works(home: Path) -> bool:
    return any("prefect.engine" in line for line in _of(home))


def _steps_begun(home: Path) -> int:
    with suppress(OperationalError), _database(home) as ledger:
        return int(ledger.execute(text("SELECT count(*) FROM executions")).scalar_one())
    return 0


def _kill_served(served: selfhosted.Served, target: str) -> None:
    """SIGKILL to the processes of ``target``; "everything" begins with `nightshift up` itself."""
    if target == "everything":
        served.process.kill()
        served.process.wait()
        return
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            line = " ".join(process.cmdline())
            ours = process.environ().get("NIGHTSHIFT_HOME") == str(served.home)
            if (ours or str(served.home) in line) and any(w in line for w in SERVED[target]):
                process.kill()


def _all_done(home: Path, clips: int) -> bool:
    with suppress(OperationalError), _database(home) as ledger:
        done = ledger.execute(text("SELECT count(*) FROM items WHERE status = 'done'"))
        return int(done.scalar_one()) == clips
    return False


def _wait_until_settled(home: Path) -> None:
    """Until the last night has ended, well or swept, and its process with it."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        with _database(home) as ledger:
            if not _open_rows(ledger) and not _a_night_works(home):
                return
        time.sleep(1)


def _processes(home: Path) -> list[str]:
    """Processes of a home that still live after a moment to end."""
    end = time.monotonic() + _MOMENT_SECONDS
    while (found := list(_of(home))) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def _of(home: Path) -> Iterator[str]:
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and (
                process.environ().get("NIGHTSHIFT_HOME") == str(home)
                or str(home) in " ".join(process.cmdline())
            ):
                yield " ".join(process.cmdline())[:120]
        except psutil.Error:
            continue


def _database(home: Path) -> Connection:
    return create_engine(f"sqlite:///{home / 'nightshift.db'}").connect()


def _count(ledger: Connection, status: str) -> int:
    query = text("SELECT count(*) FROM executions WHERE status = :status")
    return int(ledger.execute(query, {"status": status}).scalar_one())


def _repeated(ledger: Connection) -> list[str]:
    """Steps that were done more than once for the same item and inputs."""
    return [
        f"{row.step} of {row.item_id[:10]} was done {row.n} times"
        for row in ledger.execute(
            text("SELECT item_id, step, key, count(*) AS n FROM executions WHERE status = 'done' "
                 "GROUP BY item_id, step, key HAVING count(*) > 1")
        )
    ]  # fmt: skip


def _unfinished(ledger: Connection) -> list[str]:
    query = text("SELECT id, status, error FROM items WHERE status != 'done'")
    return [f"{row.id[:10]} is {row.status}: {row.error}" for row in ledger.execute(query)]


def _open_rows(ledger: Connection) -> list[str]:
    """Claims, leases, runs and executions that nobody closed."""
    queries = {
        "claims": "SELECT count(*) FROM items WHERE claimed_by IS NOT NULL",
        "workers": "SELECT count(*) FROM workers",
        "leases": "SELECT count(*) FROM leases",
        "open runs": "SELECT count(*) FROM runs WHERE status = 'running'",
        "open executions": "SELECT count(*) FROM executions WHERE status = 'running'",
    }
    found = {name: ledger.execute(text(query)).scalar_one() for name, query in queries.items()}
    return [f"{number} {name}" for name, number in found.items() if number]


def _results(ledger: Connection, home: Path) -> dict[tuple[str, str], str]:
    query = text("SELECT item_id, step, result FROM executions WHERE status = 'done' ORDER BY id")
    return {
        (row.item_id, row.step): str(row.result).replace(str(home), "HOME")
        for row in ledger.execute(query)
    }


def _different_results(
    a: Connection, home_a: Path, b: Connection, home_b: Path, but: Collection[str]
) -> list[str]:
    """Steps, ``but`` some, whose results differ between two ledgers, or that one of them lacks."""
    mine, theirs = _results(a, home_a), _results(b, home_b)
    return [
        f"{step} of {item[:10]}: {mine.get((item, step))} ≠ {theirs.get((item, step))}"[:400]
        for item, step in sorted({*mine, *theirs})
        if step not in but and mine.get((item, step)) != theirs.get((item, step))
    ]


def _files(home: Path) -> dict[str, str]:
    root = home / "items"
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def _different_files(a: Path, b: Path) -> list[str]:
    mine, theirs = _files(a), _files(b)
    return [name for name in sorted({*mine, *theirs}) if mine.get(name) != theirs.get(name)]


def _leftovers(home: Path) -> Iterator[Path]:
    for name in ("scratch", "incoming"):
        if (home / name).is_dir():
            yield from (home / name).iterdir()
    yield from home.rglob("*.part*")
