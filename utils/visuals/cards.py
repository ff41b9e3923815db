"""Title cards: title, artist, album and brand over the item's own picture or a pattern of its own.

The same subject gives the same card. All that is written is a stranger's text: it is bounded,
wrapped and drawn; nothing in it is obeyed.
"""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from utils.models.visual_subject import VisualSubject
from utils.models.visuals import Aspect
from utils.storage.files import whole_file
from utils.visuals import backgrounds, bidi, clusters, font_choice, palette, typesetting
from utils.visuals.palette import Palette
from utils.visuals.typesetting import Block, Box

if TYPE_CHECKING:
    from PIL.Image import Image

SIZES: dict[Aspect, tuple[int, int]] = {
    "16:9": (1920, 1080), "1:1": (1080, 1080), "9:16": (1080, 1920),
}  # fmt: skip
VERSION = 1  # of how cards and waves look: part of the key of what is drawn
MAX_TITLE, MAX_LINE = 300, 120  # clusters of a title; of the other lines
UNTITLED = "Untitled"
_MARGIN = 0.075  # of the shorter side
_BAR = (108, 10)  # of the stroke above the title, pixels
_GAP = 36
_LARGEST = {"artist": 62, "album": 46}  # type, in pixels


class CardText(NamedTuple):
    """What stands on a card, in characters that there are fonts for."""

    title: str
    artist: str
    album: str
    brand: str


class _Area(NamedTuple):
    """A rectangle: left, top, width, height."""

    left: int
    top: int
    width: int
    height: int


def draw(
    subject: VisualSubject,
    colours: tuple[str, ...],
    brand: str | None,
    aspect: Aspect,
    target: Path,
) -> None:
    """Write a card as PNG: 1920×1080, 1080×1080 or 1080×1920.

    Args:
        subject: What is drawn.
        colours: Those of the brand, ``#RRGGBB``, the main one first; any when empty.
        brand: The name at the foot.
        aspect: Which of the three.
        target: Where it appears, whole or not at all.

    Raises:
        ResourceError: the disk is full.
    """
    made = drawn(subject, colours, brand, aspect)
    with whole_file(target) as temporary:
        made.save(temporary, "PNG")


def warnings(subject: VisualSubject, brand: str | None) -> tuple[str, ...]:
    """What of the texts a card can't show as it is: writing without a font, a title cut short."""
    texts = [subject.title, subject.artist or "", subject.album or "", brand or ""]
    found = [font_choice.drawable(clusters.cut(text, MAX_TITLE)).lacking for text in texts]
    said = [font_choice.complaint(tuple(dict.fromkeys(sign for one in found for sign in one)))]
    if len(list(clusters.of(clusters.on_one_line(subject.title)))) > MAX_TITLE:
        said.append(f"The title is cut after {MAX_TITLE} letters.")
    return tuple(filter(None, said))


def drawn(
    subject: VisualSubject, colours: tuple[str, ...], brand: str | None, aspect: Aspect
) -> Image:
    """The card as a picture in memory."""
    size, chance = SIZES[aspect], chance_of(subject)
    used = palette.of(colours, chance)
    picture = backgrounds.own_picture(subject.pictures)
    text = text_of(subject, brand)
    margin = round(_MARGIN * min(size))
    foot = round(0.055 * min(size)) if text.brand else 0
    room = _Area(margin, margin, size[0] - 2 * margin, size[1] - 2 * margin - foot)
    if picture is None:
        ground = backgrounds.pattern(size, used, chance)
        column = room._replace(width=round(room.width * (0.82 if aspect == "16:9" else 1)))
    else:
        ground = backgrounds.of_picture(picture, size, used)
        column = _inset(ground, picture, room, text)
    _written(ground, text, column, used)
    if text.brand:
        _signed(ground, text.brand, margin, foot, used)
    return ground


def chance_of(subject: VisualSubject) -> random.Random:
    """The same for the same subject: no two items look alike."""
    known = (subject.title, subject.artist, subject.album, subject.kind, subject.duration_seconds)
    return random.Random(hashlib.sha256(repr(known).encode()).digest())


def text_of(subject: VisualSubject, brand: str | None) -> CardText:
    """What is written, in characters that there are fonts for."""

    def fit(text: str | None, most: int) -> str:
        plain = clusters.on_one_line(text or "")
        drawable = font_choice.drawable(
            clusters.cut(plain, most)
        ).text  # in Latin letters it is longer
        return clusters.cut(drawable, most)

    return CardText(
        fit(subject.title, MAX_TITLE) or UNTITLED,
        fit(subject.artist, MAX_LINE),
        fit(subject.album, MAX_LINE),
        fit(brand, 60),
    )


