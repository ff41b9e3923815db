"""What looking at a film costs: detectors, pictures and exposure against one bare decode."""

from __future__ import annotations

import resource
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

Row = tuple[str, str, str, str, str]
SECONDS = 60


def rows() -> list[Row]:
    from utils.media import signal, tools
    from utils.media.imaging import exposure, thumbnails
    from utils.media.probing import ffprobe

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = _film(folder)
        probe = ffprobe.probe(film)
        tools.filters()  # asked once a process

        def look() -> None:
            report = signal.analyze(film, probe, folder)
            thumbnails.generate(film, probe, report, 5, folder)
            exposure.measure(report, probe)

        def decode() -> None:
            subprocess.run(
                [tools.find("ffmpeg"), "-v", "error", "-i", film, "-f", "null", "-"], check=True
            )

        bare, ours = _cpu_seconds(decode), _cpu_seconds(look)
    return [
        (
            f"detectors, pictures and exposure of {SECONDS} s of 1080p",
            f"{ours:.1f} CPU s",
            f"one decode {bare:.1f} CPU s",
            f"{ours / bare:.2f}",
            "≤ 1.3",
        )
    ]


def _film(folder: Path) -> Path:
    """A minute of moving 1080p with film grain and a tone, H.264 at 8 to 12 Mb/s."""
    from utils.media import tools

    film = folder / "film.mp4"
    subprocess.run(
        [tools.find("ffmpeg"), "-v", "error",
         "-f", "lavfi", "-i", f"testsrc2=s=1920x1080:r=25:d={SECONDS}",
         "-f", "lavfi", "-i", f"sine=f=440:d={SECONDS}",
         "-vf", "noise=alls=6:allf=t", "-pix_fmt", "yuv420p",
         "-c:v", "libx264", "-preset", "veryfast", "-b:v", "10M", "-c:a", "aac", film],
        check=True,
    )  # fmt: skip
    return film


def _cpu_seconds(work: Callable[[], None]) -> float:
    """User and system time of this process and the children that ended in it."""

    def used() -> float:
        mine, theirs = (
            resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime

    before = used()
    work()
    return used() - before
