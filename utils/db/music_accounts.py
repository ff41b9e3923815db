"""Accounts at services of music: the cursor, the sealed tokens, and who may renew them.

A service that gives a new refresh token with each answer takes back the one before: two that
renew at once lose the account. So one process may do it at a time, on whichever machine it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.music_tables import MusicAccount, PlayRow
from utils.db.session import upsert
from utils.db.workers import shared_now
from utils.models.music import Service


def find(s: Session, service: Service, account: str) -> MusicAccount | None:
    """An account as it is now; None if nothing is known of it."""
    return s.get(MusicAccount, (service, account), populate_existing=True)


def ensure(s: Session, service: Service, account: str) -> None:
    """Make the account's row, if it is not there."""
    made = upsert(s)(MusicAccount).values(service=service, account=account, changed_at=now())
    s.execute(made.on_conflict_do_nothing())


def change(s: Session, service: Service, account: str, **values: Any) -> None:
    """Set columns of an account, which is made if it is not there."""
    ensure(s, service, account)
    _update(s, service, account, values)


def note_profile(s: Session, service: Service, account: str, facts: Mapping[str, Any]) -> None:
    """Add facts to an account's profile; those that are None are taken out of it."""
    ensure(s, service, account)
    _update(s, service, account, {})  # nobody else changes it until the transaction ends
    row = find(s, service, account)
    profile = {**(row.profile or {} if row else {}), **facts}
    kept = {name: value for name, value in profile.items() if value is not None}
    _update(s, service, account, {"profile": kept})


def take_renewal(s: Session, service: Service, account: str, who: str, seconds: float) -> bool:
    """Acquire the lease for renewing the tokens, for some seconds; False if another holds it."""
    ensure(s, service, account)
    moment = shared_now(s)
    is_free = or_(MusicAccount.refreshing_until.is_(None), MusicAccount.refreshing_until < moment)
    taken = s.scalars(
        update(MusicAccount)
        .where(MusicAccount.service == service, MusicAccount.account == account, is_free)
        .values(refreshing_by=who, refreshing_until=moment + timedelta(seconds=seconds))
        .returning(MusicAccount.account)
        .execution_options(synchronize_session=False)
    )
    return taken.first() is not None


def end_renewal(
    s: Session, service: Service, account: str, who: str, tokens: Mapping[str, Any] | None = None
) -> None:
    """Let the next renew; with the columns of the new tokens, if there are any.

    They are written though another counts ``who`` as dead by now: they are the newest.
    """
    if tokens:
        _update(s, service, account, tokens)
    s.execute(
        update(MusicAccount)
        .where(
            MusicAccount.service == service,
            MusicAccount.account == account,
            MusicAccount.refreshing_by == who,
        )
        .values(refreshing_by=None, refreshing_until=None)
        .execution_options(synchronize_session=False)
    )


def advance(s: Session, service: Service, account: str, cursor_ms: int | None) -> None:
    """Move the cursor on; it never goes back, whoever is faster."""
    if cursor_ms is None:
        return
    is_behind = or_(MusicAccount.cursor_ms.is_(None), MusicAccount.cursor_ms < cursor_ms)
    s.execute(
        update(MusicAccount)
        .where(MusicAccount.service == service, MusicAccount.account == account, is_behind)
        .values(cursor_ms=cursor_ms, changed_at=now())
        .execution_options(synchronize_session=False)
    )


def note_quota(s: Session, service: Service, account: str, mode: str) -> None:
    """Note what the service lets the application do, as it was found just now."""
    change(s, service, account, quota=mode, quota_at=shared_now(s))


def last_play(s: Session, service: Service, account: str) -> tuple[datetime | None, int]:
    """The newest play of an account, and how many there are."""
    of = (PlayRow.service == service, PlayRow.account == account)
    row = s.execute(select(func.max(PlayRow.played_at), func.count()).where(*of)).one()
    return row[0], row[1]


def is_past(s: Session, moment: datetime | None, seconds: float = 0) -> bool:
    """True for a moment that is over, or will be within so many seconds; and for none."""
    return moment is None or moment <= shared_now(s) + timedelta(seconds=seconds)


def _update(s: Session, service: Service, account: str, values: Mapping[str, Any]) -> None:
    s.execute(
        update(MusicAccount)
        .where(MusicAccount.service == service, MusicAccount.account == account)
        .values(**values, changed_at=now())
        .execution_options(synchronize_session=False)
    )
