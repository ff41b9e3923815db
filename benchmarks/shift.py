"""24 short clips: a shift, against the same work as a bare script, and one after another.

The script (benchmarks/plain.py) calls the functions behind the steps from two threads, and
nothing else: no Prefect, no ledger, no database. The loop is what the seeds do: the same, one
clip after the other, its whisper model loaded once and given both cores. All are timed from the
moment the work begins (imports and Prefect's server are behind them) to its end; loading the
speech model is in each. Shift and script take turns. Where Dagster is installed beside the
project (`pip install dagster`), it does the same (benchmarks/dagster_shift.py).
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from benchmarks.selfhosted import ROOT

Row = tuple[str, str, str, str, str]
CLIPS = 24
PARALLEL = 2
PAIRS = 3
NIGHTSHIFT = (sys.executable, "-m", "nightshift")
SAMPLES = ROOT / "samples"
SOURCES = ("the night shift.mp4", "lighthouse.mp3", "Hafen am Abend.mp4", "bericht.flac")


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        clips = make_clips(scratch / "clips", CLIPS)
        ours, bare = [], []
        for pair in range(PAIRS):
            bare.append(plain("plain", clips, scratch / f"bare-{pair}", PARALLEL))
            ours.append(_shift(clips, scratch / f"home-{pair}"))
        loop = plain("plain", clips, scratch / "loop", 1)
        dagster = None
        if find_spec("dagster"):
            dagster = plain("dagster_shift", clips, scratch / "dagster", PARALLEL)
        again, wall = _again(clips, scratch / "home-0")
    ratio = statistics.median(o / b for o, b in zip(ours, bare, strict=True))
    shift = statistics.median(ours)
    others = [] if dagster is None else [
        ("the same", f"{shift:.1f} s", f"Dagster {dagster:.1f} s (once)",
         f"{dagster / shift:.2f} × faster", "–"),
    ]  # fmt: skip
    return [
        (
            f"a shift of {CLIPS} clips, {PARALLEL} at once",
            f"{shift:.1f} s",
            f"bare script {statistics.median(bare):.1f} s ({PAIRS} pairs)",
            f"{ratio:.2f}",
            "≤ 1.15",
        ),
        (
            "the same",
            f"{shift:.1f} s",
            f"one after another {loop:.1f} s (once)",
            f"{loop / shift:.2f} × faster",
            "≥ 1.7 ×",
        ),
        *others,
        (
            "the same folder again: for each item",
            f"{again / CLIPS * 1000:.1f} ms",
            f"whole process {wall:.2f} s",
            "–",
            "≤ 20 ms",
        ),
    ]


def make_clips(folder: Path, count: int = CLIPS, seconds: float = 60) -> Path:
    """Copies of the spoken samples, at most so long, that differ in a tag: no duplicates."""
    from utils.media import tools

    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        source = SAMPLES / SOURCES[number % len(SOURCES)]
        subprocess.run(
            [tools.find("ffmpeg"), "-v", "error", "-i", source, "-c", "copy",
             "-t", str(seconds), "-metadata", f"comment={number}",
             folder / f"{number:02}{source.suffix}"],
            check=True,
        )  # fmt: skip
    return folder


def _shift(clips: Path, home: Path) -> float:
    """Seconds from "24 to do" to the end of the last item, of `nightshift run`."""
    environment = {**os.environ, "NIGHTSHIFT_HOME": str(home)}
    started = ended = 0.0
    with subprocess.Popen(
        [*NIGHTSHIFT, "run", clips, "--concurrency", str(PARALLEL)], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if line.strip() == f"{CLIPS} to do":
                started = time.perf_counter()
            if ": done" in line:
                ended = time.perf_counter()
    assert process.returncode == 0, "the shift failed"
    return ended - started


def _again(clips: Path, home: Path) -> tuple[float, float]:
    """Seconds of work, and of the whole process, of a run that has nothing to do."""
    environment = {**os.environ, "NIGHTSHIFT_HOME": str(home)}
    started = time.perf_counter()
    finished = subprocess.run(
        [*NIGHTSHIFT, "run", clips, "--json"],
        capture_output=True,
        check=True,
        env=environment,
        cwd=ROOT,
    )
    wall = time.perf_counter() - started
    report = json.loads(finished.stdout)
    assert report["counts"]["skipped"] == CLIPS
    return report["duration_seconds"], wall


def plain(module: str, clips: Path, folder: Path, parallel: int) -> float:
    """Seconds of the same work without us, by a module of this folder in a process of its own.

    ``parallel``: clips at once, where the module can be told.
    """
    environment = {
        **os.environ,
        "NIGHTSHIFT_HOME": str(folder / "home"),
        "NIGHTSHIFT_LANES__TRANSCRIBE": str(parallel),  # alone, a transcription has all cores
    }
    finished = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", clips, folder, str(parallel)],
        capture_output=True, text=True, check=True, env=environment, cwd=ROOT,
    )  # fmt: skip
    made = len(list(folder.glob("*/record.json")))
    wanted = len(list(clips.iterdir()))
    assert made == wanted, f"{made} of {wanted} clips have a record"
    shutil.rmtree(folder)
    return float(finished.stdout.split()[-1])
