"""Steps that make an item small: for people, and for Gemini."""

from __future__ import annotations

from collections.abc import Callable

from tasks.context import RunContext
from tasks.policy import step
from utils.errors import PermanentError
from utils.media import sounds
from utils.media.encoding import captions, encode, proxy
from utils.models import steps
from utils.models.item import MediaItem, MediaKind
from utils.models.options import CompressionOptions
from utils.models.probe import ContainerProbe
from utils.models.rendition import Compression, Rendition
from utils.models.signal import SignalReport
from utils.models.subtitles import Captions
from utils.observability import progress
from utils.storage.files import item_folder


@step()
def make_proxy(
    context: RunContext,
    item: MediaItem,
    probe: ContainerProbe,
    signal: SignalReport,
    seconds: float,
) -> Rendition:
    """A small copy that a service is shown, of no more of the beginning than it will watch."""
    folder = item_folder(context.settings.home, item.item_id)
    known = sounds.as_decoded(probe, signal)
    told = _reporter(item, "make_proxy")
    return proxy.make(item.path, known, folder, seconds=seconds, on_progress=told)


@step()
def compress_video(
    context: RunContext,
    item: MediaItem,
    probe: ContainerProbe,
    signal: SignalReport,
    options: CompressionOptions,
    wanted: Captions | None = None,
) -> Compression:
    """A verified rendition of a film, if it is smaller by enough; what is said as a track of it."""
    folder = item_folder(context.settings.home, item.item_id)
    on_progress = _reporter(item, "compress_video")
    made = encode.compress(item.path, probe, signal, options, folder, on_progress)
    return _with_captions(made, wanted) if wanted else made


def _with_captions(made: Compression, wanted: Captions) -> Compression:
    if made.rendition is None:
        return made
    try:
        rendition = captions.added(made.rendition, wanted)
    except PermanentError as error:  # no reason to be without the rendition
        return made.model_copy(update={"reason": f"{made.reason}; without subtitles: {error}"})
    return made.model_copy(
        update={
            "rendition": rendition,
            "encoded_bytes": rendition.size_bytes,
            "reason": f"{made.reason}; with what is said as subtitles",
        }
    )


@step()
def compress_audio(
    context: RunContext,
    item: MediaItem,
    probe: ContainerProbe,
    signal: SignalReport,
    options: CompressionOptions,
) -> Compression:
    """A verified rendition of a sound, if it is smaller by enough; of a film its sound alone."""
    if probe.kind is MediaKind.VIDEO:
        options = options.model_copy(update={"profile": "audio"})
    folder = item_folder(context.settings.home, item.item_id)
    on_progress = _reporter(item, "compress_audio")
    return encode.compress(item.path, probe, signal, options, folder, on_progress)


def _reporter(item: MediaItem, step_name: str) -> Callable[[float], None]:
    """Tells whoever watches how far the encode is."""
    label = steps.BY_NAME[step_name].label

    def on_progress(share: float) -> None:
        progress.emit(progress.Advancing(item.item_id, item.title, label, share))

    return on_progress
