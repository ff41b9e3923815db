"""The steps that listen: what is said, and by whom."""

from __future__ import annotations

from tasks.context import RunContext
from tasks.policy import step
from utils.models.item import MediaItem
from utils.models.options import TranscriptionOptions
from utils.models.probe import ContainerProbe
from utils.models.signal import SoundLevels
from utils.models.speakers import Speakers
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


@step()
def identify_speakers(
    context: RunContext,
    item: MediaItem,
    probe: ContainerProbe,
    seconds: float,
    language: str | None,
    number: int | None,
) -> Speakers:
    """Who speaks when in the sound that is listened to, and by which voice each is known."""
    from utils.speech import speakers  # scipy takes half a second to import

    with speakers.heard(item.path, probe, seconds, language) as sound:
        return speakers.identify(sound, number, context.settings)
