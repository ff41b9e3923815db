"""Two items transcribed at once on two cores, against one after the other.

As a shift does it: one set of weights, the lane's width of threads, two calls at once. One at a
time means a lane of one, which gives a single call both cores. Real weights, 10 s of speech.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.selfhosted import ROOT

Row = tuple[str, str, str, str, str]
ITEMS = 6
PAIRS = 3
SAMPLES = ROOT / "samples"
SPOKEN = ("lighthouse.mp3", "bericht.flac")


def rows() -> list[Row]:
    found = []
    for engine in ("openai-whisper", "faster-whisper"):
        at_once, in_turn = [], []
        for _ in range(PAIRS):
            in_turn.append(_timed(engine, 1))
            at_once.append(_timed(engine, 2))
        ratio = statistics.median(a / b for a, b in zip(in_turn, at_once, strict=True))
        found.append(
            (
                f"{ITEMS} items transcribed two at once, {engine}",
                f"{statistics.median(at_once):.1f} s",
                f"one at a time {statistics.median(in_turn):.1f} s ({PAIRS} pairs)",
                f"{ratio:.2f} ×",
                "≥ 1.5 ×",
            )
        )
    return found


def _timed(engine: str, at_once: int) -> float:
    """Seconds for all items in a process of its own, its model loaded before."""
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.speech", engine, str(at_once)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "NIGHTSHIFT_LANES__TRANSCRIBE": str(at_once)},
    )
    return float(finished.stdout.split()[-1])


def transcribe_all(engine: str, at_once: int) -> float:
    from utils.config import load_settings, prepare_torch
    from utils.models.options import TranscriptionOptions
    from utils.speech import transcriber

    prepare_torch()
    settings = load_settings()
    assert engine in ("openai-whisper", "faster-whisper")
    options = TranscriptionOptions(engine=engine)  # type: ignore[arg-type]

    def hear(path: Path) -> None:
        assert transcriber.transcribe(path, 0, options, settings).segments

    hear(SAMPLES / SPOKEN[0])
    started = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(hear, [SAMPLES / SPOKEN[n % len(SPOKEN)] for n in range(ITEMS)]))
    return time.perf_counter() - started


if __name__ == "__main__":
    print(transcribe_all(sys.argv[1], int(sys.argv[2])))
