"""Finds the crf that reaches a target quality, by encoding samples, as ab-av1 does.

Three samples of two seconds are decoded once to lossless files. A probe encodes them as the
whole would be, and measures; the next crf is interpolated from what was measured.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from utils.errors import PermanentError
from utils.media import tools
from utils.media.encoding import vmaf
from utils.media.encoding.stream_plan import Encoder, Plan
from utils.media.encoding.vmaf import Metric
from utils.media.streams import Stream
from utils.processes import child_process
from utils.storage import scratch

SAMPLES = 3
SAMPLE_SECONDS = 2.0
MAX_PROBES = 4
# A score of the samples this near is good enough: from clip to clip the whole differs from its
# samples by as much.
_NEAR = {"vmaf": 0.4, "xpsnr": 0.1, "ssim": 0.0005}
# Scores lost with one more crf, until two probes say it better.
_SLOPE = {"vmaf": {"h264": 1.3, "av1": 0.6}, "xpsnr": {"h264": 0.55, "av1": 0.25},
          "ssim": {"h264": 0.003, "av1": 0.0015}}  # fmt: skip
# More pixels than these are measured on a smaller copy: a lossless sample of 8K takes gigabytes.
_MOST_PIXELS = 3840 * 2160
_MOST_FRAMES = 120  # of a sample: slow motion at 240 a second has shorter ones


class Found(NamedTuple):
    """The crf to use, and what the samples promise of it: a score and a size."""

    crf: float
    score: float
    target: float
    metric: Metric
    probes: int
    bytes_per_second: float


class Sample(NamedTuple):
    """A lossless copy of a stretch of the source."""

    path: Path
    seconds: float


class Probe(NamedTuple):
    """One measured encode of the samples."""

    crf: float
    score: float
    size_bytes: int


def search(
    path: Path,
    plan: Plan,
    seconds: float,
    target_vmaf: float,
    is_intact: bool,
    on_progress: Callable[[float], None],
) -> Found | str:
    """Find the crf for ``plan`` whose score is nearest to the target.

    Args:
        path: The source.
        plan: Of a video; its encoder, format and filters are used.
        seconds: How long the source decodes.
        target_vmaf: In VMAF; another metric gets the ``equivalent`` of it.
        is_intact: Nothing failed to decode; else samples that don't are replaced.
        on_progress: Receives the share done.

    Returns:
        What was found, or in words why nothing could be.
    """
    picture, by = plan.streams[0], vmaf.metric()
    assert plan.encoder
    if by is None:
        return "this ffmpeg measures no quality"
    if min(picture.width or 0, picture.height or 0) < vmaf.SMALLEST_SIDE:
        return "the picture is too small to measure its quality"
    with tempfile.TemporaryDirectory(dir=scratch.folder()) as temporary:
        samples = _samples(path, plan, seconds, is_intact, Path(temporary))
        if not samples:
            return "no stretch of the source decodes without errors"
        on_progress(1 / (MAX_PROBES + 1))
        target = equivalent(target_vmaf, by)
        try:
            return _narrow(plan, samples, target, by, Path(temporary), on_progress)
        except PermanentError as error:  # of a measurement: the rendition can be made without it
            return f"its quality could not be measured ({error})"


def equivalent(target_vmaf: float, by: Metric) -> float:
    """A target in units of ``by`` for one in VMAF.

    XPSNR and SSIM: the line through the means of what the three clips of benchmarks/encode.py
    had in H.264 at VMAF 93 (35.5 dB, 0.978) and 96 (38.1 dB, 0.985). A rough guide: the
    clip with grain lies 4.5 dB and 0.024 below it.
    """
    if by == "xpsnr":
        return 35.5 + 0.86 * (target_vmaf - 93)
    if by == "ssim":
        return min(0.999, 0.978 + 0.0023 * (target_vmaf - 93))
    return target_vmaf


def positions(seconds: float, frame_rate: float | None) -> list[tuple[float, float]]:
    """Start and length of each sample in seconds, spread evenly; of a short clip the whole."""
    length = min(SAMPLE_SECONDS, _MOST_FRAMES / (frame_rate or 25))
    if seconds <= SAMPLES * length * 1.3:
        return [(0.0, min(seconds, SAMPLES * length * 1.3))]
    room = seconds - length
    return [(round(room * (i + 0.5) / SAMPLES, 3), length) for i in range(SAMPLES)]


def next_crf(probes: list[Probe], target: float, encoder: Encoder, by: Metric) -> float | None:
    """The crf to try next: interpolated, else along the slope; None if none is better."""
    above = [p for p in probes if p.score >= target]
    below = [p for p in probes if p.score < target]
    if above and below:
        high, low = max(above, key=lambda p: p.crf), min(below, key=lambda p: p.crf)
        distinct = {p.score: p for p in probes}.values()
        wanted = _between(sorted(distinct, key=lambda p: abs(p.score - target))[:3], target)
        if not high.crf < wanted < low.crf:
            wanted = _between([high, low], target)
    else:
        nearest = min(probes, key=lambda p: abs(p.score - target))
        wanted = nearest.crf + (nearest.score - target) / _slope(probes, encoder, by)
    wanted = min(encoder.highest, max(encoder.lowest, round(wanted / encoder.step) * encoder.step))
    wanted = round(wanted, 2)
    return None if any(abs(p.crf - wanted) < encoder.step / 2 for p in probes) else wanted


def _between(points: list[Probe], target: float) -> float:
    """The crf at ``target`` on the line, or the parabola, through two or three points."""
    crf = 0.0
    for point in points:
        others = [p.score for p in points if p is not point]
        crf += point.crf * math.prod((target - s) / (point.score - s) for s in others)
    return crf


def _slope(probes: list[Probe], encoder: Encoder, by: Metric) -> float:
    """Score lost with one more crf; never too flat, as scores saturate near the top."""
    known = _SLOPE[by][encoder.codec]
    if len(probes) < 2:
        return known
    first, second = sorted(probes, key=lambda p: p.crf)[-2:]
    return max((first.score - second.score) / (second.crf - first.crf), known / 4)


def _narrow(
    plan: Plan, samples: list[Sample], target: float, by: Metric, folder: Path,
    on_progress: Callable[[float], None],
) -> Found:  # fmt: skip
    assert plan.encoder
    probes: list[Probe] = []
    crf: float | None = float(plan.encoder.crf)
    while crf is not None and len(probes) < MAX_PROBES:
        probes.append(_probe(plan, samples, crf, by, folder))
        on_progress((len(probes) + 1) / (MAX_PROBES + 1))
        near = abs(probes[-1].score - target) <= _NEAR[by]
        crf = None if near else next_crf(probes, target, plan.encoder, by)
    best = min(probes, key=lambda p: abs(p.score - target))
    return Found(
        best.crf,
        best.score,
        target,
        by,
        len(probes),
        best.size_bytes / sum(s.seconds for s in samples),
    )


def _probe(plan: Plan, samples: list[Sample], crf: float, by: Metric, folder: Path) -> Probe:
    """Encode the samples one after another as one clip, and measure it."""
    assert plan.encoder
    encoded = folder / "encoded.mkv"
    options = plan.encoder.settings | {
        "crf:v:0": f"{crf:g}", "pix_fmt:v:0": plan.encoder.pixel_format
    }  # fmt: skip
    inputs = "".join(f"[{number}:v:0]" for number in range(len(samples)))
    child_process.run(
        [
            *_ffmpeg(),
            *(part for sample in samples for part in tools.input_arguments(sample.path)),
            *("-filter_complex", f"{inputs}concat=n={len(samples)}:v=1[v]", "-map", "[v]"),
            *(part for name, value in options.items() for part in (f"-{name}", str(value))),
            *("-fps_mode", "passthrough", "-enc_time_base:v:0", "demux", encoded),
        ],
        encoded,
    )
    deep = plan.encoder.pixel_format.endswith("10le")
    originals = [sample.path for sample in samples]
    score = vmaf.measure(encoded, originals, by, deep, _short_side(plan.streams[0]))
    return Probe(crf, score, encoded.stat().st_size)


def _samples(
    path: Path, plan: Plan, seconds: float, is_intact: bool, folder: Path
) -> list[Sample]:  # fmt: skip
    """Lossless copies of the samples; of a damaged source those that decode without errors."""
    picture = plan.streams[0]
    made: list[Sample] = []
    wanted = positions(seconds, picture.frame_rate)
    for start, length in wanted:
        # After damage the neighbourhood may be whole.
        shifts = (0.0,) if is_intact else (0.0, 2 * length, -2 * length)
        for shift in shifts:
            at = start + shift
            if at < 0 or at + length > seconds + 0.5:
                continue
            target = folder / f"sample-{len(made)}.mkv"
            if _extract(path, plan, at, length, target, strict=not is_intact):
                made.append(Sample(target, length))
                break
    return made


def _extract(
    path: Path, plan: Plan, start: float, length: float, target: Path, strict: bool
) -> bool:  # fmt: skip
    """Write one sample; False if it does not decode, or nothing is there."""
    picture = plan.streams[0]
    filters = [*plan.filters]
    deep = picture.is_deep and plan.encoder is not None and plan.encoder.codec == "av1"
    if (picture.width or 0) * (picture.height or 0) > _MOST_PIXELS:
        filters.append("scale=w='if(gte(iw,ih),3840,-2)':h='if(gte(iw,ih),-2,3840)'")
    try:
        finished = child_process.run(
            [
                *_ffmpeg(),
                *("-nostats", "-progress", "pipe:1", "-stats_period", "60"),
                # Not if it is intact: after a seek, pictures may lack what they refer to.
                *(("-xerror", "-err_detect", "explode") if strict else ()),
                *(("-ss", f"{start:.3f}") if start else ()),
                *("-t", f"{length:.3f}"),
                *tools.input_arguments(path),
                *("-map", f"0:{picture.number}", "-map_metadata", "-1", "-map_chapters", "-1"),
                *(("-vf", ",".join(filters)) if filters else ()),
                *("-pix_fmt", "yuv420p10le" if deep else "yuv420p"),
                *("-c:v", "libx264", "-preset", "ultrafast", "-qp", "0"),
                *("-fps_mode", "vfr", "-enc_time_base", "demux", target),
            ],
            path,
        )
    except PermanentError:
        target.unlink(missing_ok=True)
        return False
    return bool(re.search(r"^frame=[1-9]", finished.stdout, re.MULTILINE))


def _short_side(picture: Stream) -> int:
    return min(picture.width or 0, picture.height or 0)


def _ffmpeg() -> list[str]:
    return [str(tools.find("ffmpeg")), "-hide_banner", "-nostdin", "-v", "error", "-y"]
