"""A chart of 24 known colours, in the spaces that files come in, and how far colours are apart."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from utils.media import tools

Colours = NDArray[np.float64]

# The ColorChecker Classic in sRGB (X-Rite's values; cyan is brought inside the gamut).
PATCHES: Colours = np.array([
    (115, 82, 68), (194, 150, 130), (98, 122, 157), (87, 108, 67), (133, 128, 177), (103, 189, 170),
    (214, 126, 44), (80, 91, 166), (193, 90, 99), (94, 60, 108), (157, 188, 64), (224, 163, 46),
    (56, 61, 150), (70, 148, 73), (175, 54, 60), (231, 199, 31), (187, 86, 149), (8, 133, 161),
    (243, 243, 242), (200, 200, 200), (160, 160, 160), (122, 122, 121), (85, 85, 85), (52, 52, 52),
]) / 255.0  # fmt: skip
COLUMNS, ROWS = 6, 4
WHITE = np.array((0.95047, 1.0, 1.08883))  # D65
# CIE 1931 xy of red, green and blue.
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
DISPLAY_P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
X264 = ("-c:v", "libx264", "-qp", "4", "-preset", "ultrafast")
# Filters from the chart in sRGB to what a video of standard range stores, and what is to be told
# of its colours. The curve is the screen's, whatever it is called.
_TO = "zscale=min=gbr:rin=full:pin=bt709:tin=iec61966-2-1:t=iec61966-2-1"
_UNTOLD = "setparams=colorspace=unknown:color_primaries=unknown:color_trc=unknown:range=unknown"
BT601 = f"{_TO}:p=smpte170m:m=smpte170m:r=limited,format=yuv420p,setparams=color_trc=smpte170m"
BT709 = f"{_TO}:p=bt709:m=bt709:r=limited,format=yuv420p,setparams=color_trc=bt709"
P3 = f"{_TO}:p=smpte432:m=bt709:r=limited,format=yuv420p,setparams=color_trc=bt709"
BT709_FULL = f"{_TO}:p=bt709:m=bt709:r=full,format=yuv420p"
BT709_UNTOLD = f"{_TO}:p=bt709:m=bt709:r=limited,format=yuv420p,{_UNTOLD}"
BT601_UNTOLD = f"{_TO}:p=bt709:m=smpte170m:r=limited,format=yuv420p,{_UNTOLD}"
BT2020 = f"{_TO}:p=bt2020:m=bt2020nc:r=limited,format=yuv420p10le,setparams=color_trc=bt2020-10"
X265 = ("-c:v", "libx265", "-x265-params", "log-level=none", "-qp", "6", "-preset", "ultrafast")
# White of the chart is 203 cd/m², as BT.2408 has it.
_TO_HDR = "zscale=min=gbr:rin=full:pin=bt709:tin=iec61966-2-1:npl=203:m=bt2020nc:p=bt2020:r=limited"
PQ = f"{_TO_HDR}:t=smpte2084,format=yuv420p10le"
HLG = f"{_TO_HDR}:t=arib-std-b67,format=yuv420p10le"
# Bradford's adaptation of D65 to D50, the white of ICC profiles.
_TO_D50 = np.array((
    (1.0478112, 0.0228866, -0.0501270), (0.0295424, 0.9904844, -0.0170491),
    (-0.0092345, 0.0150436, 0.7521316),
))  # fmt: skip


def to_xyz(primaries: tuple[tuple[float, float], ...]) -> Colours:
    """The matrix from linear RGB of these primaries, white D65, to XYZ."""
    columns = np.array([(x / y, 1.0, (1 - x - y) / y) for x, y in primaries]).T
    return columns * np.linalg.solve(columns, WHITE)


def linear(levels: Colours) -> Colours:
    """sRGB's curve undone."""
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def coded(light: Colours) -> Colours:
    """sRGB's curve."""
    light = light.clip(0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def in_space(primaries: tuple[tuple[float, float], ...], gamma: float | None = None) -> Colours:
    """The patches as levels of another RGB; sRGB's curve where no gamma is given."""
    light = linear(PATCHES) @ (np.linalg.inv(to_xyz(primaries)) @ to_xyz(SRGB)).T
    return light.clip(0, 1) ** (1 / gamma) if gamma else coded(light)


def chart(patches: Colours, side: int = 64) -> NDArray[np.uint8]:
    """A picture of the patches, ``6·side`` wide and ``4·side`` high."""
    levels = (patches.reshape(ROWS, COLUMNS, 3) * 255 + 0.5).astype(np.uint8)
    return levels.repeat(side, axis=0).repeat(side, axis=1)


def read(picture: NDArray[np.uint8]) -> Colours:
    """The mean of the middle of each patch, 0–1."""
    high, wide = picture.shape[0] / ROWS, picture.shape[1] / COLUMNS
    middles = [
        picture[
            int((row + 0.3) * high) : int((row + 0.7) * high),
            int((column + 0.3) * wide) : int((column + 0.7) * wide),
        ].reshape(-1, 3)
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]
    return np.array([middle.mean(axis=0) for middle in middles]) / 255.0


def worst(seen: Colours, meant: Colours = PATCHES) -> float:
    """The largest ΔE2000 of a patch."""
    return max(map(delta_e, lab(meant), lab(seen)))


def lab(levels: Colours) -> Colours:
    """CIE L*a*b* (D65) of levels of sRGB."""
    ratio = linear(levels) @ to_xyz(SRGB).T / WHITE
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)


