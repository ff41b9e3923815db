"""A song as a film of its words."""

from __future__ import annotations

from utils.config import Settings
from utils.models.item import MediaItem
from utils.models.signal import SignalReport
from utils.models.transcript import Transcript
from utils.models.visual_subject import VisualSubject
from utils.models.visuals import LyricVideoOptions, Visuals


def make(
    item: MediaItem,
    subject: VisualSubject,
    transcript: Transcript,
    signal: SignalReport,
    visuals: Visuals | None,
    options: LyricVideoOptions,
    settings: Settings,
) -> Visuals:
    """An MP4 in each aspect ratio that ``options`` ask for."""
    raise NotImplementedError
