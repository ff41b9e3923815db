"""What the tags of a song say of its recording, whatever the program that wrote them calls them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from utils.metadata import streams
from utils.models import sanitize
from utils.models.probe import ExifReport, FfprobeReport
from utils.models.recording import RecordingTags
from utils.music import identifiers
from utils.music.tagging.fields import Values

_Parse = Callable[[str], str | None]

# Names without case, blanks and signs: "MusicBrainz Track Id", MUSICBRAINZ_TRACKID, TSRC.
_TITLE, _ARTIST, _ALBUM = ("title",), ("artist",), ("album", "product")
_ISRC = ("isrc", "tsrc", "isrcnumber", "wmisrc", "xid")
# The recording's id; that of a track on a release ("MusicBrainz Release Track Id") is another.
_RECORDING = ("musicbrainztrackid", "musicbrainzrecordingid")
_UNSAID = {"", "unknown", "unknown artist", "unknown album", "unknown title", "untitled", "n/a"}
_NAME_CHARACTERS = 500  # longer is no name
_ID_CHARACTERS = 400  # of ids, several of them
_SEVERAL = re.compile(r"[\0;,/]")


def of_reports(
    ffprobe: FfprobeReport, exif: ExifReport | None, inside: Values | None = None
) -> RecordingTags:
    """What a file says of its recording.

    Args:
        ffprobe: Its report.
        exif: That of ExifTool, which has read texts of a wrong encoding right.
        inside: Values by field that were read in the file itself: ids stand there where no tool
            reports them (ID3's UFID).
    """
    tags = [*_of_exif(exif), *_of_ffprobe(ffprobe)]
    given = inside or {}
    faults: list[str] = []
    isrcs = [*given.get("isrc", ()), *_all(tags, _ISRC)]
    ids = [*given.get("recording_mbid", ()), *_all(tags, _RECORDING)]
    return RecordingTags(
        title=_name([*_all(tags, _TITLE), *given.get("title", ())]),
        artist=_name([*_first_of_several(given), *_all(tags, _ARTIST), *given.get("artist", ())]),
        album=_name([*_all(tags, _ALBUM), *given.get("album", ())]),
        isrc=_id("ISRC", isrcs, _isrc, faults),
        recording_mbid=_id("MusicBrainz id", ids, _mbid, faults),
        faults=tuple(faults),
    )


def _first_of_several(given: Values) -> tuple[str, ...]:
    """The first of several artists, whom services name, too: tools join them, or skip some."""
    artists = given.get("artist", ())
    return artists[:1] if len(artists) > 1 else ()


def _isrc(text: str) -> str | None:
    """An ISRC, also as iTunes' ``xid`` has it (``Universal:isrc:GBAYE0601498``)."""
    return identifiers.isrc(text) or identifiers.isrc(text.rpartition(":")[2])


def _mbid(text: str) -> str | None:
    """A MusicBrainz id, also in its address."""
    return identifiers.mbid(text.strip().removeprefix("https://musicbrainz.org/recording/"))


def _of_exif(exif: ExifReport | None) -> Iterator[tuple[str, Any]]:
    """ID3v1 last: it holds the first 30 characters of each."""
    tags = exif.tags if exif else {}
    late = [name for name in tags if name.startswith("ID3v1:")]
    for name in [*(name for name in tags if name not in late), *late]:
        if not name.startswith(("File:", "Composite:", "XMP", "PDF")):
            yield _plain(name.rpartition(":")[2]), tags[name]


def _of_ffprobe(report: FfprobeReport) -> Iterator[tuple[str, Any]]:
    for name, value in streams.container_tags(report).items():
        yield _plain(name), value


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def _all(tags: Iterable[tuple[str, Any]], names: tuple[str, ...]) -> list[str]:
    """The texts of tags of these names, the best name first."""
    found = []
    for wanted in names:
        for name, value in tags:
            if name == wanted:
                entries = value if isinstance(value, list) else [value]
                found += [str(one) for one in entries if not isinstance(one, (dict, list))]
    return found


def _name(texts: Iterable[str]) -> str | None:
    for text in texts:
        line = " ".join(sanitize.unmarked(text[: 4 * _NAME_CHARACTERS]).split())
        if line.casefold() not in _UNSAID and "�" not in line:
            return line if len(line) <= _NAME_CHARACTERS else line[: _NAME_CHARACTERS - 2] + " …"
    return None


def _id(what: str, texts: Iterable[str], parse: _Parse, faults: list[str]) -> str | None:
    """The first that is one; what is none or another is noted."""
    found: str | None = None
    short = [text[:_ID_CHARACTERS] for text in texts]
    parts = [part for text in short for part in ([text] if parse(text) else _SEVERAL.split(text))]
    for text in filter(str.strip, parts):
        known = parse(text)
        if known is None:
            _note(faults, f"the {what} {_short(text)} in its tags is none")
        elif found is None:
            found = known
        elif known != found:
            _note(faults, f"its tags name another {what}, too: {known}")
    return found


def _note(faults: list[str], fault: str) -> None:
    if fault not in faults and len(faults) < 10:
        faults.append(fault)


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:39]}…")
