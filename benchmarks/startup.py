"""How long `nightshift --help` takes, against a bare interpreter."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

Row = tuple[str, str, str, str, str]
_RUNS = 7


def rows() -> list[Row]:
    program = Path(sys.executable).with_name("nightshift")
    ours = _median([program, "--help"])
    bare = _median([sys.executable, "-c", "pass"])
    return [
        ("nightshift --help", f"{ours:.2f} s", f"python -c pass {bare:.2f} s",
         f"{ours / bare:.1f}", "< 0.5 s"),
    ]  # fmt: skip


def _median(command: list[str | Path]) -> float:
    times = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return statistics.median(times)
