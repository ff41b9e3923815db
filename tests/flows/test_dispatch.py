"""What is asked before anything is handed out, and what becomes of a chunk whose process died."""

import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate, WorkPoolCreate
from prefect.client.schemas.objects import FlowRun, State
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import (
    Cancelled,
    Cancelling,
    Completed,
    Crashed,
    Failed,
    Pending,
    Running,
    Scheduled,
)

from flows.night_shift import night_shift
from flows.shift import shift
from subflows import dispatch
from subflows.dispatch import Child, _State
from tasks import flow_runs, work_pool
from tasks.context import RunContext
from tasks.tags import FLOWS, TAG, lane_tag
from tests.conftest import Override
from tests.media import Clips
from utils.clock import now
from utils.config import Settings, load_settings
from utils.db import runs, schema, workers
from utils.db.session import session
from utils.errors import SettingsError
from utils.models.options import PipelineOptions
from utils.models.queues import DEFAULT, HIGH_MEMORY
from utils.scheduling.dispatch import WorkUnit


@pytest.fixture
def client(prefect_server: str) -> Iterator[SyncPrefectClient]:
    known = temporary_settings({PREFECT_API_URL: prefect_server})
    with known, get_client(sync_client=True) as client:
        yield client


def test_a_work_pool_that_does_not_exist_is_named_with_what_makes_it(
    client: SyncPrefectClient, override: Override
) -> None:
    override(work_pool="nowhere")
    with pytest.raises(SettingsError, match="no work pool nowhere") as caught:
        work_pool.workers_online(client, load_settings())
    assert "`nightshift deploy`" in str(caught.value)
    assert "`prefect worker start --pool nowhere`" in str(caught.value)


def test_a_pool_without_a_worker_and_one_that_is_paused_are_named(
    client: SyncPrefectClient, override: Override, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_pool, "_WAIT_SECONDS", 0)
    name = f"pool-{uuid.uuid4().hex[:6]}"
    override(work_pool=name)
    client.create_work_pool(WorkPoolCreate(name=name, type="process"))
    flow_id = client.create_flow(shift)
    for queue in (DEFAULT, HIGH_MEMORY):
        client.create_deployment(flow_id=flow_id, name=queue, work_pool_name=name)
    with pytest.raises(SettingsError, match=f"prefect worker start --pool {name}"):
        work_pool.workers_online(client, load_settings())
    client.request(
        "PATCH", "/work_pools/{name}", path_params={"name": name}, json={"is_paused": True}
    )
    with pytest.raises(SettingsError, match=f"prefect work-pool resume {name}"):
        work_pool.workers_online(client, load_settings())


def test_a_night_without_workers_hands_nothing_out_and_claims_nothing(
    client: SyncPrefectClient, override: Override, clips: Clips, settings: Settings
) -> None:
    import shutil

    from utils.db import items

    override(work_pool="nowhere")
    settings.inbox.mkdir(exist_ok=True)
    shutil.copy(clips.video, settings.inbox)
    with pytest.raises(SettingsError, match="nowhere"):
        night_shift(dispatch="workers")
    with session() as s:
        assert items.count_by_status(s) == {"pending": 1}


START_SECONDS = Settings.model_fields["worker_start_seconds"].default


def night_with(state: State) -> tuple[_State, Child]:
    context = RunContext("run", "run", PipelineOptions(), load_settings())
    night = dispatch._State(context, 2, None)
    run = FlowRun(id=uuid.uuid4(), flow_id=uuid.uuid4(), state=state)
    child = dispatch.Child(run.id, "run-1", "default", (WorkUnit("a" * 64, 1.0, False),))
    night.flow_runs[run.id] = run
    return night, child


@pytest.mark.parametrize(
    ("state", "lives", "end"),
    [
        (Scheduled(), False, None),
        (Pending(), False, None),
        (Running(), True, None),
        (Running(), False, None),  # its process may still be on its way to the database
        (Completed(), False, ""),
        (Cancelled(), False, ""),
        (Crashed(message="killed by signal 9"), False, "killed by signal 9"),
        (Failed(message="no such column"), True, "no such column"),
    ],
)
def test_the_end_of_a_chunk(state: State, lives: bool, end: str | None) -> None:
    night, child = night_with(state)
    assert dispatch._end_of(night, child, is_alive=lives) == end


