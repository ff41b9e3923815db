"""One item as a person reviews it: what it is, how it was judged, and where that is to be seen.

What a critic or a house rule points at is made to play: a quote or a time becomes a part of the
item from a second to a second, with the still that is nearest to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from utils.db import ledger, review_queue, reviews, transcripts
from utils.db.schema import Item
from utils.documents import item_files, review
from utils.documents.item_files import ItemFile
from utils.models.analysis import Analysis
from utils.models.rendition import Thumbnails
from utils.models.transcript import Segment
from utils.models.verdict import Verdict
from utils.models.video_analysis import VideoAnalysis
from utils.storage.media_types import media_type

MOST_SEGMENTS = 300  # of what is said; the item's own page has all of it
_SECONDS = 8.0  # that a time without an end plays
_BEFORE = 0.5  # seconds; so that the first word is not cut
_STILL_WITHIN = 30.0  # seconds; a still further away shows something else
# What browsers play; of the others only a rendition does.
_PLAYS = {
    "video/mp4", "video/webm", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/flac",
    "audio/x-wav", "image/jpeg", "image/png", "image/webp", "image/gif", "image/avif",
}  # fmt: skip


def of_item(s: Session, row: Item) -> dict[str, Any]:
    """What a decision needs, as plain JSON.

    ``media``: the file that plays, by its name under the item's files, with its kind and a poster;
    None where no browser plays any. ``stand``: how the item stands, for the decision. Evidence of
    criteria and breaches has ``start``, ``until`` (seconds) and ``still`` (a file's name).
    """
    with ledger.preloaded(s, row.id):
        verdict = ledger.latest_result(s, row.id, "judge_quality", Verdict)
        analysis = ledger.latest_result(s, row.id, "analyze_content", Analysis)
        seen = ledger.latest_result(s, row.id, "ai_video_analysis", VideoAnalysis)
        made = ledger.latest_result(s, row.id, "generate_thumbnails", Thumbnails)
        heard = transcripts.transcript_of(s, row.id)
        judged = review.approval(s, row)
        files = item_files.of_item(s, row)
    said = heard.segments if heard else ()
    stills = _stills(made, files)
    if row.kind != "image":  # which has no seconds
        _point(judged, said, stills)
    return {
        "item_id": row.id,
        "title": row.title,
        "kind": row.kind,
        "duration_seconds": row.duration_seconds,
        "language": row.language,
        "captured_at": row.captured_at,
        "processed_at": row.processed_at,
        "summary": analysis.understanding.summary if analysis else row.summary,
        "seen": seen.summary if seen else None,
        "verdict": verdict.model_dump(mode="json") if verdict else None,
        "approval": judged,
        "said": [one.model_dump(mode="json") for one in said[:MOST_SEGMENTS]],
        "said_total": len(said),
        "media": _media(files),
        "waits": reviews.is_waiting(row),
        "stand": review_queue.stand(s, row),
        "earlier": [review.decision(one) for one in reviews.of_item(s, row.id)],
    }


def _media(files: Sequence[ItemFile]) -> dict[str, Any] | None:
    """What plays, of what is here: the rendition, which is small, else the item, else a still."""
    own = [one for one in files if one.kind == item_files.ORIGINAL]
    pictures = {"thumbnail", "contact_sheet", "waveform", "spectrogram", "scene", "still"}
    made = [one for one in files if one.kind not in pictures | {item_files.ORIGINAL, "subtitles"}]
    stills = [one for one in files if one.kind == "thumbnail" and one.path.exists()]
    poster = stills[0].name if stills else None
    for one in (*made, *own, *stills):
        kind = media_type(one.path)
        if kind in _PLAYS and one.path.exists():
            return {"name": one.name, "kind": kind.partition("/")[0], "poster": poster}
    return None


def _stills(made: Thumbnails | None, files: Sequence[ItemFile]) -> list[tuple[float, str]]:
    """The stills whose time is known, by their names under the item's files."""
    names: dict[Path, str] = {one.path: one.name for one in files}
    taken = (*made.images, *made.scenes, *made.stills) if made else ()
    return [
        (one.time_seconds, names[one.path])
        for one in taken
        if one.time_seconds is not None and one.path in names
    ]


def _point(
    judged: dict[str, Any] | None, said: Sequence[Segment], stills: Sequence[tuple[float, str]]
) -> None:
    """Have every quote and time say which seconds to play, and which still shows them."""
    if judged is None:
        return
    critique = judged["critique"] or {"criteria": [], "orders": []}
    found = [one for criterion in critique["criteria"] for one in criterion["evidence"]]
    for one in (*found, *critique["orders"], *judged["breaches"]):
        start, until = _seconds(one["start_seconds"], one["quote"], said)
        one |= {"start": start, "until": until, "still": _nearest(start, stills)}


def _seconds(
    start: float | None, quote: str | None, said: Sequence[Segment]
) -> tuple[float | None, float | None]:
    """From where to where a quote or a time plays."""
    if start is None:
        spoken = _spoken(quote, said)
        if spoken is None:
            return None, None
        return max(0.0, spoken.start_seconds - _BEFORE), spoken.end_seconds
    within = [one for one in said if one.start_seconds <= start < one.end_seconds]
    until = max([start + 2.0, *(one.end_seconds for one in within)]) if within else start + _SECONDS
    return max(0.0, start - _BEFORE), until


def _spoken(quote: str | None, said: Sequence[Segment]) -> Segment | None:
    """The first segment that a quote stands in, whatever case and spaces."""
    wanted = _folded(quote or "")
    return next((one for one in said if wanted and wanted in _folded(one.text)), None)


def _folded(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()


def _nearest(start: float | None, stills: Sequence[tuple[float, str]]) -> str | None:
    if start is None:
        return None
    near = min(stills, key=lambda one: abs(one[0] - start), default=None)
    return near[1] if near and abs(near[0] - start) <= _STILL_WITHIN else None
