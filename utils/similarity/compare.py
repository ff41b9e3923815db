"""Compares two fingerprints: pictures, sound and length together.

Measured on four real films and parts of two real songs, with synthetic clips and speech beside
them: each against itself at CRF 38, at 240 px, brighter at 15 fps, without its first or last
second; sound as MP3 64 and 192, AAC 48, Opus 24 kb/s, 16 kHz mono, twice encoded, 1.03 s shorter:

                                  same            different
    frames within 10 of 64 bits   0.70 to 1.00    at most 0.14 (slides of two lectures)
    equal bits of the sound       0.91 to 1.00    at most 0.69; two white noises 0.84

A faint gradient at CRF 38 had 0.50 only, so that without its sound it is not found. Other parts
of one shot reach 0.98: what tells them apart is the order of their frames, below. A cut of 8 %
at the edges leaves 0 to 1.00 of the frames: not promised to be found.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from utils.models.fingerprint import Fingerprint, Match
from utils.models.item import MediaKind
from utils.models.options import DuplicateOptions
from utils.similarity import images
from utils.similarity.prints import Prints, prints, prints_of
from utils.similarity.turns import TURNS, turned

if TYPE_CHECKING:
    pass

WORD_SECONDS = 0.1238  # Chromaprint: 4096 samples at 11,025 Hz, a third of them new each time
_WORD_BITS = 6  # a sub-fingerprint within so many of 32 bits is the same: all of each copy was
_MIN_WORD_SHARE = 0.9  # an opening that two episodes share is less than this
_MIN_WORDS = 16  # 2 s of sub-fingerprints, 4.6 s of sound: less is chance
_VOTING_BITS, _MAX_VOTES, _OFFSETS = 14, 16, 6
_MIN_WORDS_ALONE = 64  # where the pictures differ the sound must be long to count
_MIN_FRAMES = 4
# Where sound and length agree, pictures that agree this much confirm it: chosen, below the
# 0.50 of a faint gradient at CRF 38.
_CONFIRMING_SHARE = 0.35
# By how many bits frames fit better in their order than out of it. Other parts of one shot (a
# talking head, a turning globe) measured at most 0.5, though 98 % of their frames were within
# 10 bits; copies of a slow pan 2.2 and more; of a slide 0: what stands still has no order.
_MIN_ORDER_BITS = 1.5
_STILL_DETAIL_BITS = 8  # of 256, for two still pictures without sound; slides at 240 px: 0 to 2


class Picture(NamedTuple):
    """What comparing frames at the best offset gave."""

    compared: int
    alike: int
    mean_bits: float
    order_bits: float

    @property
    def share(self) -> float:
        """Share of the compared frames that are alike."""
        return self.alike / self.compared

    @property
    def score(self) -> float:
        """1 for equal frames, 0 for unrelated ones."""
        return max(0.0, 1 - self.mean_bits / 32)


class Sound(NamedTuple):
    """What comparing sub-fingerprints at the best offset gave."""

    compared: int
    equal_bits: float
    share: float

    @property
    def score(self) -> float:
        """1 for equal fingerprints, 0 for unrelated ones."""
        return max(0.0, 2 * self.equal_bits - 1)


def match(a: Fingerprint, b: Fingerprint, options: DuplicateOptions) -> Match | None:
    """Whether two items are the same work; None if not, or if nothing tells.

    Same pictures with another sound (a dubbed film) match if the pictures move; the same sound
    with other pictures (a song and its film) matches if it is long enough. The evidence says
    which; the score is the mean of both.
    """
    if a.kind is MediaKind.IMAGE or b.kind is MediaKind.IMAGE:
        return images.match(a, b, options) if a.kind is b.kind else None
    gap = _duration_gap(a, b)
    if gap is not None and gap > tolerance(max_duration(a, b), options):
        return None
    first, second = prints(a), prints(b)
    reach = gap if gap is not None else options.duration_seconds
    picture = compare_frames(first, second, reach, options.frame_bits)
    sound = compare_sound(first, second, reach)
    how = ""
    if picture is None or picture.share < options.min_frame_share:
        picture, how = _otherwise(a, b, reach, options) or (picture, "")
    verdict = _weigh(a, b, picture, sound, options)
    if verdict is None:
        return None
    score, remark = verdict
    remark = ", ".join(filter(None, (remark, how)))
    return Match(score=round(score, 3), evidence=_words(a, b, picture, sound, options, remark))


def tolerance(duration_seconds: float, options: DuplicateOptions) -> float:
    """By how many seconds the length of a copy may differ."""
    return max(options.duration_seconds, options.duration_share * duration_seconds)


def max_duration(a: Fingerprint, b: Fingerprint) -> float:
    """The longer of two lengths, in seconds."""
    return max(a.duration_seconds or 0.0, b.duration_seconds or 0.0)


def compare_frames(a: Prints, b: Prints, reach: float, bits: int) -> Picture | None:
    """Each frame of ``a`` against the nearest of ``b``, at the offset that fits best.

    A copy without its first second has all its frames a second earlier: offsets up to ``reach``
    seconds, and a frame's distance more, are tried.
    """
    if min(len(a.hashes), len(b.hashes)) < _MIN_FRAMES:
        return None
    distances = np.bitwise_count(a.hashes[:, None] ^ b.hashes[None, :])
    spacing = (b.times[-1] - b.times[0]) / (len(b.times) - 1)
    offsets = np.linspace(-reach - spacing, reach + spacing, 41)
    wanted = a.times[None, :] + offsets[:, None]
    right = np.searchsorted(b.times, wanted).clip(1, len(b.times) - 1)
    near = right - (wanted - b.times[right - 1] < b.times[right] - wanted)
    found = distances[np.arange(len(a.times))[None, :], near].astype(np.float64)
    # Beyond the other's first and last frame there is nothing to compare with.
    found[np.abs(b.times[near] - wanted) > spacing] = np.nan
    counts = np.isfinite(found).sum(axis=1)
    enough = counts >= max(_MIN_FRAMES, len(a.times) // 2)
    if not enough.any():
        return None
    means = np.where(enough, np.nansum(found, axis=1) / np.maximum(counts, 1), np.inf)
    best = found[means.argmin()]
    best = best[np.isfinite(best)]
    return Picture(
        len(best),
        int((best <= bits).sum()),
        float(best.mean()),
        float(distances.mean() - best.mean()),
    )


def compare_sound(a: Prints, b: Prints, reach: float) -> Sound | None:
    """Sub-fingerprints at the offset with the fewest different bits.

    None where too few of them tell anything: a short sound, silence, a tone.
    """
    if min(a.telling.sum(), b.telling.sum()) < _MIN_WORDS:
        return None
    best: Sound | None = None
    for offset in _likely_offsets(a, b, int(reach / WORD_SECONDS) + 5):
        x, y = max(0, offset), max(0, -offset)
        length = min(len(a.words) - x, len(b.words) - y)
        if length < _MIN_WORDS:
            continue
        told = a.telling[x : x + length] | b.telling[y : y + length]
        differing = np.bitwise_count(a.words[x : x + length] ^ b.words[y : y + length])[told]
        if len(differing) < _MIN_WORDS:
            continue
        equal = 1 - float(differing.mean()) / 32
        if best is None or equal > best.equal_bits:
            best = Sound(len(differing), equal, float((differing <= _WORD_BITS).mean()))
    return best


def _otherwise(
    a: Fingerprint, b: Fingerprint, reach: float, options: DuplicateOptions
) -> tuple[Picture, str] | None:
    """Two films mirrored, turned, or without their borders, and how; None if alike in no way."""
    best: tuple[Picture, str] | None = None
    for (one, mine), (other, theirs), turn in product(_films(a), _films(b), TURNS):
        if len(one.hashes) < _MIN_FRAMES or len(other.hashes) < _MIN_FRAMES:
            continue
        made = other._replace(hashes=turned(other.hashes, turn))
        # Whatever the offset, each frame has one that is like it: cheap, and most fail it.
        nearest = np.bitwise_count(one.hashes[:, None] ^ made.hashes[None, :]).min(axis=1)
        if (nearest <= options.frame_bits).mean() < options.min_frame_share:
            continue
        picture = compare_frames(one, made, reach, options.frame_bits)
        if picture is None or picture.share < options.min_frame_share:
            continue
        if best is None or picture.score > best[0].score:
            border = "without the border" if mine or theirs else ""
            best = picture, ", ".join(filter(None, (border, turn.words)))
    return best


def _films(film: Fingerprint) -> list[tuple[Prints, bool]]:
    """The frames of a film as they are and without its border."""
    found = [(prints_of(film.frames), False)]
    return found + ([(prints_of(film.inside.frames), True)] if film.inside else [])


def _likely_offsets(a: Prints, b: Prints, steps: int) -> list[int]:
    """0, and the offsets at which most sub-fingerprints have equal upper bits, as AcoustID does.

    Of sub-fingerprints that differ in 6 % of their bits, the worst that was measured for a
    copy, 4 of 10 keep all of them.
    """
    mine, theirs = np.flatnonzero(a.telling), np.flatnonzero(b.telling)
    wanted, known = (prints.words >> (32 - _VOTING_BITS) for prints in (a, b))
    theirs = theirs[known[theirs].argsort(kind="stable")]
    values = known[theirs]
    first = np.searchsorted(values, wanted[mine], "left")
    counts = np.searchsorted(values, wanted[mine], "right") - first
    counts[counts > _MAX_VOTES] = 0  # a chord held for seconds fits anywhere
    places = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    offsets = np.repeat(mine, counts) - theirs[np.repeat(first, counts) + places]
    found, votes = np.unique(offsets[np.abs(offsets) <= steps], return_counts=True)
    return [0, *found[votes.argsort()[::-1][:_OFFSETS]].tolist()]


def _weigh(
    a: Fingerprint,
    b: Fingerprint,
    picture: Picture | None,
    sound: Sound | None,
    options: DuplicateOptions,
) -> tuple[float, str] | None:
    """The score and a remark, or None if this is no duplicate."""
    heard = (
        sound is not None
        and sound.equal_bits >= options.min_sound
        and sound.share >= _MIN_WORD_SHARE
    )
    seen = picture is not None and picture.share >= options.min_frame_share
    moves = picture is not None and picture.order_bits >= _MIN_ORDER_BITS
    if picture is not None and sound is not None:
        both = (picture.score + sound.score) / 2
        if heard and picture.share >= min(_CONFIRMING_SHARE, options.min_frame_share):
            return both, ""
        if heard:
            long_enough = sound.compared >= _MIN_WORDS_ALONE
            return (both, "same sound, other pictures") if long_enough else None
        return (both, "same pictures, other sound") if seen and moves else None
    if sound is not None:
        return (sound.score, "") if heard else None
    if picture is None or not seen:
        return None
    if moves:
        return picture.score, ""
    # A slide or a cover before which anything may be said: only if nobody says anything.
    silent = a.audio is None and b.audio is None
    if silent and _detail_bits(a, b) <= _STILL_DETAIL_BITS:
        return picture.score, "a still picture"
    return None


def _detail_bits(a: Fingerprint, b: Fingerprint) -> int:
    """In how many of 256 bits the fine hashes differ; 256 if one is unknown."""
    if a.detail is None or b.detail is None:
        return 256
    return (int(a.detail, 16) ^ int(b.detail, 16)).bit_count()


def _duration_gap(a: Fingerprint, b: Fingerprint) -> float | None:
    if a.duration_seconds is None or b.duration_seconds is None:
        return None
    return abs(a.duration_seconds - b.duration_seconds)


def _words(
    a: Fingerprint,
    b: Fingerprint,
    picture: Picture | None,
    sound: Sound | None,
    options: DuplicateOptions,
    remark: str,
) -> str:
    parts = [remark] if remark else []
    if picture:
        parts.append(
            f"{picture.alike} of {picture.compared} frames within {options.frame_bits} bits"
        )
    if sound:
        parts.append(f"sound {sound.equal_bits:.2f}")
    if a.duration_seconds is not None and b.duration_seconds is not None:
        shorter, longer = sorted((a.duration_seconds, b.duration_seconds))
        parts.append(f"durations {longer:.1f} and {shorter:.1f} s")
    return ", ".join(parts)
