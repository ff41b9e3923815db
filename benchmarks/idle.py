"""Memory of a self-hosted Night Shift that has nothing to do, two minutes after its start.

The proportional share (PSS) of every process counts: what several processes share (Postgres's
buffers, libraries) counts once. The sum of resident sizes counts it in each of them.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.selfhosted import Served, on_postgres

Row = tuple[str, str, str, str, str]
SETTLED_SECONDS = 120
AIM_MB = 600
# What a seed's users measured of theirs, and left over (1 MB is a million bytes here).
SEED_MB = 900
PARTS = ("server", "worker", "postgres", "up")
# The first that is in a command says whose it is.
MARKS = (
    ("postgres", "postgres"),
    ("worker", "worker"),
    ("nightshift up", "up"),
    ("prefect", "server"),
)


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name, on_postgres(Path(name, "home")) as served:
        time.sleep(SETTLED_SECONDS)
        shares, resident = memory(served)
    counted = sum(shares.values())
    parts = ", ".join(f"{part} {shares[part]:.0f}" for part in PARTS)
    whole = sum(resident.values())
    return [
        (
            "memory of an idle set-up",
            f"{counted:.0f} MB PSS ({parts}), RSS {whole:.0f} MB",
            f"a seed's {SEED_MB} MB",
            f"{counted / SEED_MB:.2f}",
            f"≤ {AIM_MB} MB",
        )
    ]


def memory(served: Served) -> tuple[dict[str, float], dict[str, float]]:
    """PSS and RSS by part, in MB. Postgres leaves the tree of processes: its folder names it."""
    ours = {served.process.pid: psutil.Process(served.process.pid)}
    for process in psutil.process_iter(["cmdline"]):
        if str(served.home) in " ".join(process.info["cmdline"] or ()):
            ours[process.pid] = process
    for process in tuple(ours.values()):
        ours |= {child.pid: child for child in process.children(recursive=True)}
    shares, resident = dict.fromkeys(PARTS, 0.0), dict.fromkeys(PARTS, 0.0)
    for process in ours.values():
        part = part_of(process)
        used = process.memory_full_info()
        shares[part] += getattr(used, "pss", used.rss) / 1e6
        resident[part] += used.rss / 1e6
    return shares, resident


def part_of(process: psutil.Process) -> str:
    """Which service a process belongs to, by its command or that of the parent."""
    words = " ".join(process.cmdline())
    for mark, part in MARKS:
        if mark in words:
            return part
    parent = process.parent()
    return part_of(parent) if parent else "up"
