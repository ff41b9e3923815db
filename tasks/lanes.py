"""Lanes: how many steps of a class run at once in this process.

A lane is taken *before* Prefect's task begins, so that a step that waits is neither Running
nor holds a slot of the server. On a self-hosted server the same numbers are tag limits
(deployments/register.py), which hold across workers.
"""

from __future__ import annotations

from functools import cache
from threading import BoundedSemaphore

from utils.config import load_settings


@cache
def lane(name: str) -> BoundedSemaphore:
    """The semaphore of a lane, as wide as the settings say."""
    return BoundedSemaphore(getattr(load_settings().lanes, name))
