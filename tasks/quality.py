"""The step that judges an item."""

from __future__ import annotations

from tasks.policy import step
from utils.models.item import MediaItem
from utils.models.options import GateOptions
from utils.models.probe import ContainerProbe
from utils.models.signal import SignalReport
from utils.models.transcript import Transcript
from utils.models.verdict import Verdict
from utils.quality import criteria, gate


@step()
def judge_quality(
    item: MediaItem,
    probe: ContainerProbe,
    signal: SignalReport,
    transcript: Transcript | None,
    limits: GateOptions,
) -> Verdict:
    """Approve, accept, revise or reject, with a reason for each criterion."""
    return gate.decide(criteria.judge(probe, signal, transcript, limits))
