"""The tables of music, built."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.database import connect
from tasks.logs import shorten_known_errors
from tasks.policy import tries
from utils.models.music import SubflowResult
from utils.music.star_schema import building

_RETRIES = 1  # chosen: a build that was waited for, a database that was locked
shorten_known_errors()


@task(name="build-tables", cache_policy=NO_CACHE, persist_result=False)
def build_tables(full: bool = False) -> SubflowResult:
    """Bring the tables up to date with the database.

    Raises:
        NightShiftError: the database does not answer, or disk or memory do not suffice.
    """
    settings = connect()
    for attempt in tries(_RETRIES):
        with attempt:
            return building.build(settings, full)
    raise AssertionError("tries() raises what the last one did")
