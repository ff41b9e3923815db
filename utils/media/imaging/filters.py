"""How a stored picture becomes the one that is seen: pixel shape, size, colours, dynamic range.

Rotation is not among the filters: ffmpeg turns pictures upright by itself.

Colours (docs/decisions/0033-colour.md): what a video does not name is filled in by ``described``,
everything after it reads the names of the frames; pictures become RGB of BT.709 primaries, and
what a JPEG or a proxy stores of them is said outright.
"""

from __future__ import annotations

import re

from utils.media import tools
from utils.models.probe import VideoStream

# Output options that keep the time of each frame: in an encoder's own time base, one of the mean
# frame rate, frames of a variable rate collide.
EVERY_FRAME = ("-fps_mode", "passthrough", "-enc_time_base:v", "1:1000000")

# Transfer characteristics of high dynamic range (ITU-R BT.2100): PQ and HLG.
HDR = {"smpte2084", "arib-std-b67"}
# From so many lines on a video that does not say so is taken for BT.709, below for BT.601.
HD_LINES = 720
# Transparent pixels lie on this grey, on which black and white drawings are both seen.
GROUND = (128, 128, 128)
# What ends the filters of a picture that is encoded in standard range: a proxy.
AS_BT709 = (
    "scale=out_color_matrix=bt709:out_range=limited,format=yuv420p,"
    "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=limited"
)
# White of 203 cd/m² (ITU-R BT.2408) comes out at grey level 214 of 255; hable gave 157.
_TONE_MAP = (
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=mobius:desat=0,"
    "zscale=t=bt709:m=bt709:r=tv,format=yuv420p"
)
# By which a screen turns levels into light; all curves of standard range are shown with it.
_CURVE = "iec61966-2-1"
_RGB = re.compile(r"(rgb|bgr|gbr|argb|abgr|rgba|bgra|pal8|0rgb|0bgr|x2rgb|x2bgr|xyz)")
_ALPHA = re.compile(r"^(yuva|rgba|bgra|argb|abgr|gbrap|ya\d|pal8|ayuv|vuya|uyva)")
_MAY_HAVE_ALPHA = {"png", "apng", "webp", "gif", "tiff", "psd", "exr", "jpegxl", "qoi", "targa"}
# Primaries that BT.709's screen does not have, as both setparams and zscale name them.
_OTHER_PRIMARIES = {
    "smpte432", "smpte431", "bt2020", "smpte170m", "bt470bg", "bt470m", "smpte240m", "film",
}  # fmt: skip
PHOTOS = {"mjpeg", "ljpeg", "jpegls", "webp", "jpeg2000", "jpegxl", "tiff", "png", "exr"}


def is_rgb(pixel_format: str | None) -> bool:
    """True if the format has no matrix: red, green and blue, or a palette of them."""
    return bool(_RGB.match(pixel_format or ""))


def has_alpha(codec: str, pixel_format: str | None) -> bool:
    """True if pixels may be transparent; of some codecs this ffprobe does not tell the format."""
    if pixel_format is None:
        return codec in _MAY_HAVE_ALPHA
    return bool(_ALPHA.match(pixel_format))


def matrix(video: VideoStream) -> str | None:
    """The matrix by which the picture is taken: the named one, else by its size; None of RGB.

    Also None where only the decoder knows: formats of photos have their own rule.
    """
    if is_rgb(video.pixel_format) or video.codec in PHOTOS:
        return None
    return video.color_matrix or usual_matrix(video.width, video.height)


def usual_matrix(width: int | None, height: int | None) -> str:
    """BT.709 from 720 lines on (the short side, as phones film upright), else BT.601."""
    lines = min(side for side in (width, height) if side) if width or height else 0
    return "bt709" if lines >= HD_LINES else "smpte170m"


def described(video: VideoStream) -> list[str]:
    """ffmpeg filters that fill in colours which a picture leaves out or names strangely.

    Without primaries and matrix nothing can be converted. BT.2020 is what HDR is graded in; of
    a rare matrix (ICtCp, constant luminance) the colours come out only nearly right.
    """
    if is_hdr(video):
        whole = video.color_primaries == "bt2020" and video.color_matrix == "bt2020nc"
        return [] if whole else ["setparams=colorspace=bt2020nc:color_primaries=bt2020"]
    taken = matrix(video)
    return [f"setparams=colorspace={taken}"] if taken and not video.color_matrix else []


def taken_for(video: VideoStream) -> str | None:
    """In words, by what its pictures are made where the video does not say it; None if it does."""
    if is_hdr(video):
        return f"{'PQ' if video.color_transfer == 'smpte2084' else 'HLG'} brought to standard range"
    names = {"bt709": "BT.709", "smpte170m": "BT.601"}
    taken = None if video.color_matrix else matrix(video)
    return f"{names[taken]} by the picture's size, as it names none" if taken else None


def as_seen(video: VideoStream, width: int) -> list[str]:
    """ffmpeg filters to RGB: square pixels, at most ``width`` wide, in sRGB's colours."""
    wide = f"max(2,2*trunc(min({width},iw*max(sar,1e-3))/2))"
    return [
        f"scale=w='{wide}':h='max(2,2*trunc(ow/dar/2))':flags=bicubic",
        "setsar=1",
        *shown(video),
        "format=rgb24",
    ]


def shown(video: VideoStream) -> list[str]:
    """ffmpeg filters from a described picture to standard range, BT.709's colours, no alpha."""
    return [*toned(video), *on_ground(video.codec, video.pixel_format), *_in_bt709(video)]


def toned(video: VideoStream) -> list[str]:
    """ffmpeg filters that bring HDR to standard dynamic range; none for any other picture."""
    return [_TONE_MAP] if is_hdr(video) and tools.has_filter("zscale") else []


def on_ground(codec: str, pixel_format: str | None) -> list[str]:
    """ffmpeg filters that lay a picture with transparent pixels on ``GROUND``."""
    if not has_alpha(codec, pixel_format):
        return []
    grey = "0x" + bytes(GROUND).hex()
    return [
        f"format=rgba,split[front][back];[back]drawbox=c={grey}:replace=1:t=fill[ground];"
        "[ground][front]overlay=format=rgb"
    ]


def is_hdr(video: VideoStream | None) -> bool:
    """True for PQ and HLG."""
    return video is not None and video.color_transfer in HDR


def _in_bt709(video: VideoStream) -> list[str]:
    """To RGB, by the frames' own matrix and range; other primaries converted, light linear.

    The curves of BT.601, BT.709, BT.2020 and sRGB are shown alike, as players do.
    """
    if is_hdr(video):
        return []
    is_linear = video.color_transfer == "linear"
    deep = "gbrpf32le" if is_linear else "gbrp"
    primaries = video.color_primaries if video.color_primaries in _OTHER_PRIMARIES else "bt709"
    if (primaries == "bt709" and not is_linear) or not tools.has_filter("zscale"):
        return ["format=gbrp"]
    before = "linear" if is_linear else _CURVE
    return [
        f"format={deep},zscale=min=gbr:rin=full:pin={primaries}:tin={before}"
        f":m=gbr:r=full:p=bt709:t={_CURVE},format=gbrp"
    ]
