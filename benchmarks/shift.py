"""24 short clips: a shift, against a bare script with the same commands and parallelism.

The script calls the same ffmpeg and whisper work from two threads, and nothing else: no Prefect,
no ledger, no verdict, no index. Both sides are timed from the moment the work begins (imports
and Prefect's server are behind them) to its end; loading the speech model is in both.
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
from pathlib import Path

Row = tuple[str, str, str, str, str]
CLIPS = 24
PARALLEL = 2
PAIRS = 2
SAMPLES = Path(__file__).parent.parent / "samples"
SOURCES = ("the night shift.mp4", "lighthouse.mp3", "Hafen am Abend.mp4", "bericht.flac")


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        clips = make_clips(scratch / "clips")
        ours, bare = [], []
        for pair in range(PAIRS):
            bare.append(_bare(clips, scratch / f"bare-{pair}"))
            ours.append(_shift(clips, scratch / f"home-{pair}"))
        again, wall = _again(clips, scratch / "home-0")
    ratio = statistics.median(o / b for o, b in zip(ours, bare, strict=True))
    return [
        (
            f"a shift of {CLIPS} clips, {PARALLEL} at once",
            f"{statistics.median(ours):.1f} s",
            f"bare script {statistics.median(bare):.1f} s",
            f"{ratio:.2f}",
            "≤ 1.25",
        ),
        (
            "the same folder again: for each item",
            f"{again / CLIPS * 1000:.1f} ms",
            f"whole process {wall:.2f} s",
            "–",
            "≤ 20 ms",
        ),
    ]


def make_clips(folder: Path, count: int = CLIPS) -> Path:
    """Copies of the spoken samples that differ in a tag, so that none is a duplicate."""
    from utils.media import tools

    folder.mkdir(parents=True)
    for number in range(count):
        source = SAMPLES / SOURCES[number % len(SOURCES)]
        subprocess.run(
            [tools.find("ffmpeg"), "-v", "error", "-i", source, "-c", "copy",
             "-metadata", f"comment={number}", folder / f"{number:02}{source.suffix}"],
            check=True,
        )  # fmt: skip
    return folder


def _shift(clips: Path, home: Path) -> float:
    """Seconds from "24 to do" to the end of the last item, of `nightshift run`."""
    environment = {**os.environ, "NIGHTSHIFT_HOME": str(home)}
    program = Path(sys.executable).with_name("nightshift")
    started = ended = 0.0
    with subprocess.Popen(
        [program, "run", clips, "--concurrency", str(PARALLEL)],
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
    program = Path(sys.executable).with_name("nightshift")
    started = time.perf_counter()
    finished = subprocess.run(
        [program, "run", clips, "--json"], capture_output=True, check=True, env=environment
    )
    wall = time.perf_counter() - started
    report = json.loads(finished.stdout)
    assert report["counts"]["skipped"] == CLIPS
    return report["duration_seconds"], wall


def _bare(clips: Path, folder: Path) -> float:
    """Seconds of the same work by a plain script, in a process of its own."""
    environment = {**os.environ, "NIGHTSHIFT_HOME": str(folder)}
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.bare", clips, folder],
        capture_output=True, text=True, check=True, env=environment,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    shutil.rmtree(folder)
    return float(finished.stdout)
