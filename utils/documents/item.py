"""One item, and many, as JSON: what commands and the API say of the library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from utils.db import duplicates, item_relations, items, ledger, library, transcripts
from utils.db.schema import Item
from utils.documents import publication, recording, review, visuals, work
from utils.housekeeping.forgetting import Forgetting
from utils.models import exposure, metadata, probe, sidecars, signal
from utils.models.analysis import Analysis
from utils.models.rendition import COMPRESSIONS, Compression, Thumbnails
from utils.models.subtitles import SubtitleFiles
from utils.models.verdict import Verdict
from utils.models.video_analysis import VideoAnalysis
from utils.works import grouping

# What lists say of each item: the fields of ``facts``, where it lies, what was made of it.
LISTED = (
    *("item_id", "title", "kind", "status", "size_bytes", "duration_seconds", "language"),
    *("verdict", "score", "approval", "approval_score", "approval_reason", "summary"),
    *("source_url", "tries", "error_class", "error", "lacks"),
    *("added_at", "processed_at", "path", "rendition", "work"),
)


def facts(row: Any) -> dict[str, Any]:
    """What an item's own row says, as JSON; ``row`` has the columns of one that lists need."""
    return {
        "item_id": row.id,
        "title": row.title,
        "kind": row.kind,
        "status": items.shown_status(row),
        "size_bytes": row.size_bytes,
        "duration_seconds": row.duration_seconds,
        "language": row.language,
        "verdict": row.verdict,
        "score": row.score,
        "approval": row.approval,
        "approval_score": row.approval_score,
        "approval_reason": row.approval_reason,
        "summary": row.summary,
        "source_url": row.source_url,
        "tries": row.tries,
        "error_class": row.error_class,
        "error": row.error,
        "lacks": row.lacks,
        "added_at": row.added_at.isoformat(),
        "processed_at": row.processed_at.isoformat() if row.processed_at else None,
    }


def document(s: Session, row: Item) -> dict[str, Any]:
    """An item as the JSON contract of ``show`` has it; what was not made is null or empty."""
    there = item_relations.related_to(s, row.id)
    with ledger.preloaded(s, row.id) as steps:
        stills = ledger.latest_result(s, row.id, "generate_thumbnails", Thumbnails)
        encode = ledger.latest_result(s, row.id, COMPRESSIONS, Compression)
        heard = transcripts.transcript_of(s, row.id, "correction" in there)
        group = duplicates.group_of(s, row.id) if "duplicates" in there else None
        of_many = grouping.of_item(s, row.id) if "work" in there else None
        return {
            "item": facts(row) | {"paths": [str(p) for p in items.paths_of(s, row.id)]},
            "record": library.load(
                s, row.id, {"segments", *item_relations.KINDS - there}
            ).model_dump(mode="json", exclude={"segments", "item_id"}),
            "metadata": _metadata(s, row.id),
            "transcript": heard.model_dump(mode="json") | {"text": heard.text} if heard else None,
            "subtitles": _result(s, row.id, "write_subtitles", SubtitleFiles),
            "analysis": _analysis(s, row.id),
            "video": _result(s, row.id, "ai_video_analysis", VideoAnalysis),
            "duplicates": [copy.item_id for copy in group.copies if copy.item_id != row.id]
            if group
            else [],
            "work": work.document(of_many) if of_many else None,
            "recording": recording.document(s, row),
            "verdict": _result(s, row.id, "judge_quality", Verdict),
            "approval": review.approval(s, row),
            "publications": publication.of_item(s, row.id),
            "compression": encode.reason if encode else None,
            "renditions": _renditions(stills, encode),
            "visuals": visuals.document(s, row.id),
            "steps": [step._asdict() for step in steps],
        }


def _result(s: Session, item_id: str, step: str, kind: Any, exclude: Any = None) -> Any:
    """The last result of a step, as JSON; None if there is none."""

    found = ledger.latest_result(s, item_id, step, kind)
    return found.model_dump(mode="json", exclude=exclude) if found else None


