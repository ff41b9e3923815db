"""The step that writes down what is known of an item."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from tasks.policy import step
from utils.db.schema import Item
from utils.models.analysis import Analysis
from utils.models.item import MediaItem, MediaKind
from utils.models.probe import ContainerProbe
from utils.models.record import ItemRecord
from utils.models.signal import SignalReport
from utils.models.transcript import Transcript
from utils.models.verdict import Verdict


def _save(s: Session, record: ItemRecord) -> None:
    values = {
        name: value.replace("\0", "") if isinstance(value, str) else value
        for name, value in record.model_dump(exclude={"item_id"}).items()
    }
    s.execute(update(Item).where(Item.id == record.item_id).values(**values))


@step(save=_save)
def store_item(
    item: MediaItem,
    probe: ContainerProbe,
    signal: SignalReport,
    transcript: Transcript | None,
    analysis: Analysis | None,
    verdict: Verdict | None,
) -> ItemRecord:
    """The facts that lists and searches need, in the item's own row."""
    understanding = analysis.understanding if analysis else None
    return ItemRecord(
        item_id=item.item_id,
        kind=probe.kind.value,
        title=item.title,
        duration_seconds=None
        if probe.kind is MediaKind.IMAGE
        else probe.duration_seconds or signal.decoded_seconds or None,
        language=(understanding and understanding.language) or (transcript and transcript.language),
        verdict=verdict.band.value if verdict else None,
        score=verdict.score if verdict else None,
        summary=(understanding and understanding.summary) or None,
    )
