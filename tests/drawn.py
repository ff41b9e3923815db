"""Films and pictures with drawn text: Debian's ffmpeg may have no fonts, Pillow brings one."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tests.media import ffmpeg
from utils.media import tools


def picture(text: str, size: tuple[int, int] = (640, 360), at: float = 0.8) -> Image.Image:
    """White text on blue; ``at``: the height of its top, from the picture's top."""
    made = Image.new("RGB", size, (30, 50, 90))
    draw, font = ImageDraw.Draw(made), ImageFont.load_default(size[1] // 11)
    draw.text((size[0] // 8, round(size[1] * at)), text, font=font, fill="white")
    return made


def film(path: Path, texts: Sequence[tuple[str, float]], rate: int = 10, gop: int = 10) -> Path:
    """A film that shows each text for so many seconds."""
    first = picture("")
    command = [
        *(str(tools.find("ffmpeg")), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"),
        *("-s", f"{first.width}x{first.height}", "-r", str(rate), "-i", "-"),
        *("-pix_fmt", "yuv420p", "-preset", "ultrafast", "-g", str(gop), str(path)),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        for text, seconds in texts:
            pixels = picture(text).tobytes()
            for _ in range(round(seconds * rate)):
                process.stdin.write(pixels)
    assert process.returncode == 0
    return path


def counting(path: Path, seconds: float = 4, rate: str = "25", gop: int = 50, *more: str) -> Path:
    """A film in which each frame is another grey: the frame's number tells itself."""
    ffmpeg(
        *("-f", "lavfi", "-i", f"nullsrc=s=64x48:r={rate}:d={seconds}"),
        *("-vf", "geq=lum='16+mod(N*2,220)':cb=128:cr=128,format=yuv420p"),
        *("-preset", "ultrafast", "-crf", "4", "-g", str(gop), *more, str(path)),
    )
    return path
