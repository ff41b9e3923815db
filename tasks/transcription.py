"""The step that turns speech into text."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from tasks.policy import step
from utils.config import load_settings
from utils.models.item import MediaItem
from utils.models.options import TranscriptionOptions
from utils.models.transcript import Transcript
from utils.speech import transcriber


def _engine(options: TranscriptionOptions) -> str:
    try:
        return version(options.engine)
    except PackageNotFoundError:  # the step says so, if there is speech at all
        return ""


@step(fingerprint=lambda item, stream_index, options: _engine(options))
def transcribe_audio(
    item: MediaItem, stream_index: int, options: TranscriptionOptions
) -> Transcript:
    """The speech of one audio stream, with times."""
    return transcriber.transcribe(item.path, stream_index, options, load_settings())
