"""The pictures of an item: by ComfyUI where it is set, else drawn here."""

from __future__ import annotations

from utils.config import Settings
from utils.models.item import MediaItem
from utils.models.signal import SignalReport
from utils.models.visual_subject import VisualSubject
from utils.models.visuals import VisualOptions, Visuals


def engine(options: VisualOptions, settings: Settings) -> str:
    """What draws, its version and its templates: part of the key of what is drawn."""
    raise NotImplementedError


def make(
    item: MediaItem,
    subject: VisualSubject,
    signal: SignalReport,
    options: VisualOptions,
    settings: Settings,
) -> Visuals:
    """Pictures in each aspect ratio that ``options`` ask for."""
    raise NotImplementedError
