"""How much a copy looks like its original: VMAF, else XPSNR, else SSIM, as the binary has it."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from utils.errors import PermanentError
from utils.media import messages, tools
from utils.processes import child_process

Metric = Literal["vmaf", "xpsnr", "ssim"]

# libvmaf ends with a segmentation fault at 16×16 and works at 32×32 (measured, ffmpeg 9).
SMALLEST_SIDE = 64

# The metric's own line, not a tag of the file that looks like it.
_LINE = r"^\[Parsed_{filter}_\d+ @ 0x[0-9a-f]+\] {before}({number})"
_SCORE = {
    by: re.compile(_LINE.format(filter=name, before=before, number=messages.NUMBER), re.MULTILINE)
    for by, name, before in (
        ("vmaf", "libvmaf", "VMAF score: "),
        ("xpsnr", "xpsnr", "XPSNR  y: "),
        ("ssim", "ssim", "SSIM .* All:"),
    )
}
_IDENTICAL_DB = 100.0  # stands for the infinite XPSNR of identical pictures


def metric() -> Metric | None:
    """The best metric that this ffmpeg has."""
    if tools.has_filter("libvmaf"):
        return "vmaf"
    if tools.has_filter("xpsnr"):
        return "xpsnr"
    return "ssim" if tools.has_filter("ssim") else None


def measure(
    encoded: Path, originals: Sequence[Path], by: Metric, deep: bool, short_side: int
) -> float:
    """The mean score of ``encoded`` against the ``originals`` played one after another.

    Args:
        encoded: The copy.
        originals: Files of one size and format.
        by: The metric.
        deep: Compare in 10 bit.
        short_side: Of the picture, in pixels; from 2160 on the model for 4K is taken.

    Returns:
        VMAF 0–100, XPSNR of luma in dB, or SSIM 0–1.
    """
    finished = child_process.run(command(encoded, originals, by, deep, short_side), encoded)
    return parse(finished.stderr, by)


def command(
    encoded: Path, originals: Sequence[Path], by: Metric, deep: bool, short_side: int
) -> list[str]:
    """The ffmpeg command line. Without a common time base and start the score is nonsense."""
    same = f"settb=AVTB,setpts=PTS-STARTPTS,format={'yuv420p10le' if deep else 'yuv420p'}"
    played = "".join(f"[{number}:v:0]" for number in range(1, len(originals) + 1))
    graph = (
        f"[0:v:0]{same}[copy];{played}concat=n={len(originals)}:v=1,{same}[original];"
        # Nearest: Matroska rounds times to milliseconds, and the frame before is another one.
        f"[copy][original]{_filter(by, short_side)}ts_sync_mode=nearest"
    )
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-nostats", "-v", "info"),
        *tools.input_arguments(encoded),
        *(part for original in originals for part in tools.input_arguments(original)),
        *("-lavfi", graph, "-fps_mode", "passthrough", "-f", "null", "-"),
    ]


def parse(log: str, by: Metric) -> float:
    """The score in ffmpeg's log.

    Raises:
        PermanentError: there is none.
    """
    found = _SCORE[by].findall(log)
    score = float(found[-1]) if found else math.nan
    if math.isnan(score):
        raise PermanentError(f"ffmpeg printed no {by} score.")
    return score if math.isfinite(score) else _IDENTICAL_DB


def _filter(by: Metric, short_side: int) -> str:
    if by != "vmaf":
        return f"{by}="
    model = "vmaf_4k_v0.6.1" if short_side >= 2160 else "vmaf_v0.6.1"
    return f"libvmaf=n_threads={min(8, os.cpu_count() or 1)}:model=version={model}:"
