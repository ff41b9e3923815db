"""Is it there, and can it work: for whoever watches over servers. No token is asked for."""

from __future__ import annotations

from fastapi import APIRouter

from utils.db.session import require_answer
from utils.models.base import Frozen

router = APIRouter(tags=["health"])


class Health(Frozen):
    """How the server is."""

    status: str


@router.get("/health")
def health() -> Health:
    """Say that the process answers."""
    return Health(status="ok")


@router.get("/ready")
def ready() -> Health:
    """Say that its database answers, too; 503 if not."""
    require_answer()
    return Health(status="ready")
