"""Whether an item may be published: rules, house rules, a critic; what it asks to change, tried.

What a critic asks to change is an option of a step: only the steps that it touches run again.
"""

from __future__ import annotations

from typing import NamedTuple

from subflows.analysis import Findings, analyse
from subflows.extraction import Extraction
from tasks.context import RunContext
from tasks.quality import check_house_rules, critique_content, decide_approval, judge_quality
from utils.critic import revision
from utils.db import ledger, source_reports
from utils.db.session import session
from utils.errors import DeferredError
from utils.models.approval import Approval, Critique, Subject
from utils.models.options import PipelineOptions
from utils.models.verdict import Verdict
from utils.rules import house_rules


class Judgement(NamedTuple):
    """The verdict by rules, and whether it may be published; None where a step does not apply."""

    verdict: Verdict | None = None
    approval: Approval | None = None


class Judged(NamedTuple):
    """What was found and judged last, and the run with the options that this was found with."""

    context: RunContext
    findings: Findings
    judgement: Judgement


def judge(context: RunContext, facts: Extraction, findings: Findings) -> Judged:
    """Run the steps of quality that apply; what the critic asks to change is tried."""
    judged = Judged(context, findings, _judgement(context, facts, findings))
    tried: list[PipelineOptions] = [context.options]
    while len(tried) <= context.options.approval.max_revisions:
        options = revision.options_after(judged.context.options, judged.judgement.approval)
        if options is None or options in tried:
            break
        tried.append(options)
        again = judged.context._replace(options=options)
        found = analyse(again, facts)
        found.deferred = [*judged.findings.deferred, *found.deferred]
        revised = Judged(again, found, _judgement(again, facts, found))
        if _score(revised) > _score(judged):
            judged = revised
    return judged


def _score(judged: Judged) -> float:
    approval = judged.judgement.approval
    return approval.score if approval else 0.0


def _judgement(context: RunContext, facts: Extraction, findings: Findings) -> Judgement:
    item, probe, plan, signal = facts.item, facts.probe, facts.plan, findings.signal
    options = context.options
    verdict = house = critique = approval = None
    if signal and plan.runs("judge_quality"):
        limits = (
            options.verdict.for_part() if facts.work and facts.work.is_part else options.verdict
        )
        verdict = judge_quality(context, item, probe, signal, findings.transcript, limits)
    with session() as s:
        source = source_reports.name_of_item(s, item.item_id, item.path)
    subject = _subject(facts, findings, source)
    rules = house_rules.for_source(house_rules.load(context.settings), source)
    if plan.runs("check_house_rules"):
        house = check_house_rules(context, item, subject, rules)
    if verdict and plan.runs("critique_content"):
        try:
            critique = critique_content(context, item, subject, rules, options.critic)
        except DeferredError as error:
            findings.deferred.append(error)
            with session() as s:
                critique = ledger.latest_result(s, item.item_id, "critique_content", Critique)
    if verdict and plan.runs("decide_approval"):
        approval = decide_approval(context, item, verdict, house, critique, options.approval)
    return Judgement(verdict, approval)


def _subject(facts: Extraction, findings: Findings, source: str | None) -> Subject:
    """What is read of the item."""
    said, seen = findings.transcript, findings.video
    return Subject(
        title=facts.item.title,
        kind=facts.probe.kind.value,
        source=source,
        duration_seconds=findings.signal.decoded_seconds if findings.signal else None,
        language=said.language if said else None,
        segments=said.segments if said else (),
        understanding=findings.analysis.understanding if findings.analysis else None,
        video_summary=seen.summary if seen else None,
        content_warnings=seen.content_warnings if seen else (),
        texts=tuple(text.text for text in (findings.texts.texts if findings.texts else ())),
    )
