"""An HLS package of ten minutes against the bare ffmpeg command, in CPU seconds, run side by side.

The film: 1080p at 30 frames a second, H.264 and AAC, a key frame every 60. Copied as it is, and
with a rendition of 360 lines, which is encoded.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from utils import config
from utils.distribution import hls_renditions
from utils.media import tools

Row = tuple[str, str, str, str, str]
_MINUTES, _RUNS, _SEGMENT_SECONDS = 10, 5, 6
_HLS = (
    *("-f", "hls", "-hls_segment_type", "fmp4", "-hls_playlist_type", "vod"),
    *("-hls_time", str(_SEGMENT_SECONDS)),
)


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        config.override(home=place / "home", database_url=None)
        film = _film(place)
        return [
            _row("copied", place, film, (), _RUNS),
            _row("copied, and 360 lines encoded", place, film, (360,), 1),
        ]


def _row(name: str, place: Path, film: Path, heights: tuple[int, ...], runs: int) -> Row:
    own, bare = [], []
    for _ in range(runs):  # by turns, so that what else the machine does meets both
        own.append(_cpu(lambda: _package(film, heights, _empty(place / "own"))))
        bare.append(_cpu(lambda: _bare(film, heights, _empty(place / "bare"))))
    ours, theirs = median(own), median(bare)
    return (
        f"HLS package of {_MINUTES} min of 1080p, {name}", f"{ours:.2f} CPU s",
        f"bare ffmpeg: {theirs:.2f} CPU s", f"{ours / theirs:.2f}", "≤ 1.1",
    )  # fmt: skip


def _package(film: Path, heights: tuple[int, ...], folder: Path) -> None:
    hls_renditions.make(film, heights, _SEGMENT_SECONDS, folder)


def _bare(film: Path, heights: tuple[int, ...], folder: Path) -> None:
    outputs: list[str | Path] = ["-c", "copy", *_HLS, folder / "whole.m3u8"]
    for height in heights:
        outputs += ["-vf", f"scale=-2:{height}", "-c:v", "libx264", "-preset", "veryfast"]
        outputs += ["-c:a", "copy", *_HLS, folder / f"{height}.m3u8"]
    _run("-i", film, *outputs)


def _film(place: Path) -> Path:
    minute, film = place / "minute.mp4", place / "film.mp4"
    _run("-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30:d=60", "-f", "lavfi", "-i",
         "sine=f=440:d=60", "-pix_fmt", "yuv420p", "-preset", "veryfast", "-g", "60", "-c:a", "aac",
         minute)  # fmt: skip
    _run("-stream_loop", str(_MINUTES - 1), "-i", minute, "-c", "copy", film)
    return film


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _run(*arguments: str | Path) -> None:
    subprocess.run([tools.find("ffmpeg"), "-v", "error", "-nostdin", "-y", *arguments], check=True)


def _cpu(work: Callable[[], None]) -> float:
    before = _used()
    work()
    return _used() - before


def _used() -> float:
    found = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in found)
