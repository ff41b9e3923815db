"""What holds on every page, also on those made later: read off the routes and the templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from nightshift.api import csrf
from nightshift.pages.app import create_app
from nightshift.pages.rendering import FOLDER, STATIC
from nightshift.pages.viewer import COOKIE
from tests.pages import client, cookie_of, post
from utils.config import Settings
from utils.db import audit
from utils.db.session import session
from utils.models.page_settings import Role

TEMPLATES = sorted((FOLDER / "templates").glob("*.j2"))
# Whoever logs in or sets up is nobody yet; what is one's own anybody changes who is logged in.
FOR_EVERYBODY = {"/login", "/setup", "/manifest.webmanifest"}
OF_ONES_OWN = re.compile(r"/logout|/account/.+|/views.*|/items/export")  # an export reads
TRICKS = (
    "/static/%2e%2e/login.py", "/static/..%2flogin.py", "/static/%5c..%5cx",
    "/static//etc/passwd", "/static/%00", "/static/vendor", "/static/",
    "/static/vendor/%2e%2e/%2e%2e/app.py", "/static/.%2e/templates/base.html.j2",
)  # fmt: skip
UNESCAPED = re.compile(r"\|\s*safe\b|autoescape\s+false|\bMarkup\b")
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|<script[^>]*>\s*[^\s<]|<style(?![^>]*\bnonce=)"
    r"|\s(?:style|srcdoc|on[a-z]+|hx-on[^=\s]*)\s*=|<(?:iframe|object|embed|base)\b"
    r"""|javascript:|hx-va(?:ls|rs)=['"]js:""",
    re.I,
)


def routes(settings: Settings, method: str) -> Iterator[str]:
    """The addresses of all pages, with something in the place of what varies."""
    pages = create_app(settings).router.routes[-1].app  # type: ignore[attr-defined]
    for route in (one for part in pages.routes for one in _within(part)):
        if method in route.methods:
            path = re.sub(r"\{[^}]+:checksum\}", "0" * 64, route.path)
            yield re.sub(r"\{[^}]+\}", "1", path)


def _within(part: Any) -> Iterator[APIRoute]:
    if isinstance(part, APIRoute):
        yield part
    for one in getattr(getattr(part, "original_router", None), "routes", ()):
        yield from _within(one)


def test_no_template_has_a_script_or_style_in_it_or_leaves_escaping() -> None:
    assert TEMPLATES
    for template in TEMPLATES:
        text = template.read_text()
        html = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.S)
        found = UNESCAPED.findall(text) + INLINE.findall(html)
        assert (template.name, found) == (template.name, [])


def test_no_script_of_ours_makes_html_or_code_out_of_text() -> None:
    forbidden = re.compile(r"\.(?:innerHTML|outerHTML|insertAdjacentHTML|write|setHTMLUnsafe|"
                           r"createContextualFragment)\b|\beval\(|new Function")  # fmt: skip
    scripts = sorted(STATIC.glob("*.js"))
    assert scripts
    assert [(one.name, forbidden.findall(one.read_text())) for one in scripts] == [
        (one.name, []) for one in scripts
    ]


def test_nobody_sees_a_page_before_they_log_in(settings: Settings) -> None:
    asking = client(settings, None)
    places = set(routes(settings, "GET")) - FOR_EVERYBODY
    assert "/users" in places
    for place in places:
        answer = asking.get(place)
        assert (place, answer.status_code) == (place, 303)
        assert answer.headers["location"].startswith("/login?next=")
        assert asking.get(place, headers={"hx-request": "true"}).status_code == 401


def test_who_only_looks_changes_nothing_and_nobody_changes_anything(settings: Settings) -> None:
    viewer, nobody = client(settings, Role.VIEWER), client(settings, None)
    places = {one for one in routes(settings, "POST") if one not in FOR_EVERYBODY}
    assert "/users" in places
    for place in sorted(places):
        assert (place, nobody.post(place).status_code) == (place, 303)
        if not OF_ONES_OWN.fullmatch(place):
            assert (place, post(viewer, place).status_code) == (place, 403)
    with session() as s:
        assert audit.latest(s, 1) == []


def test_no_page_changes_anything_by_another_method(settings: Settings) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        assert list(routes(settings, method)) == []


def test_a_change_wants_the_token_of_this_very_login(settings: Settings) -> None:
    admin = client(settings)
    strange = csrf.token(cookie_of(Role.ADMIN))
    for place in set(routes(settings, "POST")) - FOR_EVERYBODY:
        for given in ({}, {"csrf": strange}):
            wanted = 422 if place == "/upload" else 403  # files: this is no form that has them
            assert (place, admin.post(place, data=given).status_code) == (place, wanted)
    mine = {"csrf": csrf.token(admin.cookies[COOKIE])}
    for site in ("cross-site", "same-site"):
        answer = admin.post("/logout", data=mine, headers={"sec-fetch-site": site})
        assert answer.status_code == 403
    answer = admin.post("/logout", data=mine, headers={"origin": "http://127.0.0.1:9"})
    assert answer.status_code == 403
    assert admin.get("/users").status_code == 200  # still logged in


def held(asking: TestClient, place: str, **more: str) -> int:
    is_long = "" if "?" in place else "?seconds=0.01"  # events would not end by themselves
    answer = asking.get(place + is_long, headers=more)
    policy = answer.headers["content-security-policy"]
    assert (place, answer.headers["x-content-type-options"]) == (place, "nosniff")
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy and "*" not in policy
    return answer.status_code


def test_every_answer_says_what_a_browser_may_load(settings: Settings) -> None:
    asking = client(settings)
    found = {held(asking, place) for place in routes(settings, "GET")}
    assert found <= {200, 303, 404, 422, 503}
    assert held(asking, "/nothing") == 404
    assert held(asking, "/static/app.css") == 200
    assert held(asking, "/static/nothing") == 404
    assert held(asking, "/static/app.css", range="bytes=0-3") == 206
    assert held(asking, "/static/app.css", range="bytes=9999999-") == 416
    assert held(asking, "/login?next=" + "x" * 5000) == 303
    assert held(asking, "/audit?before=x") == 422
    assert held(asking, f"/audit?before={2**63}") == 422
    assert held(asking, "/audit", **{"hx-request": "true"}) == 200
    assert held(client(settings, None), "/users") == 303


def test_no_address_leads_out_of_the_static_files(settings: Settings) -> None:
    asking = client(settings)
    for place in TRICKS:
        answer = asking.get(place)
        assert (place, answer.status_code) == (place, 404)
        assert "from __future__" not in answer.text and "root:" not in answer.text
    for name in ("..", "%2e%2e%2fsecret.key", "..%2f..%2fetc%2fpasswd", "%00"):
        answer = asking.get(f"/api/v1/items/0123456789/files/{name}")
        assert answer.status_code in {404, 422}
