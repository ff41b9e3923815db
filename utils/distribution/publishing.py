"""One publication at a time: an item made to lie at a target, taken back, looked at there.

A row is claimed first. What a target's module keeps meanwhile (``Call.save``) is in the row, so
that after kill -9 the next call goes on there; what came of it is one statement.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, cast

from utils.clock import now
from utils.config import Settings
from utils.db import flags, publications
from utils.db.publication_tables import PublicationRow as Row
from utils.db.session import session
from utils.distribution import calls, packages, permission, place, quota, targets
from utils.distribution.call import Call
from utils.distribution.calls import require_own
from utils.errors import (
    DeferredError,
    NightShiftError,
    PermanentError,
    SettingsError,
    StoppedError,
    ThrottledError,
    from_os_error,
)
from utils.models.publishing import (
    Package,
    PackageFile,
    PublicationOutcome,
    PublicationResult,
    PublicationStatus,
    Published,
    PublishedObject,
)
from utils.models.targets import FilesTarget, Target
from utils.storage import files

KINDS = {
    "folder": "folder",
    "podcast": "podcast",
    "hls": "hls",
    "site": "site",
    "media-server": "media_server",
    "youtube": "youtube",
    "webhook": "webhook",
    "message": "message",
}
_TOLD_ONCE = {"message"}
_FIRST_WAIT = timedelta(minutes=1)  # four times as long after each try. Chosen.
_LONGEST_WAIT = timedelta(hours=6)
_SEEN = 10  # files at each end of a publication that are asked for by public_url. Chosen.
_log = logging.getLogger(__name__)


class Kind(Protocol):
    """What a module of a target's kind offers."""

    def publish(self, package: Package, target: Target, call: Call) -> Published:
        """Make the package lie at the target, whole; goes on where an earlier call was ended."""

    def retract(self, row: Published, target: Target, call: Call) -> None:
        """Take all of it away; nothing happens where it is gone."""

    def verify(self, row: Published, target: Target, call: Call) -> tuple[str, ...]:
        """What is wrong with it where it lies, in words; empty: it is whole."""


class Indexed(Protocol):
    """What a module offers beside that whose targets have an index of all their items."""

    def refresh(
        self, packages: Sequence[tuple[Package, Published]], target: Target, call: Call
    ) -> None:
        """Make the index anew of all that is published there, the newest first."""


def of_kind(kind: str) -> Kind:
    """The module of a kind of target."""
    return cast(Kind, importlib.import_module(f"utils.distribution.{KINDS[kind]}"))


def publish(row: Row, worker: str, settings: Settings) -> PublicationOutcome:
    """Publish what ``worker`` has claimed; a failure is noted, with when it is tried again.

    Raises:
        StoppedError: the process is to end, or another has taken the row.
    """
    return _settled(row, worker, settings, PublicationStatus.FAILED, _publish)


def retract(row: Row, worker: str, settings: Settings) -> PublicationOutcome:
    """Take back what ``worker`` has claimed; the same."""
    return _settled(row, worker, settings, PublicationStatus.RETRACTING, _retract)


def verify(row: Row, worker: str, settings: Settings) -> tuple[str, ...]:
    """What is wrong with what ``worker`` has claimed, where it lies; it is noted.

    Raises:
        NightShiftError: the target does not answer, or is none any more.
    """
    target = targets.one(settings, row.target)
    there = publications.published(row)
    with calls.of_publication(row, worker, settings, row.package_key or "") as call:
        wrong = of_kind(target.kind).verify(there, target, call)
    wrong = wrong or (*_seen_wrongly(there, target),)
    with session() as s:
        publications.change(
            s, worker, row.id, flaws=list(wrong), verified_at=now(), claimed_by=None
        )
    return wrong


def _seen_wrongly(there: Published, target: Target) -> list[str]:
    """What is wrong as others see it; of a package of many files some at its ends."""
    if not isinstance(target, FilesTarget):
        return []
    some = {one.name: one for one in (*there.objects[:_SEEN], *there.objects[-_SEEN:])}
    return [wrong for one in some.values() if (wrong := place.seen_wrongly(target, one))]


