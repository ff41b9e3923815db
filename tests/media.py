"""Small real media files for tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.paths import SAMPLES
from utils.media import tools


class Clips(NamedTuple):
    """Paths of the clips; all a few seconds long."""

    video: Path  # 4 s, 640×360, a tone
    silent_video: Path  # 3 s, no sound
    tone: Path  # 3 s WAV
    speech: Path  # English speech, MP3
    image: Path
    half: Path  # the first half of ``video``: no index, unreadable
    half_faststart: Path  # declares 4 s, decodes 2
    text: Path  # a text file named .mp4
    hls: Path  # a folder with index.m3u8


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run([tools.find("ffmpeg"), "-v", "error", "-y", *arguments], check=True)


def make(folder: Path) -> Clips:
    clips = Clips(
        video=folder / "video.mp4",
        silent_video=folder / "silent.mp4",
        tone=folder / "tone.wav",
        speech=folder / "speech.mp3",
        image=folder / "image.jpg",
        half=folder / "half.mp4",
        half_faststart=folder / "half-faststart.mp4",
        text=folder / "text.mp4",
        hls=folder / "hls",
    )
    moving = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=4"]
    tone = ["-f", "lavfi", "-i", "sine=f=440:d=4"]
    ffmpeg(*moving, *tone, "-pix_fmt", "yuv420p", "-b:v", "2M", "-g", "25", clips.video)
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=3", "-pix_fmt", "yuv420p",
           clips.silent_video)  # fmt: skip
    ffmpeg("-f", "lavfi", "-i", "sine=f=440:d=3", clips.tone)
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=800x600", "-frames:v", "1", clips.image)
    shutil.copy(SAMPLES / "lighthouse.mp3", clips.speech)
    whole = clips.video.read_bytes()
    clips.half.write_bytes(whole[: len(whole) // 2])
    fast = folder / "fast.mp4"
    ffmpeg("-i", clips.video, "-c", "copy", "-movflags", "+faststart", fast)
    clips.half_faststart.write_bytes(fast.read_bytes()[: fast.stat().st_size // 2])
    clips.text.write_text("this is no video\n" * 20)
    clips.hls.mkdir()
    ffmpeg("-i", clips.video, "-c", "copy", "-hls_time", "1", "-hls_playlist_type", "vod",
           clips.hls / "index.m3u8")  # fmt: skip
    return clips
