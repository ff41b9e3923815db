"""How a stored picture becomes the one that is seen: pixel shape, size, dynamic range.

Rotation is not among the filters: ffmpeg turns pictures upright by itself.
"""

from __future__ import annotations

from utils.media import tools
from utils.models.probe import VideoStream

# Output options that keep the time of each frame: in an encoder's own time base, one of the mean
# frame rate, frames of a variable rate collide.
EVERY_FRAME = ("-fps_mode", "passthrough", "-enc_time_base:v", "1:1000000")

# Transfer characteristics of high dynamic range (ITU-R BT.2100): PQ and HLG.
HDR = {"smpte2084", "arib-std-b67"}
# White of 203 cd/m² (ITU-R BT.2408) comes out at grey level 214 of 255; hable gave 157.
_TONE_MAP = (
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=mobius:desat=0,"
    "zscale=t=bt709:m=bt709:r=tv,format=yuv420p"
)


def described(video: VideoStream) -> list[str]:
    """ffmpeg filters that fill in colours which an HDR picture leaves out or names strangely.

    Without primaries and matrix nothing can be converted. BT.2020 is what HDR is graded in; of
    a rare matrix (ICtCp, constant luminance) the colours come out only nearly right.
    """
    if not is_hdr(video):
        return []
    whole = video.color_primaries == "bt2020" and video.color_matrix == "bt2020nc"
    return [] if whole else ["setparams=colorspace=bt2020nc:color_primaries=bt2020"]


def as_seen(video: VideoStream, width: int) -> list[str]:
    """ffmpeg filters: square pixels, at most ``width`` wide, standard dynamic range."""
    wide = f"max(2,2*trunc(min({width},iw*max(sar,1e-3))/2))"
    return [
        f"scale=w='{wide}':h='max(2,2*trunc(ow/dar/2))':flags=bicubic",
        "setsar=1",
        *toned(video),
    ]


def toned(video: VideoStream) -> list[str]:
    """ffmpeg filters that bring HDR to standard dynamic range; none for any other picture."""
    return [_TONE_MAP] if is_hdr(video) and tools.has_filter("zscale") else []


def is_hdr(video: VideoStream | None) -> bool:
    """True for PQ and HLG."""
    return video is not None and video.color_transfer in HDR
