"""Which moments of a video become frames, and the cheapest way there that is right.

A frame's index counts tenths of a second, and its picture is the one that is shown then: the last
that began before. Decoding all costs as much as the whole film, seeking to each moment what lies
between it and the key frame before. Where moments are far apart and key frames too, both cost more
than a look at a layout is worth: then the key frames nearest to the wanted moments are taken, and
their indexes say when *they* are shown (docs/decisions/0045-jobs.md).
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple

from utils.errors import PermanentError
from utils.media import tools
from utils.models.job import INDEXES_PER_SECOND
from utils.models.probe import ContainerProbe
from utils.processes import child_process

# Chosen: 5 CPU seconds of H.264 on one core (measured: 4e8 pixels a second). What costs no more
# is exact whatever the rate.
_EXACT_PIXELS = 2e9
# What starting ffmpeg and finding a place costs, in pixels that it could decode meanwhile: 0.1 s.
_SEEK_PIXELS = 4e7
# So close together they are decoded in one go, without asking where the key frames are.
_DENSE_RATE = 1
# Tenths of a second: lengths are sums of rounded times.
_ROUNDED = 0.01
# More key frames are not chosen by a filter: its text would be longer than a command may be.
_MOST_KEYS = 3000

Way = Literal["decode", "seek", "keyframes"]


class Shown(NamedTuple):
    """A picture of the video: from when on it is shown, in seconds from the video's start."""

    seconds: float
    is_key: bool


class Moment(NamedTuple):
    """A frame to be made: its index, and from when on its picture is shown."""

    tenth: int
    seconds: float


class Plan(NamedTuple):
    """How the frames are got; ``moments`` are empty where all is decoded: ffmpeg finds them."""

    way: Way
    moments: tuple[Moment, ...] = ()


def indexes(rate: Fraction, seconds: float) -> list[int]:
    """The indexes of the frames of a video that is so long: tenths of a second, from 0."""
    end = max(seconds * INDEXES_PER_SECOND - _ROUNDED, 1e-6)
    number = math.ceil(Fraction(end) * rate / INDEXES_PER_SECOND)
    found = (_index(rate, count) for count in range(number))
    return [index for index in found if index < end]


def chosen_by_ffmpeg(rate: Fraction) -> str:
    """The filters that pass just these frames, numbered by their index in units of a tenth."""
    p, q = rate.numerator, rate.denominator
    tenths = f"fps={INDEXES_PER_SECOND}:round=up:start_time=0"
    if rate == INDEXES_PER_SECOND:
        return tenths
    return f"{tenths},select='lt(mod(n*{p}\\,{INDEXES_PER_SECOND * q})\\,{p})'"


def plan(path: Path, probe: ContainerProbe, rate: Fraction) -> Plan:
    """The cheapest right way to the frames of a video.

    Raises:
        PermanentError: it has no picture.
    """
    if rate > _DENSE_RATE:
        return Plan("decode")
    shown = shown_of(path, probe)
    if not shown:
        return Plan("decode")  # no times, or none that could be read: one look at all
    video = probe.video
    assert video  # the caller looked
    pixels = (video.width or 1920) * (video.height or 1080)
    return of_pictures(shown, rate, pixels)


def of_pictures(shown: Sequence[Shown], rate: Fraction, pixels: int) -> Plan:
    """The same, of what is known: ``shown`` in the order of time, ``pixels`` of a picture."""
    starts = [picture.seconds for picture in shown]
    typical = (starts[-1] - starts[0]) / max(1, len(starts) - 1)
    exact = _exact(shown, starts, indexes(rate, starts[-1] + typical))
    to_seek = sum(distance for _, distance in exact) * pixels + len(exact) * _SEEK_PIXELS
    to_decode = len(shown) * pixels
    to_keys = sum(picture.is_key for picture in shown) * pixels
    if min(to_seek, to_decode) > max(_EXACT_PIXELS, to_keys):
        moved = _at_keys(shown, [moment for moment, _ in exact], rate)
        if moved:
            return Plan("keyframes", moved)
    if to_decode <= to_seek:
        return Plan("decode")
    return Plan("seek", tuple(moment for moment, _ in exact))


def _exact(
    shown: Sequence[Shown], starts: Sequence[float], wanted: Sequence[int]
) -> list[tuple[Moment, int]]:
    """For each index the picture shown then, and how many are decoded on the way to it."""
    keys = [place for place, picture in enumerate(shown) if picture.is_key]
    found = []
    for index in wanted:
        place = max(0, bisect_right(starts, index / INDEXES_PER_SECOND + 1e-6) - 1)
        before = bisect_right(keys, place) - 1
        distance = place - keys[before] + 1 if before >= 0 else place + 1
        found.append((Moment(index, starts[place]), distance))
    return found


def _at_keys(
    shown: Sequence[Shown], wanted: Sequence[Moment], rate: Fraction
) -> tuple[Moment, ...]:
    """The key frame nearest to each moment; none at all if one has none in reach.

    A moment that a key frame itself is shown at keeps its index, all others get that of the tenth
    of a second that follows the key frame.
    """
    if len(wanted) > _MOST_KEYS:
        return ()
    keys = [picture.seconds for picture in shown if picture.is_key]
    reach = float(1 / rate) / 2
    found: dict[int, Moment] = {}
    for moment in wanted:
        seconds = moment.tenth / INDEXES_PER_SECOND
        after = bisect_right(keys, seconds)
        near = keys[max(0, after - 1) : after + 1]
        key = min(near, key=lambda key: abs(key - seconds), default=None)
        if key is None or abs(key - seconds) > reach:
            return ()
        if key == moment.seconds:
            found[moment.tenth] = moment
        else:
            index = math.ceil(key * INDEXES_PER_SECOND - 1e-6)
            found.setdefault(index, Moment(index, key))
    return tuple(found[index] for index in sorted(found))


def _index(rate: Fraction, count: int) -> int:
    """The index of the frame with this number: the first tenth that is not before its time."""
    return math.ceil(Fraction(count * INDEXES_PER_SECOND) / rate)


def shown_of(path: Path, probe: ContainerProbe) -> list[Shown]:
    """All pictures of a video by the times of its packets: nothing is decoded."""
    if probe.video is None:
        raise PermanentError(f"{path.name} has no picture.")
    finished = child_process.run(
        [
            *(tools.find("ffprobe"), "-v", "error", "-select_streams", str(probe.video.index)),
            *("-show_entries", "format=start_time:packet=pts_time,flags", "-of", "json=c=1"),
            *tools.input_arguments(path),
        ],
        path,
    )
    return shown_in(json.loads(finished.stdout))


def shown_in(printed: dict[str, object]) -> list[Shown]:
    """What ffprobe printed of a video's packets, in the order in which they are shown."""
    container, packets = printed.get("format"), printed.get("packets")
    start = _seconds(container.get("start_time")) if isinstance(container, dict) else None
    found = []
    for packet in packets if isinstance(packets, list) else ():
        seconds, flags = _seconds(packet.get("pts_time")), str(packet.get("flags", ""))
        if seconds is None:
            return []
        if "D" not in flags:  # to be decoded, and not shown
            found.append(Shown(round(seconds - (start or 0.0), 6), flags.startswith("K")))
    found.sort()
    return [*(one for one, after in pairwise(found) if one.seconds != after.seconds), *found[-1:]]


def _seconds(value: object) -> float | None:
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None
