"""What becomes of a film's colours in its rendition: the same ones, under names that players read.

Named ones pass through the encoders as they are, HDR with them.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    elif rare := colours.stand_ins(picture.matrix, picture.transfer):
        # Only bits and subsampling are to be converted: the numbers mean what they meant.
        own = {"colorspace": picture.matrix, "color_trc": picture.transfer}
        found += [_set(rare), f"format={pixel_format}", _set({name: own[name] for name in rare})]
    return tuple(found)


def _set(named: Mapping[str, str | None]) -> str:
    return "setparams=" + ":".join(f"{name}={value}" for name, value in named.items())


def untold_matrix(picture: Stream) -> str | None:
    """The matrix by which a picture is taken that names none; None if it does, or is RGB."""
    has_none = colours.is_without_matrix(picture.codec, picture.pixel_format)
    if picture.matrix or picture.is_hdr or has_none:
        return None
    return colours.usual_matrix(picture.width, picture.height)
