"""The bare script that a shift is held against: the same commands, two threads, no machinery."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.shift import PARALLEL
from utils.config import load_settings, prepare_torch
from utils.media import encode, exposure, ffprobe, likeness, signal, thumbnails
from utils.models.options import PipelineOptions
from utils.speech import transcriber

OPTIONS = PipelineOptions()


def main(clips: Path, folder: Path) -> None:
    prepare_torch()
    folder.mkdir(parents=True)
    started = time.perf_counter()
    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(lambda clip: work_on(clip, folder / clip.name), sorted(clips.iterdir())))
    print(time.perf_counter() - started)


def work_on(clip: Path, folder: Path) -> None:
    folder.mkdir()
    probe = ffprobe.probe(clip)
    facts = signal.analyze(clip, probe, folder)
    transcriber.transcribe(clip, probe.audio[0].index, OPTIONS.transcription, load_settings())
    if facts.stills:
        exposure.measure(facts, probe)
    likeness.of(
        clip.name,
        probe.kind,
        facts.decoded_seconds,
        [(still.path, still.time_seconds) for still in facts.stills],
        clip,
        probe.audio[0].index,
    )
    thumbnails.generate(clip, probe, facts, OPTIONS.thumbnail_count, folder)
    encode.compress(clip, probe, facts, OPTIONS.compression, folder)


main(Path(sys.argv[1]), Path(sys.argv[2]))
