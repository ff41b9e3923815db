"""Sound as a picture."""

from __future__ import annotations

from pathlib import Path

from utils.models.visual_subject import VisualSubject
from utils.models.visuals import Aspect
from utils.visuals import cards


def draw(
    sound: Path, subject: VisualSubject, colours: tuple[str, ...], aspect: Aspect, target: Path
) -> None:
    """A picture of a sound."""
    cards.draw(subject, colours, sound.name, aspect, target)
