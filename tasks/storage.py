"""Steps that store what is known of an item, and publish its pictures."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from tasks.context import RunContext
from tasks.policy import essential_step, step
from utils.db import library
from utils.models.item import MediaItem
from utils.models.publication import Publication, PublishedFile
from utils.models.record import ItemRecord
from utils.models.rendition import Thumbnails
from utils.models.step_results import StepResults
from utils.pipeline import fingerprint
from utils.pipeline import record as records
from utils.search.passages import passages
from utils.storage import publishing


def _told(item: MediaItem, known: StepResults) -> str:
    """What the record has from outside the file: its title, and what its feed or site says."""
    if item.listing is None:
        return item.title
    return f"{item.title}\n{item.listing.model_dump_json()}"


@essential_step(inputs=_told)
def create_model(context: RunContext, item: MediaItem, known: StepResults) -> ItemRecord:
    """One record of all that the other steps found."""
    return records.of(item, known)


def _save(s: Session, record: ItemRecord) -> None:
    library.save(s, record, passages(record))


@essential_step(save=_save)
def store_item(context: RunContext, item: MediaItem, record: ItemRecord) -> ItemRecord:
    """The record in the library's tables, and its text findable by its words."""
    return record


def _note(s: Session, published: Publication) -> None:
    urls = {Path(file.path): file.url for file in published.files}
    library.note_urls(s, published.item_id, urls)


@step(save=_note)
def upload_thumbnails(context: RunContext, item: MediaItem, pictures: Thumbnails) -> Publication:
    """The pictures at any fsspec address."""
    paths = [picture.path for picture in pictures.images]
    urls = publishing.upload(
        paths, fingerprint.publish_url(context.settings), f"{item.item_id[:2]}/{item.item_id}"
    )
    return Publication(
        item_id=item.item_id,
        files=tuple(
            PublishedFile(path=str(path), url=url) for path, url in zip(paths, urls, strict=True)
        ),
    )
