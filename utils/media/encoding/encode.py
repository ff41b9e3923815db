"""Makes an item small: a plan for its streams, a crf for its quality, verified before it counts."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import humanize

from utils.media import sounds
from utils.media import streams as layout
from utils.media.encoding import (
    cover,
    crf_search,
    fact_sheet,
    mp4_keys,
    proxy,
    stream_plan,
    subtitles,
    verify,
)
from utils.media.encoding.fact_sheet import FactSheet
from utils.media.encoding.stream_plan import Plan
from utils.media.probing import ffprobe
from utils.media.streams import Layout
from utils.models.item import MediaKind
from utils.models.options import CompressionOptions
from utils.models.probe import ContainerProbe
from utils.models.rendition import Compression, Rendition
from utils.models.signal import SignalReport
from utils.processes import child_process
from utils.storage import scratch
from utils.storage.files import whole_file

OnProgress = Callable[[float], None]

# Below, encoders refuse the picture or crash (SVT-AV1 4.2 at 2×2).
_SMALLEST_SIDE = 16
# What the profiles aim at where nothing is chosen. Finding the crf for the web took 78 CPU s
# on 1080p, where encoding took 2 for each second: an eighth of the encode of five minutes.
_TARGETS = {"archive": 95.0, "web": 93.0}
_WEB_SEARCH_SECONDS = 300.0
# The samples start with key frames, so the whole is smaller than they promise.
_HOPELESS = 1.2
# Shares of the whole work, for its progress.
_SEARCHED, _ENCODED = 0.3, 0.9


class _Choice(NamedTuple):
    """The crf and where it comes from; ``note`` says why there was no search."""

    crf: float | None
    found: crf_search.Found | None = None
    note: str | None = None


class _Job(NamedTuple):
    """One encode that is worth trying: the source, what is wanted of it, where it goes."""

    path: Path
    probe: ContainerProbe
    signal: SignalReport
    options: CompressionOptions
    folder: Path
    on_progress: OnProgress


def compress(
    path: Path,
    probe: ContainerProbe,
    signal: SignalReport,
    options: CompressionOptions,
    folder: Path,
    on_progress: OnProgress | None = None,
) -> Compression:
    """Encode ``path`` into ``folder``, and keep the result only if it pays.

    Args:
        path: The source: a video or a song.
        probe: Its probe.
        signal: What it decodes to.
        options: The profile and what differs from it.
        folder: Where the rendition appears, whole or not at all.
        on_progress: Receives the share done, 0–1, of the whole work.

    Raises:
        PermanentError: the encode fails, or its output does not decode to the source's
            length, frames and streams.
    """
    told = on_progress or (lambda share: None)
    if options.profile == "proxy":
        made = proxy.make(path, sounds.as_decoded(probe, signal), folder, on_progress=told)
        return Compression(
            source_bytes=probe.size_bytes, encoded_bytes=made.size_bytes, rendition=made,
            reason=f"proxy for analysis: {_size(made.size_bytes)}", profile="proxy",
        )  # fmt: skip
    if reason := not_worth_it(probe, options) or _empty(probe, signal, options):
        return _kept(probe, options, reason)
    streams = subtitles.with_encodings(path, layout.read(path))
    if reason := refusal(streams, options):
        return _kept(probe, options, reason)
    plan = plan_for(streams, probe, signal, options)
    job = _Job(path, probe, signal, options, folder, told)
    choice = _choose(job, plan)
    if choice.found and _is_hopeless(choice.found, probe, signal):
        return _kept(probe, options, "source kept: samples of it become no smaller", choice)
    return _encode(job, plan, choice)


def not_worth_it(probe: ContainerProbe, options: CompressionOptions) -> str | None:
    """Why an encode can't pay, from the probe alone; None if it may."""
    if probe.kind is MediaKind.AUDIO and options.profile == "archive":
        codec = probe.audio[0].codec
        if not codec.startswith("pcm_") and codec not in stream_plan.LOSSLESS:
            return f"source kept: {codec} is lossy already, and no copy of it is better"
    elif probe.kind is MediaKind.AUDIO:
        rate = probe.bit_rate or 0
        if 0 < rate <= options.audio_kbps * 1000 * (1 + options.min_saving):
            return f"source kept: it has {rate // 1000} kb/s already"
    elif options.profile == "audio":
        return None if probe.audio else "it has no sound"
    elif probe.video and min(probe.video.width or 99, probe.video.height or 99) < _SMALLEST_SIDE:
        return f"source kept: a picture of {probe.video.width}×{probe.video.height} is small enough"
    return None


