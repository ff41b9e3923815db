"""Logging in: who comes in, what is said to who does not, and how often it may be tried."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from nightshift.pages.viewer import COOKIE
from tests.pages import PASSWORD, client, cookie_of, post
from utils.clock import now
from utils.config import Settings
from utils.db import audit, login_sessions, tokens, users
from utils.db.page_tables import LoginSession
from utils.db.session import session
from utils.models.api import Scope
from utils.models.page_settings import PageSettings, Role

ADDRESS = "http://127.0.0.1"
# What leads to strangers, or nowhere, in one browser or another.
STRANGE = ("//evil.example", "/\\evil.example", "https://evil.example", "\\\\evil.example",
           "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "evil.example",
           "///evil.example", "data:text/html,x", "", " //evil.example")  # fmt: skip


@pytest.fixture
def user(settings: Settings) -> None:
    with session() as s:
        users.create(s, "Søren", PASSWORD, Role.EDITOR)


def log_in(asking: TestClient, name: str = "søren", password: str = PASSWORD, **more: Any) -> Any:
    return asking.post("/login", data={"name": name, "password": password} | more)


def test_the_cookie_is_strict_and_never_the_one_from_before(settings: Settings, user: None) -> None:
    asking = client(settings, None)
    asking.cookies.set(COOKIE, "planted")
    answer = log_in(asking)
    (said,) = (one for one in answer.headers.get_list("set-cookie") if one.startswith(COOKIE))
    assert "planted" not in said and "Secure" not in said
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(said.split("; "))
    before = said.split(";")[0].split("=")[1]
    asking = client(settings, None)
    asking.cookies.set(COOKIE, before)
    log_in(asking)
    with session() as s:
        assert login_sessions.recognised(s, before) is None


def test_whoever_logged_in_never_lands_at_strangers(settings: Settings, user: None) -> None:
    asking = client(settings, None)
    assert log_in(asking, next=STRANGE[0]).headers["location"] == "/"
    for place in STRANGE:
        assert asking.get("/login", params={"next": place}).headers["location"] == "/"


def test_what_was_asked_for_comes_after_the_login(settings: Settings, user: None) -> None:
    asking = client(settings, None)
    place = asking.get("/account?done=x").headers["location"]
    assert place == "/login?next=%2Faccount%3Fdone%3Dx"
    assert log_in(asking, next="/account?done=x").headers["location"] == "/account?done=x"


def test_a_name_that_is_there_is_refused_in_the_words_of_one_that_is_not(
    settings: Settings, user: None
) -> None:
    asking = client(settings, None)
    wrong, unknown = log_in(asking, password="no"), log_in(asking, "nobody")
    assert wrong.status_code == unknown.status_code == 403
    assert wrong.text == unknown.text
    with session() as s:
        known, other = audit.latest(s, 2)[::-1]
        assert (known.action, known.actor, other.actor) == ("login.failed", "Søren", "?")
        assert known.address == "127.0.0.1"


def test_who_guesses_has_to_wait_even_with_the_right_password(
    settings: Settings, user: None
) -> None:
    pages = PageSettings(logins_per_minute=3)
    asking = client(settings, None, pages=pages)
    for _ in range(3):
        assert log_in(asking, password="no").status_code == 403
    answer = log_in(asking)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert "too often" in answer.text


def test_who_logs_in_is_not_counted_and_a_name_is_counted_at_all_addresses(
    settings: Settings, user: None
) -> None:
    asking = client(settings, None, pages=PageSettings(logins_per_minute=2))
    assert [log_in(asking).status_code for _ in range(4)] == [303] * 4
    found = []
    for number in range(4):
        other = TestClient(asking.app, ADDRESS, client=(f"192.0.2.{number}", 1))
        found.append(log_in(other, "SØREN", "no").status_code)
    assert found == [403, 403, 429, 429]


def test_a_household_is_counted_as_one_however_many_addresses_it_has(settings: Settings) -> None:
    asking = client(settings, None, pages=PageSettings(logins_per_minute=2))
    found = []
    for number in range(3):
        other = TestClient(asking.app, ADDRESS, client=(f"2001:db8::{number}", 1))
        found.append(log_in(other, f"name {number}", "no").status_code)
    assert found == [403, 403, 429]


def test_another_port_of_this_machine_logs_nobody_in(settings: Settings, user: None) -> None:
    asking = client(settings, None)
    asking.headers["sec-fetch-site"] = "same-site"
    assert log_in(asking).status_code == 403 and COOKIE not in asking.cookies


def test_a_token_logs_in_with_its_scopes_and_ends_with_it(settings: Settings) -> None:
    asking = client(settings, None)
    with session() as s:
        made = tokens.create(s, "mine", [Scope.ADMIN], None)
    assert asking.post("/login", data={"token": made}).status_code == 303
    assert asking.get("/users").status_code == 200
    assert asking.get("/account").status_code == 403  # it has none
    with session() as s:
        tokens.revoke(s, "mine")
    assert asking.get("/users").status_code == 303


def test_a_login_says_when_it_was_used_once_a_minute(settings: Settings) -> None:
    asking = client(settings, Role.VIEWER)

    def seen() -> Any:
        with session() as s:
            return s.query(LoginSession).one().last_seen_at

    first = seen()
    asking.get("/account")
    assert seen() == first
    with session() as s:
        s.execute(update(LoginSession).values(last_seen_at=now() - timedelta(minutes=2)))
    asking.get("/account")
    assert seen() >= first


def test_a_link_of_another_site_is_led_on_by_a_page_of_ours(settings: Settings) -> None:
    asking = client(settings, None)
    from_mail = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    answer = asking.get("/account", headers=from_mail)
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0;url=/login?next=%2Faccount">' in answer.text
    asking.cookies.set(COOKIE, cookie_of(Role.VIEWER))  # what the browser sends by then
    assert asking.get("/login?next=%2Faccount").headers["location"] == "/account"


def test_logging_out_ends_the_login_and_is_noted(settings: Settings) -> None:
    asking = client(settings, Role.VIEWER)
    cookie = asking.cookies[COOKIE]
    assert post(asking, "/logout").headers["location"] == "/login"
    with session() as s:
        assert login_sessions.recognised(s, cookie) is None
        assert audit.latest(s, 1)[0].action == "logout"
