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
from utils.models.item import MediaItem
from utils.models.known import Known
from utils.models.publication import Publication, PublishedFile
from utils.models.record import ItemRecord
from utils.models.rendition import Thumbnails


@step(fingerprint=lambda item, known: item.title)
def create_model(item: MediaItem, known: Known) -> ItemRecord:
    """One record of all that the other steps found."""
    return records.of(item, known)


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
