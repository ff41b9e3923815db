"""Two items transcribed at once on two cores, against one after the other.

As a shift does it: one set of weights, a lane of two, each call with half of the cores. One at
a time means twice: the same process with one item in hand, whose second core idles; and a lane
of one, which gives the only call both cores. Real weights, items of 10 s of speech.
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
ITEMS = 4
ROUNDS = 3
# How wide the lane is, and how many are in hand.
WAYS = {
    "one at a time": (2, 1),
    "one at a time, on both cores": (1, 1),
    "together": (2, 2),
}
SAMPLES = ROOT / "samples"
SPOKEN = ("lighthouse.mp3", "bericht.flac")


def rows() -> list[Row]:
    found = []
    for engine in ("openai-whisper", "faster-whisper"):
        taken: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(ROUNDS):
            for way, (lane, at_once) in WAYS.items():
                taken[way].append(_timed(engine, lane, at_once))
        together = taken.pop("together")
        for way, seconds in taken.items():
            ratio = statistics.median(a / b for a, b in zip(seconds, together, strict=True))
            found.append(
                (
                    f"{ITEMS} items transcribed two at once, {engine}",
                    f"{statistics.median(together):.1f} s",
                    f"{way} {statistics.median(seconds):.1f} s ({ROUNDS} rounds)",
                    f"{ratio:.2f} ×",
                    "≥ 1.5 ×",
                )
            )
    return found


def _timed(engine: str, lane: int, at_once: int) -> float:
    """Seconds for all items in a process of its own, its model loaded before."""
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.speech", engine, str(at_once)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "NIGHTSHIFT_LANES__TRANSCRIBE": str(lane)},
    )
    return float(finished.stdout.split()[-1])


def transcribe_all(engine: str, at_once: int) -> float:
    from utils.config import load_settings, prepare_torch
    from utils.media.probing import ffprobe
    from utils.models.options import TranscriptionOptions
    from utils.speech import transcriber

    prepare_torch()
    settings = load_settings()
    assert engine in ("openai-whisper", "faster-whisper")
    options = TranscriptionOptions(engine=engine)

    def recognize(path: Path) -> None:
        probe = ffprobe.probe(path)
        assert transcriber.transcribe(path, probe, None, options, settings).segments

    recognize(SAMPLES / SPOKEN[0])
    started = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(recognize, [SAMPLES / SPOKEN[n % len(SPOKEN)] for n in range(ITEMS)]))
    return time.perf_counter() - started


if __name__ == "__main__":
    print(transcribe_all(sys.argv[1], int(sys.argv[2])))
