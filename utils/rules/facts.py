"""What rules go by: of an item as it is found, probed and heard, and of a file by itself."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from utils.db import rulings, source_reports
from utils.db.schema import Item
from utils.media import formats
from utils.media.probing import exiftool, ffprobe, mediainfo
from utils.metadata import codec, consolidation, exif, hdr
from utils.models.item import MediaKind
from utils.models.metadata import HdrFormat, Metadata
from utils.models.rules import ItemFacts
from utils.models.tool_reports import ToolReports


def found(s: Session, row: Item, path: Path) -> ItemFacts:
    """What is known of an item before anybody has looked into its file."""
    return ItemFacts(
        kind=row.kind,
        path=str(path),
        source=source_reports.name_of_item(s, row.id, path),
        size_bytes=row.size_bytes,
    )


def probed(facts: ItemFacts, metadata: Metadata) -> ItemFacts:
    """The same with what the tools say of the file."""
    sides = [side for side in (metadata.display_width, metadata.display_height) if side]
    camera = " ".join(filter(None, (metadata.camera_make, metadata.camera_model)))
    return facts.model_copy(
        update={
            "kind": metadata.kind.value,
            "duration_seconds": metadata.duration_seconds,
            "codecs": tuple(filter(None, (metadata.video_codec, metadata.audio_codec))),
            "shorter_side": min(sides) if sides else None,
            "hdr": _is_hdr(metadata.hdr_format) if metadata.video_codec else None,
            "camera": camera or None,
            "day": metadata.captured_at.date() if metadata.captured_at else None,
        }
    )


def heard(facts: ItemFacts, language: str | None) -> ItemFacts:
    """The same with the language that is spoken."""
    return facts.model_copy(update={"language": language})


def known(s: Session, row: Item, path: Path) -> ItemFacts:
    """All that is known of an item that was worked on: as it was decided by, if it was.

    Else by its row, which may differ in a frame or so: it is decided by the tools' reports then.
    """
    facts, before = found(s, row, path), rulings.of(row)
    if before:
        same = facts.model_dump(include={"path", "source"})
        return before.facts.model_copy(update=same)
    sides = [side for side in (row.width, row.height) if side]
    return facts.model_copy(
        update={
            "duration_seconds": row.duration_seconds,
            "codecs": tuple(filter(None, (row.video_codec, row.audio_codec))),
            "shorter_side": min(sides) if sides else None,
            "hdr": _is_hdr(row.hdr_format) if row.video_codec else None,
            "camera": " ".join(filter(None, (row.camera_make, row.camera_model))) or None,
            "language": row.language,
            "day": row.captured_at.date() if row.captured_at else None,
        }
    )


def _is_hdr(name: str | None) -> bool:
    return name not in (None, HdrFormat.SDR.value)


def of_file(s: Session, path: Path) -> ItemFacts:
    """What is known of a file that is no item yet: it is looked into, not registered.

    Raises:
        NightShiftError: the tools can't read it.
    """
    kind = formats.kind_of(path) or MediaKind.VIDEO
    facts = ItemFacts(
        kind=kind.value,
        path=str(path),
        source=source_reports.name_at(s, path),
        size_bytes=path.stat().st_size,
    )
    report, told, tags = ffprobe.report(path), mediainfo.report(path), exiftool.report(path)
    reports = ToolReports(
        ffprobe=report,
        mediainfo=told,
        exif=tags,
        camera=exif.extended(tags),
        codec=codec.details(report, told),
        hdr=hdr.describe(report, told),
    )
    return probed(facts, consolidation.consolidate(reports))
