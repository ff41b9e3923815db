"""What becomes of a film's colours in its rendition: the same ones, under names that players read.

Named ones pass through the encoders as they are, HDR with them.
"""

from __future__ import annotations

from utils.media.imaging import filters as colours
from utils.media.streams import Stream

_RGB_CODECS = {"png", "apng"}  # of which this ffprobe does not say the format


def filters(picture: Stream, pixel_format: str) -> tuple[str, ...]:
    """ffmpeg filters for RGB, for what is transparent, and for a matrix that is not named.

    ``pixel_format`` is the encoder's.
    """
    found = colours.on_ground(picture.codec, picture.pixel_format)
    if found or colours.is_rgb(picture.pixel_format) or picture.codec in _RGB_CODECS:
        primaries, curve = picture.primaries or "bt709", picture.transfer or "bt709"
        found += [
            "scale=out_color_matrix=bt709:out_range=limited",
            f"format={pixel_format}",
            f"setparams=colorspace=bt709:range=limited:color_primaries={primaries}"
            f":color_trc={curve}",
        ]
    elif matrix := untold_matrix(picture):
        found.append(f"setparams=colorspace={matrix}")
    return tuple(found)


def untold_matrix(picture: Stream) -> str | None:
    """The matrix by which a picture is taken that names none; None if it does, or is RGB."""
    is_told = picture.matrix or picture.is_hdr or colours.is_rgb(picture.pixel_format)
    if is_told or picture.codec in colours.PHOTOS:
        return None
    return colours.usual_matrix(picture.width, picture.height)
