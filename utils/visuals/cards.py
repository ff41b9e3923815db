"""A card with a title, drawn here. Replaced by the drawing of issue 14's point 3 at the merge."""

from __future__ import annotations

from pathlib import Path

from utils.models.visual_subject import VisualSubject
from utils.models.visuals import Aspect

_SIZES = {"16:9": (1920, 1080), "1:1": (1080, 1080), "9:16": (1080, 1920)}


def draw(
    subject: VisualSubject,
    colours: tuple[str, ...],
    brand: str | None,
    aspect: Aspect,
    target: Path,
) -> None:
    """Draw a card as a PNG."""
    from PIL import Image, ImageDraw

    card = Image.new("RGB", _SIZES[aspect], colours[0])
    ImageDraw.Draw(card).text((80, 480), subject.title[:40], fill=colours[1], font_size=80)
    card.save(target)
