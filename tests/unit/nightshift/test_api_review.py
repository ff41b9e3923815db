"""Review over HTTP: what waits, decisions and their undoing, for whoever may write."""

import pytest
from fastapi.testclient import TestClient

from tests.unit.critic.test_decisions import change, item, waiting_item
from tests.unit.nightshift.test_api import client, token
from utils.config import Settings
from utils.models.api import Scope

API = "/api/v1"


@pytest.fixture
def asking(settings: Settings) -> TestClient:
    made = client(settings)
    made.headers |= token(Scope.WRITE)
    return made


def test_what_waits_is_listed_decided_and_undone(asking: TestClient) -> None:
    one, other = waiting_item("one"), waiting_item("other")
    found = asking.get(f"{API}/reviews?limit=1").json()
    assert (found["total"], [row["item_id"] for row in found["items"]]) == (2, [one])
    assert found["items"][0]["reason"] == "score 0.60"
    assert asking.get(f"{API}/reviews?kind=audio").json()["total"] == 0

    said = {"decision": "accept", "reason": "good"}
    decided = asking.post(f"{API}/items/{one[:12]}/review", json=said).json()
    assert (decided["approval"], decided["made_by"], decided["undone_at"]) == (
        "approved", "test", None,
    )  # fmt: skip
    assert asking.get(f"{API}/reviews").json()["items"][0]["item_id"] == other
    listed = asking.get(f"{API}/items?approval=approved").json()["items"]
    assert [row["item_id"] for row in listed] == [one]
    assert listed[0]["approval_reason"].endswith(": good")

    number = decided["review_id"]
    assert asking.delete(f"{API}/reviews/{number}").json()["approval"] == "review"
    assert asking.delete(f"{API}/reviews/{number}").status_code == 409
    assert asking.delete(f"{API}/reviews/4711").status_code == 404
    history = asking.get(f"{API}/items/{one}/reviews").json()
    assert [row["review_id"] for row in history["reviews"]] == [number]
    assert history["reviews"][0]["undone_at"] and history["approval"]["by"] == "rules"


def test_a_revision_has_the_item_wait_and_what_can_not_be_is_a_conflict(asking: TestClient) -> None:
    item_id = waiting_item()
    address = f"{API}/items/{item_id}/review"
    for said, told in (
        ({"decision": "revise"}, "Say what to change"),
        ({"decision": "revise", "changes": {"colour": "red"}}, "no option"),
        ({"decision": "accept", "changes": {"thumbnail_count": 3}}, "Only a revision"),
    ):
        answer = asking.post(address, json=said)
        assert answer.status_code == 409 and told in answer.json()["detail"]
    said = {"decision": "revise", "changes": {"thumbnail_count": 3}}
    assert asking.post(address, json=said).json()["approval"] == "review"
    assert (item(item_id).status, item(item_id).requested_changes) == (
        "pending", {"thumbnail_count": 3},
    )  # fmt: skip
    change(item_id, claimed_by="w")
    assert asking.post(address, json={"decision": "accept"}).status_code == 409
    assert asking.post(f"{API}/items/abcd/review", json={"decision": "accept"}).status_code == 404


def test_one_key_decides_once_and_readers_decide_nothing(
    asking: TestClient, settings: Settings
) -> None:
    item_id = waiting_item()
    said, key = {"decision": "reject"}, {"Idempotency-Key": "k"}
    address = f"{API}/items/{item_id}/review"
    first = asking.post(address, json=said, headers=key)
    again = asking.post(address, json=said, headers=key)
    assert first.json() == again.json() and again.headers["idempotency-replayed"] == "true"
    reading = client(settings)
    reading.headers |= token(Scope.READ)
    assert reading.post(address, json=said).status_code == 403
    assert reading.delete(f"{API}/reviews/{first.json()['review_id']}").status_code == 403
    assert reading.get(f"{API}/items/{item_id}/reviews").status_code == 200
