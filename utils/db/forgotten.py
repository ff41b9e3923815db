"""Items that a person had forgotten: all that was known of them goes, but that they are known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Text, cast, delete, select
from sqlalchemy.orm import Session

from utils.db import fulltext, queue, source_files
from utils.db.items import unchanged
from utils.db.schema import (
    Download,
    Execution,
    File,
    FingerprintRow,
    FingerprintTerm,
    ForgottenItem,
    ForgottenPlace,
    Item,
    RunItem,
)
from utils.db.session import chunks, upsert
from utils.db.upload_tables import Upload
from utils.models.item import FileStat
from utils.storage import files


def forget(s: Session, worker: str, item_ids: Sequence[str]) -> list[str]:
    """Delete the rows of items in every table; returns those that were ``worker``'s to forget.

    Their content and their places are noted, so that no scan takes them again. What was paid for
    them stays in the sum that was spent, under their checksum.
    """
    mine = queue.claim_these(s, worker, item_ids)
    for item_id in mine:
        _note(s, item_id)
        fulltext.replace(s, item_id, ())
    keys = select(Download.key).where(Download.item_id.in_(mine))  # what was fetched ran under it
    s.execute(delete(Execution).where(Execution.item_id.in_(mine) | Execution.item_id.in_(keys)))
    s.execute(delete(RunItem).where(RunItem.item_id.in_(mine)))
    s.execute(delete(Upload).where(Upload.item_id.in_(mine)))
    prints = select(FingerprintRow.id).where(FingerprintRow.item_id.in_(mine))
    s.execute(delete(FingerprintTerm).where(FingerprintTerm.fingerprint_id.in_(prints)))
    source_files.forgotten(s, mine)
    s.execute(delete(Item).where(Item.id.in_(mine)))  # and all that refers to it
    return mine


def _note(s: Session, item_id: str) -> None:
    s.merge(ForgottenItem(id=item_id))
    s.flush()
    for file in s.scalars(select(File).where(File.item_id == item_id)):
        s.merge(
            ForgottenPlace(
                name=file.path,
                item_id=item_id,
                size_bytes=file.size_bytes,
                modified_ns=file.modified_ns,
                inode=file.inode,
            )
        )
    for key in s.scalars(select(Download.key).where(Download.item_id == item_id)):
        s.merge(ForgottenPlace(name=key, item_id=item_id))
    s.flush()


def at(s: Session, stats: Sequence[FileStat]) -> dict[Path, str]:
    """Those files that held a forgotten item and did not change since, each with its id."""
    by_name = {str(stat.path): stat for stat in stats}
    found: dict[Path, str] = {}
    for chunk in chunks(list(by_name)):
        for row in s.scalars(select(ForgottenPlace).where(ForgottenPlace.name.in_(chunk))):
            if unchanged(row, by_name[row.name]):
                found[Path(row.name)] = row.item_id
    return found


def since(s: Session, item_ids: Sequence[str]) -> dict[str, datetime]:
    """Those of these items that are forgotten, and since when."""
    found: dict[str, datetime] = {}
    for chunk in chunks(item_ids):
        rows = select(ForgottenItem).where(ForgottenItem.id.in_(chunk))
        found |= {row.id: row.forgotten_at for row in s.scalars(rows)}
    return found


def is_meant(s: Session, wanted: str) -> bool:
    """Whether a person means a forgotten item: by its checksum, a beginning of it, or a path."""
    prefix = wanted.lower()
    if len(prefix) >= 4 and all(c in "0123456789abcdef" for c in prefix):
        rows = select(ForgottenItem.id).where(ForgottenItem.id.startswith(prefix))
        return s.scalars(rows.limit(1)).first() is not None
    return s.get(ForgottenPlace, str(files.absolute(wanted))) is not None


def downloads(s: Session, keys: Sequence[str]) -> dict[str, str]:
    """The forgotten items that were fetched under some of these keys, by key."""
    found: dict[str, str] = {}
    for chunk in chunks(keys):
        rows = s.scalars(select(ForgottenPlace).where(ForgottenPlace.name.in_(chunk)))
        found |= {row.name: row.item_id for row in rows}
    return found


def take_again(s: Session, item_ids: Sequence[str]) -> None:
    """Take items again when they are met: a person asked for them."""
    for chunk in chunks(item_ids):
        s.execute(delete(ForgottenPlace).where(ForgottenPlace.item_id.in_(chunk)))
        s.execute(delete(ForgottenItem).where(ForgottenItem.id.in_(chunk)))


def note_place(s: Session, stat: FileStat, item_id: str) -> None:
    """Note that a forgotten item lies at a path too, so that it need not be read again."""
    insert = upsert(s)(ForgottenPlace)
    facts = {
        "item_id": item_id,
        "size_bytes": stat.size_bytes,
        "modified_ns": stat.modified_ns,
        "inode": str(stat.inode),
    }
    s.execute(
        insert.values(name=str(stat.path), **facts).on_conflict_do_update(
            index_elements=[ForgottenPlace.name], set_=facts
        )
    )


def note_download(s: Session, key: str, item_id: str) -> None:
    """Note that a forgotten item came under the key of a download too."""
    s.merge(ForgottenPlace(name=key, item_id=item_id))


def any_of_size(s: Session, size_bytes: int) -> bool:
    """Whether a forgotten item is so large: then a file's checksum is worth its reading."""
    rows = select(ForgottenPlace.name).where(ForgottenPlace.size_bytes == size_bytes)
    return s.scalars(rows.limit(1)).first() is not None


def mentioned_elsewhere(s: Session, digests: set[str], item_ids: Sequence[str]) -> set[str]:
    """Those checksums of files that results of other items name too."""
    text = cast(Execution.result, Text)
    rows = s.scalars(
        select(text)
        .where(Execution.item_id.not_in(item_ids), text.contains("#"))
        .execution_options(yield_per=100)
    )
    found: set[str] = set()
    for row in rows:
        found |= {digest for digest in digests if f"#{digest}" in row}
    return found


def executions_of(s: Session, item_ids: Sequence[str]) -> Sequence[Execution]:
    """All executions for items."""
    return s.scalars(select(Execution).where(Execution.item_id.in_(item_ids))).all()
