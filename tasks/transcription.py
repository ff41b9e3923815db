"""The step that turns speech into text."""

from __future__ import annotations

from tasks.context import RunContext
from tasks.policy import step
from utils.models.item import MediaItem
from utils.models.options import TranscriptionOptions
from utils.models.transcript import Transcript
from utils.speech import transcriber


@step()
def transcribe_audio(
    context: RunContext, item: MediaItem, stream_index: int, options: TranscriptionOptions
) -> Transcript:
    """The speech of one audio stream, with times."""
    return transcriber.transcribe(item.path, stream_index, options, context.settings)
