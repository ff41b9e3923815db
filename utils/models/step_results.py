"""All that the steps found of one item."""

from __future__ import annotations

from utils.models.analysis import Analysis
from utils.models.base import Frozen
from utils.models.frames import SeenTexts
from utils.models.metadata import AudioTracks, Metadata, SubtitleTracks
from utils.models.probe import ContainerProbe
from utils.models.rendition import Thumbnails
from utils.models.sidecars import SidecarReport
from utils.models.signal import SignalReport
from utils.models.transcript import Transcript
from utils.models.verdict import Verdict
from utils.models.video_analysis import VideoAnalysis


class StepResults(Frozen):
    """What an item's record is made of; None where a step did not run."""

    probe: ContainerProbe
    signal: SignalReport
    metadata: Metadata | None = None
    audio_tracks: AudioTracks | None = None
    subtitle_tracks: SubtitleTracks | None = None
    sidecars: SidecarReport | None = None
    texts: SeenTexts | None = None
    transcript: Transcript | None = None
    analysis: Analysis | None = None
    video: VideoAnalysis | None = None
    pictures: Thumbnails | None = None
    verdict: Verdict | None = None
