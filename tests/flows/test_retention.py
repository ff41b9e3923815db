"""A library that was cleaned knows all it knew; Prefect's own database shrinks too."""

import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from prefect.server.schemas.states import StateType
from sqlalchemy import func, select, update

from tasks.retention import clean_prefect
from tests.conftest import _HOME, Override
from tests.flows.test_shift import executions, ingest, library, steps, work_a_night  # noqa: F401
from utils.clock import now
from utils.config import Settings, load_settings
from utils.db import failures
from utils.db.schema import Execution, Run
from utils.db.session import session
from utils.housekeeping import retention
from utils.models.shift import RunStatus

pytestmark = pytest.mark.usefixtures("prefect_server")


def age(days: int) -> None:
    """Everything that happened so far happened ``days`` ago."""
    then = now() - timedelta(days=days)
    with session() as s:
        s.execute(update(Execution).values(started_at=then, ended_at=then, used_at=then))
        s.execute(update(Run).values(started_at=then, ended_at=then))


def test_a_cleaned_library_recalls_everything(library: Path, settings: Settings) -> None:  # noqa: F811
    report, _ = ingest(library)
    ids = tuple(item.item_id for item in report.items)
    files = sorted(settings.home.joinpath("items").rglob("*"))
    before = executions()
    age(400)
    retention.clean(settings)
    assert ingest(library)[0].status is RunStatus.NOTHING_TO_DO
    with session() as s:
        failures.requeue(s, failures.Choice(ids))
    report, _ = ingest(library)
    assert report.counts.done == len(ids)
    assert executions() == before
    assert {step.executions for item_id in ids for step in steps(item_id).values()} == {1}
    assert sorted(settings.home.joinpath("items").rglob("*")) == files


def test_a_night_cleans_once_a_day(library: Path, settings: Settings) -> None:  # noqa: F811
    work_a_night()
    work_a_night()
    age(400)
    work_a_night()
    with session() as s:
        assert s.scalar(select(func.count(Run.id))) == 3
    os.utime(settings.home / "cleaned", (time.time() - 90_000,) * 2)
    work_a_night()
    with session() as s:
        assert s.scalar(select(func.count(Run.id))) == 2  # the last one before, and this one


def test_prefects_own_records_go_when_they_are_old(library: Path, override: Override) -> None:  # noqa: F811
    from prefect.server.database import provide_database_interface

    db = provide_database_interface()
    kinds = (db.FlowRun, db.TaskRun, db.FlowRunState, db.TaskRunState, db.Artifact, db.Log)

    async def count() -> list[int]:
        async with db.session_context() as s:
            counted = select(func.count()).select_from
            return [(await s.execute(counted(kind))).scalar_one() for kind in kinds]

    async def end_what_other_tests_broke_off() -> None:
        async with db.session_context(begin_transaction=True) as s:
            open_ = db.FlowRun.end_time.is_(None)
            over = {"state_type": StateType.CRASHED, "end_time": now()}
            await s.execute(update(db.FlowRun).where(open_).values(over))

    async def end_long_ago() -> None:
        async with db.session_context(begin_transaction=True) as s:
            then = now() - timedelta(days=15)
            ended = db.FlowRun.end_time.is_not(None)
            await s.execute(update(db.FlowRun).where(ended).values(end_time=then))

    ingest(library)
    asyncio.run(end_what_other_tests_broke_off())
    held = asyncio.run(count())
    assert held[0] >= 3  # the batch, and two items
    its_own = load_settings().model_copy(update={"home": _HOME})  # the home that Prefect has here
    (nothing,) = clean_prefect(its_own)
    assert nothing[1:] == (0, 0, 0)
    asyncio.run(end_long_ago())
    assert clean_prefect(load_settings()) == []  # a database elsewhere may have others' runs
    (told,) = clean_prefect(its_own, dry_run=True)
    assert told.rows == held[0]
    assert asyncio.run(count()) == held
    assert clean_prefect(its_own) == [told]
    assert sum(asyncio.run(count())) == 0
