"""Whether two files are parts of one work, by what both say of themselves.

What one file says decides nothing alone, and the order in which files come decides nothing:
``related`` is the same for (a, b) and (b, a).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from utils.models.item import MediaKind
from utils.models.work import WorkClues, WorkKind, WorkPlace

Related = tuple[WorkKind, str]

_LIVE_PHOTO_SECONDS, _BURST_SECONDS, _SHOT_SECONDS = 3.0, 1.0, 1.0
_CLOCK_SECONDS, _TIMESTAMP_SECONDS = 2.0, 0.5
# A part is ended by FAT's 4 GB, by 2 GB, or by what a camera makes of them: not a short one.
_SPLIT_BYTES = 1_900_000_000
_TRANSPORT = (".mts", ".m2ts", ".ts", ".mod", ".tod")
_QUARTER = timedelta(minutes=15)


def keys(clues: WorkClues, is_search: bool = False) -> list[str]:
    """What the database finds partners by; a search asks for neighbours in a series too."""
    found = [f"content {clues.content_id}"] if clues.content_id else []
    found += [f"burst {clues.burst_id}"] if clues.burst_id else []
    for place in clues.places:
        found.append(f"beside {place.folder}/{place.stem}")
        if place.recording:
            found.append(f"recording {place.folder}/{place.recording}")
        if place.series and place.number is not None:
            for step in (-1, 1) if is_search else (0,):
                found.append(f"series {place.folder}/{place.series} {place.number + step}")
    return sorted(set(found))


def related(a: WorkClues, b: WorkClues) -> Related | None:
    """How two files belong together and by which evidence; None if they do not."""
    if a.content_id and a.content_id == b.content_id:
        return WorkKind.LIVE_PHOTO, "the same content identifier"
    if a.burst_id and a.burst_id == b.burst_id:
        return WorkKind.BURST, "the same burst identifier"
    pairs = [(one, other) for one in a.places for other in b.places if one.folder == other.folder]
    if any(one.stem == other.stem for one, other in pairs) and (found := _named_alike(a, b)):
        return found
    if any(one.recording and one.recording == other.recording for one, other in pairs):
        alike = _none_or_equal(a.camera, b.camera) and _none_or_equal(a.picture, b.picture)
        return (WorkKind.RECORDING, "named as parts of one recording") if alike else None
    return next((found for one, other in pairs if (found := _in_series(a, b, one, other))), None)


def _named_alike(a: WorkClues, b: WorkClues) -> Related | None:
    """Two files of one name in one folder."""
    apart = _apart(a.captured_at, b.captured_at)
    if a.kind is b.kind is MediaKind.IMAGE:
        if a.is_raw is b.is_raw or not a.camera or a.camera != b.camera or apart is None:
            return None
        same = apart <= _SHOT_SECONDS
        return (WorkKind.RAW_AND_JPEG, "the same name, camera and moment") if same else None
    if {a.kind, b.kind} != {MediaKind.IMAGE, MediaKind.VIDEO} or (a.content_id and b.content_id):
        return None
    film = a if a.kind is MediaKind.VIDEO else b
    is_apple = all((one.camera or "").startswith("apple") for one in (a, b))
    if film.is_motion and is_apple and apart is not None and apart <= _LIVE_PHOTO_SECONDS:
        return WorkKind.LIVE_PHOTO, "the same name and moment, by an Apple camera"
    return None


def _in_series(a: WorkClues, b: WorkClues, one: WorkPlace, other: WorkPlace) -> Related | None:
    """Two files that are next to each other by the number in their names."""
    if one.series is None or one.series != other.series or a.kind is not b.kind:
        return None
    if one.number is None or other.number is None or abs(one.number - other.number) != 1:
        return None
    if one.number > other.number:
        a, b = b, a
    if a.kind is MediaKind.IMAGE:
        apart = _apart(a.captured_at, b.captured_at)
        if a.camera and a.camera == b.camera and apart is not None and apart <= _BURST_SECONDS:
            return WorkKind.BURST, f"the same camera, {apart:.1f} s apart, one after the other"
        return None
    if a.kind is MediaKind.VIDEO and (how := next(_goes_on(a, b, one.series), None)):
        return WorkKind.RECORDING, how
    return None


def _goes_on(a: WorkClues, b: WorkClues, series: str) -> Iterator[str]:
    """By what ``b`` is where ``a`` goes on."""
    alike = _none_or_equal(a.camera, b.camera) and _none_or_equal(a.picture, b.picture)
    length = a.duration_seconds
    if not alike or not length:
        return
    is_transport = series.endswith(_TRANSPORT)
    if a.starts_at_seconds is not None and b.starts_at_seconds is not None and is_transport:
        gap = b.starts_at_seconds - (a.starts_at_seconds + length)
        if abs(gap) <= _TIMESTAMP_SECONDS and b.starts_at_seconds > a.starts_at_seconds + 1:
            yield "its timestamps go on where those of the file before end"
    if a.captured_at is None or b.captured_at is None:
        return
    gap_by_clock = _apart(a.captured_at + timedelta(seconds=length), b.captured_at)
    if gap_by_clock is not None and gap_by_clock <= _CLOCK_SECONDS:
        if a.size_bytes >= _SPLIT_BYTES:
            yield "it begins when the file before, which was full, ends"
        elif is_transport:
            yield "it begins when the file before ends"


def _apart(a: datetime | None, b: datetime | None) -> float | None:
    """Seconds between two moments; None if one is unknown.

    Where one camera file names its zone (a film in UTC) and the other does not, whole quarters
    of an hour are what the zone may be.
    """
    if a is None or b is None:
        return None
    if (a.tzinfo is None) is (b.tzinfo is None):
        return abs((a - b).total_seconds())
    as_shown = abs(a.replace(tzinfo=None) - b.replace(tzinfo=None))
    rest = as_shown % _QUARTER if as_shown <= timedelta(hours=14, minutes=1) else as_shown
    return min(rest, abs(_QUARTER - rest)).total_seconds()


def _none_or_equal(a: str | None, b: str | None) -> bool:
    return a is None or b is None or a == b
