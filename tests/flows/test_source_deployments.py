"""Each source owns a deployment on a real Prefect server, whichever side is changed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.settings import PREFECT_API_URL, temporary_settings
from typer.testing import CliRunner

from deployments import rest, source_deployments, source_payload
from deployments.rest import ask
from nightshift.__main__ import app as nightshift
from nightshift.api.app import create_app
from nightshift.cli import source_checks
from nightshift.cli.server import next_look
from nightshift.cli.source import sources as app
from tasks import tags
from tests.conftest import Override
from utils.config import Settings, load_settings
from utils.db import flags, sources, tokens
from utils.db.session import session
from utils.db.source_tables import Source
from utils.errors import UsageError
from utils.models.api import Scope

TAKEN, MADE, BACK = "taken over from Prefect", "made", "put back"


@pytest.fixture
def served(prefect_server: str, override: Override) -> Iterator[Settings]:
    """Settings with a server of others, on which we have a pool of our own."""
    pool = f"pool-{uuid.uuid4().hex[:6]}"
    override(prefect_api_url=prefect_server, work_pool=pool)
    known = temporary_settings({PREFECT_API_URL: prefect_server})
    with known, get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
        yield load_settings()
        for one in deployments():
            client.delete_deployment(one["id"])


@pytest.fixture
def server(served: Settings) -> Iterator[httpx.Client]:
    """The server as its UI asks it."""
    with rest.connected(served) as client:
        yield client


@pytest.fixture
def films(tmp_path: Path, served: Settings) -> str:
    """A source that is looked into hourly."""
    (tmp_path / "films").mkdir()
    said("add", "films", "--url", tmp_path / "films", "--schedule", "hourly")
    return "films"


def said(*arguments: str | Path) -> str:
    done = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def deployments() -> list[dict[str, Any]]:
    """All of the flow run-ingestion, whosever they are."""
    with rest.connected(load_settings()) as client:
        return source_payload.seen(client, load_settings(), "").deployments


def deployment(name: str = "films") -> dict[str, Any]:
    (found,) = (one for one in deployments() if one["name"] == name)
    return found


def row(name: str = "films") -> Source:
    with session() as s:
        return sources.named(s, name)


def told(settings: Settings, dry_run: bool = False) -> list[tuple[str, str]]:
    """What differed, and what was (or would be) done."""
    found = source_deployments.bring_together(settings, dry_run=dry_run)
    return [(one.source, one.done) for one in found]


def set_cron(server: httpx.Client, cron: str, timezone: str) -> None:
    one = deployment()
    path = f"deployments/{one['id']}/schedules/{one['schedules'][0]['id']}"
    ask(server, "PATCH", path, {"schedule": {"cron": cron, "timezone": timezone}})


def crons(name: str = "films") -> list[tuple[str, str, bool]]:
    found = deployment(name)["schedules"]
    return [(o["schedule"]["cron"], o["schedule"]["timezone"], o["active"]) for o in found]


def test_a_source_is_a_deployment_from_its_first_day_to_its_last(
    films: str, served: Settings
) -> None:
    made = deployment()
    assert made["parameters"] == {"source_id": row().id, "trigger": "scheduled"}
    assert made["entrypoint"] == "flows/run_ingestion.py:run_ingestion"
    assert (made["work_pool_name"], made["work_queue_name"]) == (served.work_pool, "default")
    assert made["tags"] == [source_payload.TAG] == [tags.TAG]
    assert (made["id"], made["flow_id"]) == (row().prefect_deployment_id, row().prefect_flow_id)
    assert crons() == [("0 * * * *", "UTC", True)]
    said("update", films, "--schedule", "daily@04:10", "--timezone", "Asia/Tokyo",
         "--queue", "high-memory")  # fmt: skip
    assert crons() == [("10 4 * * *", "Asia/Tokyo", True)]
    assert deployment()["work_queue_name"] == "high-memory"
    said("pause", films)
    assert deployment()["paused"] and not crons()[0][2]
    said("resume", films)
    assert not deployment()["paused"] and crons()[0][2]
    said("update", films, "--no-schedule", "--name", "movies")
    assert crons("movies") == []
    assert told(served) == []
    said("remove", "movies")
    assert deployments() == []


def test_a_schedule_changed_in_prefect_is_told_and_taken_over(
    films: str, served: Settings, server: httpx.Client
) -> None:
    set_cron(server, "30 3 * * 1-5", "Europe/Berlin")
    (check,) = source_checks.deployments(served)
    assert check.state == "warning" and "doctor --fix" in check.remedy
    assert "30 3 * * 1-5 (Europe/Berlin) in Prefect, 0 * * * * (UTC) here" in check.found
    assert row().schedule == "hourly"
    (repaired,) = source_checks.repair(served)
    assert repaired.state == "repaired"
    assert (row().schedule, row().timezone) == ("30 3 * * 1-5", "Europe/Berlin")
    assert [one.state for one in source_checks.deployments(served)] == ["ok"]
    assert crons() == [("30 3 * * 1-5", "Europe/Berlin", True)]


def test_a_change_in_prefect_survives_an_update_of_something_else(
    films: str, served: Settings, server: httpx.Client
) -> None:
    set_cron(server, "15 1 * * *", "UTC")
    assert "15 1 * * *" in said("update", films, "--keep-last", "3")
    assert (row().schedule, row().timezone, row().keep_last) == ("15 1 * * *", None, 3)
    assert crons() == [("15 1 * * *", "UTC", True)]
    said("update", films, "--schedule", "weekly")
    assert row().schedule == "weekly" and crons() == [("0 2 * * 1", "UTC", True)]


@pytest.mark.parametrize("how", ["schedule", "deployment"])
def test_a_pause_in_prefect_is_taken_over_and_so_is_its_end(
    films: str, served: Settings, server: httpx.Client, how: str
) -> None:
    for paused in (True, False):
        one = deployment()
        path = f"deployments/{one['id']}"
        if how == "schedule":
            schedule = f"{path}/schedules/{one['schedules'][0]['id']}"
            ask(server, "PATCH", schedule, {"active": not paused})
            ask(server, "PATCH", path, {"paused": False})
        else:
            ask(server, "POST", f"{path}/{'pause' if paused else 'resume'}_deployment")
            if not paused:
                ask(server, "PATCH", f"{path}/schedules/{one['schedules'][0]['id']}",
                    {"active": True})  # fmt: skip
        assert told(served) == [(films, TAKEN)]
        assert (row().paused_at is not None) is paused
        assert told(served) == []


def test_a_deployment_deleted_in_prefect_is_made_again(
    films: str, served: Settings, server: httpx.Client
) -> None:
    ask(server, "DELETE", f"deployments/{deployment()['id']}")
    assert told(served, dry_run=True) == [(films, MADE)]
    assert deployments() == []
    assert told(served) == [(films, MADE)]
    assert row().prefect_deployment_id == deployment()["id"]
    assert crons() == [("0 * * * *", "UTC", True)]


def test_parameters_and_queue_changed_in_prefect_are_put_back_and_further_tags_stay(
    films: str, served: Settings, server: httpx.Client
) -> None:
    changed = {
        "parameters": {"source_id": "another"},
        "work_pool_name": served.work_pool,
        "work_queue_name": "high-memory",
        "tags": ["mine"],
    }
    ask(server, "PATCH", f"deployments/{deployment()['id']}", changed)
    (found,) = source_deployments.bring_together(served)
    assert found.done == BACK and "queue, parameters, tags" in found.found
    now_there = deployment()
    assert now_there["parameters"]["source_id"] == row().id
    assert now_there["work_queue_name"] == "default"
    assert set(now_there["tags"]) == {"mine", "nightshift"}


def test_schedules_that_a_source_can_not_have_stay_until_they_are_replaced(
    films: str, served: Settings, server: httpx.Client
) -> None:
    path = f"deployments/{deployment()['id']}/schedules"
    ask(server, "POST", path, [{"schedule": {"interval": 3600}, "active": True}])
    assert told(served) == [(films, "")]
    said("update", films, "--queue", "high-memory")
    assert len(deployment()["schedules"]) == 2
    assert deployment()["work_queue_name"] == "high-memory"
    said("update", films, "--schedule", "weekly")
    assert crons() == [("0 2 * * 1", "UTC", True)]
    assert told(served) == []


def test_what_changed_on_both_sides_is_as_prefect_has_it_and_said(
    films: str, served: Settings, server: httpx.Client
) -> None:
    set_cron(server, "15 1 * * *", "UTC")
    with session() as s:  # as `source update` while the server is away
        sources.named(s, films).schedule = "weekly"
    (found,) = source_deployments.bring_together(served)
    assert found.found == "its schedule is 15 1 * * * (UTC) in Prefect, 0 2 * * 1 (UTC) here"
    assert row().schedule == "15 1 * * *"


def test_what_changed_here_while_the_server_was_away_is_written_there(
    films: str, served: Settings, tmp_path: Path
) -> None:
    (tmp_path / "new").mkdir()
    with session() as s:
        sources.named(s, films).schedule = "weekly"
        sources.pause(sources.named(s, films), True)
        sources.add(s, str(tmp_path / "new"))
    assert told(served) == [(films, BACK), ("new", MADE)]
    assert crons() == [("0 2 * * 1", "UTC", False)]
    with session() as s:
        sources.remove(s, films)
    assert told(served) == [(films, "deleted")]
    assert [one["name"] for one in deployments()] == ["new"]


def test_deployments_of_another_database_are_neither_touched_nor_overwritten(
    films: str, served: Settings
) -> None:
    theirs = deployment()
    with session() as s:  # as if it were another: the same server, other sources
        flags.put(s, flags.DATABASE, uuid.uuid4().hex)
        s.delete(sources.named(s, films))
    said("add", films, "--url", served.home.parent / "films")
    mine = f"films-{row().id[:8]}"
    assert {one["name"] for one in deployments()} == {"films", mine}
    said("remove", films)
    assert told(served) == []
    assert deployment() == theirs


def test_its_runs_find_the_code_where_those_of_the_deployment_on_demand_do(
    films: str, served: Settings, server: httpx.Client
) -> None:
    code = [{"prefect.deployments.steps.set_working_directory": {"directory": "/app"}}]
    schema = {"type": "object", "properties": {"source_id": {"type": "string"}}}
    facts = {"name": "on-demand", "flow_id": row().prefect_flow_id, "pull_steps": code,
             "parameter_openapi_schema": schema}  # fmt: skip
    ask(server, "POST", "deployments/", facts)
    assert told(served) == [(films, BACK)]
    assert deployment()["pull_steps"] == code
    assert deployment()["parameter_openapi_schema"] == schema
    assert told(served) == []


def test_a_work_pool_that_is_not_there_yet_is_said_and_the_source_is_kept(
    served: Settings, override: Override, tmp_path: Path
) -> None:
    override(work_pool="nowhere")
    assert "`nightshift deploy`" in said("add", "films", "--url", tmp_path)
    assert row().prefect_deployment_id is None


def test_a_trigger_over_http_is_a_run_of_its_deployment(
    films: str, served: Settings, server: httpx.Client
) -> None:
    ask(server, "DELETE", f"deployments/{deployment()['id']}")  # it is made again
    with session() as s:
        token = tokens.create(s, "test", [Scope.WRITE], None)
    client = TestClient(create_app(served), base_url="http://127.0.0.1",
                        headers={"Authorization": f"Bearer {token}"})  # fmt: skip
    answer = client.post("/api/v1/sources/films/trigger")
    assert answer.status_code == 202
    run = ask(server, "GET", f"flow_runs/{answer.json()['flow_run_id']}")
    assert run["deployment_id"] == deployment()["id"]
    assert run["parameters"] == {"source_id": row().id, "trigger": "api"}
    assert "nightshift" in run["tags"]
    ask(server, "DELETE", f"flow_runs/{run['id']}")
    said("pause", films)
    assert client.post("/api/v1/sources/films/trigger").status_code == 409


def test_the_next_night_is_the_first_that_the_server_has_scheduled(
    served: Settings, server: httpx.Client
) -> None:
    flow = ask(server, "POST", "flows/", {"name": "night-shift"})
    moments = ["1998-01-02T02:00:00+00:00", "1998-01-01T02:00:00+00:00"]
    made = [
        ask(server, "POST", "flow_runs/", {"flow_id": flow["id"], "state": {
            "type": "SCHEDULED", "state_details": {"scheduled_time": moment}}})
        for moment in moments
    ]  # fmt: skip
    assert next_look(served) == min(moments)
    for run in made:
        ask(server, "DELETE", f"flow_runs/{run['id']}")


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ([], {"trigger": "manual"}),
        (["--retry", "--concurrency", "3"], {"trigger": "retry", "concurrency": 3}),
    ],
)
def test_a_detached_trigger_is_a_flow_run_of_the_source_with_all_that_was_given(
    server: httpx.Client, films: str, options: list[str], given: dict[str, Any]
) -> None:
    command = ["source", "trigger", films, "--detach"]
    told = json.loads(CliRunner().invoke(nightshift, [*command, "--json", *options]).stdout)
    run = ask(server, "GET", f"flow_runs/{told['flow_run_id']}")
    assert run["deployment_id"] == row().prefect_deployment_id
    assert run["parameters"] == {"source_id": row().id, **given}
    assert run["state_type"] == "SCHEDULED"
    said("pause", films)
    refused = CliRunner().invoke(nightshift, command)
    assert (refused.exit_code, type(refused.exception)) == (1, UsageError)
    assert "source resume films" in str(refused.exception)
