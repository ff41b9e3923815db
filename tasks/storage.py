"""Steps that write down what is known of an item, and show its pictures to the world."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from sqlalchemy.orm import Session

from tasks.policy import step
from utils import record as records
from utils.clients import publishing
from utils.config import load_settings
from utils.db import library
from utils.errors import SettingsError
from utils.models.analysis import Analysis
from utils.models.item import MediaItem
from utils.models.metadata import AudioTracks, Metadata, SubtitleTracks
from utils.models.probe import ContainerProbe
from utils.models.publication import Publication, PublishedFile
from utils.models.record import ItemRecord
from utils.models.rendition import Thumbnails
from utils.models.signal import SignalReport
from utils.models.transcript import Transcript
from utils.models.verdict import Verdict
from utils.models.video_analysis import VideoAnalysis


@step(fingerprint=lambda item, *_: item.title)
def create_model(
    item: MediaItem,
    probe: ContainerProbe,
    signal: SignalReport,
    metadata: Metadata | None,
    audio_tracks: AudioTracks | None,
    subtitle_tracks: SubtitleTracks | None,
    transcript: Transcript | None,
    analysis: Analysis | None,
    video: VideoAnalysis | None,
    pictures: Thumbnails | None,
    verdict: Verdict | None,
) -> ItemRecord:
    """One record of all that the other steps found."""
    return records.of(
        item,
        probe,
        signal,
        metadata,
        audio_tracks,
        subtitle_tracks,
        transcript,
        analysis,
        video,
        pictures,
        verdict,
    )


def _save(s: Session, record: ItemRecord) -> None:
    library.save(s, record)


@step(save=_save)
def store_item(item: MediaItem, record: ItemRecord) -> ItemRecord:
    """The record in the library's tables, and its text findable by its words."""
    return record


def _publish_url() -> str:
    url = load_settings().publish_url
    if url is None:  # the plan leaves the step out then
        raise SettingsError("NIGHTSHIFT_PUBLISH_URL is not set.")
    return url.get_secret_value()


def _note(s: Session, published: Publication) -> None:
    urls = {Path(file.path): file.url for file in published.files}
    library.note_urls(s, published.item_id, urls)


@step(
    fingerprint=lambda item, pictures: sha256(_publish_url().encode()).hexdigest()[:16], save=_note
)
def upload_thumbnails(item: MediaItem, pictures: Thumbnails) -> Publication:
    """The pictures at any fsspec address."""
    paths = [picture.path for picture in pictures.images]
    urls = publishing.upload(paths, _publish_url(), f"{item.item_id[:2]}/{item.item_id}")
    return Publication(
        item_id=item.item_id,
        files=tuple(
            PublishedFile(path=str(path), url=url) for path, url in zip(paths, urls, strict=True)
        ),
    )
