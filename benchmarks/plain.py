"""The work of an item without any machinery: the functions behind the steps, called in turn.

What a script, a loop or another orchestrator does to have the same results as a shift: the same
functions with the same options, the results in one JSON file beside the pictures and the
rendition. What needs a database is left out: ledger, claims, look-alikes among known items,
full text, the index of vectors (the vectors themselves are made).

One after another and two at once: `python -m benchmarks.plain CLIPS FOLDER PARALLEL`.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from utils.analysis import analyst, local_video, thumbnail_choice
from utils.config import load_settings, prepare_torch
from utils.media import signal
from utils.media.encoding import encode
from utils.media.imaging import exposure, thumbnails
from utils.media.probing import beside, exiftool, ffprobe, mediainfo
from utils.metadata import codec, consolidation, exif, focal, hdr, tracks
from utils.models.item import MediaItem, MediaKind
from utils.models.metadata import AudioTracks, Metadata, SubtitleTracks
from utils.models.probe import ContainerProbe
from utils.models.signal import SignalReport
from utils.models.step_results import StepResults
from utils.models.tool_reports import ToolReports
from utils.models.verdict import Band, Verdict
from utils.pipeline import planning
from utils.pipeline import record as records
from utils.pipeline.planning import Plan
from utils.quality import criteria
from utils.quality import verdict as gate
from utils.search import embedder
from utils.search.passages import passages
from utils.similarity import fingerprint
from utils.speech import transcriber
from utils.storage import files, sidecars

SETTINGS = load_settings()
OPTIONS = SETTINGS.pipeline


class Facts(NamedTuple):
    """What the tools say of a file, and which steps apply to it."""

    item: MediaItem
    plan: Plan
    probe: ContainerProbe
    metadata: Metadata
    sounds: AudioTracks | None
    subtitles: SubtitleTracks | None


def work_on(clip: Path, folder: Path) -> None:
    """All steps of one item, in the order in which a shift takes them."""
    folder.mkdir(parents=True)
    facts = extract(clip)
    seen = signal.analyze(clip, facts.probe, folder)
    found = analyse(facts, seen, folder)
    fingerprint.of(
        facts.item.item_id,
        facts.probe.kind,
        seen.decoded_seconds,
        [(still.path, still.time_seconds) for still in seen.stills],
        clip,
        seen.sound_index,
    )
    if found.verdict and found.verdict.band is not Band.REJECT:
        encode.compress(clip, facts.probe, seen, OPTIONS.compression, folder)
    record = records.of(facts.item, found)
    vectors = embedder.load().passages([passage.text for passage in passages(record)])
    assert vectors
    (folder / "record.json").write_text(record.model_dump_json())


def extract(clip: Path) -> Facts:
    stat = files.stat(clip)
    checksum = files.sha256(clip)
    probed, media, tags = ffprobe.report(clip), mediainfo.report(clip), exiftool.report(clip)
    probe = probed.container.with_size(media.width, media.height)
    plan = planning.plan(probe, OPTIONS, SETTINGS)
    extended = exif.extended(tags)
    coding = codec.details(probed, media) if plan.runs("extract_codec") else None
    dynamic = hdr.describe(probed, media) if plan.runs("extract_hdr") else None
    sounds = tracks.audio(probed, media) if plan.runs("extract_audio_tracks") else None
    subtitles = None
    if plan.runs("extract_subtitle_tracks"):
        subtitles = tracks.subtitles(probed, sidecars.beside(clip))
    notes = None
    if plan.runs("read_sidecars"):
        is_timed = probe.kind is not MediaKind.IMAGE
        notes = beside.read(clip, sidecars.beside(clip), is_timed)
    lens = None
    if plan.runs("detect_focal_length"):
        lens = focal.detect(tags, extended, probed.container)
    metadata = consolidation.consolidate(
        ToolReports(
            ffprobe=probed, mediainfo=media, exif=tags, camera=extended, codec=coding, hdr=dynamic,
            audio_tracks=sounds, subtitle_tracks=subtitles, focal_length=lens,
            sidecars=notes,
        )
    )  # fmt: skip
    item = MediaItem(
        item_id=checksum, path=clip, kind=probe.kind, size_bytes=stat.size_bytes, title=clip.stem
    )
    return Facts(item, plan, probe, metadata, sounds, subtitles)


def analyse(facts: Facts, seen: SignalReport, folder: Path) -> StepResults:
    clip, probe, plan = facts.item.path, facts.probe, facts.plan
    pictures = thumbnails.generate(clip, probe, seen, OPTIONS.thumbnail_count, folder)
    if plan.runs("analyze_exposure"):
        exposure.measure(seen, probe)
    said = transcriber.transcribe(
        clip, probe, seen.decoded_seconds, OPTIONS.transcription, SETTINGS
    )
    meaning = analyst.analyze(said, facts.item.title, OPTIONS.analysis.for_text(), SETTINGS)
    video = None
    if plan.runs("ai_video_analysis"):
        video = local_video.describe(
            thumbnails.scenes(seen), pictures.stills, meaning.understanding, seen.decoded_seconds
        )
    if video and plan.runs("ai_thumbnail_selection"):
        times = thumbnail_choice.times(video, seen.decoded_seconds)
        pictures = thumbnails.at_times(clip, probe, times, folder)
    verdict: Verdict = gate.decide(criteria.judge(probe, seen, said, OPTIONS.verdict))
    return StepResults(
        probe=probe, signal=seen, metadata=facts.metadata, audio_tracks=facts.sounds,
        subtitle_tracks=facts.subtitles, transcript=said, analysis=meaning, video=video,
        pictures=pictures, verdict=verdict,
    )  # fmt: skip


def main(clips: Path, folder: Path, parallel: int) -> float:
    prepare_torch()
    started = time.perf_counter()
    with ThreadPoolExecutor(parallel) as pool:
        list(pool.map(lambda clip: work_on(clip, folder / clip.name), sorted(clips.iterdir())))
    return time.perf_counter() - started


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