def refusal(streams: Layout, options: CompressionOptions) -> str | None:
    """Why an encode would spoil the picture; None if it would not."""
    pictures = streams.of("video")
    if not pictures or options.profile == "audio":
        return None
    if pictures[0].dolby_vision_profile == 5:
        return "source kept: Dolby Vision profile 5 has no picture without its Dolby layer"
    if options.video_codec == "h264" and (pictures[0].is_deep or pictures[0].is_hdr):
        return "source kept: H.264 would lose its more than 8 bits; choose av1"
    return None


def plan_for(
    streams: Layout, probe: ContainerProbe, signal: SignalReport, options: CompressionOptions
) -> Plan:
    """What becomes of each stream."""
    if probe.kind is MediaKind.VIDEO and options.profile != "audio":
        return stream_plan.for_video(streams, options, is_intact=not signal.decode_errors)
    return stream_plan.for_sound(streams, options)


def _choose(job: _Job, plan: Plan) -> _Choice:
    """The crf: the given one, the one that reaches the target, or the encoder's usual one."""
    signal, options = job.signal, job.options
    if plan.encoder is None:
        return _Choice(None)
    if options.crf is not None:
        return _Choice(float(options.crf))
    target = options.target_vmaf or _TARGETS[options.profile]
    usual = float(plan.encoder.crf)
    is_short = options.profile == "web" and signal.decoded_seconds < _WEB_SEARCH_SECONDS
    if options.target_vmaf is None and is_short:
        return _Choice(usual)
    seconds = signal.decoded_seconds
    found = crf_search.search(
        job.path, plan, seconds, target, not signal.decode_errors,
        lambda share: job.on_progress(_SEARCHED * share),
    )  # fmt: skip
    if isinstance(found, str):
        return _Choice(usual, note=f"fixed crf {usual:g}, as {found}")
    return _Choice(found.crf, found)


def _encode(job: _Job, plan: Plan, choice: _Choice) -> Compression:
    path, probe, signal, options = job.path, job.probe, job.signal, job.options
    # Named for its options: renditions of other options stay what the ledger says they are.
    digest = hashlib.sha256(options.model_dump_json().encode()).hexdigest()[:8]
    target = job.folder / f"rendition-{digest}{plan.suffix}"
    begun = _SEARCHED if choice.found else 0.0
    seconds = signal.decoded_seconds
    encoding = child_process.share_of(
        seconds, lambda s: job.on_progress(begun + (_ENCODED - begun) * s)
    )
    verifying = child_process.share_of(
        seconds, lambda s: job.on_progress(_ENCODED + (1 - _ENCODED) * s)
    )
    covers = tempfile.TemporaryDirectory(dir=scratch.folder())
    with covers as beside, whole_file(target) as temporary:
        extra, lost_cover = cover.arguments(path, plan, Path(beside))
        facts = fact_sheet.read(path)
        extra += fact_sheet.creation_time(facts)
        if plan.suffix != ".mp4":
            extra += fact_sheet.arguments(facts)
        child_process.run(
            stream_plan.command(path, plan, temporary, choice.crf, extra), path, encoding
        )
        if plan.suffix == ".mp4":
            complete(temporary, facts)
        made = _verified(temporary, probe, signal, plan, verifying)
        dropped = plan.dropped + lost_cover + _missing(path, temporary, plan)
        dropped += fact_sheet.lost(facts, fact_sheet.read(temporary), plan)
        if len(made.audio) < plan.tracks("audio"):
            dropped += ("an empty sound",)
        encoded = temporary.stat().st_size
        saving = 1 - encoded / probe.size_bytes
        if saving < options.min_saving:
            temporary.unlink()
    job.on_progress(1.0)
    if saving < options.min_saving:
        would = f"save {saving:.0%}" if saving > 0 else f"be {-saving:.0%} larger"
        reason = f"source kept: the encode would {would}; {options.min_saving:.0%} is asked for"
        return _kept(probe, options, reason, choice, encoded)
    return _result(probe, options, choice).model_copy(
        update={
            "encoded_bytes": encoded,
            "dropped": dropped,
            "guessed": plan.guessed,
            "reason": _reason(probe.size_bytes, encoded, choice, signal, (plan.guessed, dropped)),
            "rendition": Rendition(
                path=target,
                kind=made.kind.value,
                codec=plan.codec,
                size_bytes=encoded,
            ),
        }
    )


