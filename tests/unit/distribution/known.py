"""Items as they are after a night, without one: rows, a file, a transcript, a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import func, update

from utils.clock import now
from utils.config import load_settings
from utils.db import library
from utils.db.schema import Execution, ExecutionStatus, Item
from utils.db.session import session
from utils.models.record import ItemRecord, ThumbnailRecord
from utils.models.transcript import Segment, Transcript
from utils.search.passages import passages
from utils.sources import scan
from utils.storage import files

SAID = Transcript(
    engine="a-model", language="km", segments=(
        Segment(start_seconds=0, end_seconds=2, text="សួស្តី ពិភពលោក"),
        Segment(start_seconds=2, end_seconds=4, text="Fish & chips"),
    ),
)  # fmt: skip


def item(path: Path, approval: str | None = "approved", said: Transcript | None = SAID) -> str:
    """An item that is done, with this approval; its file is ``path``, made if it is missing."""
    settings = load_settings()
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(f"sound of {path.stem}")
    (item_id,) = scan.scan([str(path)], "key", settings, False).pending
    still = files.item_folder(settings.home, item_id) / "1.jpg"
    still.write_bytes(b"picture of " + path.stem.encode())
    record = ItemRecord(
        item_id=item_id, kind="audio", title=path.stem, duration_seconds=4.0, summary="It greets.",
        keywords=("hello", "world"), thumbnails=(ThumbnailRecord(path=still),),
    )  # fmt: skip
    with session() as s:
        library.save(s, record, passages(record))
        s.execute(
            update(Item)
            .where(Item.id == item_id)
            .values(status="done", approval=approval, approval_reason="as the test has it",
                    processed_at=now())
        )  # fmt: skip
        if said:
            _noted(s, item_id, "transcribe_audio", said.model_dump(mode="json"))
    return item_id


def judged(item_id: str, approval: str | None) -> None:
    """Another approval."""
    with session() as s:
        s.execute(update(Item).where(Item.id == item_id).values(approval=approval))


def became(item_id: str, status: str, error: str | None = None) -> None:
    """Another status, and why."""
    with session() as s:
        s.execute(update(Item).where(Item.id == item_id).values(status=status, error=error))


def renamed(item_id: str, title: str) -> None:
    """The item was worked on again, and has another title."""
    with session() as s:
        values = {"title": title, "processed_at": now()}
        s.execute(update(Item).where(Item.id == item_id).values(**values))


def targets(text: str) -> None:
    """Write targets.yaml."""
    path = load_settings().targets_file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def public(tmp_path: Path, more: str = "") -> Path:
    """A target ``public``: a folder; returns it."""
    folder = tmp_path / "public"
    targets(f"targets:\n  public:\n    kind: folder\n    url: file://{folder}\n{more}")
    return folder


def there(folder: Path) -> dict[str, bytes]:
    """What lies below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _noted(s: Any, item_id: str, step: str, result: Any) -> None:
    s.add(
        Execution(
            item_id=item_id, step=step, version=1, key="k", started_at=func.now(), used_at=now(),
            status=ExecutionStatus.DONE, result=result,
        )
    )  # fmt: skip
