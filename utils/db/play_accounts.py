"""Whose plays an export holds: the user that it names, and the account that its plays go to."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.music_tables import MusicAccount
from utils.db.session import upsert


def account_of(s: Session, service: str, username: str, wanted: str) -> str:
    """The account of a user whom an export names; noted, if the user is new.

    It is the one that had the user's plays before, else ``wanted``; a ``wanted`` that is somebody
    else's already gives way to an account of the user's own name. To be asked alone
    (``utils.db.plays.alone``).
    """
    known = _users(s, service)
    for account, user in known.items():
        if user == username:
            return account
    free = wanted if known.get(wanted) is None else username
    note(s, service, free, username)
    return free


def user_of(s: Session, service: str, account: str) -> str | None:
    """Who exports say that an account is; None where none has named its user."""
    return _users(s, service).get(account)


def other_of(s: Session, service: str, username: str, but: str) -> str | None:
    """An account other than ``but`` that has a user's plays; None if none has."""
    users = _users(s, service).items()
    return next((account for account, user in users if user == username and account != but), None)


def note(s: Session, service: str, account: str, username: str) -> None:
    """Note the user of an account."""
    row = {"service": service, "account": account, "username": username, "changed_at": now()}
    statement = upsert(s)(MusicAccount).values(row)
    given = {"username": username}
    s.execute(statement.on_conflict_do_update(index_elements=["service", "account"], set_=given))


def _users(s: Session, service: str) -> dict[str, str | None]:
    rows = select(MusicAccount.account, MusicAccount.username)
    found = s.execute(rows.where(MusicAccount.service == service))
    return {row.account: row.username for row in found}
