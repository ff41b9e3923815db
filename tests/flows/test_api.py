"""Nights that are asked for over HTTP, on a real Prefect server."""

import os

import pytest
from fastapi.testclient import TestClient
from prefect.client.orchestration import get_client

from tests import pages
from tests.unit.nightshift.test_api import LOCAL, token
from utils.config import Settings
from utils.db import idempotency
from utils.db.session import session
from utils.models.api import Scope
from utils.models.page_settings import Role


@pytest.fixture
def asking(settings: Settings, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    from nightshift.api.app import create_app

    monkeypatch.setenv("PREFECT_API_URL", prefect_server)
    assert os.environ["PREFECT_API_AUTH_STRING"]
    made = TestClient(create_app(settings), "http://127.0.0.1", client=LOCAL)
    made.headers |= token(Scope.WRITE)
    return made


def test_a_night_is_queued_once_though_the_server_died_in_between(asking: TestClient) -> None:
    assert asking.get("/api/v1/ready").json()["prefect"] == "ok"
    unknown = asking.post("/api/v1/shifts", json={})
    assert unknown.status_code == 503 and "nightshift deploy" in unknown.json()["detail"]
    with get_client(sync_client=True) as client:
        flow = client.create_flow_from_name("night-shift")
        deployment = client.create_deployment(flow, "nightly")
    key = {"Idempotency-Key": "tonight"}
    first = asking.post("/api/v1/shifts", json={"limit": 3}, headers=key)
    assert (first.status_code, first.json()["status"]) == (202, "scheduled")
    with session() as s:  # as after a crash before the answer was kept
        idempotency.release(s, asking.headers["Authorization"].split("_")[1], "tonight")
    again = asking.post("/api/v1/shifts", json={"limit": 3}, headers=key)
    assert again.json() == first.json()
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(first.json()["flow_run_id"])
        client.delete_deployment(deployment)  # other tests share the server
    assert run.parameters == {"limit": 3}


def test_a_prefect_server_that_is_away_is_503_and_the_api_is_not_ready(
    asking: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    for answer in (asking.post("/api/v1/shifts", json={}), asking.get("/api/v1/ready")):
        assert answer.status_code == 503 and int(answer.headers["retry-after"]) > 0


def test_addresses_of_a_page_are_queued_with_their_secrets_sealed(
    settings: Settings, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", prefect_server)
    asking = pages.client(settings, Role.EDITOR)
    with get_client(sync_client=True) as client:
        flow = client.create_flow_from_name("content-ingestion")
        deployment = client.create_deployment(flow, "on-demand")
    form = {"addresses": "https://a.example/film?token=tiefgeheim0815\n\nhttps://b.example/"}
    answer = pages.post(asking, "/upload/addresses", form)
    assert answer.headers["location"] == "/upload?told=fetching"
    assert pages.post(asking, "/upload/process").status_code == 303
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs()
        client.delete_deployment(deployment)
    asked = [run.parameters["urls"] for run in runs if run.deployment_id == deployment]
    (addresses,) = [urls for urls in asked if len(urls) == 2]
    assert addresses[0].startswith("https://a.example/film?token=sealed~")
    assert "tiefgeheim" not in addresses[0] and addresses[1] == "https://b.example/"
    assert [str(settings.inbox)] in asked
