"""What is to be published without being asked for one by one: nightly targets, and rules."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from utils.clock import now
from utils.config import Settings
from utils.db import publications, publishable, rulings
from utils.db.publications import Wish
from utils.db.publishable import Place
from utils.db.schema import Item
from utils.db.session import session
from utils.distribution import packages
from utils.models.item import MediaKind
from utils.models.publishing import PublicationStatus
from utils.models.targets import Target
from utils.rules import file

_AT_ONCE = 500
NIGHT = "night"
# What has sound or moves: the rest of a library is not sent there to be refused each night.
_PLAYED = frozenset({MediaKind.VIDEO.value, MediaKind.AUDIO.value})
_TAKES = dict.fromkeys(("podcast", "hls", "media-server", "youtube"), _PLAYED)


def note(
    known: Mapping[str, Target],
    names: Sequence[str],
    settings: Settings,
    item_ids: Collection[str] | None = None,
    *,
    is_asked: bool = False,
) -> None:
    """Note what of the approved items is not published yet where it should be, or not as it is now.

    Some items at a time, each in a transaction of its own: others come between. What a person took
    back stays away; what failed or is scheduled has its own time. ``is_asked``: of items that are
    named all these targets are meant, nightly or not.

    Raises:
        SettingsError: rules.yaml makes no sense.
    """
    keys = {name: packages.target_key(known[name]) for name in names}
    nightly = [name for name in names if known[name].nightly]
    by_rule = bool(file.load(settings).rules)
    if is_asked and item_ids is not None:
        nightly = list(names)
    if not (nightly or by_rule):
        return
    after: str | None = ""
    ids = None if item_ids is None else sorted(item_ids)
    while after is not None:
        with session() as s:
            rows, after = publishable.page(s, after, _AT_ONCE, ids)
            found = _with_publications(s, rows, nightly, names)
            publications.want_all(s, [
                Wish(row.id, row.title, name, known[name].kind, now(), by)
                for (row, name, by), seen in found
                if _is_taken(row, known[name]) and _is_missing(row, seen, keys[name])
            ])  # fmt: skip


def _is_taken(item: Item, target: Target) -> bool:
    """True where a target of this kind takes an item of this kind."""
    return item.kind in _TAKES.get(target.kind, (item.kind,))


def _with_publications(
    s: Session, rows: Sequence[Item], nightly: Sequence[str], names: Sequence[str]
) -> Iterator[tuple[tuple[Item, str, str], Place | None]]:
    known = publishable.places(s, [row.id for row in rows])
    for row in rows:
        ruling = rulings.of(row)
        by_rules = ruling.decision.publish if ruling else ()
        for name in dict.fromkeys((*nightly, *(one for one in by_rules if one in names))):
            by = NIGHT if name in nightly else "rules"
            yield (row, name, by), known.get((row.id, name))


def _is_missing(item: Item, row: Place | None, target_key: str) -> bool:
    """True where nothing lies there, or what lies there may have changed since it was compared."""
    if row is None:
        return True
    if row.status != PublicationStatus.PUBLISHED.value:
        return False
    seen, done = row.compared_at, item.processed_at
    return row.target_key != target_key or seen is None or (done is not None and done > seen)


def unknown_targets(known: Collection[str], settings: Settings) -> list[str]:
    """What rules name and targets.yaml has not, in words."""
    return [
        f"The rule {rule.name!r} publishes at {name}, which is no target of targets.yaml."
        for rule in file.load(settings).rules
        for name in rule.then.publish or ()
        if name not in known
    ]
