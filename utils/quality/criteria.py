"""The criteria of the verdict: pure rules, each a score with its reason.

Scores run from 0 to 1. What a criterion can't know (a sound's resolution, the loudness of a
silent film) it leaves out: it is no reason for or against an item.
"""

from __future__ import annotations

from collections.abc import Iterator

from utils.models.item import MediaKind
from utils.models.options import VerdictOptions
from utils.models.probe import ContainerProbe
from utils.models.signal import SignalReport
from utils.models.transcript import Transcript
from utils.models.verdict import Criterion

# Distance in LU beyond the allowed loudness at which the score reaches 0.
_LOUDNESS_SLOPE_LU = 12.0
# The meter's window (EBU R 128: momentary loudness); less than that has none. The length of a frame
# more, since a decoder's last one is filled up.
_METER_SECONDS = 0.45
# Share of frames with errors at which a damaged picture scores 0.
_ERROR_SHARE = 0.05
# Chosen, not calibrated: base heard the synthetic samples at 0.57 to 0.68. To be set again by
# real recordings.
_SURE = 0.6


def judge(
    probe: ContainerProbe,
    signal: SignalReport,
    transcript: Transcript | None,
    limits: VerdictOptions,
) -> Iterator[Criterion]:
    """All criteria that apply to an item."""
    yield decodes(probe, signal)
    if probe.kind is not MediaKind.IMAGE:
        yield duration(signal, limits)
    if probe.video:
        if probe.video.width and probe.video.height:
            yield resolution(probe.video.width, probe.video.height, limits)
        if probe.kind is MediaKind.VIDEO:
            yield share("black", signal.share_of(signal.black), limits.max_black_share, 1.0)
    if probe.heard:
        yield loudness(signal, limits)
        yield share("silence", signal.share_of(signal.silence), limits.max_silence_share, 1.0)
        if signal.clipped_share is not None:
            yield share("clipping", signal.clipped_share, limits.max_clipped_share, 1.0)
    if transcript and transcript.text:
        yield from speech(transcript)


def decodes(probe: ContainerProbe, signal: SignalReport) -> Criterion:
    """Does the file decode from end to end, and without errors?"""
    units = signal.decoded_frames or round(signal.decoded_seconds * 50) or 1
    damaged = min(1.0, signal.decode_errors / units / _ERROR_SHARE)
    length = 1.0 if probe.kind is MediaKind.IMAGE else signal.decoded_share
    if signal.decode_errors:
        reason = f"{signal.decode_errors} decode errors, the first: {signal.first_error}"
    elif length < 1:
        reason = f"{length:.1%} of the declared duration decodes"
    else:
        reason = "decodes completely" + (f", read by {signal.read_by}" if signal.read_by else "")
    reason = "; ".join((reason, *signal.notes))
    return Criterion(
        name="decodes", score=_round(length * (1 - damaged)), weight=3.0, must=0.5, reason=reason
    )


def duration(signal: SignalReport, limits: VerdictOptions) -> Criterion:
    """Is it long enough to be meant?"""
    least = limits.min_duration_seconds
    long = signal.decoded_seconds >= least
    return Criterion(
        name="duration",
        score=1.0 if long else _round(signal.decoded_seconds / least),
        weight=1.0,
        reason=f"{signal.decoded_seconds:.1f} s" + ("" if long else f", less than {least:g} s"),
    )


def resolution(width: int, height: int, limits: VerdictOptions) -> Criterion:
    """Is the short side of the picture, in pixels, large enough?"""
    side = min(width, height)
    enough = side >= limits.min_height
    return Criterion(
        name="resolution",
        score=1.0 if enough else _round(side / limits.min_height),
        weight=1.0,
        reason=f"{width}×{height}" + ("" if enough else f", short side below {limits.min_height}"),
    )


def loudness(signal: SignalReport, limits: VerdictOptions) -> Criterion:
    """Is the integrated loudness (EBU R 128) within the limits?"""
    measured = signal.loudness_lufs
    low, high = limits.loudness_lufs
    if measured is None:
        sounding = any(s.is_heard and s.stream_index == signal.sound_index for s in signal.sounds)
        if sounding and signal.decoded_seconds < _METER_SECONDS:
            reason = f"{signal.decoded_seconds:.2f} s are too short to be measured"
            return Criterion(name="loudness", score=1.0, weight=1.0, reason=reason)
        reason = f"below -70 LUFS: no sound{_where(signal)}"
        return Criterion(name="loudness", score=0.0, weight=1.0, reason=reason)
    off = max(low - measured, measured - high, 0.0)
    return Criterion(
        name="loudness",
        score=_round(max(0.0, 1 - off / _LOUDNESS_SLOPE_LU)),
        weight=1.0,
        reason=f"{measured:.1f} LUFS"
        + (f", outside {low:g} to {high:g}" if off else "")
        + _where(signal),
    )


def _where(signal: SignalReport) -> str:
    """Which of several sounds was measured, and how many of the others are silent."""
    if len(signal.sounds) < 2:
        return ""
    numbers = {sound.stream_index: n for n, sound in enumerate(signal.sounds, 1)}
    silent = [str(n) for n, sound in enumerate(signal.sounds, 1) if not sound.is_heard]
    said = (
        f" (sound {numbers[signal.sound_index]} of {len(signal.sounds)}"
        if (signal.sound_index in numbers)
        else " ("
    )
    return said + (f"; silent: {', '.join(silent)})" if silent else ")")


def share(name: str, found: float, most: float, weight: float) -> Criterion:
    """A share that may not exceed ``most``; twice as much scores 0."""
    over = found > most
    score = 1.0 if not over else max(0.0, 2 - found / most) if most else 0.0
    return Criterion(
        name=name,
        score=_round(score),
        weight=weight,
        reason=f"{found:.1%} {name}" + (f", more than {most:.1%}" if over else ""),
    )


def speech(transcript: Transcript) -> Iterator[Criterion]:
    """Was the speech understood, and is the text no invention?"""
    if transcript.confidence is not None:
        sure = transcript.confidence
        yield Criterion(
            name="transcript confidence",
            score=_round(min(1.0, sure / _SURE)),
            weight=1.0,
            reason=f"mean token probability {sure:.2f}",
        )
    if transcript.hallucination is not None:
        invented = transcript.hallucination
        yield Criterion(
            name="hallucination",
            score=_round(1 - invented),
            weight=1.0,
            reason=f"{invented:.0%} of the text looks invented",
        )


def _round(score: float) -> float:
    return round(score, 4)