def delta_e(first: Colours, second: Colours) -> float:
    """CIEDE2000 of two colours in L*a*b*.

    After Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula: implementation notes,
    supplementary test data, and mathematical observations", Color Research & Application 30 (2005).
    """
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(mean7 / (mean7 + 25.0**7))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a * stretch)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    turn = 180.0 if c1 * c2 and h2 - h1 == 180 else turn
    hue_step = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    hue = h1 + h2 if c1 * c2 == 0 else (h1 + h2) / 2
    if c1 * c2 and abs(h1 - h2) > 180:
        hue += 180 if h1 + h2 < 360 else -180
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    cosines = np.cos(np.radians((hue - 30, 2 * hue, 3 * hue + 6, 4 * hue - 63)))
    weight = 1 + cosines @ (-0.17, 0.24, 0.32, -0.20)
    s_l = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * weight
    lean = 2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    rotation = -lean * np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    of_l, of_c, of_h = (l2 - l1) / s_l, (c2 - c1) / s_c, hue_step / s_h
    return float(np.sqrt(of_l**2 + of_c**2 + of_h**2 + rotation * of_c * of_h))


def profile(primaries: tuple[tuple[float, float], ...], gamma: float) -> bytes:
    """An ICC profile (version 2) of three primaries and one power."""
    columns = _TO_D50 @ to_xyz(primaries)

    def fixed(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(79)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    parts = {b"desc": text, b"cprt": b"text\0\0\0\0none\0\0\0\0", b"rTRC": curve, b"gTRC": curve,
             b"bTRC": curve, b"wtpt": b"XYZ \0\0\0\0" + fixed(0.9642, 1.0, 0.8249)}  # fmt: skip
    for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns.T, strict=True):
        parts[name] = b"XYZ \0\0\0\0" + fixed(*column)
    table, data = b"", b""
    at = 128 + 4 + 12 * len(parts)
    for name, part in parts.items():
        table += name + struct.pack(">II", at + len(data), len(part))
        data += part + bytes(-len(part) % 4)
    head = struct.pack(
        ">I4sI4s4s4s", at + len(data), b"none", 0x02100000, b"mntr", b"RGB ", b"XYZ "
    )
    head += bytes(12) + b"acsp" + bytes(28) + fixed(0.9642, 1.0, 0.8249)
    return head + bytes(128 - len(head)) + struct.pack(">I", len(parts)) + table + data


def video(picture: NDArray[np.uint8], target: Path, filters: str, *options: str) -> Path:
    """Half a second of a picture: ``filters`` bring it from RGB to what is stored."""
    high, wide = picture.shape[:2]
    subprocess.run(
        [
            *(tools.find("ffmpeg"), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"),
            *("-s", f"{wide}x{high}", "-r", "10", "-i", "-"),
            *("-vf", filters, *(options or X264)),
            target,
        ],
        input=picture.tobytes() * 5, check=True,
    )  # fmt: skip
    return target


def first_frame(path: Path, filters: str) -> NDArray[np.uint8]:
    """The first frame in RGB, made of it by ``filters`` alone."""
    shown = subprocess.run(
        [tools.find("ffmpeg"), "-v", "error", "-i", path, "-frames:v", "1", "-vf",
         f"{filters},format=gbrp,format=rgb24", "-f", "image2pipe", "-c:v", "ppm", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    kind, wide, high, _ = shown.split(maxsplit=4)[:4]
    assert kind == b"P6"
    pixels = np.frombuffer(shown[-int(wide) * int(high) * 3 :], np.uint8)
    return pixels.reshape(int(high), int(wide), 3)
