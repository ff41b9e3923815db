"""The step that makes an item small."""

from __future__ import annotations

from tasks.policy import step
from utils.config import load_settings
from utils.media import encode, tools
from utils.media.files import item_folder
from utils.models.item import MediaItem
from utils.models.options import CompressionOptions
from utils.models.probe import ContainerProbe
from utils.models.rendition import Compression
from utils.models.signal import SignalReport


@step(fingerprint=lambda item, probe, signal, options: tools.version("ffmpeg"))
def compress_media(
    item: MediaItem, probe: ContainerProbe, signal: SignalReport, options: CompressionOptions
) -> Compression:
    """A verified rendition, if it is smaller by enough."""
    folder = item_folder(load_settings().home, item.item_id)
    return encode.compress(item.path, probe, signal, options, folder)
