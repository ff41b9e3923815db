"""What is wrong with a name or a password that somebody chose: a word that templates explain."""

from __future__ import annotations

from sqlalchemy.orm import Session

from utils.db import users


def fault_of(password: str, again: str) -> str | None:
    """`short`, `long` or `differ`; None of a good one that was typed twice."""
    if len(password) < users.LEAST_PASSWORD:
        return "short"
    if len(password) > users.LONGEST_PASSWORD:
        return "long"
    return None if password == again else "differ"


def fault_of_name(s: Session, name: str) -> str | None:
    """`name` of one that is none, `taken`; None of a good one."""
    if users.shown(name) is None:
        return "name"
    return "taken" if users.find(s, name) is not None else None
