"""Steps that recognise an item in another encoding."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tasks.policy import step
from utils.db import duplicates, likenesses
from utils.db.session import session
from utils.media import likeness, tools
from utils.models.item import MediaItem, MediaKind
from utils.models.likeness import Likeness, NearDuplicates
from utils.models.options import DuplicateOptions
from utils.models.probe import ContainerProbe
from utils.models.signal import SignalReport


@step(
    fingerprint=lambda item, probe, signal: tools.version("ffmpeg"),
    save=lambda s, result: likenesses.store(s, result),
)
def fingerprint_media(item: MediaItem, probe: ContainerProbe, signal: SignalReport) -> Likeness:
    """Perceptual hashes of the stills and Chromaprint of the first sound."""
    return likeness.of(
        item.item_id,
        probe.kind,
        None
        if probe.kind is MediaKind.IMAGE or probe.duration_is_estimated
        else signal.decoded_seconds,
        [(still.path, still.time_seconds) for still in signal.stills],
        item.path,
        probe.heard[0].index if probe.heard else None,
    )


def _link(s: Session, found: NearDuplicates) -> None:
    duplicates.link(s, found)


@step(save=_link)
def find_near_duplicates(
    item: MediaItem, fingerprint: Likeness, options: DuplicateOptions
) -> NearDuplicates:
    """Other encodings of the same work; groups of them are kept for a person to look at."""
    with session() as s:
        return likenesses.near_duplicates(s, fingerprint, options)