def _metadata(s: Session, item_id: str) -> dict[str, Any]:
    """What the tools say of a file, and what was made of it."""

    ffprobe = _result(s, item_id, "extract_ffprobe", probe.FfprobeReport)
    without_notes = {"files": {"__all__": {"notes"}}}
    return {
        "consolidated": _result(s, item_id, "consolidate_metadata", metadata.Metadata),
        "ffprobe": ffprobe["container"] if ffprobe else None,
        "sidecars": _result(s, item_id, "read_sidecars", sidecars.SidecarReport, without_notes),
    } | {
        name: _result(s, item_id, step, kind)
        for name, step, kind in (
            ("mediainfo", "extract_mediainfo", probe.MediaInfoReport),
            ("exiftool", "extract_exiftool", probe.ExifReport),
            ("extended_exif", "extract_extended_exif", metadata.ExtendedExif),
            ("codec", "extract_codec", metadata.CodecDetails),
            ("hdr", "extract_hdr", metadata.HdrDetails),
            ("audio_tracks", "extract_audio_tracks", metadata.AudioTracks),
            ("subtitle_tracks", "extract_subtitle_tracks", metadata.SubtitleTracks),
            ("focal_length", "detect_focal_length", metadata.FocalLength),
            ("signal", "analyze_signal", signal.SignalReport),
            ("exposure", "analyze_exposure", exposure.ExposureReport),
        )
    }


def _analysis(s: Session, item_id: str) -> dict[str, Any] | None:
    """What was understood, by which engine, and what it took."""

    found = ledger.latest_result(s, item_id, "analyze_content", Analysis)
    if found is None:
        return None
    used = found.usage.model_dump() if found.usage else None
    return found.understanding.model_dump(mode="json") | {"engine": found.engine, "usage": used}


def _renditions(stills: Thumbnails | None, encode: Compression | None) -> list[dict[str, Any]]:
    """The files made from an item, those that are there: the encode first.

    Of that also what it lacks of the source, and what was guessed.
    """
    made: list[tuple[str, Path]] = []
    told: dict[Path, dict[str, Any]] = {}
    if encode and encode.rendition:
        path = encode.rendition.path
        made.append((encode.rendition.kind, path))
        told[path] = {"dropped": list(encode.dropped), "guessed": list(encode.guessed)}
    if stills:
        made += [("thumbnail", still.path) for still in stills.images]
        made += [
            (name, path)
            for name in ("contact_sheet", "waveform", "spectrogram")
            if (path := getattr(stills, name))
        ]
    return [
        {"path": str(path), "kind": kind, "size_bytes": path.stat().st_size} | told.get(path, {})
        for kind, path in made
        if path.exists()
    ]


def records(s: Session, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Items as lists have them: their facts, where they lie, what was made of them."""

    ids = [row.id for row in rows]
    places, made = items.paths_by_item(s, ids), ledger.renditions(s, ids)
    parts = grouping.in_words(s, ids)
    return [
        facts(row)
        | {
            "path": str(places[row.id][0]) if places[row.id] else None,
            "rendition": str(made[row.id]) if row.id in made else None,
            "work": parts.get(row.id),
        }
        for row in rows
    ]


def going(one: Forgetting, with_files: bool) -> dict[str, Any]:
    """What goes with an item that is forgotten, as JSON."""
    return {
        "item_id": one.item_id,
        "title": one.title,
        "executions": one.executions,
        "made": [str(path) for path in one.made],
        "size_bytes": one.size_bytes,
        "published": [*one.published, *(row.address for row in one.publications if row.address)],
        "stored": list(one.stored),
        "files": [{"path": row.path, "goes": with_files} for row in one.files],
    }


def listed(s: Session, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """The same of the rows of a page (utils/db/pages.py), which has most of it already."""
    parts = grouping.in_words(s, [row.item_id for row in rows if row.is_part])
    found, names = [], rows[0]._fields if rows else ()
    for row in rows:
        told = dict(zip(names, row, strict=True))
        told.pop("place", None)
        encoding, is_part = told.pop("encoding"), told.pop("is_part")
        encode = ledger.unpacked(s, encoding, Compression) if encoding else None
        told["rendition"] = str(encode.rendition.path) if encode and encode.rendition else None
        told["work"] = parts.get(row.item_id) if is_part else None
        found.append(told)
    return found