def _verified(
    made: Path, probe: ContainerProbe, signal: SignalReport, plan: Plan, hear: child_process.OnLine
) -> ContainerProbe:
    if probe.kind is MediaKind.VIDEO and plan.encoder is None:
        # The sound of a film may end long before the picture: its own length counts.
        heard = probe.heard or probe.audio
        seconds = heard[0].duration_seconds or signal.decoded_seconds
        seconds = min(seconds, signal.decoded_seconds)
        signal = signal.model_copy(update={"decoded_seconds": seconds, "decoded_frames": None})
    # MP4 has no track without samples, as a muted microphone leaves one.
    sounds = plan.tracks("audio") - (plan.suffix == ".mp4" and _is_empty_sound(probe, signal))
    return verify.rendition(made, probe, signal, sounds, plan.tracks("subtitle"), hear)


def _is_empty_sound(probe: ContainerProbe, signal: SignalReport) -> bool:
    """True if the first sound, the one that was measured, gave no sample."""
    return bool(probe.heard) and signal.clipped_share is None


def complete(written: Path, facts: FactSheet) -> None:
    """Give an MP4 the keys that its muxer leaves out, and put its index before its media."""
    tags = ffprobe.report(written).raw["format"].get("tags", {})
    with whole_file(written) as completed:
        mp4_keys.finish(written, completed, fact_sheet.keys(facts, tags))


def _missing(path: Path, made: Path, plan: Plan) -> tuple[str, ...]:
    """What of high dynamic range the encoder or the container lost."""
    main = plan.streams[0]
    if not (main.is_hdr or main.dolby_vision_profile):
        return ()
    return tuple(sorted(layout.dynamic_range(path) - layout.dynamic_range(made)))


def _is_hopeless(found: crf_search.Found, probe: ContainerProbe, signal: SignalReport) -> bool:
    return found.bytes_per_second * signal.decoded_seconds > _HOPELESS * probe.size_bytes


def _empty(probe: ContainerProbe, signal: SignalReport, options: CompressionOptions) -> str | None:
    if signal.decoded_seconds <= 0:
        return "source kept: nothing of it decodes"
    alone = options.profile == "audio" or probe.kind is MediaKind.AUDIO
    mute = alone and _is_empty_sound(probe, signal)
    return "source kept: its sound holds no sample" if mute else None


def _kept(
    probe: ContainerProbe,
    options: CompressionOptions,
    reason: str,
    choice: _Choice | None = None,
    encoded_bytes: int = 0,
) -> Compression:
    result = _result(probe, options, choice or _Choice(None))
    return result.model_copy(update={"reason": reason, "encoded_bytes": encoded_bytes})


def _result(probe: ContainerProbe, options: CompressionOptions, choice: _Choice) -> Compression:
    found = choice.found
    return Compression(
        source_bytes=probe.size_bytes,
        encoded_bytes=0,
        reason="",
        profile=options.profile,
        crf=choice.crf,
        target=found.target if found else None,
        metric=found.metric if found else None,
        score=round(found.score, 4) if found else None,
        probes=found.probes if found else 0,
    )


def _reason(
    before: int,
    after: int,
    choice: _Choice,
    signal: SignalReport,
    told: tuple[tuple[str, ...], tuple[str, ...]],
) -> str:
    """``saves 54%: 3.2 MiB → 1.5 MiB; vmaf 93.1 at crf 27.3; without data stream 4 (gpmd)``."""
    parts = [f"saves {1 - after / before:.0%}: {_size(before)} → {_size(after)}"]
    if choice.found:
        found = choice.found
        parts.append(
            f"{found.metric} {found.score:.4g} at crf {found.crf:g}, {found.probes} probes"
        )
    if choice.note:
        parts.append(choice.note)
    if signal.decode_errors:
        parts.append(f"the source decodes with {signal.decode_errors} errors")
    guessed, dropped = told
    parts += guessed
    if dropped:
        parts.append(f"without {', '.join(dropped)}")
    return "; ".join(parts)


def _size(size_bytes: int) -> str:
    return humanize.naturalsize(size_bytes, binary=True)