def _publish(row: Row, worker: str, settings: Settings) -> PublicationOutcome:
    target = targets.one(settings, row.target)
    permission.require(row, worker)
    seen_at = now()  # before: who works on the item meanwhile is compared the next time
    package = packages.of(row.item_id, settings)
    keys = packages.key(package, target, settings), packages.target_key(target)
    if _lies_there(row, target, keys[0]):
        with session() as s:
            require_own(publications.settle_unchanged(s, worker, row, keys, seen_at))
        return _outcome(row, PublicationResult.UNCHANGED, address=row.address)
    with session() as s:
        publishing = PublicationStatus.PUBLISHING.value
        # Counted before it is done: what kills its process is not tried without end.
        require_own(publications.change(s, worker, row.id, status=publishing, tries=row.tries + 1))
    with calls.of_publication(row, worker, settings, keys[0]) as call:
        made = of_kind(target.kind).publish(_signed(package, call), target, call)
        stale = _stale(made, target, call)
    placed = publications.Placed(package, made, *keys, seen_at, stale)
    with session() as s:
        require_own(publications.settle_published(s, worker, row, placed))
        if row.flaws:  # the index may be what is damaged
            flags.put(s, calls.index_flag(row.target), {"of": "", "repair": True})
    done = _outcome(row, PublicationResult.PUBLISHED, address=made.address)
    return done.model_copy(update={"title": package.title})  # as it is kept from now on


def _lies_there(row: Row, target: Target, package_key: str) -> bool:
    """True where nothing is to be sent: it is there whole, or was told and is not told twice."""
    if not row.address:
        return False
    if target.kind in _TOLD_ONCE:
        return row.forced is None
    return row.package_key == package_key and not row.flaws


def _retract(row: Row, worker: str, settings: Settings) -> PublicationOutcome:
    state = dict(row.state or {})
    if row.address or row.objects or row.remote_id or state:
        target = targets.one(settings, row.target)
        with session() as s:
            retracting = PublicationStatus.RETRACTING.value
            require_own(
                publications.change(s, worker, row.id, status=retracting, tries=row.tries + 1)
            )
        with calls.of_publication(row, worker, settings, state.get("package_key", "")) as call:
            of_kind(target.kind).retract(publications.published(row), target, call)
    with session() as s:
        require_own(publications.settle_retracted(s, worker, row))
    return _outcome(row, PublicationResult.RETRACTED)


def _settled(
    row: Row, worker: str, settings: Settings, failed_as: PublicationStatus,
    do: Callable[[Row, str, Settings], PublicationOutcome],
) -> PublicationOutcome:  # fmt: skip
    try:
        return do(row, worker, settings)
    except StoppedError:
        with session() as s:  # an orderly end is no try
            publications.change(s, worker, row.id, tries=row.tries)
        raise
    except permission.NotYetError as error:
        return _deferred(row, worker, error)
    except Exception as error:  # noqa: BLE001  a driver's own: one target's fault stops no other
        found = told(error, f"publishing {row.item_id} at {row.target}")
    return _failed(row, worker, failed_as, found)


def told(error: Exception, doing: str) -> NightShiftError:
    """What broke off at a target, in our terms: also what is its driver's own.

    Raises:
        StoppedError: the process is to end.
    """
    if isinstance(error, StoppedError):
        raise error
    if isinstance(error, NightShiftError):
        return error
    if isinstance(error, OSError):
        return from_os_error(error, doing)
    _log.error("Broken off while %s", doing, exc_info=error)
    return PermanentError(f"The target's driver broke off with {type(error).__name__}")