def _inset(ground: Image, picture: Image, room: _Area, text: CardText) -> _Area:
    """Lay the picture on the card, sharp; the column that is left for the text."""
    is_wide, is_rtl = room.width > room.height * 1.2, bidi.is_right_to_left(text.title)
    if is_wide:
        most = (round(room.width * 0.44), room.height)
    else:
        share = 0.46 if room.height > room.width * 1.2 else 0.40
        most = (room.width, round(room.height * (share if len(text.title) < 120 else 0.34)))
    scale = min(most[0] / picture.width, most[1] / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    left = room.left + (room.width - size[0] if is_rtl != is_wide else 0)
    top = room.top + ((room.height - size[1]) // 2 if is_wide else 0)
    _framed(ground, picture, (left, top), size)
    if is_wide:
        taken = size[0] + 2 * _GAP
        return room._replace(left=room.left + taken * is_rtl, width=room.width - taken)
    taken = size[1] + 2 * _GAP
    return room._replace(top=room.top + taken, height=room.height - taken)


def _framed(ground: Image, picture: Image, at: tuple[int, int], size: tuple[int, int]) -> None:
    """A picture with round corners and a shadow."""
    from PIL import Image as Pillow
    from PIL import ImageDraw, ImageFilter

    radius = max(6, min(size) // 26)
    mask = Pillow.new("L", (2 * size[0], 2 * size[1]))
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, 2 * size[0] - 1, 2 * size[1] - 1), 2 * radius, fill=255
    )
    mask = mask.reduce(2)
    shadow = Pillow.new("L", ground.size)
    shadow.paste(mask.point(lambda level: level * 150 // 255), (at[0], at[1] + 12))
    shadow = shadow.filter(ImageFilter.GaussianBlur(22))
    ground.paste((0, 0, 0), (0, 0), shadow)
    ground.paste(picture.resize(size, Pillow.Resampling.LANCZOS), at, mask)


def _written(ground: Image, text: CardText, column: _Area, used: Palette) -> None:
    """Stroke, title, artist and album, one below another, in the middle of the column's height."""
    blocks = _blocks(text, column)
    whole = _BAR[1] + _GAP + sum(block.height for block, _ in blocks) + _GAP * (len(blocks) - 1)
    top = column.top + max(0, (column.height - whole) // 2)
    light = backgrounds.most_luminance(
        ground, (column.left, column.top, column.left + column.width, column.top + column.height)
    )
    accent = palette.best(used.accents, light)
    stroke = palette.readable(used.accents[0], light, palette.SIGN_CONTRAST)
    inks = {
        "title": palette.readable(used.ink, light),
        "artist": accent,
        "album": palette.readable(palette.mixed(used.ink, used.ground, 0.25), light),
    }
    _stroke(ground, column, top, blocks[0][0].is_right_to_left, stroke)
    top += _BAR[1] + _GAP
    for block, role in blocks:
        is_rtl = blocks[0][0].is_right_to_left
        placed = block._replace(is_right_to_left=is_rtl) if role != "title" else block
        typesetting.draw(ground, placed, (column.left, top), column.width, inks[role])
        top += block.height + _GAP


def _blocks(text: CardText, column: _Area) -> list[tuple[Block, str]]:
    """The lines of the card, so large that all have room; the title the largest."""
    lines = [(text.artist, "artist"), (text.album, "album")]
    below = [(line, role) for line, role in lines if line]
    left = column.height - _BAR[1] - _GAP - sum(_LARGEST[role] + 2 * _GAP for _, role in below)
    largest = round(min(column.width * 0.30, _title_size(text.title)))
    title = typesetting.fitted(text.title, Box(column.width, left, largest, 24, 14, is_bold=True))
    left = (column.height - title.height) // max(1, len(below)) - 2 * _GAP
    made = [(title, "title")]
    for line, role in below:
        most = round(min(_LARGEST[role], title.size * (0.72 if role == "artist" else 0.6)))
        box = Box(column.width, max(most, left), most, min(20, most), 2)
        made.append((typesetting.fitted(line, box), role))
    return made


def _title_size(title: str) -> int:
    """The largest type: a title of a letter or a word may fill the card."""
    length = len(list(clusters.of(title)))
    return next(size for most, size in ((3, 420), (10, 250), (MAX_TITLE, 190)) if length <= most)


def _stroke(ground: Image, column: _Area, top: int, is_rtl: bool, colour: palette.Colour) -> None:
    from PIL import ImageDraw

    left = column.left + (column.width - _BAR[0] if is_rtl else 0)
    ImageDraw.Draw(ground).rounded_rectangle(
        (left, top, left + _BAR[0], top + _BAR[1]), _BAR[1] // 2, fill=colour
    )


def _signed(ground: Image, brand: str, margin: int, foot: int, used: Palette) -> None:
    """The brand at the foot, behind a dot of its colour."""
    from PIL import ImageDraw

    width, height = ground.size
    top, dot = height - margin - foot // 2, round(foot * 0.30)
    box = Box(width - 2 * margin - 2 * dot, foot, round(foot * 0.62), 14, 1, is_bold=True)
    block = typesetting.fitted(brand, box)._replace(is_right_to_left=False)
    light = backgrounds.most_luminance(ground, (margin, top, width - margin, height - margin // 2))
    middle = top + foot // 2
    ImageDraw.Draw(ground).ellipse(
        (margin, middle - dot // 2, margin + dot, middle + dot // 2),
        fill=palette.readable(used.accents[0], light, palette.SIGN_CONTRAST),
    )
    baseline = middle + round(block.size * 0.36) - block.ascent
    ink = palette.readable(palette.mixed(used.ink, used.ground, 0.12), light)
    typesetting.draw(ground, block, (margin + 2 * dot, baseline), box.width, ink)
