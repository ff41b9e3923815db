"""How bright an item is."""

from __future__ import annotations

from utils.models.base import Frozen


class ExposureReport(Frozen):
    """Clipped highlights and shadows over the stills of an item.

    Shares are 0–1 of all pixels. ``stops`` is how far the worse end lies beyond what is
    allowed: positive too bright, negative too dark, 0 within. ``tone_mapped``: the picture is
    HDR, and was measured as it is seen in standard dynamic range.
    """

    frames: int
    mean_luma: float
    highlight_share: float
    shadow_share: float
    stops: float
    warning: str | None = None
    worst_seconds: float | None = None
    tone_mapped: bool = False
