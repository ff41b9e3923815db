"""CPU of extracting all facts of 50 mixed files, against every step starting its own tool.

The naive way as such pipelines are written: each of the eight steps (mediainfo, ffprobe,
exiftool, extended EXIF, codec, HDR, audio, subtitles) calls its tool afresh. MediaInfo stays
in-process for both (a Python that starts to call it would only flatter us), the naive probes
print no frames but in the HDR step, and both ways derive nothing from the naive output.
"""

from __future__ import annotations

import json
import resource
import subprocess
import tempfile
from pathlib import Path

from pymediainfo import MediaInfo

from tests.media import ffmpeg
from tests.paths import SAMPLES
from utils.media import tools
from utils.media.probing import exiftool, ffprobe, mediainfo
from utils.metadata import codec, consolidation, exif, focal, hdr, tracks
from utils.models.tool_reports import ToolReports
from utils.storage import sidecars

Row = tuple[str, str, str, str, str]
_FILES = 50


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        files = _mixed(Path(folder))
        naive = _cpu(_naive, files)
        ours = _cpu(_ours, files)
    return [
        (f"all metadata of {len(files)} files", f"{ours:.1f} CPU s",
         f"each step its own tool {naive:.1f} CPU s", f"{naive / ours:.1f} ×", "≥ 5 ×"),
    ]  # fmt: skip


def _cpu(work: object, files: list[Path]) -> float:
    before = _used()
    work(files)  # type: ignore[operator]
    return _used() - before


def _used() -> float:
    """User and system time of this process and of all children that ended."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def _ours(files: list[Path]) -> None:
    for path in files:
        probed, media, tags = ffprobe.report(path), mediainfo.report(path), exiftool.report(path)
        camera = exif.extended(tags)
        consolidation.consolidate(
            ToolReports(
                ffprobe=probed,
                mediainfo=media,
                exif=tags,
                camera=camera,
                codec=codec.details(probed, media),
                hdr=hdr.describe(probed, media),
                audio_tracks=tracks.audio(probed, media),
                subtitle_tracks=tracks.subtitles(probed, sidecars.beside(path)),
                focal_length=focal.detect(tags, camera, probed.container),
            )
        )
    exiftool.tool.close()  # its time counts once it has ended


def _naive(files: list[Path]) -> None:
    probe = [str(tools.find("ffprobe")), "-v", "error", "-print_format", "json"]
    perl = [exiftool.command()[0], str(exiftool.script()), "-json", "-n"]
    every = ["-show_format", "-show_streams"]
    first = ["-show_frames", "-read_intervals", "%+#1", "-select_streams", "v:0"]
    for path in files:
        MediaInfo.parse(str(path)).to_json()
        for command in (
            [*probe, *every, str(path)],
            [*perl, str(path)],
            [*perl, str(path)],  # extended EXIF
            [*probe, *every, str(path)],  # codec
            [*probe, *every, *first, str(path)],  # HDR
            [*probe, "-show_streams", "-select_streams", "a", str(path)],
            [*probe, "-show_streams", "-select_streams", "s", str(path)],
        ):
            json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def _mixed(folder: Path) -> list[Path]:
    """1080p and small videos, songs and photos, ten copies of each of five."""
    photo, song = folder / "photo.jpg", folder / "song.mp3"
    large, small, film = folder / "large.mp4", folder / "small.mp4", folder / "film.mkv"
    moving, tone = ["-f", "lavfi", "-i"], ["-f", "lavfi", "-i", "sine=d=5"]
    ffmpeg(*moving, "testsrc2=s=1920x1080:r=25:d=5", *tone, "-preset", "veryfast",
           "-pix_fmt", "yuv420p", large)  # fmt: skip
    ffmpeg(*moving, "testsrc2=s=640x360:r=25:d=5", *tone, "-pix_fmt", "yuv420p", small)
    ffmpeg("-i", small, "-c", "copy", "-metadata:s:a:0", "language=khm", film)
    ffmpeg(*moving, "testsrc2=s=4000x3000", "-frames:v", "1", photo)
    song.write_bytes((SAMPLES / "lighthouse.mp3").read_bytes())
    kinds = [large, small, film, photo, song]
    copies = []
    for number in range(_FILES):
        source = kinds[number % len(kinds)]
        copy = folder / str(number) / f"item{source.suffix}"  # alone, as MediaInfo joins series
        copy.parent.mkdir()
        copy.hardlink_to(source)
        copies.append(copy)
    return copies


if __name__ == "__main__":
    print(rows())
