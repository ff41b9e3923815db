"""The step that turns speech into text."""

from __future__ import annotations

from tasks.context import RunContext
from tasks.policy import step
from utils.models.item import MediaItem
from utils.models.options import TranscriptionOptions
from utils.models.probe import ContainerProbe
from utils.models.transcript import Transcript
from utils.speech import transcriber


@step()
def transcribe_audio(
    context: RunContext,
    item: MediaItem,
    probe: ContainerProbe,
    seconds: float,
    options: TranscriptionOptions,
) -> Transcript:
    """The speech of the first sound that holds any, with the file's times."""
    return transcriber.transcribe(item.path, probe, seconds, options, context.settings)
