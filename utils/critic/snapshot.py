"""What is known of an item at the moment at which a person decides on it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from utils.critic import approval as approving
from utils.critic import labels
from utils.db import items, ledger, listings, source_reports, transcripts
from utils.db.schema import Item
from utils.db.words import clean
from utils.models.analysis import Analysis, Understanding
from utils.models.approval import Approval, Critique, Subject
from utils.models.frames import SeenTexts
from utils.models.house_rules import HouseCheck
from utils.models.metadata import Metadata
from utils.models.probe import FfprobeReport
from utils.models.review import TEXT_CHARACTERS, ReviewSnapshot, SnapshotScore
from utils.models.verdict import Verdict
from utils.models.video_analysis import VideoAnalysis


def of(s: Session, item_id: str) -> ReviewSnapshot:
    """The scores of an item as its last results have them, and the text that it is found by.

    Raises:
        sqlalchemy.exc.NoResultFound: there is no such item.
    """
    verdict = ledger.latest_result(s, item_id, "judge_quality", Verdict)
    critique = ledger.latest_result(s, item_id, "critique_content", Critique)
    house = ledger.latest_result(s, item_id, "check_house_rules", HouseCheck)
    approval = ledger.latest_result(s, item_id, "decide_approval", Approval)
    found = judged(verdict, critique, approval, house)
    subject = subject_of(s, item_id)
    read = {"title": subject.title, "source": subject.source, "text": text_of(subject)}
    return found.model_copy(update=read)


def judged(
    verdict: Verdict | None,
    critique: Critique | None,
    approval: Approval | None,
    house: HouseCheck | None = None,
) -> ReviewSnapshot:
    """What was judged of an item, by the results of its steps."""
    if approval and approval.by == "rules":
        critique = None  # one of an earlier run, that this approval knew nothing of
    breaches = approval.breaches if approval else house.breaches if house else ()
    return ReviewSnapshot(
        scores=scores(verdict, critique),
        verdict_score=verdict.score if verdict else None,
        critic_score=critique.score if critique else None,
        approval_score=approval.score if approval else None,
        approval_status=approval.status if approval else None,
        is_doubtful=bool(approving.doubt(critique)),
        is_barred=bool(breaches) or bool(verdict and any(c.failed for c in verdict.criteria)),
        breaches=tuple(breach.rule for breach in breaches),
    )


def scores(verdict: Verdict | None, critique: Critique | None) -> tuple[SnapshotScore, ...]:
    """The criteria of the rules, with their own weights, and those of the critic."""
    rules = [
        SnapshotScore(by="rules", name=one.name, score=one.score, weight=one.weight)
        for one in (verdict.criteria if verdict else ())
    ]
    critic = [
        SnapshotScore(by="critic", name=one.name, score=one.score, weight=float(one.counts))
        for one in (critique.criteria if critique else ())
    ]
    return (*rules, *critic)


def text_of(subject: Subject) -> str:
    """What an item is found by: the most telling first, ``TEXT_CHARACTERS`` at most."""
    said = " ".join(segment.text.strip() for segment in subject.segments)
    parts = [subject.title, *_meant(subject.understanding), subject.video_summary or "", said]
    return clean(" · ".join(filter(None, map(str.strip, parts))))[:TEXT_CHARACTERS]


def subject_of(s: Session, item_id: str) -> Subject:
    """What is read of an item to judge it, as its last results have it.

    Raises:
        sqlalchemy.exc.NoResultFound: there is no such item.
    """
    row = s.get_one(Item, item_id)
    analysis = ledger.latest_result(s, item_id, "analyze_content", Analysis)
    seen = ledger.latest_result(s, item_id, "ai_video_analysis", VideoAnalysis)
    read = ledger.latest_result(s, item_id, "read_text", SeenTexts)
    facts = ledger.latest_result(s, item_id, "consolidate_metadata", Metadata)
    ffprobe = ledger.latest_result(s, item_id, "extract_ffprobe", FfprobeReport)
    said = transcripts.transcript_of(s, item_id)
    path = next(iter(items.paths_of(s, item_id)), None)
    return Subject(
        title=row.title,
        kind=row.kind,
        source=source_reports.name_of_item(s, item_id, path) if path else None,
        duration_seconds=row.duration_seconds,
        language=said.language if said else None,
        segments=said.segments if said else (),
        understanding=analysis.understanding if analysis else None,
        video_summary=seen.summary if seen else None,
        content_warnings=seen.content_warnings if seen else (),
        texts=tuple(text.text for text in (read.texts if read else ())),
        labels=labels.of(row.title, facts, listings.of(s, item_id), ffprobe, seen),
    )


def _meant(known: Understanding | None) -> Iterator[str]:
    if known:
        yield known.summary
        yield ", ".join(dict.fromkeys((*known.topics, *known.keywords)))
        yield known.mood or ""
