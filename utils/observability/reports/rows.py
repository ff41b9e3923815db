"""What a report says of each item, gathered from the ledger."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import NamedTuple

import humanize
from sqlalchemy.orm import Session

from utils.db import duplicates, ledger, reviews, spending
from utils.db.schema import Item
from utils.models.analysis import Analysis
from utils.models.exposure import ExposureReport
from utils.models.rendition import COMPRESSIONS, Compression, Thumbnails
from utils.models.shift import SOURCE, ItemOutcome, Outcome, ShiftReport
from utils.models.transcript import Transcript
from utils.models.verdict import Criterion, Verdict
from utils.models.visuals import Visuals

_EXCERPT = 280
_EXAMPLES = 10  # items of one cause of failure
# By the class of the error; else by the outcome.
_BY_ERROR = {
    "ResourceError": "Make room, then run again.",
    "SettingsError": "Set it right (nightshift doctor), then run again.",
    "DeferredError": "The next shift goes on there; NIGHTSHIFT_AI_…_CEILING_USD allows more.",
}
_REQUEUE = "Replace the file, or mend the cause and then: nightshift requeue {name}"
_BY_OUTCOME = {
    Outcome.FAILED: "The next shift tries again.",
    Outcome.QUARANTINED: _REQUEUE,
    Outcome.WAITS_FOR_YOU: _REQUEUE,
}
_OF_SOURCE = "It is looked into again by the next shift; nightshift source list says how it is."
_OF_VERDICT = "Look at it, and at what its verdict is made of: nightshift show {name}"


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


class Part(NamedTuple):
    """The first rows of a section, and how many it has."""

    rows: list[Row]
    total: int

    @property
    def more(self) -> int:
        """Rows that are not shown."""
        return self.total - len(self.rows)


class Cause(NamedTuple):
    """What failed for one and the same reason."""

    error: str
    what_to_do: str
    part: Part


class Sections(NamedTuple):
    """The rows of a report by their outcome; failures by cause, most first."""

    done: Part
    done_with_lacks: Part
    waits_for_you: Part
    failed: tuple[Cause, ...]
    quarantined: tuple[Cause, ...]
    deferred: Part
    skipped: Part


def sections(s: Session, report: ShiftReport, most: int = 100) -> Sections:
    """All outcomes sorted into sections, the first ``most`` of each as rows.

    What is only counted costs no query.
    """
    found: dict[Outcome, list[ItemOutcome]] = {outcome: [] for outcome in Outcome}
    for outcome in report.items:
        found[outcome.outcome].append(outcome)

    def part(outcomes: list[ItemOutcome], most: int = most) -> Part:
        return Part([_row(s, one, report.run_id) for one in outcomes[:most]], len(outcomes))

    def causes(outcomes: list[ItemOutcome]) -> tuple[Cause, ...]:
        by_error: dict[str, list[ItemOutcome]] = {}
        for outcome in outcomes:
            by_error.setdefault(outcome.error or outcome.reason or "", []).append(outcome)
        frequent = sorted(by_error.items(), key=lambda cause: -len(cause[1]))[:most]
        return tuple(
            Cause(error, what_to_do(alike[0]), part(alike, _EXAMPLES)) for error, alike in frequent
        )

    return Sections(
        done=part(found[Outcome.DONE]),
        done_with_lacks=part(found[Outcome.DONE_WITH_LACKS]),
        waits_for_you=part(found[Outcome.WAITS_FOR_YOU]),
        failed=causes(found[Outcome.FAILED]),
        quarantined=causes(found[Outcome.QUARANTINED]),
        deferred=part(found[Outcome.DEFERRED]),
        skipped=part(found[Outcome.SKIPPED]),
    )


def what_to_do(outcome: ItemOutcome) -> str:
    """What a person can do about a row: by its error, else by its outcome."""
    name = (outcome.item_id or "")[:10] or f"'{outcome.path}'"
    if outcome.kind == SOURCE:
        return _OF_SOURCE
    if outcome.outcome is Outcome.WAITS_FOR_YOU and outcome.error is None:
        return _OF_VERDICT.format(name=name)
    by_outcome = _BY_OUTCOME.get(outcome.outcome, "")
    return _BY_ERROR.get(outcome.reason or "", by_outcome).format(name=name)


def cost(s: Session, run_id: str) -> str:
    """What a run's paid calls came to, in words; empty where there were none."""
    spent = spending.spent_in(s, run_id)
    if not spent.calls:
        return ""
    words = f"{spent.microusd / 1e6:.4f} USD for {spent.calls:,} calls, {spent.tokens:,} tokens"
    if spent.open_microusd:
        words += f" ({spent.open_microusd / 1e6:.4f} of it as estimated: no bill came)"
    return words + (f"; the price of {spent.unpriced} is unknown" if spent.unpriced else "")


