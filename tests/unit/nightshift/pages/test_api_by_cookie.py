"""The API, asked by scripts of the pages: by the cookie of a login, and with the page's token."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from nightshift.api import csrf, streaming
from nightshift.pages.app import create_app
from nightshift.pages.viewer import COOKIE
from tests.pages import client, cookie_of
from tests.unit.nightshift.test_api import token
from tests.unit.nightshift.test_events import Listener
from utils.clock import now
from utils.config import Settings
from utils.db import audit, login_sessions, tokens, uploads, users
from utils.db.page_tables import LoginSession
from utils.db.session import session
from utils.models.api import Scope
from utils.models.page_settings import Role

ITEM = "/api/v1/items/0123456789"
RETRACT = "/api/v1/publications/1"
UPLOADS = "/api/v1/uploads"


def headers(asking: TestClient, **more: str) -> dict[str, str]:
    return {"X-CSRF-Token": csrf.token(asking.cookies[COOKIE])} | more


def upload(asking: TestClient, **more: str) -> Any:
    told = {"Tus-Resumable": "1.0.0", "Upload-Length": "4", "Upload-Metadata": "filename YS5tcDQ="}
    return asking.post(UPLOADS, headers=told | more)


def test_a_login_reads_and_the_end_of_it_is_felt_at_once(settings: Settings) -> None:
    asking = client(settings, Role.VIEWER)
    assert asking.get(ITEM).status_code == 404
    with session() as s:
        login_sessions.end(s, asking.cookies[COOKIE])
    answer = asking.get(ITEM)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


@pytest.mark.parametrize("change", ["over", "disabled"])
def test_a_login_that_is_over_opens_nothing(settings: Settings, change: str) -> None:
    asking = client(settings, Role.ADMIN)
    with session() as s:
        if change == "over":
            s.execute(update(LoginSession).values(expires_at=now() - timedelta(seconds=1)))
        else:
            (user,) = users.every(s)
            user.disabled_at = now()
    assert asking.get(ITEM).status_code == 401


def test_a_change_wants_the_token_of_this_login_and_a_page_of_ours(settings: Settings) -> None:
    asking = client(settings, Role.EDITOR)
    other = csrf.token(cookie_of(Role.ADMIN))
    refused = [
        upload(asking),
        upload(asking, **{"X-CSRF-Token": other}),
        upload(asking, **{"X-CSRF-Token": "no token"}),
        upload(asking, **headers(asking), **{"Sec-Fetch-Site": "same-site"}),
        upload(asking, **headers(asking), **{"Sec-Fetch-Site": "cross-site"}),
    ]
    assert [answer.status_code for answer in refused] == [403] * 5
    assert {answer.headers["content-type"] for answer in refused} == {"application/problem+json"}
    assert upload(asking, **headers(asking), **{"Sec-Fetch-Site": "same-origin"}).status_code == 201


def test_an_upload_belongs_to_the_person_who_began_it(settings: Settings) -> None:
    asking = client(settings, Role.EDITOR)
    place = upload(asking, **headers(asking)).headers["location"]
    asking.cookies.set(COOKIE, cookie_of(Role.EDITOR))  # the same person at another browser
    told = {"Tus-Resumable": "1.0.0"}
    assert asking.head(place, headers=told).status_code == 200
    with session() as s:
        (user,) = (one for one in users.every(s) if one.name == "editor")
        assert [one.owner for one in uploads.latest(s, None, 10)] == [user.id]


def test_a_role_does_what_its_scope_does(settings: Settings) -> None:
    viewer, editor = client(settings, Role.VIEWER), client(settings, Role.EDITOR)
    assert upload(viewer, **headers(viewer)).status_code == 403
    assert editor.delete(RETRACT, headers=headers(editor)).status_code == 403
    admin = client(settings, Role.ADMIN)
    assert admin.delete(RETRACT, headers=headers(admin)).status_code == 404


def test_a_token_of_the_api_comes_before_the_cookie(settings: Settings) -> None:
    asking = client(settings, Role.ADMIN)
    assert asking.get(ITEM, headers={"Authorization": "Bearer ns_no_token"}).status_code == 401


def test_a_post_that_is_sent_again_is_answered_as_before_for_this_login(settings: Settings) -> None:
    asking, place = client(settings, Role.EDITOR), "/api/v1/shifts/pause"
    told = headers(asking, **{"Idempotency-Key": "one"})
    first, again = (asking.post(place, json={"reason": "x"}, headers=told) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert "idempotency-replayed" in again.headers and "idempotency-replayed" not in first.headers
    asking.cookies.set(COOKIE, cookie_of(Role.ADMIN))
    told = headers(asking, **{"Idempotency-Key": "one"})
    other = asking.post(place, json={"reason": "x"}, headers=told)
    assert "idempotency-replayed" not in other.headers


def test_what_is_changed_is_in_the_audit_log_once_with_who_did_it(settings: Settings) -> None:
    asking = client(settings, Role.EDITOR)
    place = upload(asking, **headers(asking)).headers["location"]
    told = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream"}  # fmt: skip
    assert asking.patch(place, content=b"ab", headers=told | headers(asking)).status_code == 204
    assert asking.delete(RETRACT, headers=headers(asking)).status_code == 403
    key = headers(asking, **{"Idempotency-Key": "one"})
    for _ in range(2):
        asking.post("/api/v1/shifts/pause", json={"reason": "secret"}, headers=key)
    with session() as s:
        made = tokens.create(s, "a script", [Scope.ADMIN], None)
    asking.delete(place, headers={"Authorization": f"Bearer {made}", "Tus-Resumable": "1.0.0"})
    with session() as s:
        found = [(one.actor, one.via, one.action, one.target) for one in audit.latest(s, 9)][::-1]
        assert "secret" not in str([one.detail for one in audit.latest(s, 9)])
    upload_id = place.rsplit("/", 1)[1]
    assert found == [
        ("editor", "api", "POST /uploads", None),
        ("editor", "api", "POST /shifts/pause", None),
        ("a script", "api", "DELETE /uploads/{upload_id}", upload_id),
    ]


@pytest.mark.parametrize("place", ["/shift/events", "/api/v1/events"])
def test_who_follows_hears_no_more_once_their_login_ended(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(streaming, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(streaming, "_LET_IN_SECONDS", 0.0)
    app, cookies = create_app(settings), [cookie_of(Role.VIEWER) for _ in range(2)]

    async def listen() -> list[bool]:
        goes, stays = [Listener(app, place, {"Cookie": f"{COOKIE}={one}"}) for one in cookies]
        while goes.status == 0 or stays.status == 0:
            await asyncio.sleep(0.01)
        with session() as s:
            login_sessions.end(s, cookies[0])
        await asyncio.wait_for(goes.task, 30)
        found = [goes.task.done(), stays.task.done()]
        await stays.leave()
        return found

    assert asyncio.run(listen()) == [True, False]


def test_a_program_hears_no_more_once_its_token_is_revoked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(streaming, "_LET_IN_SECONDS", 0.0)
    app, given = create_app(settings), token(Scope.READ)

    async def listen() -> int:
        listener = Listener(app, "/api/v1/events", given)
        while listener.status == 0:
            await asyncio.sleep(0.01)
        with session() as s:
            tokens.revoke(s, "test")
        await asyncio.wait_for(listener.task, 30)
        return listener.status

    assert asyncio.run(listen()) == 200
