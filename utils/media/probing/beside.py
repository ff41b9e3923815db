"""What lies beside an item and says something of it, read: XMP, export files, subtitles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pysubs2

from utils.errors import NightShiftError, PermanentError
from utils.media.probing import exiftool
from utils.metadata import dates, exports, location, text_encoding, written
from utils.metadata import tags as look
from utils.metadata.languages import normal
from utils.models import sanitize
from utils.models.notes import Note
from utils.models.probe import Sidecar
from utils.models.sidecars import SidecarFacts, SidecarReport
from utils.storage import sidecars

_MOST_LINES = 20_000  # of one subtitle file: a day of speech


def read(path: Path, found: Sequence[Sidecar], is_timed: bool) -> SidecarReport:
    """What the sidecars of ``path`` say; subtitles only of what has a length (``is_timed``).

    A file that can't be read, or is a link to elsewhere, is named and left out.
    """
    files, unread = [], []
    for sidecar in found:
        if sidecar.kind == "subtitle" and not is_timed:
            continue
        try:
            if facts := _read(path, sidecar):
                files.append(facts)
        except NightShiftError as error:
            unread.append(f"{sidecar.name}: {error}")
    return SidecarReport(files=tuple(files), unread=tuple(unread))


def _read(path: Path, sidecar: Sidecar) -> SidecarFacts | None:
    file = path.with_name(sidecar.name)
    if file.is_symlink():
        raise PermanentError("It is a link; put the file itself beside the item.")
    try:
        if file.stat().st_size > sidecars.MAX_BYTES:
            raise PermanentError(f"It is larger than {sidecars.MAX_BYTES >> 20} MiB.")
        if sidecar.kind == "xmp":
            return _xmp(file)
        raw = file.read_bytes()
    except OSError as error:
        raise PermanentError(f"It can't be read: {error.strerror}.") from error
    if sidecar.kind == "subtitle":
        return _subtitles(sidecar, raw)
    try:
        document = sanitize.value(json.loads(raw))
    except (ValueError, RecursionError):
        return None  # somebody else's file
    return exports.of_document(document, sidecar.name, path.name)


def _xmp(file: Path) -> SidecarFacts | None:
    """ExifTool resolves no entities and opens nothing that an XMP names."""
    report = exiftool.report(file)
    if report.error or not any(tag.startswith("XMP") for tag in report.tags):
        raise PermanentError("It holds no XMP.")
    tags, name = report.tags, sanitize.text(file.name)
    when, where = dates.taken(tags), location.of_tags(tags)
    return SidecarFacts(
        name=name,
        kind="xmp",
        captured=when and when.model_copy(update={"source": f"{name} {when.source}"}),
        place=where and where.model_copy(update={"source": f"{name} {where.source}"}),
        location_name=location.name(tags),
        title=look.text(tags, "XMP-dc:Title"),
        rating=written.rating(tags),
        notes=written.of_tags(tags, name),
    )


def _subtitles(sidecar: Sidecar, raw: bytes) -> SidecarFacts:
    language = next((code for m in reversed(sidecar.marks) if (code := normal(m))), None)
    text, suffix = text_encoding.decoded(raw, language), Path(sidecar.name).suffix[1:].lower()
    named = suffix if suffix in {"ass", "ssa"} else None  # the others are told by their content
    try:
        # Frames a second matter to formats that count frames, which are not taken here.
        lines = pysubs2.SSAFile.from_string(text.text, format_=named, fps=25.0)
    except (pysubs2.Pysubs2Error, ValueError, KeyError, IndexError, RecursionError) as error:
        raise PermanentError("It holds no subtitles that could be read.") from error
    spoken = [line for line in lines if not line.is_comment and line.plaintext.strip()]
    return SidecarFacts(
        name=sidecar.name,
        kind="subtitle",
        notes=tuple(
            Note(
                kind="subtitle",
                text=sanitize.text(" ".join(line.plaintext.split())),
                source=sidecar.name,
                start_seconds=line.start / 1000,
                end_seconds=max(line.start, line.end) / 1000,
            )
            for line in sorted(spoken[:_MOST_LINES], key=lambda line: line.start)
        ),
        language=language,
        guessed_encoding=text.encoding,
    )
