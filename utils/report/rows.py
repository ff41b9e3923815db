"""What a report says of each item, gathered from the ledger."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import NamedTuple

import humanize
from sqlalchemy.orm import Session

from utils.db import duplicates, items, ledger, spending
from utils.db.schema import Item
from utils.models.analysis import Analysis
from utils.models.exposure import ExposureReport
from utils.models.item import ItemStatus
from utils.models.rendition import Compression, Thumbnails
from utils.models.shift import ItemOutcome, Outcome, ShiftReport
from utils.models.transcript import Transcript
from utils.models.verdict import Band, Criterion, Verdict

COMPRESSIONS = ("compress_video", "compress_audio")
_EXCERPT = 280
_WHAT_TO_DO = {
    "RetryableError": "The next shift tries again.",
    "ThrottledError": "The next shift tries again.",
    "ResourceError": "Make room, then run again.",
    "DeferredError": "The next shift goes on there; NIGHTSHIFT_AI_…_CEILING_USD allows more.",
    "SettingsError": "Set it right (nightshift doctor), then run again.",
    "PermanentError": "Replace the file, or requeue it once its cause is mended.",
}


class Row(NamedTuple):
    """One item of a report, in words."""

    outcome: ItemOutcome
    title: str
    thumbnail: str | None
    duration: str
    size_before: str
    size_after: str
    transcript: str
    language: str
    engines: str
    criteria: tuple[Criterion, ...]
    notes: tuple[str, ...]
    seconds: float
    what_to_do: str
    needs_you: bool


class Sections(NamedTuple):
    """The rows of a report by what a person does with them."""

    done: list[Row]
    waiting: list[Row]
    failed: list[Row]
    skipped: list[Row]


def sections(s: Session, report: ShiftReport) -> Sections:
    """All rows of a report, sorted into its sections."""
    found = Sections([], [], [], [])
    _kept = items.preload(s, [outcome.item_id for outcome in report.items if outcome.item_id])
    for outcome in report.items:
        row = _row(s, outcome, report.run_id)
        if outcome.outcome is Outcome.FAILED:
            found.failed.append(row)
        elif outcome.outcome is Outcome.SKIPPED:
            (found.waiting if row.needs_you else found.skipped).append(row)
        elif outcome.outcome is Outcome.DEFERRED or outcome.verdict in {Band.REJECT, Band.REVISE}:
            found.waiting.append(row)
        else:
            found.done.append(row)
    return found


def cost(s: Session, run_id: str) -> str:
    """What a run's paid calls came to, in words; empty where there were none."""
    spent = spending.spent_in(s, run_id)
    if not spent.calls:
        return ""
    words = f"{spent.microusd / 1e6:.4f} USD for {spent.calls} calls, {spent.tokens} tokens"
    if spent.open_microusd:
        words += f" ({spent.open_microusd / 1e6:.4f} of it as estimated: no bill came)"
    return words + (f"; the price of {spent.unpriced} is unknown" if spent.unpriced else "")


def size(size_bytes: int | None) -> str:
    """A size for people, in KiB, MiB, GiB."""
    return humanize.naturalsize(size_bytes, binary=True) if size_bytes else "–"


def duration(seconds: float | None) -> str:
    """A length for people: m:ss or h:mm:ss."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _row(s: Session, outcome: ItemOutcome, run_id: str) -> Row:
    item_id = outcome.item_id or ""
    item = s.get(Item, item_id)
    # What was only skipped is a line in a list: no need to look its results up.
    looked_up = item is not None and outcome.outcome is not Outcome.SKIPPED
    transcript = (
        ledger.latest_result(s, item_id, "transcribe_audio", Transcript) if looked_up else None
    )
    analysis = ledger.latest_result(s, item_id, "analyze_content", Analysis) if looked_up else None
    stills = (
        ledger.latest_result(s, item_id, "generate_thumbnails", Thumbnails) if looked_up else None
    )
    encode = ledger.latest_result(s, item_id, COMPRESSIONS, Compression) if looked_up else None
    verdict = ledger.latest_result(s, item_id, "judge_quality", Verdict) if looked_up else None
    done = outcome.outcome in {Outcome.DONE, Outcome.DEFERRED}
    return Row(
        outcome=outcome,
        title=item.title if item and looked_up else outcome.path.rsplit("/", 1)[-1],
        thumbnail=_data_uri(stills) if done else None,
        duration=duration(item.duration_seconds if item else None),
        size_before=size(item.size_bytes if item else None),
        size_after=size(encode.rendition.size_bytes) if encode and encode.rendition else "kept",
        transcript=_excerpt(transcript.text if transcript else ""),
        language=(transcript and transcript.language) or "",
        engines=", ".join(part.engine for part in (transcript, analysis) if part),
        criteria=verdict.criteria if verdict and done else (),
        notes=tuple(_notes(s, item_id, encode)) if done else (),
        seconds=ledger.seconds_spent(s, item_id, run_id) if looked_up else 0.0,
        what_to_do=_WHAT_TO_DO.get(outcome.reason or "PermanentError", ""),
        needs_you=outcome.error is not None
        or (item is not None and item.status == ItemStatus.QUARANTINED.value),
    )


def _notes(s: Session, item_id: str, encode: Compression | None) -> Iterator[str]:
    """What a person may want to look at: bad light, look-alikes, what a rendition lacks."""
    light = ledger.latest_result(s, item_id, "analyze_exposure", ExposureReport)
    if light and light.warning:
        yield f"Exposure: {light.warning} ({light.stops:+.1f} stops)."
    if group := duplicates.group_of(s, item_id):
        twins = ", ".join(copy.title for copy in group.copies if copy.item_id != item_id)
        yield f"Looks like {twins}: see nightshift duplicates."
    if encode and encode.rendition and encode.dropped:
        yield f"The rendition lacks {', '.join(encode.dropped)}."


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT else text[:_EXCERPT].rsplit(" ", 1)[0] + " …"


def _data_uri(stills: Thumbnails | None) -> str | None:
    """The middle still, small enough to be mailed."""
    if not stills:
        return None
    from io import BytesIO

    from PIL import Image

    path = stills.images[len(stills.images) // 2].path
    if not path.exists():
        return None
    with Image.open(path) as image:
        image.thumbnail((320, 180))
        buffer = BytesIO()
        image.save(buffer, "JPEG", quality=70)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
