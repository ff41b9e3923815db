"""Bearer tokens of the HTTP API: made, recognised, revoked. Only their SHA-256 is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.access_tables import Token
from utils.db.session import impatient
from utils.errors import UsageError
from utils.models.api import Scope

VALID = "valid"
_revoked = 0
_USED_AGAIN = timedelta(minutes=1)  # the last use is noted so often at most


def create(s: Session, name: str, scopes: Sequence[Scope], expires_at: datetime | None) -> str:
    """Make a token; returns it, which nobody can read again afterwards."""
    token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    token = f"ns_{token_id}_{secret}"
    s.add(
        Token(
            id=token_id,
            name=name,
            sha256=_hash(token),
            scopes=[scope.value for scope in scopes],
            expires_at=expires_at,
        )
    )
    return token


def recognised(s: Session, token: str) -> Token | None:
    """The row of a token that is valid now, by the clock of this machine; None of any other.

    The row is found by the id in the token, and the hashes are compared in constant time.
    """
    parts = token.split("_", 2)
    row = s.get(Token, parts[1]) if len(parts) == 3 and len(parts[1]) <= 16 else None
    if row is None or not hmac.compare_digest(row.sha256, _hash(token)):
        return None
    return row if state(row) == VALID else None


def is_use_due(row: Token) -> bool:
    """True if its last use was noted a while ago; the clock may have been set back since."""
    return row.last_used_at is None or abs(now() - row.last_used_at) > _USED_AGAIN


def note_use(s: Session, token_id: str) -> None:
    """Note that a token was used now; of several at once one writes.

    Raises:
        RetryableError: another program writes to the database at length; nothing is waited for.
    """
    moment = now()
    noted = update(Token).where(
        Token.id == token_id,
        or_(Token.last_used_at.is_(None), Token.last_used_at < moment - _USED_AGAIN,
            Token.last_used_at > moment + _USED_AGAIN),
    )  # fmt: skip
    with impatient(s):
        s.execute(noted.values(last_used_at=moment))


def state(row: Token) -> str:
    """Valid, expired or revoked: expiry goes by the clock of this machine."""
    if row.revoked_at:
        return "revoked"
    return "expired" if row.expires_at and row.expires_at <= now() else VALID


def document(row: Token) -> dict[str, Any]:
    """All that is known of a token, as JSON."""
    moments = ("created_at", "expires_at", "last_used_at", "revoked_at")
    told = {name: getattr(row, name) for name in moments}
    return {
        "id": row.id,
        "name": row.name,
        "scopes": row.scopes,
        "state": state(row),
        **{name: moment.isoformat() if moment else None for name, moment in told.items()},
    }


def every(s: Session) -> list[Token]:
    """All tokens, the first made first."""
    return list(s.scalars(select(Token).order_by(Token.created_at)))


def revoke(s: Session, wanted: str) -> Token:
    """Have a token, meant by its id or its name, be valid no more.

    Raises:
        UsageError: there is none, or several have the name.
    """
    found = [row for row in every(s) if wanted in (row.id, row.name) and not row.revoked_at]
    if len(found) != 1:
        what = "no token" if not found else f"the name of {len(found)} tokens"
        raise UsageError(f"{wanted} is {what}. `nightshift token list` lists their ids.")
    found[0].revoked_at = now()
    global _revoked
    _revoked += 1
    return found[0]


def revoked_here() -> int:
    """How many this process has revoked: who remembers tokens looks them up again."""
    return _revoked


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
