"""HLS: a folder an item with its renditions in segments, subtitles and a page that plays them.

What players begin with lies there last: nobody meets half a package.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from utils.distribution import hls_check, hls_page, hls_renditions, place, playlists, webvtt
from utils.distribution.call import Call
from utils.distribution.hls_renditions import Rendition
from utils.distribution.playlists import Text
from utils.errors import PermanentError
from utils.models.publishing import Package, PackageFile, Published
from utils.models.targets import HlsTarget

MASTER, PAGE = "master.m3u8", "index.html"
_NAMED = 3
_PLAYLIST = "application/vnd.apple.mpegurl"
_POSTERS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
# Times of the text are those of the media: 0 is 0 (RFC 8216, 3.5).
_TIMES = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"


class _Part(NamedTuple):
    """A file of the package: where it is now, and its name and type there."""

    path: Path
    name: str
    mime_type: str


def publish(package: Package, target: HlsTarget, call: Call) -> Published:
    """Make the package and put it at the target.

    Raises:
        PermanentError: there is nothing to play, or it is damaged.
        NightShiftError: the target does not take it.
    """
    file = package.first("media", "original")
    if file is None:
        raise PermanentError(f"{package.title} has no film and no sound to be played.")
    work = call.work / "hls"
    work.mkdir()
    made, notes = hls_renditions.make(file.path, target.heights, target.segment_seconds, work)
    folder = place.folder_of(package)
    parts = [
        (one.path, f"{folder}/{one.name}", one.mime_type) for one in _parts(package, made, work)
    ]
    objects = place.put_all(call, target, parts)
    return Published(
        address=place.address(target, f"{folder}/{PAGE}"),
        objects=objects,
        extra={
            "playlist": place.address(target, f"{folder}/{MASTER}"),
            "renditions": [one.variant._asdict() for one in made],
            "notes": list(notes),
        },
    )


def retract(row: Published, target: HlsTarget, call: Call) -> None:
    """Take it away, the page and the playlists first."""
    for one in reversed(row.objects):
        place.remove(call, target, one.name)


def verify(row: Published, target: HlsTarget, call: Call) -> tuple[str, ...]:
    """What is wrong where it lies: each file by its checksum, then all is played through.

    Raises:
        NightShiftError: the target does not answer.
    """
    found = (place.check(call, target, one) for one in row.objects)
    if wrong := [said for said in found if said]:
        more = len(wrong) - _NAMED  # of thousands of segments a few say it
        return (*wrong[:_NAMED], *([f"and {more:,} more files"] if more > 0 else ()))
    master = next((o.name for o in row.objects if PurePosixPath(o.name).name == MASTER), None)
    if master is None:
        return (f"{MASTER} was never sent",)
    names = frozenset(one.name for one in row.objects)
    return hls_check.wrong(place.opened(call, target), master, names, call.work)


def _parts(package: Package, made: Sequence[Rendition], work: Path) -> Iterator[_Part]:
    """All files, in the order in which they are sent."""
    is_sound = made[0].variant.width is None
    segments = "audio/mp4" if is_sound else "video/mp4"
    for one in made:
        for path in one.files:
            yield _Part(path, f"{one.name}/{path.name}", segments)
        name = f"{one.name}/{hls_renditions.PLAYLIST}"
        yield _Part(one.folder / hls_renditions.PLAYLIST, name, _PLAYLIST)
    texts = []
    for number, caption in enumerate(webvtt.of(package)):
        stem = f"subtitles/{caption.language or f'text-{number}'}"
        texts.append(Text(f"{stem}.m3u8", caption.name, caption.language))
        seconds = made[0].playlist.seconds
        yield _written(work, f"{stem}.vtt", _with_times(caption.text), "text/vtt")
        listed = playlists.of_one(PurePosixPath(f"{stem}.vtt").name, seconds)
        yield _written(work, f"{stem}.m3u8", listed, _PLAYLIST)
    poster = _poster(package, is_sound)
    if poster:
        suffix = _POSTERS[poster.mime_type]
        yield _Part(poster.path, f"poster{suffix}", poster.mime_type)
    for name, mime_type in hls_page.FILES.items():
        yield _written(work, name, hls_page.part(name), mime_type)
    master = playlists.master([one.variant for one in made], texts)
    yield _written(work, MASTER, master, _PLAYLIST)
    on_page = [text._replace(uri=text.uri.replace(".m3u8", ".vtt")) for text in texts]
    picture = f"poster{_POSTERS[poster.mime_type]}" if poster else None
    page = hls_page.page(package, MASTER, on_page, picture, is_sound)
    yield _written(work, PAGE, page, "text/html; charset=utf-8")


def _written(work: Path, name: str, content: str | bytes, mime_type: str) -> _Part:
    path = work / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return _Part(path, name, mime_type)


def _with_times(text: str) -> str:
    head, _, rest = text.partition("\n")
    return f"{head}\n{_TIMES}\n{rest}"


def _poster(package: Package, is_sound: bool) -> PackageFile | None:
    """What is seen before it plays: of a film a still of it, of a song a card for it."""
    roles = ("title_card", "generated", "artwork") if is_sound else ("artwork", "title_card")
    fit = [one for one in package.files if one.role in roles and one.mime_type in _POSTERS]
    fit.sort(key=lambda one: (roles.index(one.role), one.aspect not in (None, "16:9")))
    return next(iter(fit), None)
