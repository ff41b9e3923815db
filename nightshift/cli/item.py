"""One item, whole: as a document for scripts, and as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nightshift.cli import item_facts, works
from nightshift.cli.output import COLORS, console, print_facts, print_json, print_table

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from utils.db.schema import Item
    from utils.models.rendition import Compression, Thumbnails


# What lists say of each item: the fields of ``facts``, where it lies, what was made of it.
LISTED = (
    *("item_id", "title", "kind", "status", "size_bytes", "duration_seconds", "language"),
    *("verdict", "score", "summary", "source_url", "tries", "error_class", "error", "lacks"),
    *("added_at", "processed_at", "path", "rendition", "work"),
)


def facts(row: Item) -> dict[str, Any]:
    """What an item's own row says, as JSON."""
    from utils.db.items import shown_status

    return {
        "item_id": row.id,
        "title": row.title,
        "kind": row.kind,
        "status": shown_status(row),
        "size_bytes": row.size_bytes,
        "duration_seconds": row.duration_seconds,
        "language": row.language,
        "verdict": row.verdict,
        "score": row.score,
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
    from utils.db import duplicates, ledger, library, transcripts
    from utils.db import items as files
    from utils.models import rendition
    from utils.models.subtitles import SubtitleFiles
    from utils.models.verdict import Verdict
    from utils.models.video_analysis import VideoAnalysis
    from utils.works import grouping

    stills = ledger.latest_result(s, row.id, "generate_thumbnails", rendition.Thumbnails)
    encode = ledger.latest_result(s, row.id, rendition.COMPRESSIONS, rendition.Compression)
    heard = transcripts.transcript_of(s, row.id)
    group, work = duplicates.group_of(s, row.id), grouping.of_item(s, row.id)
    return {
        "item": facts(row) | {"paths": [str(p) for p in files.paths_of(s, row.id)]},
        "record": library.load(s, row.id).model_dump(mode="json", exclude={"segments", "item_id"}),
        "metadata": _metadata(s, row.id),
        "transcript": heard.model_dump(mode="json") | {"text": heard.text} if heard else None,
        "subtitles": _result(s, row.id, "write_subtitles", SubtitleFiles),
        "analysis": _analysis(s, row.id),
        "video": _result(s, row.id, "ai_video_analysis", VideoAnalysis),
        "duplicates": [copy.item_id for copy in group.copies if copy.item_id != row.id]
        if group
        else [],
        "work": works.document(work) if work else None,
        "verdict": _result(s, row.id, "judge_quality", Verdict),
        "compression": encode.reason if encode else None,
        "renditions": _renditions(stills, encode),
        "steps": [step._asdict() for step in ledger.steps_of(s, row.id)],
    }


def _result(s: Session, item_id: str, step: str, kind: Any, exclude: Any = None) -> Any:
    """The last result of a step, as JSON; None if there is none."""
    from utils.db import ledger

    found = ledger.latest_result(s, item_id, step, kind)
    return found.model_dump(mode="json", exclude=exclude) if found else None


def _metadata(s: Session, item_id: str) -> dict[str, Any]:
    """What the tools say of a file, and what was made of it."""
    from utils.models import exposure, metadata, probe, sidecars, signal

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
    from utils.db import ledger
    from utils.models.analysis import Analysis

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


def print_all(document: dict[str, Any]) -> None:
    """Print an item's document for people."""
    print_facts(item_facts.of_document(document), whole=("checksum", "path", "address"))
    _print_verdict(document["verdict"])
    _print_parts(document["record"])
    _print_work(document)


def _print_verdict(verdict: dict[str, Any] | None) -> None:
    if verdict:
        band = verdict["band"]
        console.print(f"\n[bold]Verdict[/] [{COLORS[band]}]{band}[/] {verdict['score']:.2f}")
        print_table(
            ("criterion", "score", "why"),
            ((c["name"], f"{c['score']:.2f}", c["reason"]) for c in verdict["criteria"]),
            below=("why",),
        )


def _print_work(document: dict[str, Any]) -> None:
    """Print the speech, the steps and the files that were made."""
    from utils.observability.reports.rows import duration, size

    transcript = document["transcript"]
    if transcript and transcript["segments"]:
        corrected = transcript["corrected_at"]
        by_hand = f", corrected by hand on {item_facts.day(corrected)}" if corrected else ""
        console.print(f"\n[bold]Transcript[/]{by_hand}")
        print_facts(
            (
                duration(part["start_seconds"]),
                f"{part['speaker']}: {part['text']}" if part["speaker"] else part["text"],
            )
            for part in transcript["segments"]
        )
    if document["steps"]:
        console.print("\n[bold]Steps[/]")
    print_table(
        ("step", "status", "runs", "seconds", "error"),
        (
            (
                step["step"],
                step["status"],
                str(step["executions"]),
                f"{step['duration_seconds'] or 0:.2f}",
                step["error"] or "",
            )
            for step in document["steps"]
        ),
    )
    if document["renditions"]:
        console.print("\n[bold]Files made from it[/]")
    made = [(f"{m['kind']}, {size(m['size_bytes'])}", m["path"]) for m in document["renditions"]]
    print_facts(made, whole=[name for name, _ in made])


def _print_parts(record: dict[str, Any]) -> None:
    """Print the tracks, shots and stills of an item, those that there are."""
    from utils.observability.reports.rows import duration

    if record["tracks"]:
        console.print("\n[bold]Tracks[/]")
        columns = ("kind", "number", "codec", "language", "channels", "title")
        print_table(
            columns,
            (
                [str(track[name]) if track[name] is not None else "–" for name in columns]
                for track in record["tracks"]
            ),
        )
    if record["shots"]:
        console.print("\n[bold]Shots[/]")
        print_facts(
            (duration(shot["start_seconds"]), shot["description"] or "–")
            for shot in record["shots"]
        )
    if record["thumbnails"]:
        console.print("\n[bold]Stills[/]")
        print_table(
            ("at", "why", "hash", "file"),
            (
                (
                    duration(still["time_seconds"]) if still["time_seconds"] is not None else "–",
                    still["reason"] or "–",
                    still["phash"] or "–",
                    still["url"] or still["path"],
                )
                for still in record["thumbnails"]
            ),
        )


def print_address(facts: dict[str, Any], as_json: bool) -> None:
    """Print what is known of an address that could not be fetched."""
    if as_json:
        print_json({"address": facts})
        return
    print_facts((name, str(value or "–")) for name, value in facts.items())
