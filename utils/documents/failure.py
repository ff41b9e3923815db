"""What failed or waits for a person, as JSON."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from utils.db import failures, sources
from utils.db.failures import Failure, Group


def every(s: Session, choice: failures.Choice | None = None) -> list[dict[str, Any]]:
    """Items and addresses that failed, each with what to do; without a choice sources, too."""
    found = failures.failures(s, choice or failures.Choice())
    rows = [{**one._asdict(), "what_to_do": what_to_do(one)} for one in found]
    failing = sources.failing(s) if choice is None else ()
    return rows + [
        {
            "item_id": None, "title": row.location, "status": "failed", "tries": None,
            "error_class": row.error_class, "error": row.error, "step": None,
            "source": row.location, "where": row.location,
            "what_to_do": "mend it, or: nightshift source remove",
        }
        for row in failing
    ]  # fmt: skip


def what_to_do(failure: Failure) -> str:
    """What a person can do about it."""
    if failure.status == "failed":
        return "nothing: the next shift tries again"
    return f"mend the cause, then: nightshift requeue {failure.item_id[:10]}"


def group(of: Group) -> dict[str, Any]:
    """Failures that have class, step and source in common."""
    return {
        "error": of.error_class,
        "step": of.step,
        "source": of.source,
        "count": of.number,
        "example": {
            "item_id": of.example.item_id,
            "title": of.example.title,
            "status": of.example.status,
            "error": of.example.error,
        },
    }
