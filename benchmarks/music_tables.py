"""The tables of music: of a million plays in full, of a day more, and with nothing new.

Each build is a `nightshift music build` of its own, on SQLite: its time is that of the build, its
CPU seconds and its memory are those of the whole process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import music_world
from benchmarks.selfhosted import ROOT

Row = tuple[str, str, str, str, str]
PLAYS, DAY = 1_000_000, 200


class _Built(NamedTuple):
    metrics: dict[str, float]
    seconds: float
    cpu_seconds: float
    peak_mb: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s ({self.cpu_seconds:.1f} CPU s), peak {self.peak_mb:.0f} MB"


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name, "home")
        _build(home)
        music_world.fill(home / "nightshift.db", PLAYS)
        full = _build(home, "--full")
        music_world.add_day(home / "nightshift.db", DAY, day=1)
        day, nothing = _build(home), _build(home)
        assert full.metrics["rows"] == PLAYS and day.metrics["new"] == DAY, (full, day)
        assert day.metrics["full"] == nothing.metrics["new"] == 0, (day, nothing)
    load = f"load {os.getloadavg()[0]:.1f}"
    return [
        (f"tables of {PLAYS:,} plays in full ({load})", str(full), "–", "–", "≤ 60 s, ≤ 1 GB"),
        (f"a day of {DAY} plays more ({load})", str(day), f"in full {full.seconds:.1f} s",
         f"{day.seconds / full.seconds:.2f}", "≤ 5 s"),
        (f"nothing new ({load})", str(nothing), "–", "–", "–"),
    ]  # fmt: skip


def _build(home: Path, *options: str) -> _Built:
    process = subprocess.Popen(
        [sys.executable, "-m", "nightshift", "music", "build", "--json", *options],
        cwd=ROOT, env={**os.environ, "NIGHTSHIFT_HOME": str(home)}, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    document: dict[str, Any] = json.loads(process.stdout.read())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert not process.returncode and document["status"] != "failed", document
    return _Built(
        document["metrics"],
        document["seconds"],
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / 1024,
    )
