"""Exposure from an item's stills: no frame is decoded for it again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from utils.errors import PermanentError
from utils.media.imaging import filters, image
from utils.models.exposure import ExposureReport
from utils.models.probe import ContainerProbe
from utils.models.signal import SignalReport

if TYPE_CHECKING:
    from PIL.Image import Image

# Grey levels (0–255), the share that warns, and the formula of the stops: those of the video
# ingest system that this step was taken from.
_HIGHLIGHT, _SHADOW = 240, 16
_WARNING_SHARE = 0.05


def measure(signal: SignalReport, probe: ContainerProbe) -> ExposureReport:
    """Shares of grey levels ≥ 240 and < 16 over all stills, and what follows from them.

    Raises:
        PermanentError: there are no stills.
    """
    if not signal.stills:
        raise PermanentError("There is no picture whose exposure could be measured.")
    bright, dark, lumas = [], [], []
    for still in signal.stills:
        with image.opened(still.path) as seen:
            high, low, luma = _of(seen)
        bright.append(high)
        dark.append(low)
        lumas.append(luma)
    highlight, shadow = sum(bright) / len(bright), sum(dark) / len(dark)
    off = stops(highlight, shadow)
    worst = max(range(len(bright)), key=lambda i: max(bright[i], dark[i]))
    return ExposureReport(
        frames=len(signal.stills),
        mean_luma=round(sum(lumas) / len(lumas), 2),
        highlight_share=round(highlight, 5),
        shadow_share=round(shadow, 5),
        stops=off,
        warning=_warning(highlight, shadow, off),
        worst_seconds=signal.stills[worst].time_seconds if off else None,
        tone_mapped=filters.is_hdr(probe.video),
    )


def stops(highlight: float, shadow: float) -> float:
    """±log2(share·20) of the larger share above 5 %; 0 if neither is."""
    share = max(highlight, shadow)
    if share <= _WARNING_SHARE:
        return 0.0
    return round(math.copysign(math.log2(share * 20), 1 if highlight >= shadow else -1), 2)


def _of(seen: Image) -> tuple[float, float, float]:
    """Share of highlights, share of shadows and mean of the grey levels of one picture."""
    counts = seen.convert("L").histogram()
    pixels = sum(counts)
    mean = sum(level * count for level, count in enumerate(counts)) / pixels
    return sum(counts[_HIGHLIGHT:]) / pixels, sum(counts[:_SHADOW]) / pixels, mean


def _warning(highlight: float, shadow: float, off: float) -> str | None:
    if off > 0:
        return f"{highlight:.0%} of the picture is blown out"
    if off < 0:
        return f"{shadow:.0%} of the picture is black"
    return None
