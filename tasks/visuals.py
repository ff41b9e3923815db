"""Steps that draw: pictures for an item, and a film of its words."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from tasks.context import RunContext
from tasks.policy import step
from utils.db import visuals as rows
from utils.models.item import MediaItem
from utils.models.signal import SignalReport
from utils.models.steps import BY_NAME
from utils.models.transcript import Transcript
from utils.models.visual_subject import VisualSubject
from utils.models.visuals import LyricVideoOptions, VisualOptions, Visuals
from utils.observability import progress
from utils.visuals import lyric_video, pictures


def _save(s: Session, made: Visuals) -> None:
    rows.save(s, made)


def _telling(item: MediaItem, step_name: str) -> Callable[[float], None]:
    label = BY_NAME[step_name].label

    def hear(share: float) -> None:
        progress.emit(progress.Advancing(item.item_id, item.title, label, share))

    return hear


@step(save=_save)
def generate_visuals(
    context: RunContext,
    item: MediaItem,
    subject: VisualSubject,
    signal: SignalReport,
    options: VisualOptions,
) -> Visuals:
    """Pictures by ComfyUI, else title cards and waveforms, in each aspect ratio."""
    hear = _telling(item, "generate_visuals")
    return pictures.make(item, subject, signal, options, context.settings, hear)


@step(save=_save)
def make_lyric_video(
    context: RunContext,
    item: MediaItem,
    subject: VisualSubject,
    transcript: Transcript,
    signal: SignalReport,
    visuals: Visuals | None,
    options: LyricVideoOptions,
) -> Visuals:
    """The song with its words as they are sung, over its pictures: an MP4 in each aspect ratio."""
    hear = _telling(item, "make_lyric_video")
    return lyric_video.make(
        item, subject, transcript, signal, visuals, options, context.settings, hear
    )
