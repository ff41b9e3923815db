"""What people wrote into a file: captions, keywords, names of people, lyrics, a rating."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from utils.metadata import streams
from utils.metadata import tags as look
from utils.models.notes import Note, NoteKind
from utils.models.tool_reports import ToolReports

_DESCRIPTIONS = (
    "XMP-dc:Description", "IPTC:Caption-Abstract", "IFD0:ImageDescription", "*:LongDescription",
    "*:Description", "XMP-photoshop:Headline", "IPTC:Headline", "*:Synopsis", "IFD0:XPSubject",
    "PNG:Comment", "XMP-acdsee:Caption", "*:Caption-Abstract", "*:ImageDescription",
)  # fmt: skip
_COMMENTS = (
    "ExifIFD:UserComment",
    "XMP-exif:UserComment",
    "IFD0:XPComment",
    "File:Comment",
    "*:Comment",
)
_KEYWORDS = (
    "XMP-dc:Subject", "IPTC:Keywords", "XMP-lr:HierarchicalSubject", "XMP-digiKam:TagsList",
    "XMP-microsoft:LastKeywordXMP", "IFD0:XPKeywords", "XMP-pdf:Keywords", "*:Keywords",
    "*:Keyword",
)  # fmt: skip
_PEOPLE = ("XMP-iptcExt:PersonInImage", "XMP-iptcExt:PersonInImageName",
           "XMP-MP:RegionPersonDisplayName")  # fmt: skip
_LYRICS = ("*:Lyrics", "*:UnsyncedLyrics", "*:Unsyncedlyrics")
_RATINGS = ("XMP-xmp:Rating", "IFD0:Rating", "XMP-acdsee:Rating")
# Tags of ffprobe, in lower case, where ExifTool has none of its own (Matroska, NUT).
_OF_CONTAINERS: tuple[tuple[NoteKind, tuple[str, ...]], ...] = (
    ("description", ("description", "synopsis", "com.apple.quicktime.description")),
    ("comment", ("comment",)),
    ("keyword", ("keywords", "com.apple.quicktime.keywords")),
    ("lyrics", ("lyrics", "unsyncedlyrics")),
)
# What cameras and programs write where a person could have.
_BY_MACHINES = re.compile(
    r"(?:.*digital camera|sony dsc|dcim\S*|dsc[_-]?\d*|exif[_ ]jpeg[_ ]picture|default|samsung"
    r"|untitled|lead technologies.*|creator: gd-jpeg.*|file written by adobe.*|lav[fc]\d.*"
    r"|charset=ascii.*|screenshot|jfif|ascii|unicode|processed with .*|created with .*|made with .*"
    r"|optimized by .*|handbrake .*|encoded by .*|[0-9a-f\s]{24,})",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"[;,\n]")
_LEVELS = re.compile(r"[|/]")


def of_tags(tags: Mapping[str, Any], name: str | None = None) -> tuple[Note, ...]:
    """The notes among ExifTool's tags; ``name``: the sidecar that they are of, not the item."""
    found = [
        *_texts("description", tags, _DESCRIPTIONS),
        *_texts("comment", tags, _COMMENTS),
        *_keywords(tags),
        *_people(tags),
        *_texts("lyrics", tags, _LYRICS),
    ]
    if name:
        found = [n.model_copy(update={"source": f"{name} {n.source}"}) for n in found]
    return unique(found)


def of_container(tags: Mapping[str, Any]) -> tuple[Note, ...]:
    """The notes among ffprobe's tags, whose names are in lower case."""
    found: list[Note] = []
    for kind, names in _OF_CONTAINERS:
        for tag, value in tags.items():
            if tag.partition("-")[0] not in names or "�" in str(value):
                continue
            parts = _SPLIT.split(str(value)) if kind == "keyword" else [str(value)]
            found += [
                Note(kind=kind, text=t, source=f"ffprobe {tag}") for t in map(_line, parts) if t
            ]
    return unique([note for note in found if not _BY_MACHINES.fullmatch(note.text)])


def gathered(reports: ToolReports) -> tuple[Note, ...]:
    """All notes of an item but its subtitles: what lies beside it comes first."""
    files = reports.sidecars.files if reports.sidecars else ()
    beside = [note for file in files for note in file.notes if note.kind != "subtitle"]
    inside = of_tags(reports.exif.tags) if reports.exif else ()
    return unique((*beside, *inside, *of_container(streams.container_tags(reports.ffprobe))))


def rating(tags: Mapping[str, Any]) -> int | None:
    """Stars, 1 to 5, or -1 for rejected; 0 says that nobody rated it."""
    for _, value in look.found(tags, *_RATINGS):
        stars = look.integer(value)
        if stars and -1 <= stars <= 5:
            return stars
    return None


def unique(notes: Iterable[Note]) -> tuple[Note, ...]:
    """The notes, each text once a kind: the first source that has it."""
    first: dict[tuple[str, str], Note] = {}
    for note in notes:
        first.setdefault((note.kind, note.text.casefold()), note)
    return tuple(first.values())


def texts(notes: Iterable[Note], kind: NoteKind) -> tuple[str, ...]:
    """The texts of the notes of one kind."""
    return tuple(note.text for note in notes if note.kind == kind)


def _texts(kind: NoteKind, tags: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[Note]:
    for tag, value in look.found(tags, *names):
        if tag.startswith(("ICC", "Apple:", "MPImage")):
            continue
        for text in map(_line, _entries(value)):
            if text and not _BY_MACHINES.fullmatch(text) and any(map(str.isalnum, text)):
                yield Note(kind=kind, text=text, source=tag)


def _keywords(tags: Mapping[str, Any]) -> Iterator[Note]:
    for tag, value in look.found(tags, *_KEYWORDS):
        is_path = tag.endswith(("HierarchicalSubject", "TagsList", "LastKeywordXMP"))
        is_list = isinstance(value, list) or tag in {"XMP-dc:Subject", "IPTC:Keywords"}
        for entry in _entries(value):
            parts = _LEVELS.split(entry) if is_path else [entry] if is_list else _SPLIT.split(entry)
            yield from (Note(kind="keyword", text=t, source=tag) for t in map(_line, parts) if t)


def _people(tags: Mapping[str, Any]) -> Iterator[Note]:
    for tag, value in look.found(tags, *_PEOPLE):
        yield from (
            Note(kind="person", text=t, source=tag) for t in map(_line, _entries(value)) if t
        )
    names = [*_entries(tags.get("XMP-mwg-rs:RegionName"))]
    kinds = [*_entries(tags.get("XMP-mwg-rs:RegionType"))]
    for number, name in enumerate(names):
        # Other regions are pets, barcodes, points of focus; a list that lacks some is of faces.
        is_face = len(kinds) != len(names) or kinds[number].casefold() == "face"
        if is_face and (text := _line(name)):
            yield Note(kind="person", text=text, source="XMP-mwg-rs:RegionName")


def _entries(value: Any) -> list[str]:
    """The texts of a tag that may be a list."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [str(entry) for entry in values if not isinstance(entry, (dict, list, bool))]


def _line(text: str) -> str:
    return text.strip().strip("\x00").strip()
