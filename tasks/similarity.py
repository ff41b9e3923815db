"""Steps that recognise an item in another encoding."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tasks.context import RunContext
from tasks.policy import step
from utils.db import duplicates
from utils.db.session import session
from utils.models.fingerprint import Fingerprint, NearDuplicates
from utils.models.item import MediaItem, MediaKind
from utils.models.options import DuplicateOptions
from utils.models.probe import ContainerProbe
from utils.models.signal import SignalReport
from utils.similarity import fingerprint, near_duplicates


@step(save=lambda s, result: near_duplicates.store(s, result))
def fingerprint_media(
    context: RunContext, item: MediaItem, probe: ContainerProbe, signal: SignalReport
) -> Fingerprint:
    """Perceptual hashes of the stills and Chromaprint of the sound that is heard first."""
    return fingerprint.of(
        item.item_id,
        probe.kind,
        None
        if probe.kind is MediaKind.IMAGE or probe.duration_is_estimated
        else signal.decoded_seconds,
        [(still.path, still.time_seconds) for still in signal.stills],
        item.path,
        signal.sound_index,
    )


def _link(s: Session, found: NearDuplicates) -> None:
    duplicates.link(s, found)


@step(save=_link)
def find_near_duplicates(
    context: RunContext, item: MediaItem, fingerprint: Fingerprint, options: DuplicateOptions
) -> NearDuplicates:
    """Other encodings of the same work; groups of them are kept for a person to look at."""
    with session() as s:
        return near_duplicates.find(s, fingerprint, options)
