"""What a target quality costs and gives, on three clips of 640×360.

A drawn film, a pan over a photograph with grain, and a zoom into a fractal: encoded to VMAF
93 by samples, then measured as a whole; and against encodes of all three at one fixed crf
whose mean VMAF is the same.
"""

from __future__ import annotations

import itertools
import math
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from utils.media import signal, tools
from utils.media.encoding import encode, stream_plan, vmaf
from utils.media.probing import ffprobe
from utils.media.streams import read
from utils.models.options import CompressionOptions
from utils.processes import child_process

Row = tuple[str, str, str, str, str]

TARGET = 93.0
FIXED = (20, 23, 26, 29, 32)
SAMPLES = Path(__file__).parent.parent / "samples"
_PAN = (
    "zoompan=z='1.4+0.2*sin(on/40)':x='(iw-iw/zoom)*on/250':y='(ih-ih/zoom)/2'"
    ":d=250:s=640x360:fps=25"
)
CLIPS = {
    "film": ("-i", SAMPLES / "the night shift.mp4"),
    "photograph": ("-i", SAMPLES / "coast.jpg", "-vf", f"{_PAN},noise=alls=5:allf=t"),
    "fractal": ("-f", "lavfi", "-i", "mandelbrot=s=640x360:r=25:end_scale=0.003,trim=0:10"),
}


class Encoded(NamedTuple):
    """One encode of one clip."""

    score: float
    size_bytes: int


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = [_clip(folder, *clip) for clip in CLIPS.items()]
        found = [_to_target(clip, folder) for clip in clips]
        fixed = [[_at(clip, crf, folder) for clip in clips] for crf in FIXED]
    return [*(row for row, _ in found), _against([made for _, made in found], fixed)]


def _clip(folder: Path, name: str, source: tuple[str | Path, ...]) -> Path:
    target = folder / f"{name}.mp4"
    subprocess.run(
        [tools.find("ffmpeg"), "-v", "error", *source, "-an", "-pix_fmt", "yuv420p",
         "-c:v", "libx264", "-preset", "veryfast", "-crf", "8", target], check=True,
    )  # fmt: skip
    return target


def _to_target(clip: Path, folder: Path) -> tuple[Row, Encoded]:
    probe = ffprobe.probe(clip)
    options = CompressionOptions(target_vmaf=TARGET, min_saving=0)
    made = encode.compress(clip, probe, signal.analyze(clip, probe, folder), options, folder)
    assert made.rendition and made.score
    score = _score(made.rendition.path, clip)
    row = (f"encode to VMAF {TARGET:.0f}: {clip.stem}", f"{score:.2f} at crf {made.crf:g}",
           f"samples {made.score:.2f}, {made.probes} probes", f"{abs(score - TARGET):.2f} off",
           "≤ 1.0, ≤ 4 probes")  # fmt: skip
    return row, Encoded(score, made.rendition.size_bytes)


def _at(clip: Path, crf: float, folder: Path) -> Encoded:
    """The same encode at a fixed crf."""
    plan = stream_plan.for_video(read(clip), CompressionOptions(), is_intact=True)
    target = folder / "fixed.mp4"
    child_process.run(stream_plan.command(clip, plan, target, crf), clip)
    return Encoded(_score(target, clip), target.stat().st_size)


def _score(made: Path, clip: Path) -> float:
    return vmaf.measure(made, [clip], "vmaf", deep=False, short_side=360)


def _against(found: list[Encoded], fixed: list[list[Encoded]]) -> Row:
    """Total size against that of one crf for all, at the same mean score."""
    wanted = statistics.mean(made.score for made in found)
    points = [
        (statistics.mean(e.score for e in encodes), math.log(sum(e.size_bytes for e in encodes)))
        for encodes in fixed
    ]
    size = math.exp(_interpolate(wanted, points))
    total = sum(made.size_bytes for made in found)
    return ("size of the three, by target", f"{total / 1e6:.2f} MB, VMAF {wanted:.2f}",
            f"one crf for all {size / 1e6:.2f} MB", f"{total / size:.2f}", "≤ 1.0")  # fmt: skip


def _interpolate(x: float, points: list[tuple[float, float]]) -> float:
    """The value at ``x`` on the lines between points whose x falls."""
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x0 >= x >= x1:
            return y0 + (y1 - y0) * (x0 - x) / (x0 - x1)
    raise ValueError(f"no fixed crf reaches a mean VMAF of {x:.1f}")
