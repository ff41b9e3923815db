"""What stands before the API: limits of rate and size; a request that creates is done once."""

import hashlib
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from nightshift.api.app import create_app
from tests.unit.nightshift.test_api import LOCAL, client, token
from utils import clock
from utils.clock import now
from utils.config import Settings, load_settings
from utils.db import idempotency, tokens
from utils.db.access_tables import IdempotencyKey
from utils.db.session import session
from utils.errors import RetryableError
from utils.models.api import ApiSettings, Scope

API = "/api/v1"


def limited(settings: Settings, **limits: int) -> TestClient:
    made = client(settings, api=ApiSettings(**limits))
    made.headers |= token(Scope.WRITE)
    return made


def test_who_asks_too_often_is_told_when_to_ask_again(settings: Settings) -> None:
    asking = limited(settings, requests_per_minute=3)
    first = asking.get(f"{API}/works")  # of the address: the token is not known yet
    assert first.headers["ratelimit-limit"] == "3"
    assert [asking.get(f"{API}/works").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = asking.get(f"{API}/works")
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit-remaining"] == "0"
    assert asking.get(f"{API}/works", headers=token(Scope.READ)).status_code == 200
    assert asking.get(f"{API}/health").status_code == 200


def test_who_guesses_tokens_is_counted_by_the_address_whatever_is_guessed(
    settings: Settings,
) -> None:
    asking = limited(settings, requests_per_minute=3)
    answers = [
        asking.get(f"{API}/works", headers={"Authorization": f"Bearer ns_{n}_x"}).status_code
        for n in range(4)
    ]
    assert answers == [401, 401, 401, 429]


def test_a_body_that_is_too_large_is_not_read_to_its_end(settings: Settings) -> None:
    asking, sent = limited(settings, max_body_bytes=1024), []

    def endless() -> Iterator[bytes]:
        for _ in range(1_000):
            sent.append(1)
            yield b" " * 512

    declared = asking.post(f"{API}/shifts", content=b"{" + b" " * 2000)
    assert (declared.status_code, declared.json()["status"]) == (413, 413)
    refused = asking.post(
        f"{API}/shifts/pause", content=b"x" * 4096, headers={"Content-Length": "9"}
    )
    assert refused.status_code == 413
    assert asking.post(f"{API}/shifts/pause", json={"reason": "x" * 400}).status_code == 200


def test_headers_that_are_too_large_are_refused(settings: Settings) -> None:
    answer = limited(settings).get(f"{API}/health", headers={"X-Long": "x" * 20_000})
    assert (answer.status_code, answer.json()["title"]) == (431, "Headers too large")


def test_every_answer_has_the_headers_that_browsers_heed(settings: Settings) -> None:
    asking = limited(settings)
    stranger = TestClient(create_app(settings), base_url="http://evil.example", client=LOCAL)
    for answer in (asking.get(f"{API}/health"), asking.get(f"{API}/nothing"),
                   asking.patch(f"{API}/items"), stranger.get(f"{API}/health")):  # fmt: skip
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        if not answer.is_success:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == answer.status_code
    assert asking.patch(f"{API}/items/abcd").headers["allow"] == "DELETE, GET"


def broken(settings: Settings, error: Exception) -> FastAPI:
    app = create_app(settings)

    @app.get("/broken")
    def fail() -> None:
        raise error

    return app


def test_a_fault_of_ours_tells_nothing_of_itself(settings: Settings) -> None:
    app = broken(settings, RuntimeError("password hunter2"))
    asking = TestClient(app, "http://127.0.0.1", client=LOCAL, raise_server_exceptions=False)
    answer = asking.get("/broken")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "hunter2" not in answer.text and "Traceback" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_database_that_is_away_is_503_with_a_time_to_ask_again(settings: Settings) -> None:
    asking = TestClient(broken(settings, RetryableError("away")), "http://127.0.0.1", client=LOCAL)
    answer = asking.get("/broken")
    assert (answer.status_code, answer.json()["detail"]) == (503, "away")
    assert int(answer.headers["retry-after"]) >= 1


def test_reading_without_a_token_is_not_open_to_whom_a_proxy_asks_for(settings: Settings) -> None:
    asking = client(settings, api=ApiSettings(open_reading=True))
    assert asking.get(f"{API}/works").status_code == 200
    passed_on = {"X-Forwarded-For": "203.0.113.5"}
    assert asking.get(f"{API}/works", headers=passed_on).status_code == 401


def test_a_token_that_another_process_revokes_opens_nothing_a_second_later(
    settings: Settings,
) -> None:
    asking = limited(settings)
    assert asking.get(f"{API}/works").status_code == 200
    with session() as s:  # as another process does
        tokens.every(s)[0].revoked_at = now()
    with clock.set_to(moved(timedelta(seconds=2))):
        assert asking.get(f"{API}/works").status_code == 401


def test_expiry_goes_by_the_clock_of_the_server(settings: Settings) -> None:
    asking, lasting = client(settings), token(Scope.READ, lasts=timedelta(minutes=30))
    assert asking.get(f"{API}/works", headers=lasting).status_code == 200
    with clock.set_to(moved(timedelta(hours=1))):
        assert asking.get(f"{API}/works", headers=lasting).status_code == 401


def moved(by: timedelta) -> clock.Clock:
    """A clock that stands still, so much later."""
    moment, seconds = now() + by, time.monotonic() + by.total_seconds()
    return clock.Clock(now=lambda: moment, monotonic=lambda: seconds, wait=lambda _: None)


KEY = {"Idempotency-Key": "k-1"}


def test_a_request_with_a_key_is_done_once_and_answered_alike(settings: Settings) -> None:
    asking = limited(settings)
    first = asking.post(f"{API}/shifts/pause", json={"reason": "x"}, headers=KEY)
    asking.post(f"{API}/shifts/resume")
    again = asking.post(f"{API}/shifts/pause", json={"reason": "x"}, headers=KEY)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert asking.get(f"{API}/shifts/status").json()["paused"] is False
    other = asking.post(f"{API}/shifts/pause", json={"reason": "y"}, headers=KEY)
    assert other.status_code == 422
    mine = asking.post(
        f"{API}/shifts/pause", json={"reason": "y"}, headers=KEY | token(Scope.WRITE)
    )
    assert mine.json()["reason"] == "y"  # a key belongs to its token


def test_what_failed_may_be_tried_again_under_its_key(settings: Settings) -> None:
    asking = limited(settings)
    assert asking.post(f"{API}/shifts", json={}, headers=KEY).status_code == 409
    assert asking.post(f"{API}/shifts/pause", json={}, headers=KEY).status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
def test_what_is_no_key_is_refused(settings: Settings, key: str) -> None:
    answer = limited(settings).post(f"{API}/shifts/resume", headers={"Idempotency-Key": key})
    assert answer.status_code == 422


def test_a_key_in_work_is_409_until_its_process_must_have_died(database: str) -> None:
    asking = limited(load_settings())
    owner = asking.headers["Authorization"].split("_")[1]
    with session() as s:
        fingerprint = "f" * 64
        assert idempotency.begin(s, owner, "k-1", fingerprint) is idempotency.Begun.NEW
    with session() as s:
        assert idempotency.begin(s, owner, "k-1", fingerprint) is idempotency.Begun.IN_WORK
        assert idempotency.begin(s, owner, "k-1", "0" * 64) is idempotency.Begun.OTHER
        s.get_one(IdempotencyKey, (owner, "k-1")).created_at = now() - idempotency.ABANDONED * 2
    with session() as s:
        assert idempotency.begin(s, owner, "k-1", fingerprint) is idempotency.Begun.NEW
        idempotency.finish(s, owner, "k-1", 200, {"body": "x"})
    with session() as s:
        assert idempotency.begin(s, owner, "k-1", fingerprint) == (200, {"body": "x"})
        s.get_one(IdempotencyKey, (owner, "k-1")).created_at = now() - idempotency.KEPT * 2
    with session() as s:
        assert idempotency.begin(s, owner, "k-2", fingerprint) is idempotency.Begun.NEW
        assert s.get(IdempotencyKey, (owner, "k-1")) is None


def test_of_two_requests_at_once_under_a_key_one_is_done(database: str) -> None:
    begun: list[object] = []

    def ask() -> None:
        with session() as s:
            begun.append(idempotency.begin(s, "me", "k", "f" * 64))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, begun)) == [*["Begun.IN_WORK"] * 3, "Begun.NEW"]


def test_a_key_in_work_is_told_over_http(settings: Settings) -> None:
    asking = limited(settings)
    owner = asking.headers["Authorization"].split("_")[1]
    parts = (b"POST", f"{API}/shifts/resume".encode(), b"", b"")
    with session() as s:
        idempotency.begin(s, owner, "k-1", hashlib.sha256(b"\0".join(parts)).hexdigest())
    answer = asking.post(f"{API}/shifts/resume", headers=KEY)
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
