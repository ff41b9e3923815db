"""Playlists of HLS (RFC 8216): those that ffmpeg writes are read, the one above them is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from utils.errors import PermanentError

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,"]*)')


class Segment(NamedTuple):
    """A segment: its name beside the playlist, and how long it is shown."""

    name: str
    seconds: float


class Playlist(NamedTuple):
    """A whole playlist of one rendition."""

    target_seconds: int
    initial: str | None
    segments: tuple[Segment, ...]

    @property
    def seconds(self) -> float:
        """How long all segments are together."""
        return sum(one.seconds for one in self.segments)


class Variant(NamedTuple):
    """A rendition in the master playlist; bits a second, ``frame_rate`` a second."""

    uri: str
    peak: int
    average: int
    codecs: str
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None


class Text(NamedTuple):
    """Subtitles in the master playlist; ``language`` is None where nobody knows it."""

    uri: str
    name: str
    language: str | None


def parse(text: str, name: str) -> Playlist:
    """The playlist of a rendition or of subtitles; ``name`` is for the error.

    Raises:
        PermanentError: it is none, is not whole, or names files elsewhere.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != "#EXTM3U":
        raise PermanentError(f"{name} is no playlist.")
    target, initial, length, found = 0, None, None, []
    for line in lines[1:]:
        tag, _, value = line.partition(":")
        try:
            if tag == "#EXT-X-TARGETDURATION":
                target = int(value)
            elif tag == "#EXT-X-MAP":
                initial = attributes(value)["URI"]
            elif tag == "#EXTINF":
                length = float(value.split(",")[0])
            elif not line.startswith("#"):
                found.append(Segment(line, length if length is not None else float("nan")))
        except (ValueError, KeyError) as error:
            raise PermanentError(f"{name} can't be read at “{line[:80]}”.") from error
    if "#EXT-X-ENDLIST" not in lines or not found:
        raise PermanentError(f"{name} has no end.")
    for one in (*(segment.name for segment in found), *filter(None, [initial])):
        demand_plain(one, name)
    return Playlist(target, initial, tuple(found))


def named_in(text: str, name: str) -> tuple[str, ...]:
    """The playlists that a master playlist names, in its order.

    Raises:
        PermanentError: it is none, or names files elsewhere.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != "#EXTM3U":
        raise PermanentError(f"{name} is no playlist.")
    found = [line for line in lines if not line.startswith("#")]
    media = (line.partition(":")[2] for line in lines if line.startswith("#EXT-X-MEDIA:"))
    found += filter(None, (attributes(one).get("URI") for one in media))
    for one in found:
        demand_plain(one, name)
    return tuple(found)


def demand_plain(uri: str, name: str) -> None:
    """Refuse what leads out of the package.

    Raises:
        PermanentError: it does.
    """
    if ":" in uri or uri.startswith("/") or ".." in uri.split("/"):
        raise PermanentError(f"{name} names “{uri[:80]}”, which is no file beside it.")


def attributes(text: str) -> dict[str, str]:
    """The attributes of a tag, without quotes."""
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(text)}


def bit_rates(playlist: Playlist, sizes: Sequence[int]) -> tuple[int, int]:
    """The peak and the mean bit rate of segments of these sizes in bytes.

    The peak is that of any segments in a row which last 0.5 to 1.5 times the target duration (RFC
    8216, 4.3.4.2).
    """
    lengths = [one.seconds for one in playlist.segments]
    mean = 8 * sum(sizes) / max(playlist.seconds, 0.001)
    peak = mean
    for first in range(len(sizes)):
        seconds, size = 0.0, 0
        for number in range(first, len(sizes)):
            seconds, size = seconds + lengths[number], size + sizes[number]
            if seconds > 1.5 * playlist.target_seconds:
                break
            if seconds >= 0.5 * playlist.target_seconds:
                peak = max(peak, 8 * size / seconds)
    return round(peak), round(mean)


def master(variants: Sequence[Variant], texts: Sequence[Text]) -> str:
    """The master playlist: all renditions, the best first, and subtitles."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for text in texts:
        language = f'LANGUAGE="{text.language}",' if text.language else ""
        lines.append(
            f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="{_quoted(text.name)}",'
            f'{language}DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="{text.uri}"'
        )
    for one in variants:
        told = [f"BANDWIDTH={one.peak}", f"AVERAGE-BANDWIDTH={one.average}"]
        if one.width and one.height:
            told.append(f"RESOLUTION={one.width}x{one.height}")
        if one.frame_rate:
            told.append(f"FRAME-RATE={one.frame_rate:.3f}")
        told.append(f'CODECS="{one.codecs}"')
        if texts:
            told.append('SUBTITLES="subtitles"')
        if one.width:
            told.append("CLOSED-CAPTIONS=NONE")
        lines += [f"#EXT-X-STREAM-INF:{','.join(told)}", one.uri]
    return "".join(f"{line}\n" for line in lines)


def of_one(name: str, seconds: float) -> str:
    """A playlist of a single file of text that lasts so long."""
    return (
        "#EXTM3U\n#EXT-X-VERSION:7\n"
        f"#EXT-X-TARGETDURATION:{max(1, round(seconds + 0.5))}\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
        f"#EXTINF:{seconds:.3f},\n{name}\n#EXT-X-ENDLIST\n"
    )


def _quoted(text: str) -> str:
    return " ".join(text.replace('"', "'").split())
