"""The indexes of targets that have one (a feed, a site): made anew when what lies there changed.

What an index was made of last is kept, so that one that a kill or an error left behind is made
by the next call, whoever that is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from pydantic import ValidationError
from sqlalchemy.orm import Session

from utils import clock
from utils.config import Settings
from utils.db import flags, leases, lying, publications
from utils.db.publication_tables import PublicationRow as Row
from utils.db.session import session
from utils.distribution import calls, publishing, targets
from utils.distribution.packages import target_key
from utils.distribution.publishing import Indexed
from utils.errors import RetryableError
from utils.models.publishing import Package, Published
from utils.models.targets import Target

_WAIT_SECONDS = 0.5
_PATIENCE_SECONDS = 300.0


def refresh(names: Sequence[str], worker: str, settings: Settings) -> list[str]:
    """Make the indexes of these targets, where they are not what they should be.

    Returns what went wrong, in words: the next call tries again.
    """
    wrong = []
    for name in names:
        try:
            _refresh(name, worker, settings)
        except Exception as error:  # noqa: BLE001  a driver's own: it stops no other
            found = publishing.told(error, f"making the index of {name}")
            wrong.append(f"The index of {name} could not be made: {found}")
    return wrong


def _refresh(name: str, worker: str, settings: Settings) -> None:
    target = targets.load(settings).targets.get(name)
    if target is None or not hasattr(publishing.of_kind(target.kind), "refresh"):
        return
    module = cast(Indexed, publishing.of_kind(target.kind))
    if _is_made(name, target):
        return
    with _alone(f"index:{name}", worker):
        with session() as s:
            rows, digest = lying.at(s, name), _digest(s, name, target)
            before = flags.get(s, calls.index_flag(name))
        is_repair = bool(before and before.value.get("repair"))
        if not rows and before is None:  # nothing was ever there
            return
        with calls.of_index(name, settings, is_repair) as call:
            module.refresh(_packages(rows), target, call)
        with session() as s:
            flags.put(s, calls.index_flag(name), {"of": digest})


def _is_made(name: str, target: Target) -> bool:
    with session() as s:
        flag = flags.get(s, calls.index_flag(name))
        return flag is not None and flag.value["of"] == _digest(s, name, target)


def _packages(rows: Sequence[Row]) -> list[tuple[Package, Published]]:
    """What lies there, each as it was published; what an older version wrote otherwise is none."""
    found = []
    for row in rows:
        try:
            package = Package.model_validate(row.document)
        except ValidationError:
            continue
        since = {"published_at": row.published_at or package.published_at}
        found.append((package.model_copy(update=since), publications.published(row)))
    return found


def _digest(s: Session, name: str, target: Target) -> str:
    told = [target_key(target), lying.keys(s, name)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@contextmanager
def _alone(name: str, worker: str) -> Iterator[None]:
    """Have a name that one process has at a time, for as long as the block lasts.

    Raises:
        RetryableError: another one has it for long.
    """
    end = clock.monotonic() + _PATIENCE_SECONDS
    while True:
        with session() as s:
            if leases.acquire(s, worker, [name]):
                break
            leases.free_abandoned(s)
        if clock.monotonic() > end:
            raise RetryableError("another process is making it")
        clock.wait(_WAIT_SECONDS)
    try:
        yield
    finally:
        with session() as s:
            leases.release(s, worker, [name])
