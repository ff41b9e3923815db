"""What failed, why and where from; and failed items made pending again, in one statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import addresses, sources
from utils.db.items import shown_status
from utils.db.schema import Address, File, Item
from utils.models.item import ItemStatus
from utils.storage.files import absolute, is_there

BROKEN = (ItemStatus.FAILED.value, ItemStatus.QUARANTINED.value)
UNKNOWN = "–"


class Choice(NamedTuple):
    """Which failed items are meant: all, or those that all that is given applies to.

    ``step``: in which they failed last; ``error``: the class of that error; ``source``: a
    folder, the beginning of an address, or a site. With ``ids`` items of any status.
    """

    ids: tuple[str, ...] = ()
    step: str | None = None
    error: str | None = None
    source: str | None = None


class Failure(NamedTuple):
    """One item that failed, or an address: then the id is its key."""

    item_id: str
    title: str
    status: str
    tries: int
    error_class: str
    error: str
    step: str
    source: str
    where: str


class Group(NamedTuple):
    """Failures of one class, in one step, from one source, and one of them as an example."""

    error_class: str
    step: str
    source: str
    number: int
    example: Failure


_PATH = select(func.min(File.path)).where(File.item_id == Item.id).correlate(Item).scalar_subquery()


def failures(s: Session, choice: Choice) -> list[Failure]:
    """The items of ``choice`` with what is wrong with them, first added first; then addresses."""
    query = select(Item, _PATH).where(*_conditions(choice)).order_by(Item.added_at, Item.id)
    folders = [Path(one) for one in sources.locations(s) if not sources.is_url(one)]
    return [
        Failure(
            item_id=item.id,
            title=item.title,
            status=shown_status(item),
            tries=item.tries,
            error_class=item.error_class or UNKNOWN,
            error=item.error or "",
            step=item.failed_step or UNKNOWN,
            source=_source(item.source_url, path, folders),
            where=path or item.source_url or UNKNOWN,
        )
        for item, path in s.execute(query)
    ] + [_of_address(row) for row in _addresses(s, choice)]


def grouped(found: Sequence[Failure]) -> list[Group]:
    """Failures that have class, step and source in common, the largest group first."""
    kinds = Counter((one.error_class, one.step, one.source) for one in found)
    first: dict[tuple[str, str, str], Failure] = {}
    for one in found:
        first.setdefault((one.error_class, one.step, one.source), one)
    return [Group(*kind, number, first[kind]) for kind, number in kinds.most_common()]


def requeue(s: Session, choice: Choice) -> list[str]:
    """Make the items of ``choice`` pending, with all their tries; returns their ids.

    One statement, however many they are; what is in work is left alone. Shifts take them
    first: a person asked for them. Addresses likewise.
    """
    again = _addresses(s, choice)
    for row in again:
        addresses.requeue(row)
    return [row.key for row in again] + list(
        s.scalars(
            update(Item)
            .where(*_conditions(choice))
            .values(
                status=ItemStatus.PENDING.value,
                tries=0,
                error=None,
                error_class=None,
                failed_step=None,
                lacks=[],
                requested_at=now(),
            )
            .returning(Item.id)
            .execution_options(synchronize_session=False)
        )
    )


def _addresses(s: Session, choice: Choice) -> list[Address]:
    """The addresses of ``choice``."""
    if choice.ids:
        wanted = s.scalars(select(Address).where(Address.key.in_(choice.ids)))
        return list(wanted)
    found: list[ColumnElement[bool]] = []
    if choice.step:
        found.append(func.coalesce(Address.failed_step, UNKNOWN) == choice.step)
    if choice.error:
        found.append(func.coalesce(Address.error_class, UNKNOWN) == choice.error)
    rows = addresses.broken(s, *found)
    return [row for row in rows if not choice.source or _is_from(row.url, choice.source)]


def _is_from(url: str, source: str) -> bool:
    """True for an address that begins with the source, or whose site it is."""
    site = urlsplit(url).hostname or ""
    return url.startswith(source) if sources.is_url(source) else f".{site}".endswith(f".{source}")


def _of_address(row: Address) -> Failure:
    return Failure(
        item_id=row.key,
        title=row.title or row.url,
        status=row.status,
        tries=row.tries,
        error_class=row.error_class or UNKNOWN,
        error=row.error or "",
        step=row.failed_step or UNKNOWN,
        source=urlsplit(row.url).netloc,
        where=row.url,
    )


def _conditions(choice: Choice) -> list[ColumnElement[bool]]:
    free = Item.claimed_by.is_(None)  # what is in work is left alone
    if choice.ids:
        return [Item.id.in_(choice.ids), free]
    found: list[ColumnElement[bool]] = [Item.status.in_(BROKEN), free]
    if choice.step:
        found.append(func.coalesce(Item.failed_step, UNKNOWN) == choice.step)
    if choice.error:
        found.append(func.coalesce(Item.error_class, UNKNOWN) == choice.error)
    if choice.source:
        found.append(_from(choice.source))
    return found


def _from(source: str) -> ColumnElement[bool]:
    """True for items from a folder (or of one file), an address or a site."""
    if sources.is_url(source):
        return func.coalesce(Item.source_url, "").startswith(source, autoescape=True)
    folder = absolute(source)
    if "/" not in source and "." in source.strip(".") and not is_there(folder):
        return or_(
            *(
                Item.source_url.startswith(f"{scheme}://{source}{end}", autoescape=True)
                for scheme in ("http", "https")
                for end in ("/", ":")
            ),
            Item.source_url.contains(f".{source}/", autoescape=True),
        )
    held = File.item_id == Item.id
    below = File.path.startswith(f"{folder}/".replace("//", "/"), autoescape=True)
    return exists().where(and_(held, or_(File.path == str(folder), below)))


def _source(url: str | None, path: str | None, folders: Sequence[Path]) -> str:
    """The site of a download, the source folder of a file, or else its own folder."""
    if url:
        return urlsplit(url).netloc.rpartition("@")[2]
    if not path:
        return UNKNOWN
    around = [one for one in folders if Path(path).is_relative_to(one)]
    return str(max(around, key=lambda one: len(one.parts), default=Path(path).parent))
