"""`nightshift up`: a real server on Postgres, a worker, a deployment run, a schedule, the end."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests import ports
from tests.e2e.up import BIN, Up, started
from tests.paths import PROJECT, SAMPLES
from tests.waiting import until


@pytest.fixture(scope="module")
def metrics_port() -> Iterator[int]:
    with ports.held() as port:
        yield port


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, metrics_port: int) -> Iterator[Up]:
    with started(tmp_path_factory.mktemp("up") / "home", metrics_port=metrics_port) as running:
        yield running


def test_pool_limits_automation_and_deployments_are_registered(up: Up) -> None:
    from tasks.tags import lane_tag
    from utils.models.lanes import Lanes

    limits = {row["tag"]: row["concurrency_limit"]
              for row in up.post("/concurrency_limits/filter", limit=100)}  # fmt: skip
    assert limits == {lane_tag(lane): limit for lane, limit in Lanes().model_dump().items()}
    deployments = {row["name"]: row for row in up.post("/deployments/filter")}
    flows = {row["id"]: row["name"] for row in up.post("/flows/filter")}
    names = {f"{flows[row['flow_id']]}/{row['name']}" for row in up.post("/deployments/filter")}
    assert names == {
        "night-shift/nightly",
        "shift/default",
        "shift/high-memory",
        "content-ingestion/on-demand",
        "process-item/on-demand",
    }
    (schedule,) = deployments["nightly"]["schedules"]
    assert schedule["schedule"]["cron"] == "0 2 * * *"
    assert schedule["schedule"]["timezone"] == "UTC"
    automations = up.post("/automations/filter")
    zombies, again = sorted(automations, key=lambda row: row["name"])
    assert zombies["name"] == "Crash zombie flow runs"
    assert {"prefect.flow-run.Partial", "prefect.flow-run.NothingToDo"} <= set(
        zombies["trigger"]["expect"]
    )
    assert again["actions"][0]["deployment_id"] == deployments["nightly"]["id"]


def test_one_queue_takes_large_items_one_at_a_time(up: Up) -> None:
    queues = {row["name"]: row for row in up.post("/work_queues/filter")}
    assert queues["high-memory"]["concurrency_limit"] == 1
    assert queues["default"]["concurrency_limit"] is None


def test_the_doctor_finds_the_server_its_limits_and_its_leases_in_order(up: Up) -> None:
    checks = json.loads(up.run("nightshift", "doctor", "--json"))
    states = {check["name"]: check["state"] for check in checks}
    assert states["Prefect server"] == states["tag limits"] == "ok"
    assert "leases" not in states


def test_registering_again_changes_nothing(up: Up) -> None:
    up.run("nightshift", "deploy")
    assert len(up.post("/automations/filter")) == 2
    assert len(up.post("/deployments/filter")) == 5


def test_a_deployment_run_works_on_the_worker(up: Up) -> None:
    shutil.copy(SAMPLES / "lighthouse.mp3", up.home / "inbox")
    shutil.copy(SAMPLES / "broken camera file.mp4", up.home / "inbox")
    watched = subprocess.run(
        [BIN / "prefect", "deployment", "run", "night-shift/nightly", "-p", "limit=10", "--watch"],
        capture_output=True, text=True, env=up.environment,
    )  # fmt: skip
    assert watched.returncode == 1  # one of the two is broken
    assert up.items() == {"lighthouse": "done", "broken camera file": "quarantined"}
    states = {(row["state_name"], row["state_type"]) for row in up.post("/flow_runs/filter")}
    assert ("Partial", "FAILED") in states
    (artifact, *_) = up.post("/artifacts/filter", sort="CREATED_DESC")
    assert "moov atom not found" in artifact["data"]
    hits = json.loads(up.run("nightshift", "search", "lamp", "--json"))
    assert hits[0]["path"].endswith("lighthouse.mp3")


def test_prometheus_is_told_of_the_run_and_of_the_worker(up: Up, metrics_port: int) -> None:
    def with_workers() -> str:
        text = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics", timeout=30).text
        return text if "nightshift_workers_online" in text else ""

    text = until(with_workers, "a scrape that tells of the workers", every=0.5)
    assert 'nightshift_workers_online{pool="nightshift"} 1.0' in text
    assert 'nightshift_last_run_status{flow="night-shift",status="partial"} 1.0' in text
    assert 'status="done",step="transcribe_audio"} 1.0' in text


def test_prefects_own_metrics_that_the_dashboard_shows_are_there(up: Up) -> None:
    told = httpx.get(f"{up.url}/metrics", timeout=30).text
    dashboard = (PROJECT / "deployments/grafana/night-shift.json").read_text()
    named = set(re.findall(r"\b((?:prefect|process)_\w+)(?=[\[{])", dashboard))
    assert named
    for name in named:
        assert f"# TYPE {name} " in told, name


def test_a_wrong_parameter_is_refused_before_the_run_begins(up: Up) -> None:
    refused = subprocess.run(
        [BIN / "prefect", "deployment", "run", "night-shift/nightly", "-p", "limit=many"],
        capture_output=True, text=True, env=up.environment,
    )  # fmt: skip
    assert refused.returncode != 0


def test_a_schedule_runs_items_without_anybody(up: Up) -> None:
    shutil.copy(SAMPLES / "coast.jpg", up.home / "inbox")
    up.run("prefect", "--no-prompt", "deployment", "schedule", "clear", "-y", "night-shift/nightly")
    up.run("prefect", "deployment", "schedule", "create", "night-shift/nightly",
           "--cron", "* * * * *", "--timezone", "Europe/Berlin")  # fmt: skip

    def a_scheduled_run_completed() -> bool:
        runs = up.post("/flow_runs/filter")
        return any(row["auto_scheduled"] and row["state_type"] == "COMPLETED" for row in runs)

    until(a_scheduled_run_completed, "a scheduled run that completed", 300, every=1)
    assert up.items()["coast"] == "done"
