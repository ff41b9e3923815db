"""Steps that draw: pictures for an item, and a film of its words."""

from __future__ import annotations

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


@step(save=_save)
def generate_visuals(
    context: RunContext,
    item: MediaItem,
    subject: VisualSubject,
    signal: SignalReport,
    options: VisualOptions,
) -> Visuals:
    """Pictures by ComfyUI, else title cards and waveforms, in each aspect ratio."""
    label = BY_NAME["generate_visuals"].label

    def hear(share: float) -> None:
        progress.emit(progress.Advancing(item.item_id, item.title, label, share))

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
    return lyric_video.make(item, subject, transcript, signal, visuals, options, context.settings)
