"""Jobs on demand: frames against what ffmpeg alone takes, in CPU seconds; text per frame.

The film: ten minutes of 1080p at 30 frames a second, H.264, a key frame every 250.
"""

from __future__ import annotations

import resource
import subprocess
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from utils import config
from utils.frames import crops, extraction, text
from utils.frames.extraction import Video
from utils.media import tools
from utils.media.probing import ffprobe
from utils.models.job import CropBounds

Row = tuple[str, str, str, str, str]
_MINUTES = 10
_BOUNDS = CropBounds(left=100, top=760, right=1820, bottom=1000)


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        config.override(home=place / "home", database_url=None)
        film = _film(place)
        full, count = _full(film, place)
        all_of_it = _cpu(lambda: _ffmpeg(film, "fps=0.1", "-f", "null", "-"))
        part = film.with_name("minute.mp4")  # a minute is enough for what is decoded whole
        cut = _cpu(lambda: crops.extract(_video(part, place / "crops"), _BOUNDS, Fraction(10), _no))
        bare = _cpu(lambda: _bare(part, place))
        read = _cpu(lambda: [text.read(p) for p in sorted((place / "full").iterdir())[:10]]) / 10
    title = f"full frames at 0.1 a second, {_MINUTES} min of 1080p: {count} frames"
    return [
        (title, f"{full:.1f} CPU s", f"ffmpeg decodes all: {all_of_it:.1f} CPU s",
         f"{full / all_of_it:.3f}", "< 0.1"),
        ("crop frames at 10 a second, 1 min of 1080p", f"{cut:.1f} CPU s",
         f"bare ffmpeg: {bare:.1f} CPU s", f"{cut / bare:.2f}", "< 1.2"),
        ("text in a frame of 1080p", f"{read:.2f} CPU s", "–", "–", "–"),
    ]  # fmt: skip


def _film(place: Path) -> Path:
    minute, film = place / "minute.mp4", place / "film.mp4"
    _run("-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30:d=60", "-pix_fmt", "yuv420p",
         "-preset", "veryfast", minute)  # fmt: skip
    _run("-stream_loop", str(_MINUTES - 1), "-i", minute, "-c", "copy", film)
    return film


def _full(film: Path, place: Path) -> tuple[float, int]:
    found: list[extraction.Extracted] = []
    seconds = _cpu(
        lambda: found.append(extraction.extract(_video(film, place / "full"), Fraction(1, 10), _no))
    )
    return seconds, len(found[0].frames)


def _bare(film: Path, place: Path) -> None:
    (place / "bare").mkdir()
    width, height = _BOUNDS.right - _BOUNDS.left, _BOUNDS.bottom - _BOUNDS.top
    cut = f"fps=10,crop={width}:{height}:{_BOUNDS.left}:{_BOUNDS.top}"
    _ffmpeg(film, cut, "-q:v", "3", place / "bare" / "%d.jpg")


def _video(path: Path, folder: Path) -> Video:
    folder.mkdir()
    return Video(path, ffprobe.probe(path), folder)


def _ffmpeg(film: Path, filters: str, *output: str | Path) -> None:
    _run("-i", film, "-vf", filters, *output)


def _run(*arguments: str | Path) -> None:
    subprocess.run([tools.find("ffmpeg"), "-v", "error", "-nostdin", "-y", *arguments], check=True)


def _no(_share: float) -> None:
    pass


def _cpu(work: Callable[[], object]) -> float:
    before = _used()
    work()
    return _used() - before


def _used() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)
