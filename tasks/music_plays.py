"""Plays as they come: held against the rules and against each other."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.database import connect
from tasks.logs import shorten_known_errors
from tasks.policy import tries
from utils.models.music import SubflowResult
from utils.music.history import preparation

_RETRIES = 2  # chosen: a lock that was waited for; what was done before stays done
shorten_known_errors()


@task(name="prepare-plays", cache_policy=NO_CACHE, persist_result=False)
def prepare_plays() -> SubflowResult:
    """Look at the plays that came since the last time, wherever from.

    Raises:
        NightShiftError: the database does not answer, or the process is to end.
    """
    connect()
    for attempt in tries(_RETRIES):
        with attempt:
            return preparation.prepare()
    raise AssertionError("tries() raises what the last one did")
