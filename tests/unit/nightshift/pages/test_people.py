"""People: the first one, one's own account, what admins do, and the same at the command line."""

from __future__ import annotations

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from typer.testing import CliRunner

from nightshift.__main__ import app
from nightshift.pages.viewer import COOKIE
from tests.pages import PASSWORD, client, cookie_of, post
from utils.config import Settings
from utils.db import audit, login_sessions, users
from utils.db.page_tables import User
from utils.db.session import session
from utils.models.page_settings import Role
from utils.storage import setup_codes

OTHER = "another long password"


def user(name: str) -> User:
    with session() as s:
        return users.get(s, name)


def actions() -> list[str]:
    with session() as s:
        return [f"{one.action} {one.target or ''}".strip() for one in audit.latest(s, 100)][::-1]


def told(name: str = "Ada", **more: str) -> dict[str, str]:
    return {"name": name, "password": PASSWORD, "again": PASSWORD} | more


def test_whoever_started_the_server_makes_the_first_user_once(settings: Settings) -> None:
    asking, place = client(settings, None), settings.setup_file
    first, second = setup_codes.make(place), setup_codes.make(place)  # of two processes
    assert stat.S_IMODE(place.stat().st_mode) == 0o600 and first not in place.read_text()
    assert "nightshift user create" in asking.get("/login").text
    assert asking.get("/setup?code=wrong").status_code == 403
    assert asking.post("/setup", data=told(code="wrong")).status_code == 403
    assert asking.post("/setup", data=told(code=first, again="x")).status_code == 422
    assert f'value="{first}"' in asking.get(f"/setup?code={first}").text
    answer = asking.post("/setup", data=told(code=first))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert asking.get("/users").status_code == 200
    for code in (first, second):
        again = client(settings, None)
        assert again.get(f"/setup?code={code}").headers["location"] == "/login"
        assert again.post("/setup", data=told("Eve", code=code)).headers["location"] == "/login"
    with session() as s:
        (ada,) = users.every(s)
        assert ada.name == "Ada" and ada.last_login_at
    assert not place.exists() and actions() == ["user.create Ada"]


def test_of_many_who_set_up_at_once_one_is_the_first_user(
    settings: Settings, database: str
) -> None:
    code = setup_codes.make(settings.setup_file)
    asking = [client(settings, None) for _ in range(4)]
    with ThreadPoolExecutor(len(asking)) as threads:
        answers = list(threads.map(
            lambda n: asking[n].post("/setup", data=told(f"Ada {n // 2}", code=code)), range(4)
        ))  # fmt: skip
    assert sorted(one.headers.get("location", one.status_code) for one in answers) == [
        "/", "/login", "/login", "/login",
    ]  # fmt: skip
    with session() as s:
        assert users.count(s) == 1


def test_a_password_is_changed_by_who_knows_it_and_ends_the_other_logins(
    settings: Settings,
) -> None:
    asking = client(settings, Role.VIEWER)
    with session() as s:
        users.set_password(s, users.get(s, "viewer"), PASSWORD, kept=asking.cookies[COOKIE])
    other = cookie_of(Role.VIEWER)
    given = {"current": "what it is not", "password": OTHER, "again": OTHER}
    assert post(asking, "/account/password", given).status_code == 422
    for wrong in ({"again": "x"}, {"password": "short", "again": "short"}):
        answer = post(asking, "/account/password", given | {"current": PASSWORD} | wrong)
        assert answer.status_code == 422
    answer = post(asking, "/account/password", given | {"current": PASSWORD})
    assert answer.headers["location"] == "/account?done=password"
    with session() as s:
        assert users.logged_in(s, "viewer", OTHER) and not users.logged_in(s, "viewer", PASSWORD)
        assert login_sessions.recognised(s, other) is None
    assert asking.get("/account").status_code == 200


def test_who_guesses_at_an_open_browser_has_to_wait(settings: Settings) -> None:
    asking = client(settings, Role.VIEWER)
    with session() as s:
        users.set_password(s, users.get(s, "viewer"), PASSWORD, kept=asking.cookies[COOKIE])
    given = {"current": "no", "password": OTHER, "again": OTHER}
    found = [post(asking, "/account/password", given).status_code for _ in range(11)]
    assert found == [422] * 10 + [429]


def test_language_zone_and_colours_are_as_somebody_wants_them(settings: Settings) -> None:
    asking = client(settings, Role.VIEWER)
    wanted = {"language": "de", "timezone": "Asia/Tokyo", "theme": "dark"}
    assert post(asking, "/account/preferences", wanted).status_code == 303
    page = asking.get("/account").text
    assert '<html lang="de" data-theme="dark">' in page and "selected>Asia/Tokyo" in page
    strange = {"language": "xx", "timezone": "../../etc/passwd", "theme": "auto"}
    post(asking, "/account/preferences", strange)
    found = user("viewer")
    assert (found.language, found.timezone, found.theme) == (None, None, "auto")
    assert post(asking, "/account/preferences", wanted | {"theme": "red"}).status_code == 422


