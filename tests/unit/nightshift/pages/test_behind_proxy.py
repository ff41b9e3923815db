"""Behind a proxy: what it says is believed of the named ones alone, at any prefix of paths."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from nightshift.api.logins import PAGE_COOKIE
from nightshift.pages.app import create_app
from nightshift.pages.viewer import COOKIE
from tests.pages import PASSWORD, cookie_of
from utils.config import Settings
from utils.db import audit, users
from utils.db.session import session
from utils.models.api import ApiSettings
from utils.models.page_settings import PageSettings, Role

PROXY, OTHER = "10.0.0.2", "10.0.0.9"
LOGIN = {"name": "Ada", "password": PASSWORD}
SSO = {"user_header": "Remote-User"}


def asked(
    settings: Settings, peer: str = PROXY, base: str = "http://127.0.0.1", **pages: Any
) -> TestClient:
    """Asked by a connection from ``peer``, where one proxy is named."""
    wanted = PageSettings.model_validate(
        {"trusted_proxies": [f"{PROXY}/32", "10.1.0.0/16"]} | pages
    )
    app = create_app(settings.model_copy(update={"pages": wanted}), frozenset({"media.example"}))
    return TestClient(app, base, client=(peer, 1), follow_redirects=False)


def csrf_of(page: str) -> str:
    (found,) = re.findall(r'<meta name="csrf" content="([^"]+)">', page)
    return found


@pytest.fixture
def ada(settings: Settings) -> None:
    with session() as s:
        users.create(s, "Ada", PASSWORD, Role.ADMIN)


@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "kept"])
def test_every_address_has_the_prefix_whether_the_proxy_cuts_it_or_not(
    settings: Settings, ada: None, is_cut: bool
) -> None:
    asking = asked(settings, path_prefix="/media/night")
    at = "" if is_cut else "/media/night"
    answer = asking.get(f"{at}/account?done=x")
    assert answer.headers["location"] == "/media/night/login?next=%2Faccount%3Fdone%3Dx"
    page = asking.get(f"{at}/login").text
    places = re.findall(r'(?:href|src|action)="([^"#]+)', page)
    assert places and all(place.startswith("/media/night/") for place in places)
    for place in places:
        if "/static/" in place:
            assert asking.get(place.removeprefix("/media/night" if is_cut else "")).is_success
    answer = asking.post(f"{at}/login", data=LOGIN | {"next": "/account"})
    assert answer.headers["location"] == "/media/night/account"
    assert "Path=/media/night;" in answer.headers["set-cookie"]
    asking.cookies.set(COOKIE, cookie_of(Role.ADMIN))
    assert asking.get(f"{at}/account").status_code == 200
    assert asking.get(f"{at}/api/v1/items").json()["items"] == []
    assert asking.get(f"{at}/api/v1/health").is_success
    assert asking.get(f"{at}/nothing").text.count('href="/media/night/"') >= 1
    assert asking.get(f"{at}/static/nothing").text.count("/static/static") == 0
    manifest = asking.get(f"{at}/manifest.webmanifest").json()
    assert {manifest["start_url"], manifest["scope"]} == {"/media/night/"}
    assert asking.get("/media/night").headers["location"] == "/media/night/"


def test_a_proxy_may_say_the_prefix_where_none_is_set(settings: Settings) -> None:
    said = {"x-forwarded-prefix": "/films"}
    for peer, place in ((PROXY, "/films/login"), (OTHER, "/login")):
        found = asked(settings, peer).get("/account", headers=said).headers["location"]
        assert found.startswith(place)
    for strange in ("//evil.example", "/a b", "javascript:", "/\n"):
        answer = asked(settings).get("/account", headers={"x-forwarded-prefix": strange})
        assert answer.headers["location"].startswith("/login")


def test_https_host_and_address_are_believed_of_a_named_proxy_alone(
    settings: Settings, ada: None
) -> None:
    said = {"x-forwarded-proto": "https", "x-forwarded-host": "media.example",
            "x-forwarded-for": "6.6.6.6, 192.0.2.7, 10.1.2.3",
            "origin": "https://media.example"}  # fmt: skip
    answer = asked(settings).post("/login", data=LOGIN, headers=said)
    assert answer.status_code == 303 and "Secure" in answer.headers["set-cookie"]
    other = asked(settings, OTHER)
    assert other.post("/login", data=LOGIN, headers=said).status_code == 403  # the Host is another
    answer = other.post("/login", data=LOGIN, headers={"x-forwarded-proto": "https"} | {
        "x-forwarded-for": "192.0.2.7"})  # fmt: skip
    assert "Secure" not in answer.headers["set-cookie"]
    with session() as s:
        assert [one.address for one in audit.latest(s, 2)] == [OTHER, "192.0.2.7"]


def test_the_visitor_is_the_last_address_that_is_no_named_proxy(settings: Settings) -> None:
    asking = asked(settings, logins_per_minute=100)
    for said, address in (
        ("nonsense", PROXY), ("", PROXY), ("192.0.2.7:4711", "192.0.2.7"),
        ("[2001:db8::1]:4711", "2001:db8::1"), ("::ffff:192.0.2.7", "192.0.2.7"),
        ("1.1.1.1, nonsense", PROXY), ("10.1.0.1", "10.1.0.1"), ("8.8.8.8, 192.0.2.7", "192.0.2.7"),
    ):  # fmt: skip
        asking.post("/login", data=LOGIN, headers={"x-forwarded-for": said})
        with session() as s:
            assert (said, audit.latest(s, 1)[0].address) == (said, address)


def test_a_proxy_logs_people_in_and_makes_them_once(settings: Settings) -> None:
    asking = asked(settings, **SSO, user_header_role="editor")
    named = {b"remote-user": "søren".encode()}
    for _ in range(2):
        assert asking.get("/account", headers=named).status_code == 200
    with session() as s:
        assert [(one.name, one.role) for one in users.every(s)] == [("søren", "editor")]
        assert [one.action for one in audit.latest(s, 9)] == ["user.create"]
    assert asking.get("/users", headers=named).status_code == 403
    assert asking.get("/account").status_code == 303  # without the header there is no login
    assert asking.get("/api/v1/items", headers=named).status_code == 200
    assert asking.get("/api/v1/items").status_code == 401


def test_a_person_of_a_proxy_changes_things_by_their_own_pages_alone(settings: Settings) -> None:
    asking = asked(settings, **SSO)
    named = {"remote-user": "ada"}
    page = asking.get("/account", headers=named)
    said = page.headers["set-cookie"]
    assert said.startswith(PAGE_COOKIE) and {"HttpOnly", "SameSite=Strict"} <= set(said.split("; "))
    wanted = {"theme": "dark", "csrf": csrf_of(page.text)}
    post = "/account/preferences"
    assert asking.post(post, data=wanted, headers=named).status_code == 303
    assert asking.post(post, data={"theme": "dark"}, headers=named).status_code == 403
    assert asking.post(post, data=wanted, headers={"remote-user": "eve"}).status_code == 403
    fresh = asked(settings, **SSO)
    assert fresh.post(post, data=wanted, headers=named).status_code == 403
    assert "log-out" not in page.text.split("<main")[0]  # that is the proxy's


@pytest.mark.parametrize("peer", [OTHER, "127.0.0.1"])
def test_a_header_of_anybody_else_logs_nobody_in_and_makes_nobody(
    settings: Settings, ada: None, peer: str
) -> None:
    asking = asked(settings, peer, **SSO)
    for place in ("/account", "/users"):
        assert asking.get(place, headers={"remote-user": "Ada"}).status_code == 303
    assert asking.get("/api/v1/items", headers={"remote-user": "Ada"}).status_code == 401
    asking.cookies.set(COOKIE, cookie_of(Role.VIEWER))
    assert asking.get("/account").status_code == 200
    assert asking.get("/account", headers={"remote-user": "Ada"}).status_code == 303
    with session() as s:
        assert {one.name for one in users.every(s)} == {"Ada", "viewer"}


def test_two_headers_or_a_name_that_is_none_log_nobody_in(settings: Settings, ada: None) -> None:
    asking = asked(settings, **SSO)
    twice = [("remote-user", "Ada"), ("Remote-User", "eve")]
    assert asking.get("/account", headers=twice).status_code == 303
    assert asking.get("/account", headers={"remote-user": "x" * 100}).status_code == 403
    with session() as s:
        assert users.count(s) == 1


def test_who_is_disabled_is_refused_whatever_the_proxy_says(settings: Settings, ada: None) -> None:
    with session() as s:
        users.create(s, "Bo", None, Role.ADMIN)
        users.set_disabled(s, users.get(s, "Ada"), True)
    asking, named = asked(settings, **SSO), {"remote-user": "ADA"}
    assert asking.get("/account", headers=named).status_code == 403
    assert asking.get("/login", headers=named).status_code == 403
    assert asking.get("/api/v1/items", headers=named).status_code == 403


def test_reading_that_is_open_on_this_machine_is_closed_through_any_proxy(
    settings: Settings,
) -> None:
    is_open = settings.model_copy(update={"api": ApiSettings(open_reading=True)})
    assert asked(is_open, "127.0.0.1").get("/api/v1/items").status_code == 200
    said = {"x-forwarded-for": "127.0.0.1"}
    for peer in ("127.0.0.1", PROXY):
        assert asked(is_open, peer).get("/api/v1/items", headers=said).status_code == 401
