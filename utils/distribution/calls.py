"""The calls of targets: a folder to work in, and what is kept in the row of the publication."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from utils.config import Settings
from utils.db import publications
from utils.db.publication_tables import PublicationRow as Row
from utils.db.session import session
from utils.distribution import quota
from utils.distribution.call import Call
from utils.errors import StoppedError, from_os_error
from utils.models.publishing import PublishedObject
from utils.storage import scratch

_ANYHOW = ("files", "sending")


@contextmanager
def of_publication(row: Row, worker: str, settings: Settings, key: str) -> Iterator[Call]:
    """The call of a target for a publication: what it saves is kept in its row.

    What an interrupted call of another package kept is not gone on with, but for its files,
    and what was being sent and can't be asked after.
    """
    kept = dict(row.state or {})
    if kept.get("package_key") != key:
        kept = {name: kept[name] for name in _ANYHOW if kept.get(name)}
    kept["package_key"] = key
    state: dict[str, Any] = kept

    def save(given: Mapping[str, Any]) -> None:
        new = {"files": state.get("files", []), **given, "package_key": key}
        with session() as s:
            require_own(publications.change(s, worker, row.id, state=new))
        state.clear()
        state.update(new)

    with _folder() as work:
        yield Call(
            settings=settings, name=row.target, work=work, state=state, save=save,
            quota=quota.of(row.target, settings), item_id=row.item_id,
            former=tuple(PublishedObject.model_validate(one) for one in row.objects or ()),
            remote_id=row.remote_id, is_repair=bool(row.flaws),
        )  # fmt: skip


@contextmanager
def _folder() -> Iterator[Path]:
    work = scratch.folder() / f"publishing-{uuid.uuid4().hex[:12]}"
    try:
        work.mkdir()
    except OSError as error:
        raise from_os_error(error, f"making {work}") from error
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def of_index(target: str, settings: Settings, is_repair: bool = False) -> Iterator[Call]:
    """The call of a target for its index; ``is_repair``: all of it is written anew."""
    with _folder() as work:
        yield Call(
            settings=settings, name=target, work=work, state={}, save=lambda _: None,
            quota=quota.of(target, settings), is_repair=is_repair,
        )  # fmt: skip


def index_flag(target: str) -> str:
    """The name of the flag that says what a target's index was made of."""
    return f"index:{target}"


def require_own(is_own: bool) -> None:
    """Go on only with what is still ours.

    Raises:
        StoppedError: another process has taken it.
    """
    if not is_own:
        raise StoppedError("Another process took this publication over.")