def test_somebody_sees_and_ends_their_own_logins_alone(settings: Settings) -> None:
    asking, other = client(settings, Role.VIEWER), cookie_of(Role.VIEWER)
    strange = cookie_of(Role.ADMIN)
    page = asking.get("/account").text
    assert page.count("this browser") == 1
    (shown,) = re.findall(r'name="login" value="([0-9a-f]{64})"', page)
    post(asking, "/account/sessions/end", {"login": login_sessions.digest(strange)})
    post(asking, "/account/sessions/end", {"login": shown})
    with session() as s:
        assert login_sessions.recognised(s, other) is None
        assert login_sessions.recognised(s, strange) is not None
    cookie = asking.cookies[COOKIE]
    assert post(asking, "/account/sessions/end-all").headers["location"] == "/login"
    with session() as s:
        assert login_sessions.recognised(s, cookie) is None


def test_an_admin_adds_and_manages_people(settings: Settings) -> None:
    asking = client(settings)
    assert post(asking, "/users", told(role="editor")).status_code == 303
    for wrong in (
        told(role="editor"),
        told(" ", role="viewer"),
        told("B", again="", role="viewer"),
    ):
        assert post(asking, "/users", wrong).status_code == 422
    ada = f"/users/{user('ada').id}"
    with session() as s:
        cookie = login_sessions.begin(s, users.get(s, "Ada"), login_sessions.Browser(None, None), 1)
    assert post(asking, f"{ada}/role", {"role": "viewer"}).status_code == 303
    assert post(asking, f"{ada}/disable").status_code == 303
    with session() as s:
        assert login_sessions.recognised(s, cookie) is None
        assert users.logged_in(s, "Ada", PASSWORD) is None
    assert "disabled" in asking.get("/users").text
    assert post(asking, f"{ada}/enable").status_code == 303
    new = {"password": OTHER, "again": OTHER}
    assert post(asking, f"{ada}/password", new).status_code == 303
    with session() as s:
        assert users.logged_in(s, "Ada", OTHER)
    assert post(asking, f"{ada}/remove").status_code == 303
    assert post(asking, f"{ada}/remove").status_code == 404
    assert actions() == [f"user.{one} Ada" for one in
                         ("create", "role", "disable", "enable", "password", "remove")]  # fmt: skip


@pytest.mark.parametrize(("action", "given"), [("role", {"role": "editor"}), ("disable", {}),
                                               ("remove", {})])  # fmt: skip
def test_the_only_admin_stays_one(settings: Settings, action: str, given: dict[str, str]) -> None:
    asking = client(settings)
    with session() as s:
        users.set_disabled(s, users.create(s, "former", None, Role.ADMIN), True)
    answer = post(asking, f"/users/{user('admin').id}/{action}", given)
    assert answer.status_code == 422 and "only admin" in answer.text
    assert (user("admin").role, user("admin").disabled_at) == ("admin", None)
    with session() as s:
        users.create(s, "second", None, Role.ADMIN)
    assert post(asking, f"/users/{user('admin').id}/{action}", given).status_code == 303


def command(*words: str, given: str = "") -> Any:
    return CliRunner().invoke(app, ["user", *words], input=given)


def test_the_command_line_does_the_same(settings: Settings) -> None:
    assert command("create", "Ada", "--role", "admin", given=f"{PASSWORD}\n").exit_code == 0
    assert command("create", "Bo", "--no-password").exit_code == 0
    assert command("create", "ADA", given=f"{PASSWORD}\n").exit_code != 0
    assert command("create", "Cy", given="short\n").exit_code != 0
    assert command("password", "bo", given=f"{OTHER}\n").exit_code == 0
    assert command("role", "Bo", "editor").exit_code == 0
    assert command("disable", "Bo").exit_code == 0
    listed = command("list").stdout
    assert "Ada" in listed and "disabled" in listed and "argon2" not in listed
    assert command("disable", "Bo", "--undo").exit_code == 0
    assert command("remove", "Ada").exit_code != 0  # the only admin
    assert command("remove", "Bo").exit_code == 0
    assert command("role", "nobody", "admin").exit_code != 0
    assert "user.remove" in command("audit", "--json").stdout
    with session() as s:
        assert users.logged_in(s, "Ada", PASSWORD)
        assert {one.via for one in audit.latest(s, 100)} == {"cli"}


def test_no_password_and_no_hash_is_on_a_page_or_in_the_audit_log(settings: Settings) -> None:
    asking = client(settings)
    post(asking, "/users", told(role="editor"))
    shown = "".join(asking.get(place).text for place in ("/users", "/audit", "/account"))
    assert "Ada" in shown and PASSWORD not in shown and "argon2" not in shown
    assert asking.cookies[COOKIE] not in shown