def _deferred(row: Row, worker: str, error: permission.NotYetError) -> PublicationOutcome:
    """It waits until the item may be published; that is no try. A rejection is told as a failure.

    What lies there already stays as it is.
    """
    rejected = error.is_rejected
    status = PublicationStatus.FAILED if rejected else PublicationStatus.SCHEDULED
    with session() as s:
        publications.settle_failed(s, worker, row, status, str(error), row.due_at, row.tries)
    result = PublicationResult.FAILED if rejected else PublicationResult.WAITING
    return _outcome(row, result, error=str(error), due_at=None if rejected else row.due_at)


def _failed(
    row: Row, worker: str, status: PublicationStatus, error: NightShiftError
) -> PublicationOutcome:
    if isinstance(error, DeferredError):
        is_retraction = status is PublicationStatus.RETRACTING
        status = status if is_retraction else PublicationStatus.SCHEDULED
        tries, due_at = row.tries, quota.next_day()
    else:
        is_final = isinstance(error, PermanentError | SettingsError)
        tries = publications.MOST_TRIES if is_final else row.tries + 1
        due_at = now() + _wait(tries, error)
    with session() as s:
        publications.settle_failed(s, worker, row, status, str(error), due_at, tries)
    goes_on = isinstance(error, DeferredError)
    result = PublicationResult.WAITING if goes_on else PublicationResult.FAILED
    is_tried = goes_on or tries < publications.MOST_TRIES
    return _outcome(row, result, error=str(error), due_at=due_at if is_tried else None)


def _wait(tries: int, error: NightShiftError) -> timedelta:
    asked = error.retry_after_seconds if isinstance(error, ThrottledError) else None
    own = _FIRST_WAIT * float(4 ** max(0, min(tries, 8) - 1))
    return min(max(own, timedelta(seconds=asked or 0)), _LONGEST_WAIT)


def _signed(package: Package, call: Call) -> Package:
    """The package with content credentials in its pictures and films, where they are on."""
    if not call.settings.c2pa.is_on:
        return package
    credentials = importlib.import_module("utils.distribution.credentials")  # and c2pa with it
    made = []
    for file in package.files:
        if file.mime_type.split("/")[0] in {"image", "video", "audio"}:
            path = credentials.signed(file, package, call)
            made.append(file if path == file.path else _measured(file, path))
        else:
            made.append(file)
    return package.model_copy(update={"files": tuple(made)})


def _measured(file: PackageFile, path: Path) -> PackageFile:
    facts = {"path": path, "sha256": files.sha256(path), "size_bytes": path.stat().st_size}
    return file.model_copy(update=facts)


def _stale(made: Published, target: Target, call: Call) -> tuple[PublishedObject, ...]:
    """What lay there for the item before, or was begun, and is no part of it now.

    An index may still name it: it goes once that is made anew (``tidy``).
    """
    if not isinstance(target, FilesTarget):
        return ()
    kept = {one.name for one in made.objects}
    begun = [PublishedObject.model_validate(one) for one in call.state.get("files", ())]
    found = {one.name: one for one in (*call.former, *begun) if one.name not in kept}
    return tuple(found.values())


def tidy(row: Row, worker: str, settings: Settings) -> None:
    """Take away the files of what ``worker`` has claimed that belong to it no more.

    Raises:
        NightShiftError: the target does not answer.
    """
    target = targets.one(settings, row.target)
    kept = {one["name"] for one in row.objects or ()}
    with calls.of_publication(row, worker, settings, row.package_key or "") as call:
        if isinstance(target, FilesTarget):
            for one in (row.state or {}).get("files", ()):
                if one["name"] not in kept:
                    place.remove(call, target, one["name"])
    with session() as s:
        publications.change(s, worker, row.id, state={}, claimed_by=None)


def _outcome(
    row: Row, result: PublicationResult, address: str | None = None, error: str | None = None,
    due_at: datetime | None = None,
) -> PublicationOutcome:  # fmt: skip
    return PublicationOutcome(
        publication_id=row.id, item_id=row.item_id, title=row.title, target=row.target,
        result=result, address=address, error=error, due_at=due_at,
    )  # fmt: skip
