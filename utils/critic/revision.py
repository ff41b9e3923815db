"""What a critic asks to change, as options of the pipeline: only those that may be changed so."""

from __future__ import annotations

from utils.models.approval import Approval
from utils.models.options import PipelineOptions


def options_after(options: PipelineOptions, approval: Approval | None) -> PipelineOptions | None:
    """The options with what is asked for; None where there is nothing that options could change."""
    return None
