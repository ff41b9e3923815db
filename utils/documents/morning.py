"""What a person wants to know first: what was done, what waits for them and why, what it cost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from utils.clock import now
from utils.config import Settings
from utils.db import mornings, reviews, run_history, runs
from utils.db.mornings import Totals, Trouble
from utils.db.run_history import RunSummary
from utils.db.schema import Run
from utils.db.session import home_of
from utils.models.refusal import Refusal
from utils.models.search import SearchFilters
from utils.models.shift import PublishedCounts
from utils.privacy.redaction import shown_within

# A night that began longer ago is no "last shift" to anybody: a day is told instead. Chosen.
_NIGHT = timedelta(hours=36)
_DAY = timedelta(hours=24)
_LOW_DISK_BYTES = 5 * 2**30  # as the doctor has it
# What a person must set right, though it is tried again by itself.
_NEEDS_A_PERSON = frozenset({"ResourceError", "SettingsError"})
# Refusals of sites that a login (its cookies) may end.
_WANTS_LOGIN = frozenset({Refusal.LOGIN, Refusal.PRIVATE, Refusal.MEMBERS_ONLY,
                          Refusal.AGE_RESTRICTED, Refusal.BOT_CHECK})  # fmt: skip

_MOST_TOTALS = 512
_lock, _totals = Lock(), dict[tuple[Path, str], Totals]()


class Waits(NamedTuple):
    """What waits for a person, for one reason.

    ``reason``: paused, disk, settings, login, review, file, address, source, duplicates,
    publications, publishing, music, room. ``number``: how many items; ``detail``: an error or a
    name;
    ``error_class``, ``step``: with which they are chosen to be tried again; ``examples``: id,
    title, error.
    """

    reason: str
    number: int
    detail: str = ""
    error_class: str | None = None
    step: str | None = None
    examples: Sequence[tuple[str, str, str]] = ()


class Morning(NamedTuple):
    """The whole; ``last`` is None before the first run.

    ``done``: items since then, which is the last night's beginning, a day ago (``is_of_day``), or,
    if nothing ran for longer, the last run's, or that of the first, which runs now; None where
    nothing ever ran. ``by_itself``: how
    many failed and are tried again without anybody.
    """

    is_empty: bool
    last: RunSummary | None
    published: PublishedCounts | None
    since: datetime | None
    is_of_day: bool
    done: Sequence[Any]
    done_by_kind: dict[str, int]
    open_by_status: dict[str, int]
    waits: list[Waits]
    by_itself: int
    sources: Sequence[dict[str, Any]]


def of(s: Session, settings: Settings, most: int = 12) -> Morning:
    """How the library stands this morning; ``most``: items that are told one by one."""
    last, since = _last(s)
    published = runs.published(last) if last else None
    items, addresses = mornings.broken_items(s), mornings.broken_addresses(s)
    return Morning(
        is_empty=since is None and mornings.is_empty(s),
        last=run_history.of(s, [last.id])[0] if last else None,
        published=published,
        since=since,
        is_of_day=since is not None and last is not None and since != last.started_at,
        done=mornings.done_since(s, since, most) if since else (),
        done_by_kind=mornings.count_since(s, since) if since else {},
        open_by_status=mornings.count_open(s),
        waits=[
            *_general(s, settings),
            *_unpublished(published),
            *_broken(items, "file"),
            *_broken(addresses, "address"),
        ],
        by_itself=sum(one.number for one in (*items, *addresses) if not _waits(one)),
        sources=[shown_within(dict(row._mapping)) for row in mornings.failing_sources(s)],
    )


def _last(s: Session) -> tuple[Run | None, datetime | None]:
    """The run that people mean by "last night", and since when things are told as new.

    One that runs now is no last one; what it has done by now counts as new all the same.
    """
    night, latest = mornings.last_run(s, mornings.NIGHT), mornings.last_run(s)
    if latest is None:
        return None, mornings.running_since(s)
    if night is not None and now() - night.started_at <= _NIGHT:
        return night, night.started_at
    is_recent = now() - latest.started_at <= _DAY
    return latest, now() - _DAY if is_recent else latest.started_at


def _general(s: Session, settings: Settings) -> Iterator[Waits]:
    free = shutil.disk_usage(settings.home).free
    if free < max(_LOW_DISK_BYTES, settings.min_free_bytes):
        yield Waits("room", free)
    if number := reviews.count_waiting(s, SearchFilters()):
        yield Waits("review", number)
    for service in mornings.refused_accounts(s):
        yield Waits("music", 1, service)
    if number := mornings.count_failed_publications(s):
        yield Waits("publications", number)
    if number := mornings.count_undecided_pairs(s):
        yield Waits("duplicates", number)


def _unpublished(published: PublishedCounts | None) -> Iterator[Waits]:
    """Why a night could not even try to publish."""
    if published and published.error:
        yield Waits("publishing", 1, shown_within(published.error))


def _waits(one: Trouble) -> bool:
    return one.is_final or one.error_class in _NEEDS_A_PERSON


def _broken(found: Sequence[Trouble], reason: str) -> Iterator[Waits]:
    """What waits, settings and room first: they hold up the most."""
    first = sorted(filter(_waits, found), key=lambda one: one.error_class not in _NEEDS_A_PERSON)
    for one in first:
        why = {"ResourceError": "disk", "SettingsError": "settings"}.get(one.error_class, reason)
        why = "login" if one.refusal in _WANTS_LOGIN else why
        examples = [(key, shown_within(title), shown_within(error))
                    for key, title, error in one.examples]  # fmt: skip
        detail = examples[0][2] if examples else ""
        yield Waits(why, one.number, detail, one.error_class, one.step, examples)


def totals(s: Session, run_id: str) -> Totals:
    """What a run took and made; of one that is over it is summed up once."""
    if run_id not in runs.ends(s, [run_id]):
        return mornings.totals(s, run_id)
    key = (home_of(s), run_id)
    with _lock:
        known = _totals.get(key)
    if known is None:
        known = mornings.totals(s, run_id)
        with _lock:
            _totals[key] = known
            while len(_totals) > _MOST_TOTALS:
                del _totals[next(iter(_totals))]
    return known
