"""What many items cost: a shift with nothing to do over 10,000, and 2,000 trivial ones.

The 10,000 are tiny files that were taken in and marked as done, with a ledger as long as real
ones have it; `nightshift run` and `nightshift night` then find that out. Trivial items are
images of 32×32 with every optional step switched off: what is left is the machinery and two
short tools.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.selfhosted import ROOT

Row = tuple[str, str, str, str, str]
DONE = 10_000
FEW, MANY = 100, 2_000
AIM_MB = 400
RESULT_BYTES = 1_000  # of one execution; 1.9 KB on average in a real home


def rows() -> list[Row]:
    return [*nothing_to_do(), trivial()]


class Ran(NamedTuple):
    """One command: its report, how long the whole process took, its peak memory and its CPU.

    The CPU time includes its tools and the Prefect server that it started.
    """

    report: dict[str, Any]
    seconds: float
    peak_mb: float
    cpu_seconds: float


def nothing_to_do() -> list[Row]:
    """`run` and `night` over items that are done."""
    with tempfile.TemporaryDirectory() as name:
        home, folder = Path(name, "home"), Path(name, "inbox")
        subprocess.run(
            [sys.executable, "-m", "benchmarks.scale", str(folder)], check=True, cwd=ROOT,
            env={**os.environ, "NIGHTSHIFT_HOME": str(home)},
        )  # fmt: skip
        ran = command(home, "run", str(folder))
        assert ran.report["counts"]["skipped"] == DONE
        added = subprocess.run(
            [sys.executable, "-m", "nightshift", "source", "add", str(folder)], check=True,
            cwd=ROOT, env={**os.environ, "NIGHTSHIFT_HOME": str(home)}, capture_output=True,
        )  # fmt: skip
        assert not added.returncode
        night = command(home, "night")
        assert night.report["status"] == "nothing_to_do"
    return [
        (
            f"nightshift {name} over {DONE:,} done items: each",
            f"{one.report['duration_seconds'] / DONE * 1000:.2f} ms, peak {one.peak_mb:.0f} MB",
            f"whole process {one.seconds:.1f} s",
            "–",
            f"≤ 1 ms, < {AIM_MB} MB",
        )
        for name, one in (("run", ran), ("night", night))
    ]


def trivial() -> Row:
    """The same trivial items, few and many, each in a home of its own."""
    ran = {}
    for number in (FEW, MANY):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "images")
            images(folder, number)
            ran[number] = command(Path(name, "home"), "run", str(folder), *_without_optional())
            told = ran[number].report["items"]
            others = [one for one in told if one["outcome"] != "done"]
            assert len(told) == number and not others, others[:3]
    few, many = (ran[n].report["duration_seconds"] / n for n in (FEW, MANY))
    return (
        f"a trivial item among {MANY:,}",
        f"{many * 1000:.0f} ms, {ran[MANY].cpu_seconds / MANY:.2f} CPU s",
        f"among {FEW}: {few * 1000:.0f} ms, {ran[FEW].cpu_seconds / FEW:.2f} CPU s with the start",
        f"{many / few:.2f}",
        "≤ 1.2",
    )


def command(home: Path, *arguments: str) -> Ran:
    """A command of ours as a process of its own; its own peak, not that of a server it starts."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "nightshift", *arguments, "--json"], stdout=out, cwd=ROOT,
            env={**os.environ, "NIGHTSHIFT_HOME": str(home)},
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        out.seek(0)
        document = json.loads(out.read())
    peak = used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024)
    return Ran(document, seconds, peak, used.ru_utime + used.ru_stime)


def images(folder: Path, number: int) -> None:
    """Images of 32×32, all different."""
    from PIL import Image

    folder.mkdir(parents=True)
    for n in range(number):
        colour = (n % 256, n // 256, 128)
        Image.new("RGB", (32, 32), colour).save(folder / f"{n:05}.png")


def _without_optional() -> list[str]:
    from utils.models.steps import STEPS

    return [part for step in STEPS if step.optional for part in ("--skip", step.name)]


def fill(folder: Path) -> None:
    """Take 10,000 files in as a shift does, and mark them as done under today's key."""
    from sqlalchemy import insert, update

    from utils.clock import now
    from utils.config import load_settings
    from utils.db.schema import Execution, Item
    from utils.db.session import session
    from utils.models.steps import STEPS
    from utils.pipeline import fingerprint
    from utils.sources import scan

    options = load_settings().pipeline
    for n in range(DONE):
        path = folder / f"{n // 500:03}" / f"{n:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"item {n}")
    found = scan.scan(
        [str(folder)], fingerprint.wanted_key(options, load_settings()), load_settings()
    )
    assert len(found.pending) == DONE
    done = {
        "status": "done",
        "done_key": fingerprint.done_key(options, load_settings()),
        "processed_at": now(),
    }
    with session() as s:
        s.execute(update(Item).values(verdict="approve", score=1.0, **done))
    for start in range(0, DONE, 500):
        rows = [
            {
                "item_id": item_id, "step": step.name, "version": step.version, "run_id": "before",
                "key": f"{item_id[:40]}{step.name}", "status": "done", "started_at": now(),
                "ended_at": now(), "used_at": now(), "duration_seconds": 0.1,
                "result": {"text": "x" * RESULT_BYTES}, "inputs": {}, "cause": "the first time",
            }
            for item_id in found.pending[start : start + 500]
            for step in STEPS
        ]  # fmt: skip
        with session() as s:
            s.execute(insert(Execution), rows)


if __name__ == "__main__":
    fill(Path(sys.argv[1]))
