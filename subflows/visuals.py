"""Pictures and films that are made for an item; nothing is made for what was rejected."""

from __future__ import annotations

from subflows.analysis import Findings
from subflows.extraction import Extraction
from subflows.processing import Product
from subflows.quality_gate import Judgement
from tasks.context import RunContext
from tasks.visuals import generate_visuals, make_lyric_video
from utils.db import approvals
from utils.db.session import session
from utils.models.approval import ApprovalStatus
from utils.models.options import PipelineOptions
from utils.models.shift import Lack
from utils.models.steps import BY_NAME
from utils.models.verdict import Band
from utils.models.visual_subject import VisualSubject
from utils.models.visuals import Visuals


def draw(
    context: RunContext,
    facts: Extraction,
    findings: Findings,
    judgement: Judgement,
    product: Product,
) -> Visuals | None:
    """Run the steps of visuals that apply."""
    item, plan, options = facts.item, facts.plan, context.options
    if _is_rejected(item.item_id, judgement):
        if "generate_visuals" in options.only:  # who asks for it is told
            lack = Lack(step="generate_visuals", reason="The item was rejected: nothing is drawn.")
            context.lacks.append(lack)
        return None
    made, subject = None, _subject(facts, findings, product)
    if findings.signal and plan.runs("generate_visuals"):
        made = generate_visuals(context, item, subject, findings.signal, options.visuals)
    if findings.transcript and findings.signal and plan.runs("make_lyric_video"):
        make_lyric_video(
            context, item, subject, findings.transcript, findings.signal, made, options.lyric_video
        )
    return made


def alone(options: PipelineOptions) -> PipelineOptions:
    """The same for pictures alone, and lyric videos where they are on: all else is recalled."""
    films = ("make_lyric_video",) if options.steps.is_on(BY_NAME["make_lyric_video"]) else ()
    return options.model_copy(update={"only": ("generate_visuals", *films)})


def _is_rejected(item_id: str, judgement: Judgement) -> bool:
    """True for what a person rejected, and where no person has decided what rules or critic did."""
    with session() as s:
        decided = approvals.decided_by_person(s, item_id)
    if decided is not None:
        return decided is ApprovalStatus.REJECTED
    verdict, approval = judgement.verdict, judgement.approval
    return bool(
        (verdict and verdict.band is Band.REJECT)
        or (approval and approval.status is ApprovalStatus.REJECTED)
    )


def _subject(facts: Extraction, findings: Findings, product: Product) -> VisualSubject:
    """What is to be drawn."""
    known = product.metadata
    pictures = findings.best_pictures or findings.thumbnails
    return VisualSubject(
        title=(known.title if known else None) or facts.item.title,
        artist=known.artist if known else None,
        album=known.album if known else None,
        kind=facts.probe.kind.value,
        language=findings.transcript.language if findings.transcript else None,
        duration_seconds=findings.signal.decoded_seconds if findings.signal else None,
        understanding=findings.analysis.understanding if findings.analysis else None,
        video_summary=findings.video.summary if findings.video else None,
        pictures=pictures.images if pictures else (),
    )
