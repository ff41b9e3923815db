"""One item, whole: as a document for scripts, and as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nightshift.output import console, print_table

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from utils.db.schema import Item
    from utils.models.rendition import Compression, Thumbnails


def facts(row: Item) -> dict[str, Any]:
    """What an item's own row says, as JSON."""
    return {
        "item_id": row.id,
        "title": row.title,
        "kind": row.kind,
        "status": row.status,
        "size_bytes": row.size_bytes,
        "duration_seconds": row.duration_seconds,
        "language": row.language,
        "verdict": row.verdict,
        "score": row.score,
        "summary": row.summary,
        "source_url": row.source_url,
        "tries": row.tries,
        "error": row.error,
        "added_at": row.added_at.isoformat(),
        "processed_at": row.processed_at.isoformat() if row.processed_at else None,
    }


def document(s: Session, row: Item) -> dict[str, Any]:
    """An item as the JSON contract of ``show`` has it; what was not made is null or empty."""
    from utils.db import items as files
    from utils.db import ledger, library
    from utils.models.analysis import Analysis
    from utils.models.probe import ContainerProbe, MediaInfoReport
    from utils.models.rendition import Compression, Thumbnails
    from utils.models.signal import SignalReport
    from utils.models.transcript import Transcript
    from utils.models.verdict import Verdict

    def result(step: str, kind: Any) -> Any:
        return ledger.latest_result(s, row.id, step, kind)

    probe, mediainfo = (
        result("extract_ffprobe", ContainerProbe),
        result("extract_mediainfo", MediaInfoReport),
    )
    signal, transcript = (
        result("analyze_signal", SignalReport),
        result("transcribe_audio", Transcript),
    )
    analysis, verdict = result("analyze_content", Analysis), result("judge_quality", Verdict)
    stills, encode = (
        result("generate_thumbnails", Thumbnails),
        result("compress_media", Compression),
    )
    record = library.load(s, row.id).model_dump(mode="json", exclude={"segments", "item_id"})
    return {
        "item": facts(row) | {"paths": [str(p) for p in files.paths_of(s, row.id)]},
        "record": record,
        "metadata": {
            "ffprobe": probe.model_dump(mode="json") if probe else None,
            "mediainfo": mediainfo.model_dump(mode="json") if mediainfo else None,
            "signal": signal.model_dump(mode="json") if signal else None,
        },
        "transcript": {
            "text": transcript.text,
            "language": transcript.language,
            "engine": transcript.engine,
            "confidence": transcript.confidence,
            "hallucination": transcript.hallucination,
            "segments": [segment.model_dump(mode="json") for segment in transcript.segments],
        }
        if transcript
        else None,
        "analysis": analysis.understanding.model_dump(mode="json")
        | {
            "engine": analysis.engine,
            "usage": analysis.usage.model_dump() if analysis.usage else None,
        }
        if analysis
        else None,
        "verdict": verdict.model_dump(mode="json") if verdict else None,
        "compression": encode.reason if encode else None,
        "renditions": _renditions(stills, encode),
        "steps": [step._asdict() for step in ledger.steps_of(s, row.id)],
    }


def _renditions(stills: Thumbnails | None, encode: Compression | None) -> list[dict[str, Any]]:
    """The files made from an item, those that are there: the encode first."""
    found = [
        {"path": str(still.path), "kind": "thumbnail", "size_bytes": still.path.stat().st_size}
        for still in (stills.images if stills else ())
        if still.path.exists()
    ]
    if encode and encode.rendition:
        made = encode.rendition
        found.insert(0, {"path": str(made.path), "kind": made.kind, "size_bytes": made.size_bytes})
    return found


def print_all(document: dict[str, Any]) -> None:
    """Print an item's document for people."""
    from utils.report.rows import duration, size

    item, transcript, analysis = (document[name] for name in ("item", "transcript", "analysis"))
    rows = [
        ("title", item["title"]),
        ("checksum", item["item_id"]),
        ("status", item["status"]),
        *(("path", path) for path in item["paths"]),
        ("kind", item["kind"]),
        ("length", duration(item["duration_seconds"])),
        ("size", size(item["size_bytes"])),
        ("compression", document["compression"] or "–"),
        ("language", item["language"] or "–"),
        *_picture(document["record"]),
    ]
    if item["error"]:
        rows.append(("error", item["error"]))
    if analysis:
        rows += [("summary", analysis["summary"]), ("keywords", ", ".join(analysis["keywords"]))]
        rows.append(("analysed by", analysis["engine"]))
    if transcript:
        rows.append(("heard by", transcript["engine"]))
    print_table(("", ""), rows)
    if document["verdict"]:
        verdict = document["verdict"]
        console.print(f"\n[bold]Verdict[/] {verdict['band']} {verdict['score']:.2f}")
        print_table(
            ("criterion", "score", "why"),
            ((c["name"], f"{c['score']:.2f}", c["reason"]) for c in verdict["criteria"]),
        )
    _print_parts(document["record"])
    if transcript and transcript["segments"]:
        console.print("\n[bold]Transcript[/]")
        print_table(
            ("at", "text"),
            ((duration(part["start_seconds"]), part["text"]) for part in transcript["segments"]),
        )  # fmt: skip
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
    print_table(
        ("rendition", "size"),
        ((made["path"], size(made["size_bytes"])) for made in document["renditions"]),
    )


def _picture(record: dict[str, Any]) -> list[tuple[str, str]]:
    """What is known of the recording, without what is not."""
    lens = (record["lens"], record["focal_length_mm"] and f"{record['focal_length_mm']:g} mm")
    size = record["width"] and record["height"] and f"{record['width']} × {record['height']}"
    rate = record["frame_rate"] and f"{record['frame_rate']:g} frames/s"
    place = None
    if record["latitude"] is not None and record["longitude"] is not None:
        place = f"{record['latitude']:.5f}, {record['longitude']:.5f}"
    source = record["captured_at_source"]
    rows = (
        ("captured", (record["captured_at"], source and f"({source})")),
        ("camera", (record["camera_make"], record["camera_model"])),
        ("lens", lens),
        ("place", (place,)),
        ("picture", (size, rate, record["video_codec"], record["hdr_format"])),
        ("sound", (record["audio_codec"],)),
    )
    return [(name, " ".join(filter(None, parts))) for name, parts in rows if any(parts)]


def _print_parts(record: dict[str, Any]) -> None:
    """Print the tracks, shots and stills of an item, those that there are."""
    from utils.report.rows import duration

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
        print_table(
            ("at", "text"),
            (
                (duration(shot["start_seconds"]), shot["description"] or "–")
                for shot in record["shots"]
            ),
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
