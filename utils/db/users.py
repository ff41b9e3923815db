"""People who use the pages: made, found, logged in. Passwords are kept as Argon2id alone."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.page_tables import User
from utils.db.words import clean
from utils.errors import UsageError
from utils.models.page_settings import Role
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST_PASSWORD = 10  # characters; NIST SP 800-63B-4 wants 15 where nothing else is asked. Chosen.
LONGEST_PASSWORD, LONGEST_NAME = 200, 60


def create(s: Session, name: str, password: str | None, role: Role) -> User:
    """Make a person; without a password one whom only a trusted proxy logs in.

    Raises:
        UsageError: the name is taken, or name or password are none.
    """
    shown = visible(clean(name)).strip()
    if not 0 < len(shown) <= LONGEST_NAME:
        raise UsageError(f"A name has 1 to {LONGEST_NAME} characters.")
    if find(s, shown) is not None:
        raise UsageError(f"There is a user {shown} already: `nightshift user list`.")
    made = User(
        id=secrets.token_hex(6),
        name=shown,
        name_key=key_of(shown),
        password_hash=None if password is None else hashed(password),
        role=role.value,
        theme="auto",
    )
    s.add(made)
    s.flush()
    return made


def key_of(name: str) -> str:
    """A name as names are compared."""
    return name.strip().casefold()


def find(s: Session, name: str) -> User | None:
    """The person of this name; None for none."""
    return s.scalar(select(User).where(User.name_key == key_of(clean(name))))


def every(s: Session) -> Sequence[User]:
    """All people, by their names."""
    return s.scalars(select(User).order_by(User.name_key)).all()


def count(s: Session) -> int:
    """How many there are."""
    return s.scalar(select(func.count()).select_from(User)) or 0


def logged_in(s: Session, name: str, password: str) -> User | None:
    """The person whose name and password these are; it takes as long where there is none."""
    from argon2.exceptions import InvalidHashError, VerificationError

    found = find(s, name)
    known = found.password_hash if found else None
    try:
        _hasher().verify(known or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return None
    if found is None or known is None or found.disabled_at is not None:
        return None
    found.last_login_at = now()
    return found


def hashed(password: str) -> str:
    """A password as it is kept.

    Raises:
        UsageError: it is too short, or too long.
    """
    if not LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UsageError(f"A password has {LEAST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    return _hasher().hash(password)


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    # OWASP's Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane.
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobody() -> str:
    """The hash of a password that nobody knows: a name that is not there takes as long."""
    return _hasher().hash(secrets.token_urlsafe(32))