@pytest.mark.parametrize(
    ("state", "was_known", "seconds", "end"),
    [
        (Pending(), False, START_SECONDS, "Its process was killed."),
        (Running(), False, dispatch._BEGIN_SECONDS, "Its process was killed."),
        (Running(), True, dispatch._GONE_SECONDS, "Its process was killed."),
        (Cancelling(), True, dispatch._GONE_SECONDS, ""),  # nobody asks for what it left
    ],
)
def test_a_chunk_whose_process_is_gone_is_dead_before_prefect_says_so(
    client: SyncPrefectClient,
    state: State,
    was_known: bool,
    seconds: int,
    end: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    night, child = night_with(state)
    assert dispatch._end_of(night, child, is_alive=was_known) is None
    later = time.monotonic() + seconds + 1
    monkeypatch.setattr("utils.clock.monotonic", lambda: later)
    assert dispatch._end_of(night, child, is_alive=False) == end


@pytest.mark.parametrize(
    ("ended_seconds_ago", "holds", "lease_seconds", "state"),
    [
        (60, False, 1000, "CRASHED"),  # its process gave back what it had; its server was gone
        (1, False, 1000, "RUNNING"),  # about to say so
        (1, False, 10, "RUNNING"),  # the same, of a long run
        (60, True, 10, "RUNNING"),  # its children are still at work
        (600, False, 1000, "RUNNING"),  # that end was of an earlier try
        (600, False, 10, "CRASHED"),  # and of this one nobody knows
    ],
)
def test_a_run_that_ended_without_a_word_is_closed(
    client: SyncPrefectClient,
    ended_seconds_ago: int,
    holds: bool,
    lease_seconds: int,
    state: str,
    monkeypatch: pytest.MonkeyPatch,
    override: Override,
) -> None:
    override(lease_seconds=lease_seconds)
    made = client.create_flow_run(night_shift, state=Running(), tags=[TAG])
    run_id = flow_runs.run_of(made)
    later = now() + timedelta(seconds=100)
    monkeypatch.setattr(flow_runs, "now", lambda: later)
    ended_at = later - timedelta(seconds=ended_seconds_ago)
    with session() as s:
        runs.begin(s, run_id, "night-shift")
        s.get_one(schema.Run, run_id).ended_at = ended_at
        if holds:
            workers.register(s, f"{run_id}-1", run_id, 60)
    closed = flow_runs.close_zombies(load_settings())
    assert client.read_flow_run(made.id).state_type.value == state
    assert (made.name in closed) == (state == "CRASHED")
    client.delete_flow_run(made.id)


def test_runs_of_others_on_the_same_server_are_never_closed(
    client: Any, override: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Theirs run longer than any lease of ours, and one of their flows is named like ours."""
    monkeypatch.setattr(flow_runs, "SERVED", True)
    override(lease_seconds=10)

    @flow(name="somebody-elses-etl")
    def theirs() -> None:
        pass

    made = [
        client.create_flow_run(theirs, state=Running()),
        client.create_flow_run(theirs, state=Running(), tags=[TAG]),
        client.create_flow_run(night_shift, state=Running()),
    ]
    later = now() + timedelta(hours=9)
    monkeypatch.setattr(flow_runs, "now", lambda: later)
    assert flow_runs.close_zombies(load_settings()) == []
    for run in made:
        assert client.read_flow_run(run.id).state_type.value == "RUNNING"
        client.delete_flow_run(run.id)


def test_dead_runs_beyond_the_first_page_are_closed_too(
    client: Any, override: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow_runs, "PAGE", 5)
    made = [client.create_flow_run(night_shift, state=Running(), tags=[TAG]) for _ in range(12)]
    later = now() + timedelta(hours=9)
    monkeypatch.setattr(flow_runs, "now", lambda: later)
    closed = flow_runs.close_zombies(load_settings())
    assert set(closed) >= {run.name for run in made}
    for run in made:
        client.delete_flow_run(run.id)


def test_slots_of_others_limits_are_left_alone(client: Any) -> None:
    client.create_concurrency_limit(tag="database", concurrency_limit=1)
    client.create_concurrency_limit(tag=lane_tag("database"), concurrency_limit=1)
    for name in ("tag:database", f"tag:{lane_tag('database')}"):
        taken = GlobalConcurrencyLimitUpdate(active_slots=1)
        client.update_global_concurrency_limit(name, taken)
    assert flow_runs.free_slots(load_settings()) == [f"tag:{lane_tag('database')}"]
    theirs = client.read_global_concurrency_limit_by_name("tag:database")
    assert theirs.active_slots == 1


def test_the_names_by_which_our_runs_are_known_are_those_of_our_flows() -> None:
    from flows.content_ingestion import content_ingestion
    from flows.daily_etl import daily_etl
    from flows.process_item import process_item
    from flows.run_ingestion import run_ingestion
    from flows.spotify_ingestion import spotify_ingestion

    of_items = (night_shift, shift, content_ingestion, run_ingestion, process_item)
    ours = (*of_items, daily_etl, spotify_ingestion)
    assert set(FLOWS) == {one.name for one in ours}
