"""Many short tasks of which two may run at once: lanes with tag limits against tag limits alone.

40 tasks of 0.5 s and of 3 s, 8 in hand at once, on real servers. The ideal is 40 tasks in two
rows without a gap. Ours is the whole step contract: lane, tag limit, ledger, on Postgres.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.selfhosted import ROOT, Served, on_postgres, on_sqlite

Row = tuple[str, str, str, str, str]
COUNT = 40
LIMIT = 2
AIMS = {0.5: "≤ 1.4", 3.0: "≤ 1.1"}


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        with on_postgres(Path(name, "postgres")) as served:
            ours = {seconds: took("step", seconds, served) for seconds in AIMS}
            tags = {seconds: took("tag", seconds, served) for seconds in AIMS}
        with on_sqlite(Path(name, "sqlite")) as served:
            sqlite = {0.5: took("tag", 0.5, served)}  # at 3 s it would take minutes
    found = []
    for seconds, aim in AIMS.items():
        ideal = COUNT * seconds / LIMIT
        against = f"ideal {ideal:.0f} s; tag limit alone: Postgres {tags[seconds] / ideal:.2f}"
        if seconds in sqlite:
            against += f", SQLite {sqlite[seconds] / ideal:.2f}"
        title = f"{COUNT} tasks of {seconds:g} s, limit {LIMIT}, lane and tag, Postgres"
        ratio = f"{ours[seconds] / ideal:.2f}"
        found.append((title, f"{ours[seconds]:.1f} s", against, ratio, aim))
    return found


def took(way: str, seconds: float, served: Served) -> float:
    """Seconds of a flow with all the tasks, in a process of its own."""
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.limited", way, str(COUNT), str(seconds)],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, **served.client,
             "NIGHTSHIFT_LANES__COMPRESS": str(LIMIT),
             "NIGHTSHIFT_HOME": str(served.home / f"client-{way}-{seconds}")},
    )  # fmt: skip
    if finished.returncode:
        raise RuntimeError(finished.stderr[-2000:])
    return float(finished.stdout.split()[-1])
