"""The step that turns speech into text."""

from __future__ import annotations

from tasks.context import RunContext
from tasks.policy import step
from utils.models.item import MediaItem
from utils.models.options import TranscriptionOptions
from utils.models.probe import ContainerProbe
from utils.models.signal import SoundLevels
from utils.models.transcript import Transcript
from utils.speech import transcriber


@step()
def transcribe_audio(
    context: RunContext,
    item: MediaItem,
    probe: ContainerProbe,
    seconds: float,
    levels: tuple[SoundLevels, ...],
    options: TranscriptionOptions,
) -> Transcript:
    """The speech of the first sound that holds any, with the file's times."""
    silent = {sound.stream_index for sound in levels if not sound.is_heard}
    return transcriber.transcribe(item.path, probe, seconds, options, context.settings, silent)
