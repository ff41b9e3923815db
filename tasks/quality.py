"""Steps that judge an item: the rules, the house rules, a critic, and what follows of it.

What a paid service may cost is reserved before it is asked, and settled by its bill.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from tasks.context import RunContext
from tasks.policy import step
from utils.critic import approval, critic
from utils.db import approvals, spending
from utils.errors import PermanentError, SettingsError
from utils.models.approval import Approval, Critique, Missing, Subject
from utils.models.house_rules import HouseCheck, HouseRules
from utils.models.item import MediaItem
from utils.models.options import ApprovalOptions, CriticOptions, VerdictOptions
from utils.models.probe import ContainerProbe
from utils.models.signal import SignalReport
from utils.models.transcript import Transcript
from utils.models.verdict import Verdict
from utils.quality import criteria, verdict
from utils.rules import house_rules


@step()
def judge_quality(
    context: RunContext,
    item: MediaItem,
    probe: ContainerProbe,
    signal: SignalReport,
    transcript: Transcript | None,
    limits: VerdictOptions,
) -> Verdict:
    """Approve, accept, revise or reject, with a reason for each criterion."""
    return verdict.decide(criteria.judge(probe, signal, transcript, limits))


@step()
def check_house_rules(
    context: RunContext, item: MediaItem, subject: Subject, rules: HouseRules
) -> HouseCheck:
    """Prohibited topics, what an item must have, the standard of its romanisation."""
    return house_rules.check(subject, rules)


@step()
def critique_content(
    context: RunContext,
    item: MediaItem,
    subject: Subject,
    rules: HouseRules,
    options: CriticOptions,
) -> Critique:
    """A model's scores of stated criteria, with evidence; two or three readings."""
    settings, step_name = context.settings, "critique_content"
    try:
        expected = critic.estimate(subject, rules, options, settings)
        with spending.spent(context.run_id, item.item_id, step_name, expected, settings) as bill:
            found = critic.critique(item.item_id, subject, rules, options, settings)
            bill.usage = found.usage
    except SettingsError as error:  # no item is lost for it: the rules decide alone
        raise PermanentError(str(error)) from error
    return found


def _save(s: Session, found: Approval) -> None:
    approvals.note(s, found)


@step(save=_save)
def decide_approval(
    context: RunContext,
    item: MediaItem,
    verdict: Verdict,
    house: HouseCheck | None,
    critique: Critique | None,
    options: ApprovalOptions,
    missing: Missing,
) -> Approval:
    """Approved, for review, or rejected; a person's decision stands above it."""
    return approval.decide(item.item_id, verdict, house, critique, options, missing)
