"""Steps that make an item small: for people, and for Gemini."""

from __future__ import annotations

from collections.abc import Callable

from tasks.policy import step
from utils import pipeline, progress
from utils.config import load_settings
from utils.media import encode, proxy, tools
from utils.media.files import item_folder
from utils.models.item import MediaItem, MediaKind
from utils.models.options import CompressionOptions
from utils.models.probe import ContainerProbe
from utils.models.rendition import Compression, Rendition
from utils.models.signal import SignalReport


def _ffmpeg(*_: object) -> str:
    return tools.version("ffmpeg")


@step(fingerprint=_ffmpeg)
def make_proxy(item: MediaItem, probe: ContainerProbe, seconds: float) -> Rendition:
    """A small copy that a service is shown, of no more of the beginning than it will watch."""
    folder = item_folder(load_settings().home, item.item_id)
    return proxy.make(item.path, probe, folder, seconds=seconds, tell=_told(item, "make_proxy"))


@step(fingerprint=_ffmpeg)
def compress_video(
    item: MediaItem, probe: ContainerProbe, signal: SignalReport, options: CompressionOptions
) -> Compression:
    """A verified rendition of a film, if it is smaller by enough."""
    return _compress("compress_video", item, probe, signal, options)


@step(fingerprint=_ffmpeg)
def compress_audio(
    item: MediaItem, probe: ContainerProbe, signal: SignalReport, options: CompressionOptions
) -> Compression:
    """A verified rendition of a sound, if it is smaller by enough; of a film its sound alone."""
    if probe.kind is MediaKind.VIDEO:
        options = options.model_copy(update={"profile": "audio"})
    return _compress("compress_audio", item, probe, signal, options)


def _compress(
    step_name: str,
    item: MediaItem,
    probe: ContainerProbe,
    signal: SignalReport,
    options: CompressionOptions,
) -> Compression:
    folder = item_folder(load_settings().home, item.item_id)
    return encode.compress(item.path, probe, signal, options, folder, _told(item, step_name))


def _told(item: MediaItem, step_name: str) -> Callable[[float], None]:
    """Tells whoever watches how far the encode is."""
    says = pipeline.BY_NAME[step_name].says

    def tell(share: float) -> None:
        progress.tell(progress.Advancing(item.item_id, item.title, says, share))

    return tell
