"""How far the colours of 24 patches are from their source: in stills, thumbnails and renditions.

A chart of the ColorChecker Classic is stored in each space that files come in; the worst ΔE2000
(Sharma 2005) of a patch counts. Of HDR the figure says what tone mapping costs: its white of
203 cd/m² is to be a light grey, not white, so that there is room for what is brighter.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from tests import colours
from utils.media import signal
from utils.media.encoding import encode, proxy
from utils.media.imaging import thumbnails
from utils.media.probing import ffprobe
from utils.models.options import CompressionOptions

Row = tuple[str, str, str, str, str]
_AIM = 2.0
_ADOBE_GAMMA = 563 / 256
_RAW = ("-c:v", "ffv1")
# By what a frame is made RGB again: named outright, not by what the product says of it. The curve
# is the screen's.
_SEEN = "zscale=tin=iec61966-2-1:t=iec61966-2-1:m=gbr:r=full:p=bt709"
_AS_709, _AS_601 = f"{_SEEN}:pin=bt709:min=709", f"{_SEEN}:pin=bt709:min=470bg"
_AS_SMPTE, _AS_P3 = f"{_SEEN}:pin=smpte170m:min=470bg", f"{_SEEN}:pin=smpte432:min=709"
_AS_2020 = f"{_SEEN}:pin=bt2020:min=2020_ncl"
# Name, filters to what is stored, side of a patch (180 makes 720 lines), codec, and the above.
_FILMS = (
    ("BT.601", colours.BT601, 64, _RAW, _AS_SMPTE),
    ("BT.601 untold", colours.BT601_UNTOLD, 64, _RAW, _AS_601),
    ("BT.709", colours.BT709, 180, _RAW, _AS_709),
    ("BT.709 untold", colours.BT709_UNTOLD, 180, _RAW, _AS_709),
    ("BT.709 full range", colours.BT709_FULL, 180, _RAW, _AS_709),
    ("Display P3 film", colours.P3, 180, _RAW, _AS_P3),
    ("sRGB film (RGB)", "format=gbrp", 180, _RAW, _AS_709),
    ("BT.2020 SDR", colours.BT2020, 180, colours.X265, _AS_2020),
)
_PHOTOS = (
    ("sRGB photo", colours.PATCHES, None),
    ("Display P3 photo", colours.in_space(colours.DISPLAY_P3, 2.2),
     colours.profile(colours.DISPLAY_P3, 2.2)),
    ("Adobe RGB photo", colours.in_space(colours.ADOBE_RGB, _ADOBE_GAMMA),
     colours.profile(colours.ADOBE_RGB, _ADOBE_GAMMA)),
)  # fmt: skip
_HDR = (("HDR10 (PQ)", colours.PQ), ("HLG", colours.HLG))


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        return [*_photos(place), *_films(place), *_hdr(place)]


def _photos(place: Path) -> list[Row]:
    found = []
    for name, patches, profile in _PHOTOS:
        photo = place / "photo.jpg"
        Image.fromarray(colours.chart(patches)).save(photo, quality=95, icc_profile=profile)
        found.append(_row(f"{name}: still, thumbnail", *_pictures(photo, place)))
    return found


def _films(place: Path) -> list[Row]:
    found = []
    for name, stored, side, codec, seen_by in _FILMS:
        film = place / "film.mkv"
        colours.video(colours.chart(colours.PATCHES, side), film, stored, *codec)
        probe = ffprobe.probe(film)
        made = proxy.make(film, probe, place)
        shown = colours.first_frame(made.path, _AS_709)
        errors = [*_pictures(film, place), colours.worst(colours.read(shown))]
        for profile in ("web", "archive"):
            options = CompressionOptions(profile=profile, crf=18, min_saving=0)
            report = signal.analyze(film, probe, place)
            encoded = encode.compress(film, probe, report, options, place).rendition
            if encoded:
                shown = colours.first_frame(encoded.path, seen_by)
                errors.append(colours.worst(colours.read(shown)))
        found.append(_row(f"{name}: still, thumbnail, proxy, web, archive", *errors))
    return found


def _hdr(place: Path) -> list[Row]:
    found = []
    for name, stored in _HDR:
        film = place / "hdr.mp4"
        colours.video(colours.chart(colours.PATCHES, 180), film, stored, *colours.X265)
        seen = _seen(_still(film, place))
        white = round(float(seen[18].mean() * 255))
        worst = colours.worst(seen)
        found.append((f"{name}: still", f"ΔE2000 {worst:.1f}, white at {white} of 255",
                      "the chart in sRGB", "", "stated"))  # fmt: skip
    return found


def _pictures(path: Path, place: Path) -> list[float]:
    probe = ffprobe.probe(path)
    report = signal.analyze(path, probe, place)
    thumbnail = thumbnails.generate(path, probe, report, 1, place).images[0]
    return [colours.worst(_seen(still)) for still in (report.stills[0].path, thumbnail.path)]


def _still(path: Path, place: Path) -> Path:
    return signal.analyze(path, ffprobe.probe(path), place).stills[0].path


def _seen(path: Path) -> colours.Colours:
    with Image.open(path) as picture:
        return colours.read(np.asarray(picture.convert("RGB")))


def _row(name: str, *errors: float) -> Row:
    each = ", ".join(f"{error:.2f}" for error in errors)
    return name, f"ΔE2000 {each}", "24 patches of the source", f"{max(errors):.2f}", f"≤ {_AIM:g}"
