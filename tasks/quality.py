"""The step that judges an item."""

from __future__ import annotations

from tasks.context import RunContext
from tasks.policy import step
from utils.models.item import MediaItem
from utils.models.options import VerdictOptions
from utils.models.probe import ContainerProbe
from utils.models.signal import SignalReport
from utils.models.transcript import Transcript
from utils.models.verdict import Verdict
from utils.quality import criteria, verdict


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
