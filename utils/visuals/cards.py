"""Title cards."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

from utils.models.visual_subject import VisualSubject
from utils.models.visuals import Aspect

_SIZES: dict[Aspect, tuple[int, int]] = {
    "16:9": (1920, 1080), "1:1": (1080, 1080), "9:16": (1080, 1920),
}  # fmt: skip


def draw(
    subject: VisualSubject,
    colours: tuple[str, ...],
    brand: str | None,
    aspect: Aspect,
    target: Path,
) -> None:
    """A card with the title of an item."""
    card = Image.new("RGB", _SIZES[aspect], colours[0] if colours else "#1F3A5F")
    ImageDraw.Draw(card).text((100, 100), subject.title[:60], fill="white", font_size=60)
    card.save(target, "PNG")
