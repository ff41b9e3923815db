"""One item, whole: as a document for scripts, and as tables for people."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from nightshift.cli import works
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
    from utils.models import (
        analysis,
        exposure,
        metadata,
        probe,
        rendition,
        sidecars,
        signal,
        verdict,
    )
    from utils.models.subtitles import SubtitleFiles
    from utils.models.video_analysis import VideoAnalysis
    from utils.works import grouping

    def result(step: str | tuple[str, ...], kind: Any) -> Any:
        return ledger.latest_result(s, row.id, step, kind)

    def plain(step: str, kind: Any, exclude: Any = None) -> Any:
        found = result(step, kind)
        return found.model_dump(mode="json", exclude=exclude) if found else None

    ffprobe, understood = (
        result("extract_ffprobe", probe.FfprobeReport),
        result("analyze_content", analysis.Analysis),
    )
    stills, encode = (
        result("generate_thumbnails", rendition.Thumbnails),
        result(rendition.COMPRESSIONS, rendition.Compression),
    )
    heard = transcripts.transcript_of(s, row.id)
    group, work = duplicates.group_of(s, row.id), grouping.of_item(s, row.id)
    return {
        "item": facts(row) | {"paths": [str(p) for p in files.paths_of(s, row.id)]},
        "record": library.load(s, row.id).model_dump(mode="json", exclude={"segments", "item_id"}),
        "metadata": {
            "consolidated": plain("consolidate_metadata", metadata.Metadata),
            "ffprobe": ffprobe.container.model_dump(mode="json") if ffprobe else None,
            "mediainfo": plain("extract_mediainfo", probe.MediaInfoReport),
            "exiftool": plain("extract_exiftool", probe.ExifReport),
            "extended_exif": plain("extract_extended_exif", metadata.ExtendedExif),
            "codec": plain("extract_codec", metadata.CodecDetails),
            "hdr": plain("extract_hdr", metadata.HdrDetails),
            "audio_tracks": plain("extract_audio_tracks", metadata.AudioTracks),
            "subtitle_tracks": plain("extract_subtitle_tracks", metadata.SubtitleTracks),
            "sidecars": plain(
                "read_sidecars", sidecars.SidecarReport, {"files": {"__all__": {"notes"}}}
            ),
            "focal_length": plain("detect_focal_length", metadata.FocalLength),
            "signal": plain("analyze_signal", signal.SignalReport),
            "exposure": plain("analyze_exposure", exposure.ExposureReport),
        },
        "transcript": heard.model_dump(mode="json") | {"text": heard.text} if heard else None,
        "subtitles": plain("write_subtitles", SubtitleFiles),
        "analysis": understood.understanding.model_dump(mode="json")
        | {
            "engine": understood.engine,
            "usage": understood.usage.model_dump() if understood.usage else None,
        }
        if understood
        else None,
        "video": plain("ai_video_analysis", VideoAnalysis),
        "duplicates": [copy.item_id for copy in group.copies if copy.item_id != row.id]
        if group
        else [],
        "work": works.document(work) if work else None,
        "verdict": plain("judge_quality", verdict.Verdict),
        "compression": encode.reason if encode else None,
        "renditions": _renditions(stills, encode),
        "steps": [step._asdict() for step in ledger.steps_of(s, row.id)],
    }


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
    print_facts(_facts(document), whole=("checksum", "path", "address"))
    _print_verdict(document["verdict"])
    _print_parts(document["record"])
    _print_work(document)


def _facts(document: dict[str, Any]) -> list[tuple[str, str]]:
    """What is known of the item as a whole."""
    from utils.observability.reports.rows import duration, size

    item, transcript, analysis = (document[name] for name in ("item", "transcript", "analysis"))
    rows = [
        ("title", item["title"]),
        ("checksum", item["item_id"]),
        ("status", item["status"]),
        *(("path", path) for path in item["paths"]),
        *([("address", item["source_url"])] if item["source_url"] else []),
        ("kind", item["kind"]),
        ("length", duration(item["duration_seconds"])),
        ("size", size(item["size_bytes"])),
        ("compression", document["compression"] or _uncompressed(document)),
        ("language", item["language"] or "–"),
        *_picture(document["record"]),
        *_written(document["metadata"]),
    ]
    if item["error"]:
        rows.append(("error", item["error"]))
    rows += [("lacks", f"{lack['step']}: {lack['reason']}") for lack in item["lacks"]]
    if description := document["record"]["description"]:
        rows.append(("description", description))
    if analysis:
        rows += [("summary", analysis["summary"]), ("keywords", ", ".join(analysis["keywords"]))]
        rows.append(("analysed by", analysis["engine"]))
    rows += _speech(transcript, document["subtitles"])
    rows += _light(document["metadata"])
    rows += _work(document["work"], item["item_id"])
    if document["duplicates"]:
        twins = ", ".join(other[:10] for other in document["duplicates"])
        rows.append(("look-alikes", f"{twins} (nightshift duplicates)"))
    return rows


def _uncompressed(document: dict[str, Any]) -> str:
    """Why there is no rendition, where that is known without asking the plan."""
    work, item_id = document["work"], document["item"]["item_id"]
    members = work["members"] if work else ()
    if any(one["item_id"] == item_id and one["role"] == "motion" for one in members):
        return "none: it is the film of a Live Photo"
    return "–"


def _work(work: dict[str, Any] | None, item_id: str) -> list[tuple[str, str]]:
    """What the item is a part of: what it is in it, and the other files."""
    if work is None:
        return []
    role = next(one["role"] for one in work["members"] if one["item_id"] == item_id)
    others = [one for one in work["members"] if one["item_id"] != item_id]
    told = [f"{role} of: {work['what']} ({', '.join(work['evidence'])})"]
    told += [f"{one['role']}: {one['title']} ({one['item_id'][:10]})" for one in others]
    return [("work" if not number else "", line) for number, line in enumerate(told)]


def _speech(
    transcript: dict[str, Any] | None, subtitles: dict[str, Any] | None
) -> list[tuple[str, str]]:
    """Who heard what was said, and where it was written."""
    rows = []
    if transcript:
        translated = ", translated into English" if transcript["is_translated"] else ""
        rows.append(("heard by", f"{transcript['engine']}{translated}"))
        if transcript["heard_in"]:
            rows.append(("heard in", transcript["heard_in"]))
        if languages := _languages(transcript):
            rows.append(("spoken", languages))
        if transcript["left_out"]:
            rows.append(("not expected", f"no room for these words: {transcript['left_out']}"))
        if transcript["corrected_at"]:
            rows.append(("corrected by hand on", _day(transcript["corrected_at"])))
    for file in subtitles["files"] if subtitles else ():
        fast = f", {file['too_fast']} spoken faster than read" if file["too_fast"] else ""
        rows.append(("subtitles", f"{file['path']} ({file['cues']} cues{fast})"))
    rows += [("subtitles", reason) for reason in (subtitles["left"] if subtitles else ())]
    return rows


def _languages(transcript: dict[str, Any]) -> str | None:
    """Several languages with their seconds; None of one, which stands above."""
    lengths: dict[str, float] = {}
    for part in transcript["segments"]:
        length = part["end_seconds"] - part["start_seconds"]
        lengths[part["language"] or "?"] = lengths.get(part["language"] or "?", 0.0) + length
    if len(lengths) < 2:
        return None
    return ", ".join(f"{name} {seconds:.0f} s" for name, seconds in lengths.items())


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
        on = transcript["corrected_at"]
        console.print(f"\n[bold]Transcript[/]{f', corrected by hand on {_day(on)}' if on else ''}")
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


def _day(moment: str) -> str:
    """A moment of ISO 8601 as people here read it."""
    return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"


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


def _written(metadata: dict[str, Any]) -> list[tuple[str, str]]:
    """What people wrote of it, what of that is a guess, and the files beside it."""
    known, beside = metadata["consolidated"] or {}, metadata["sidecars"] or {}
    lists = ("keywords", "people")
    rows = [("description", known.get("description")), ("rating", known.get("rating"))]
    rows += [(f"{name} given", ", ".join(known.get(name) or ())) for name in lists]
    rows.append(("beside it", ", ".join(file["name"] for file in beside.get("files", ()))))
    rows += [("guessed", line) for line in known.get("guessed") or ()]
    rows += [("not read", line) for line in beside.get("unread", ())]
    return [(name, str(value)) for name, value in rows if value]


def _light(metadata: dict[str, Any]) -> list[tuple[str, str]]:
    """Focal length, exposure, colours and loudness, as far as they were found."""
    rows = []
    if (focal := metadata["focal_length"]) and focal["focal_class"]:
        rows.append(
            (
                "focal length",
                f"{focal['focal_length_35mm']:g} mm (35 mm equivalent), {focal['focal_class']}, "
                f"{focal['source']}",
            )
        )
    if exposure := metadata["exposure"]:
        rows.append(("exposure", exposure["warning"] or "within limits"))
    if (signal := metadata["signal"]) and signal.get("colours"):
        rows.append(("colours", signal["colours"]))
    if signal and signal["loudness_lufs"] is not None:
        peak = signal["true_peak_dbtp"]
        rows.append(
            (
                "loudness",
                f"{signal['loudness_lufs']:.1f} LUFS"
                + (f", true peak {peak:.1f} dBTP" if peak is not None else ""),
            )
        )
    return rows


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
