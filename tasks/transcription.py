"""The steps that listen: what is said, and by whom."""

from __future__ import annotations

from tasks.context import RunContext
from tasks.policy import step
from utils.models.item import MediaItem
from utils.models.options import TranscriptionOptions
from utils.models.speakers import Speakers
from utils.models.transcript import Transcript
from utils.speech import transcriber


@step()
def transcribe_audio(
    context: RunContext, item: MediaItem, stream_index: int, options: TranscriptionOptions
) -> Transcript:
    """The speech of one audio stream, with times."""
    return transcriber.transcribe(item.path, stream_index, options, context.settings)


@step()
def identify_speakers(
    context: RunContext, item: MediaItem, stream_index: int, number: int | None
) -> Speakers:
    """Who speaks when in one audio stream, and by which voice each is known."""
    from utils.speech import speakers  # scipy takes half a second to import

    return speakers.identify(item.path, stream_index, number, context.settings)
