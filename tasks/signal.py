"""Steps that look at every frame and sample, and at what that left behind."""

from __future__ import annotations

from tasks.context import RunContext
from tasks.policy import essential_step, step
from utils.frames import reading
from utils.media import signal
from utils.media.imaging import exposure, thumbnails
from utils.models.exposure import ExposureReport
from utils.models.frames import SeenTexts
from utils.models.item import MediaItem
from utils.models.probe import ContainerProbe
from utils.models.rendition import Thumbnails
from utils.models.signal import SignalReport
from utils.storage.files import item_folder


@essential_step()
def analyze_signal(context: RunContext, item: MediaItem, probe: ContainerProbe) -> SignalReport:
    """One complete decode: is it whole, how loud, what is black, frozen, silent; stills."""
    return signal.analyze(item.path, probe, item_folder(context.settings.home, item.item_id))


@step()
def generate_thumbnails(
    context: RunContext, item: MediaItem, probe: ContainerProbe, report: SignalReport, count: int
) -> Thumbnails:
    """Pictures by position, sharpness and scene, a contact sheet; waveform and spectrogram."""
    folder = item_folder(context.settings.home, item.item_id)
    return thumbnails.generate(item.path, probe, report, count, folder)


@step()
def analyze_exposure(
    context: RunContext, item: MediaItem, probe: ContainerProbe, report: SignalReport
) -> ExposureReport:
    """Clipped highlights and shadows, and by how many stops."""
    return exposure.measure(report, probe)


@step()
def read_text(
    context: RunContext, item: MediaItem, probe: ContainerProbe, report: SignalReport
) -> SeenTexts:
    """The text that is to be seen, and when: of a film every few seconds and shots."""
    return reading.read(item.path, probe, report)
