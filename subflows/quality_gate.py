"""Whether an item may be published: rules, house rules, a critic; what it asks to change, tried.

What a critic asks to change is an option of a step: only the steps that it touches run again, as
the ledger knows the others. A trial counts only if it is better and lacks nothing that was there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from subflows import subject_of
from subflows.analysis import Findings, analyse
from subflows.extraction import Extraction
from tasks.context import RunContext
from tasks.quality import check_house_rules, critique_content, decide_approval, judge_quality
from utils.critic import critic, revision
from utils.critic.approval import AWAY, NOTHING_TO_READ
from utils.db import approvals, ledger, source_reports
from utils.db.session import session
from utils.errors import DeferredError, ResourceError, SettingsError
from utils.models.approval import Approval, ApprovalStatus, Critique, Missing, Subject
from utils.models.house_rules import HouseCheck, HouseRules
from utils.models.options import PipelineOptions
from utils.models.steps import BY_NAME, STEPS
from utils.models.verdict import Verdict
from utils.pipeline import step_key
from utils.rules import house_rules, revisions

_CRITIC = "critique_content"
_WORDS_OF_ITS_OWN = ("transcribe_audio", "read_text")  # what an item itself says and shows
_JUDGED = frozenset(step.name for step in STEPS if step.group in {"analysis", "quality"})


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
    best = Judged(context, findings, _judgement(context, facts, findings))
    seen, wanted = [context.options], None
    # In a run of single steps the record, the index and the rendition would stay what they were.
    tries = 0 if context.options.only else context.options.approval.max_revisions
    for _ in range(tries):
        wanted = revision.options_after(best.context.options, best.judgement.approval)
        wanted = wanted and revisions.options_under(context.requested, wanted)  # people's stay
        if wanted is None or wanted in seen or _is_decided(facts):
            break
        seen.append(wanted)
        if not revision.is_tried(best.context.options, wanted):
            break
        tried = _tried(best, wanted, facts)
        if tried is None or not _is_better(tried, best):
            best = _again(best, facts)  # what was found before is what counts, in the database too
            break
        best = tried
    return _kept(_afterwards(best, wanted), context)


def _is_decided(facts: Extraction) -> bool:
    """True if a person has decided: nothing is to be tried then."""
    with session() as s:
        return approvals.decided_by_person(s, facts.item.item_id) is not None


def _tried(before: Judged, options: PipelineOptions, facts: Extraction) -> Judged | None:
    """The item analysed and judged with other options; None if that lacks what was there."""
    trial = before.context._replace(options=options, forced=frozenset(), lacks=[])
    try:
        found = analyse(trial, facts)
        tried = Judged(trial, found, _judgement(trial, facts, found))
    except (SettingsError, ResourceError, MemoryError):  # such as a model of speech: too large
        return None
    known = {lack.step for lack in before.context.lacks}
    is_whole = known.issuperset(lack.step for lack in trial.lacks)
    return tried if is_whole and not found.deferred else None


def _is_better(tried: Judged, before: Judged) -> bool:
    after, then = tried.judgement.approval, before.judgement.approval
    if after is None or then is None or after.by != then.by:
        return False
    return after.status is not ApprovalStatus.REJECTED and after.score > then.score


def _again(best: Judged, facts: Extraction) -> Judged:
    """The same, recalled, so that it is what was found last."""
    context = best.context._replace(forced=frozenset(), lacks=[])
    found = analyse(context, facts)
    return Judged(context, found, _judgement(context, facts, found))


def _afterwards(best: Judged, wanted: PipelineOptions | None) -> Judged:
    """The options with what acts on the rendition alone, where the rules found it wanting, too."""
    verdict = best.judgement.verdict
    loudness = [one.score for one in verdict.criteria if one.name == "loudness"] if verdict else []
    if wanted is None or min(loudness, default=1.0) >= 1:
        return best
    options = best.context.options.model_copy(update={"compression": wanted.compression})
    return best._replace(context=best.context._replace(options=options))


def _kept(best: Judged, given: RunContext) -> Judged:
    """The best, with the list of lacks that the run looks at, and steps forced as they were."""
    if best.context.lacks is not given.lacks:
        others = [one for one in given.lacks if one.step not in _JUDGED]
        given.lacks[:] = [*others, *best.context.lacks]
    context = best.context._replace(lacks=given.lacks, forced=given.forced)
    return best._replace(context=context)


def _judgement(context: RunContext, facts: Extraction, findings: Findings) -> Judgement:
    item, probe, plan, signal = facts.item, facts.probe, facts.plan, findings.signal
    options = context.options
    verdict = house = approval = None
    if plan.runs("consolidate_metadata"):
        findings.metadata = subject_of.consolidated(context, facts, findings)
    if signal and plan.runs("judge_quality"):
        limits = (
            options.verdict.for_part() if facts.work and facts.work.is_part else options.verdict
        )
        verdict = judge_quality(context, item, probe, signal, findings.transcript, limits)
    with session() as s:
        source = source_reports.name_of_item(s, item.item_id, item.path)
    subject = subject_of.of(facts, findings, source)
    rules = house_rules.for_source(house_rules.load(context.settings), source)
    if plan.runs("check_house_rules"):
        house = check_house_rules(context, item, subject, rules)
    if verdict and plan.runs("decide_approval"):
        critique, missing = None, Missing(critic=plan.reasons["critique_content"])
        if missing.critic is None:
            critique, missing = _critique(context, facts, findings, subject, rules)
        if plan.runs("check_house_rules"):
            unchecked = tuple(_unchecked(context, rules, house))
            missing = missing.model_copy(update={"awaited": (*unchecked, *missing.awaited)})
        approval = decide_approval(
            context, item, verdict, house, critique, options.approval, missing
        )
    return Judgement(verdict, approval)


def _unchecked(context: RunContext, rules: HouseRules, house: HouseCheck | None) -> Iterator[str]:
    """Why an item may break a house rule that nobody found broken."""
    if house is None:
        why = _failure(context, "check_house_rules")
        yield f"the house rules could not be checked{why}: a person decides"
    elif rules.prohibited_topics:
        for step in _WORDS_OF_ITS_OWN:
            if why := _failure(context, step):
                yield f"{step} failed{why}, so not all was held against the house rules"


def _failure(context: RunContext, step: str) -> str:
    """The first sentence of why a step failed, in brackets; empty where it did not."""
    lack = next((one for one in context.lacks if one.step == step), None)
    return f" ({lack.reason.split('. ')[0].rstrip('.')})" if lack else ""


def _critique(
    context: RunContext, facts: Extraction, findings: Findings, subject: Subject, rules: HouseRules
) -> tuple[Critique | None, Missing]:
    """What the critic says, or why there is nothing of it."""
    if not critic.is_readable(subject):
        return None, Missing(critic=NOTHING_TO_READ)
    try:
        found = critique_content(context, facts.item, subject, rules, context.options.critic)
    except DeferredError as error:
        findings.deferred.append(error)
        before = _said_before(context, facts, subject, rules)
        dear = Missing(critic="what it may cost does not fit the ceiling", awaited=(AWAY,))
        return before, Missing() if before else dear
    if found:
        return found, Missing()
    why = f"the critic failed{_failure(context, _CRITIC)}"
    is_away = any(one.step == _CRITIC and one.may_pass for one in context.lacks)
    return None, Missing(critic=why, awaited=(AWAY,) if is_away else ())


def _said_before(
    context: RunContext, facts: Extraction, subject: Subject, rules: HouseRules
) -> Critique | None:
    """What a critic said last of the item, if that was of the same texts and rules."""
    given = {"subject": subject, "rules": rules}
    wanted = step_key.inputs_of(_CRITIC, BY_NAME[_CRITIC].version, given, "", context.settings.home)
    with session() as s:
        last = ledger.latest_done(s, facts.item.item_id, _CRITIC)
        made_of = (last.inputs if last else None) or {}
        if any(made_of.get(name) != wanted.parts[name] for name in ("version", *given)):
            return None
        return ledger.read(s, last, Critique)
