"""What is known of an item as a whole, as facts for people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nightshift.cli import item_words


def of_document(document: dict[str, Any]) -> list[tuple[str, str]]:
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
        *_called(document["metadata"]),
        *_written(document["metadata"]),
    ]
    if signed := document.get("credentials"):
        rows.append(("credentials", signed["in_words"]))
    if item["error"]:
        rows.append(("error", item["error"]))
    rows += [("lacks", f"{lack['step']}: {lack['reason']}") for lack in item["lacks"]]
    if description := document["record"]["description"]:
        rows.append(("description", description))
    if analysis:
        rows += [("summary", analysis["summary"]), ("keywords", ", ".join(analysis["keywords"]))]
        rows += [*item_words.facts(analysis), ("analysed by", analysis["engine"])]
    rows += _speech(transcript, document["subtitles"])
    rows += _light(document["metadata"])
    rows += _work(document["work"], item["item_id"])
    rows += _recording(document["recording"])
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


def _recording(recording: dict[str, Any] | None) -> list[tuple[str, str]]:
    """Which recording a song is, how sure that is, and how often it was heard."""
    if recording is None or recording["how"] is None:
        return [("recording", doubt) for doubt in recording["doubts"]] if recording else []
    told = [f"ISRC {recording['isrc']}"] if recording["isrc"] else []
    told += [f"MusicBrainz {recording['recording_mbid']}"] if recording["recording_mbid"] else []
    how = {"tags": "by its tags", "isrc": "by its ISRC", "acoustid": "by its sound (AcoustID)",
           "names": "by title and artist alone"}[recording["how"]]  # fmt: skip
    sure = f"{how}, {recording['score']:.0%} sure"
    rows = [("recording", ", ".join([*told, sure]))]
    rows += [("", doubt) for doubt in recording["doubts"]]
    heard = recording["heard"]
    if heard["plays"]:
        times = "once" if heard["plays"] == 1 else f"{heard['plays']} times"
        when = f"first on {day(heard['first_at'])}, last on {day(heard['last_at'])}"
        rows.append(("heard", f"{times}, {heard['minutes']:g} minutes: {when}"))
    if heard["of_the_same_name"]:
        number = heard["of_the_same_name"]
        rows.append(("not counted", f"{number} plays of that name, of another recording or length"))
    return rows


def _speech(
    transcript: dict[str, Any] | None, subtitles: dict[str, Any] | None
) -> list[tuple[str, str]]:
    """Who heard what was said, and where it was written."""
    rows = []
    if transcript:
        translated = ", translated into English" if transcript["is_translated"] else ""
        rows.append(("heard by", f"{transcript['engine']}{translated}"))
        if transcript["heard_in"] not in {None, "the only sound"}:
            rows.append(("heard in", transcript["heard_in"]))
        if languages := _languages(transcript):
            rows.append(("spoken", languages))
        if transcript["left_out"]:
            rows.append(("not expected", f"no room for these words: {transcript['left_out']}"))
        if transcript["corrected_at"]:
            rows.append(("corrected by hand on", day(transcript["corrected_at"])))
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


def day(moment: str) -> str:
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


def _called(metadata: dict[str, Any]) -> list[tuple[str, str]]:
    """What the file itself says that it is, and by whom."""
    inside = metadata["consolidated"] or {}
    named = [inside.get(name) for name in ("title", "artist", "album")]
    return [("called", " · ".join(filter(None, named)))] if any(named) else []
