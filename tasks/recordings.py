"""The step that says which recording a song is."""

from __future__ import annotations

from tasks.context import RunContext
from tasks.policy import step
from utils.models.item import MediaItem
from utils.models.probe import ExifReport, FfprobeReport
from utils.models.recording import Identification
from utils.models.signal import SignalReport
from utils.music.recordings import identification, matching
from utils.music.recordings.identification import Sound


@step(save=lambda s, result: matching.store(s, result))
def identify_recording(
    context: RunContext,
    item: MediaItem,
    probed: FfprobeReport,
    tags: ExifReport | None,
    signal: SignalReport,
) -> Identification:
    """Which recording it is, by its tags, else by its sound."""
    index = signal.sound_index
    sound = None if index is None else Sound(index, signal.decoded_seconds)
    return identification.identify(item, probed, tags, sound, context.settings)