def left_over(report: ShiftReport) -> str:
    """What a run did not get to, and why, in words; empty where it got to all."""
    why = report.reason or "it is not known why"
    if report.left_over:
        return f"{report.left_over} left over, which keep their place: {why}"
    return report.reason or ""


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


def time_spent(seconds: float) -> str:
    """Work time for people: 4.2 s, m:ss or h:mm:ss."""
    return f"{seconds:.1f} s" if seconds < 60 else duration(seconds)


def _row(s: Session, outcome: ItemOutcome, run_id: str) -> Row:
    item_id = outcome.item_id or ""
    item = s.get(Item, item_id)
    # What was skipped or failed is a line in a list: no need to look its results up.
    done = outcome.was_worked_on
    looked_up = item is not None and done
    transcript = (
        ledger.latest_result(s, item_id, "transcribe_audio", Transcript) if looked_up else None
    )
    analysis = ledger.latest_result(s, item_id, "analyze_content", Analysis) if looked_up else None
    stills = (
        ledger.latest_result(s, item_id, "generate_thumbnails", Thumbnails) if looked_up else None
    )
    encode = ledger.latest_result(s, item_id, COMPRESSIONS, Compression) if looked_up else None
    verdict = ledger.latest_result(s, item_id, "judge_quality", Verdict) if looked_up else None
    return Row(
        outcome=outcome,
        title=item.title
        if item and outcome.outcome is not Outcome.SKIPPED
        else outcome.path.rsplit("/", 1)[-1],
        thumbnail=_data_uri(stills) if done else None,
        duration=duration(item.duration_seconds if item else None),
        size_before=size(item.size_bytes if item else None),
        size_after=size(encode.rendition.size_bytes) if encode and encode.rendition else "kept",
        transcript=_excerpt(transcript.text if transcript else ""),
        language=(transcript and transcript.language) or "",
        engines=", ".join(part.engine for part in (transcript, analysis) if part),
        criteria=verdict.criteria if verdict and done else (),
        notes=tuple(_notes(s, outcome, encode)) if done else (),
        seconds=ledger.seconds_spent(s, item_id, run_id) if looked_up else 0.0,
        what_to_do=what_to_do(outcome),
        needs_you=outcome.error is not None,
    )


def _notes(s: Session, outcome: ItemOutcome, encode: Compression | None) -> Iterator[str]:
    """What a person may want to look at: what is lacking, bad light, look-alikes."""
    item_id = outcome.item_id or ""
    for lack in outcome.lacks:
        again = " Another night tries it again." if lack.may_pass else ""
        yield f"Lacks {lack.step}: {lack.reason}{again}"
    if decision := reviews.last_decision(s, item_id):
        yield f"{reviews.in_words(decision).capitalize()}."
    light = ledger.latest_result(s, item_id, "analyze_exposure", ExposureReport)
    if light and light.warning:
        yield f"Exposure: {light.warning} ({light.stops:+.1f} stops)."
    if group := duplicates.group_of(s, item_id):
        twins = ", ".join(copy.title for copy in group.copies if copy.item_id != item_id)
        yield f"Looks like {twins}: see nightshift duplicates."
    if encode and encode.rendition and encode.dropped:
        yield f"The rendition lacks {', '.join(encode.dropped)}."
    for step in ("generate_visuals", "make_lyric_video"):
        if made := ledger.latest_result(s, item_id, step, Visuals):
            yield from made.told


def _excerpt(text: str) -> str:
    text = " ".join(text.split())
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
