"""Steps that look at every frame and sample, and take stills."""

from __future__ import annotations

from tasks.policy import step
from utils.config import load_settings
from utils.media import signal, thumbnails, tools
from utils.media.files import item_folder
from utils.models.item import MediaItem
from utils.models.probe import ContainerProbe
from utils.models.rendition import Thumbnails
from utils.models.signal import SignalReport


@step(fingerprint=lambda item, probe: tools.version("ffmpeg"))
def analyze_signal(item: MediaItem, probe: ContainerProbe) -> SignalReport:
    """One complete decode: does it decode, how loud is it, what is black, frozen, silent."""
    return signal.analyze(item.path, probe)


@step(fingerprint=lambda item, probe, count: tools.version("ffmpeg"))
def generate_thumbnails(item: MediaItem, probe: ContainerProbe, count: int) -> Thumbnails:
    """Stills at even distances; a waveform for sound."""
    folder = item_folder(load_settings().home, item.item_id)
    return thumbnails.generate(item.path, probe, count, folder)
