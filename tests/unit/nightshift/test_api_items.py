"""Items over HTTP: pages that insertions don't move, changes only for who may."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from nightshift.api.items import ListedItem, ShownItem
from nightshift.api.listing import Page
from tests.unit.nightshift.test_api import client, token
from utils.clock import now
from utils.config import Settings, load_settings
from utils.db import failures
from utils.db.schema import File, Item
from utils.db.session import session
from utils.models.api import Scope

API = "/api/v1"
BEGUN = now() - timedelta(days=30)


def add(number: int, **facts: Any) -> str:
    item_id = f"{number:04x}" + 60 * "a"
    row = {
        "kind": "video", "title": f"Film {number}", "size_bytes": number, "status": "done",
        "added_at": BEGUN + timedelta(seconds=number), "lacks": [],
    } | facts  # fmt: skip
    with session() as s:
        s.add(Item(id=item_id, **row))
        s.flush()
        s.add(File(path=f"/x/{number}", item_id=item_id, size_bytes=1, modified_ns=1, inode="1"))
    return item_id


@pytest.fixture
def asking(settings: Settings) -> TestClient:
    made = client(settings)
    made.headers |= token(Scope.ADMIN)
    return made


def walk(asking: TestClient, query: str, between: Any = None) -> list[str]:
    """The titles of all pages."""
    found, address = [], f"{API}/items?limit=2&{query}"
    while address:
        page = asking.get(address).json()
        Page[ListedItem].model_validate_json(asking.get(address).text)
        found += [one["title"] for one in page["items"]]
        address = page["next"]
        if between:
            between()
    return found


@pytest.mark.parametrize("sort", ["added", "captured", "title", "duration", "size"])
def test_pages_have_each_item_once_in_every_order(database: str, sort: str) -> None:
    asking = client(load_settings())
    asking.headers |= token(Scope.READ)
    for number in range(7):
        add(number, duration_seconds=None if number % 3 == 0 else float(number % 2),
            captured_at=BEGUN if number % 2 else None, title="same" if number < 3 else f"B{number}",
            size_bytes=5)  # fmt: skip
    rising, falling = walk(asking, f"sort=%2B{sort}"), walk(asking, f"sort=-{sort}")
    assert len(rising) == 7 and rising == falling[::-1]


def test_what_is_added_meanwhile_moves_no_item_to_another_page(asking: TestClient) -> None:
    for number in range(6):
        add(number)
    more = iter(range(100, 200))
    found = walk(asking, "sort=-added", lambda: add(next(more)))
    assert found == [f"Film {number}" for number in range(5, -1, -1)]


def test_filters_hold_on_every_page(asking: TestClient) -> None:
    for number in range(6):
        add(
            number,
            kind="audio" if number % 2 else "video",
            status="failed" if number > 2 else "done",
        )
    assert walk(asking, "kind=audio&sort=added") == ["Film 1", "Film 3", "Film 5"]
    assert walk(asking, "kind=audio&status=failed&sort=added") == ["Film 3", "Film 5"]
    assert walk(asking, "min_duration_seconds=1") == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "sort=colour", "kind=smell", "after=0.5", "language=%00",
     "after=9999-12-31T23:59:59-14:00", "colour=red", "min_duration_seconds=nan"],
)  # fmt: skip
def test_what_can_t_be_meant_is_refused_and_told(asking: TestClient, query: str) -> None:
    answer = asking.get(f"{API}/items?{query}")
    assert (answer.status_code, answer.json()["status"]) == (422, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("cursor", ["x", "W10", "WyItYWRkZWQiLDEsMl0", "bnVsbA", "WyJhIiwxLCJiIl0"])
def test_a_cursor_that_is_none_leads_nowhere(asking: TestClient, cursor: str) -> None:
    assert asking.get(f"{API}/items?cursor={cursor}").status_code == 404
    assert asking.get(f"{API}/runs?cursor={cursor}").status_code == 404


def test_a_cursor_belongs_to_its_order(asking: TestClient) -> None:
    for number in range(3):
        add(number)
    cursor = asking.get(f"{API}/items?limit=1&sort=title").json()["next_cursor"]
    answer = asking.get(f"{API}/items?sort=-size&cursor={cursor}")
    assert answer.status_code == 404 and "sort=title" in answer.json()["detail"]


def test_an_answer_shows_no_secret_of_an_address(asking: TestClient) -> None:
    url = "https://me:hunter2@site/v?token=hunter2"
    item_id = add(1, source_url=url, error=f"{url} is gone")
    for path in ("items", f"items/{item_id}", "failures", "search"):
        answer = asking.get(f"{API}/{path}")
        assert answer.status_code == 200 and "hunter2" not in answer.text
    ShownItem.model_validate_json(asking.get(f"{API}/items/{item_id}").text)


def test_a_failed_item_is_requeued_and_one_in_work_is_not(asking: TestClient) -> None:
    failed, busy = add(1, status="failed", tries=3), add(2, claimed_by="worker")
    answer = asking.post(f"{API}/items/{failed[:8]}/requeue")
    assert answer.json() == {"requeued": [failed]}
    assert asking.post(f"{API}/items/{busy}/requeue").status_code == 409
    with session() as s:
        assert s.get_one(Item, failed).status == "pending"


def test_failures_are_requeued_by_choice_and_counted_before(asking: TestClient) -> None:
    add(1, status="failed", failed_step="transcribe_audio", error_class="RetryableError")
    add(2, status="quarantined", failed_step="extract_ffprobe", error_class="PermanentError")
    assert asking.get(f"{API}/failures?limit=1").json()["total"] == 2
    wanted = {"step": "transcribe_audio", "dry_run": True}
    told = asking.post(f"{API}/failures/requeue", json=wanted).json()
    assert (told["requeued"], told["groups"][0]["count"]) == ([], 1)
    asking.post(f"{API}/failures/requeue", json={"error_class": "PermanentError"})
    with session() as s:
        assert [one.title for one in failures.failures(s, failures.Choice())] == ["Film 1"]
    for unclear in ({"step": "make_coffee"}, {"dry_run": 1}, {"everything": True}):
        assert asking.post(f"{API}/failures/requeue", json=unclear).status_code == 422


def test_an_item_is_forgotten_by_an_administrator_alone(asking: TestClient) -> None:
    item_id = add(1)
    writing = token(Scope.WRITE)
    assert asking.delete(f"{API}/items/{item_id}", headers=writing).status_code == 403
    would = asking.delete(f"{API}/items/{item_id}?dry_run=true").json()
    assert (would["forgotten"], would["items"][0]["title"]) == ([], "Film 1")
    assert asking.delete(f"{API}/items/{item_id}").json()["forgotten"] == [item_id]
    assert asking.get(f"{API}/items/{item_id}").status_code == 404


def test_a_person_s_words_are_taken_shown_and_taken_back(asking: TestClient) -> None:
    path = f"{API}/items/{add(1, duration_seconds=10.0)[:10]}"
    srt = "1\n00:00:00,500 --> 00:00:02,000\nSchöne Grüße\n"
    answer = asking.put(f"{path}/correction", json={"format": "srt", "text": srt})
    assert answer.status_code == 200 and "1 line stands" in answer.json()["told"][0]
    assert asking.get(path).json()["transcript"]["text"] == "Schöne Grüße"
    wrong = asking.put(f"{path}/correction", json={"format": "srt", "text": "no subtitles"})
    assert wrong.status_code == 409 and "Nothing was changed" in wrong.json()["detail"]
    assert asking.delete(f"{path}/correction").json()["corrected"] is False
    assert asking.delete(f"{path}/correction").status_code == 404


def test_a_decision_on_duplicates_stands(asking: TestClient) -> None:
    one, other = add(1), add(2)
    given = {"one": one[:8], "other": other[:8], "decision": "same"}
    assert asking.post(f"{API}/duplicates/decisions", json=given).json()["one"] == one
    (group,) = asking.get(f"{API}/duplicates").json()["near"]
    assert {copy["item_id"] for copy in group["copies"]} == {one, other}
    assert asking.get(f"{API}/items/{one}").json()["duplicates"] == [other]
    asking.post(f"{API}/works/join", json={"one": one, "other": other})
    assert "work" in asking.get(f"{API}/items?limit=1").json()["items"][0]
    assert len(asking.get(f"{API}/works").json()["works"][0]["members"]) == 2
    assert asking.post(f"{API}/works/split", json={"item_id": one}).json() == {"works": []}
