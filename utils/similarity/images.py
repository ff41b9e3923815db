"""Compares two images: as wholes, without their borders, turned, or as a part of the other."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

from utils.models.fingerprint import Fingerprint, Frame, Match
from utils.models.options import DuplicateOptions
from utils.similarity import crops, patches
from utils.similarity.prints import prints_of
from utils.similarity.turns import AS_IS, TURNS, Turn, turned, turned_detail

_ASPECT_TOLERANCE = 0.03
# What is nearly symmetric resembles its mirror image: quarters of a retina by 15 to 18 bits.
_TURNED_SHARE = 0.7


def match(a: Fingerprint, b: Fingerprint, options: DuplicateOptions) -> Match | None:
    """Two images: a coarse and a fine hash, and the shape; else whether one is a part of the other.

    Of 25 pictures, most of them photographs: as JPEG of quality 40, at half the size or at
    200 px 1.1 to 1.4 bits of 64 and 6 to 10 of 256 on average (a chessboard up to 15 and 95);
    moved by 1 %, as in a burst, at least 20 of 256; the two views of a stereo camera 4 of 64,
    but 76 of 256.
    """
    found = _match_wholes(a, b, options)
    if found is not None or not (a.patches and b.patches and a.thumbnail and b.thumbnail):
        return found
    first, second = sorted((a, b), key=lambda image: image.item_id)  # the same from both sides
    crop = crops.find(_view(first), _view(second))
    if crop is None:
        return None
    remark = f", {crop.turn.words}" if crop.turn.words else ""
    return Match(
        score=round(crop.share * crop.correlation, 3),
        evidence=f"one is {crop.share:.0%} of the other{remark}: {crop.votes} places agree, "
        f"the pixels there by {crop.correlation:.2f}",
    )


def _match_wholes(a: Fingerprint, b: Fingerprint, options: DuplicateOptions) -> Match | None:
    """Two images as wholes, with or without their borders, turned in any way."""
    best: tuple[int, int, str] | None = None
    for (one, mine), (other, theirs), turn in product(_forms(a), _forms(b), TURNS):
        if not _same_shape(one.aspect, other.aspect, turn):
            continue
        hashes = turned(prints_of(other.frames).hashes[:1], turn)
        coarse = int(np.bitwise_count(prints_of(one.frames).hashes[0] ^ hashes[0]))
        fine = (int(one.detail, 16) ^ turned_detail(other.detail, turn)).bit_count()
        most = options.image_detail_bits * (1 if turn is AS_IS else _TURNED_SHARE)
        if coarse > options.image_bits or fine > most:
            continue
        if best is None or fine < best[1]:
            border = "without the border" if mine or theirs else ""
            best = coarse, fine, ", ".join(filter(None, ("same shape", border, turn.words)))
    if best is None:
        return None
    return Match(
        score=round(1 - best[1] / 128, 3),
        evidence=f"{best[0]} of 64 and {best[1]} of 256 bits differ, {best[2]}",
    )


class _Form(NamedTuple):
    """An image as it is, or without its border."""

    frames: tuple[Frame, ...]
    detail: str
    aspect: float


def _forms(image: Fingerprint) -> list[tuple[_Form, bool]]:
    """The forms of an image that tell anything, each with whether its border was left out."""
    made = [(image.frames, image.detail, image.aspect, False)]
    if image.inside:
        made.append((image.inside.frames, image.inside.detail, image.inside.aspect, True))
    return [
        (_Form(frames, detail, aspect), is_inside)
        for frames, detail, aspect, is_inside in made
        if detail and aspect and any(not frame.flat for frame in frames)
    ]


def _same_shape(one: float, other: float, turn: Turn) -> bool:
    other = 1 / other if turn.exchanged else other
    return abs(one / other - 1) <= _ASPECT_TOLERANCE


def _view(image: Fingerprint) -> crops.View:
    aspect = image.inside.aspect if image.inside else image.aspect or 1.0
    width, height = (1.0, 1 / aspect) if aspect >= 1 else (aspect, 1.0)
    thumbnail = patches.read_thumbnail(image.thumbnail or "")
    return crops.View(patches.read(image.patches), thumbnail, width, height)
