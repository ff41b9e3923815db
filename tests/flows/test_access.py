"""The ephemeral server of a run takes orders from the process that started it alone."""

import os

import httpx
import pytest
from prefect.client.orchestration import get_client


@pytest.mark.parametrize("auth", [None, ("nightshift", "wrong")])
@pytest.mark.parametrize("path", ["flows", "deployments", "block_documents", "flow_runs"])
def test_another_user_is_refused(
    prefect_server: str, path: str, auth: tuple[str, str] | None
) -> None:
    answer = httpx.post(f"{prefect_server}/{path}/filter", json={}, auth=auth)
    assert answer.status_code == 401


def test_no_page_may_read_what_it_answers(prefect_server: str) -> None:
    user, _, password = os.environ["PREFECT_API_AUTH_STRING"].partition(":")
    for origin in ("http://evil.example", "http://127.0.0.1:8000", "null"):
        answer = httpx.post(f"{prefect_server}/flows/filter", json={}, auth=(user, password),
                            headers={"Origin": origin})  # fmt: skip
        assert answer.is_success
        assert "access-control-allow-origin" not in answer.headers


def test_its_own_process_needs_no_typing(prefect_server: str) -> None:
    with get_client(sync_client=True) as client:
        assert client.read_flows() is not None
