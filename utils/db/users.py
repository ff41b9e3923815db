"""People who use the pages: made, found, logged in. Passwords are kept as Argon2id alone."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import locks, login_sessions
from utils.db.page_tables import User
from utils.db.words import clean
from utils.errors import PermanentError, UsageError
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
    is_called = shown(name)
    if is_called is None:
        raise UsageError(f"A name has 1 to {LONGEST_NAME} characters.")
    taken = UsageError(f"There is a user {is_called} already: `nightshift user list`.")
    if find(s, is_called) is not None:
        raise taken
    made = User(
        id=secrets.token_hex(6),
        name=is_called,
        name_key=key_of(is_called),
        password_hash=None if password is None else hashed(password),
        role=role.value,
        theme="auto",
    )
    s.add(made)
    try:
        s.flush()
    except IntegrityError:  # another request made them meanwhile
        raise taken from None
    return made


def create_first(s: Session, name: str, password: str) -> User:
    """Make the first person, an admin: of two who try at once one is.

    Raises:
        UsageError: there is somebody already, or name or password are none.
    """
    locks.wait_for(s, locks.USERS)
    made = create(s, name, password, Role.ADMIN)
    if count(s) > 1:  # looked up again, since only who writes knows that nobody else does
        raise UsageError("There is a first user already: log in.")
    return made


def found_or_made(s: Session, name: str, role: Role) -> tuple[User, bool]:
    """The person of this name, made if there is none; and whether they are new.

    Raises:
        UsageError: the name is none.
    """
    if (found := find(s, name)) is not None:
        return found, False
    try:
        with s.begin_nested():
            return create(s, name, None, role), True
    except UsageError:
        if (found := find(s, name)) is None:
            raise
        return found, False  # another request made them meanwhile


def shown(name: str) -> str | None:
    """A name as it is kept; None of what is none: empty, or longer than 60 characters."""
    found = visible(clean(name)).strip()
    return found if 0 < len(found) <= LONGEST_NAME else None


def key_of(name: str) -> str:
    """A name as names are compared: without case, however its accents are written."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def find(s: Session, name: str) -> User | None:
    """The person of this name; None for none."""
    return s.scalar(select(User).where(User.name_key == key_of(clean(name))))


def get(s: Session, name: str) -> User:
    """The person of this name.

    Raises:
        UsageError: there is none.
    """
    found = find(s, name)
    if found is None:
        raise UsageError(f"There is no user {visible(clean(name))}: `nightshift user list`.")
    return found


def by_id(s: Session, user_id: str) -> User:
    """The person of this id.

    Raises:
        UsageError: there is none.
    """
    found = s.get(User, user_id)
    if found is None:
        raise UsageError("This user is gone.")
    return found


def every(s: Session) -> Sequence[User]:
    """All people, by their names."""
    return s.scalars(select(User).order_by(User.name_key)).all()


def count(s: Session) -> int:
    """How many there are."""
    return s.scalar(select(func.count()).select_from(User)) or 0


def set_role(s: Session, user: User, role: Role) -> None:
    """Have a person do more, or less.

    Raises:
        PermanentError: nobody would be left who may do everything.
    """
    if role is not Role.ADMIN:
        _require_another_admin(s, user)
    user.role = role.value


def set_disabled(s: Session, user: User, disabled: bool) -> None:
    """Let a person in no more, or again; what they did is kept.

    Raises:
        PermanentError: nobody would be left who may do everything.
    """
    if disabled:
        _require_another_admin(s, user)
        login_sessions.end_of(s, user.id)
    user.disabled_at = now() if disabled else None


def remove(s: Session, user: User) -> None:
    """Forget a person, their logins and their views.

    Raises:
        PermanentError: nobody would be left who may do everything.
    """
    _require_another_admin(s, user)
    s.delete(user)


def set_password(s: Session, user: User, password: str, kept: str | None = None) -> None:
    """Give a person another password, and end their logins but ``kept``, the cookie of one.

    Raises:
        UsageError: it is too short, or too long.
    """
    user.password_hash = hashed(password)
    login_sessions.end_of(s, user.id, but=kept)


def _require_another_admin(s: Session, user: User) -> None:
    may = (User.role == Role.ADMIN.value) & User.disabled_at.is_(None)
    admins = s.scalars(select(User.id).where(may).with_for_update()).all()
    if user.id in admins and len(admins) == 1:
        raise PermanentError(
            f"{user.name} is the only admin: make another one first, else nobody could do it."
        )


def logged_in(s: Session, name: str, password: str) -> User | None:
    """The person whose name and password these are; it takes as long where there is none."""
    from argon2.exceptions import InvalidHashError, VerificationError

    found = find(s, name)
    known = found.password_hash if found else None
    try:
        _hasher().verify(known or _nobody(), _same(password[: LONGEST_PASSWORD + 1]))
    except (VerificationError, InvalidHashError):
        return None
    if found is None or known is None or found.disabled_at is not None:
        return None
    return found


def hashed(password: str) -> str:
    """A password as it is kept.

    Raises:
        UsageError: it is too short, or too long.
    """
    if not LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UsageError(f"A password has {LEAST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    return _hasher().hash(_same(password))


def _same(password: str) -> bytes:
    """A password however its accents are written: keyboards differ (NIST SP 800-63B-4, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode(errors="replace")


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    # OWASP's Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane.
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobody() -> str:
    """The hash of a password that nobody knows: a name that is not there takes as long."""
    return _hasher().hash(secrets.token_urlsafe(32))
