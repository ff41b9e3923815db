"""Coming in, as a browser does it: from a link in a mail, through a proxy, for the first time."""

from __future__ import annotations

from functools import partial
from typing import Literal

from playwright.sync_api import Browser, Page, Response

from tests.pages import PASSWORD, PHONE, Site, faults_of, served
from tests.servers import path_proxy
from utils.config import Settings
from utils.db import audit, users
from utils.db.login_sessions import Browser as Whence
from utils.db.login_sessions import begin
from utils.db.session import session
from utils.models.page_settings import PageSettings, Role
from utils.storage import setup_codes

HOSTILE = "\u202eabc <b onclick=x>" + "W" * 32
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def _note_failure(failed: list[str], answer: Response) -> None:
    if answer.status >= 400:
        failed.append(answer.url)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_the_first_user_is_made_by_keyboard_and_everything_fits_a_phone(
    site: Site, settings: Settings
) -> None:
    place = f"/setup?code={setup_codes.make(settings.setup_file)}"
    page = site.open(place, None, PHONE, color_scheme="dark")
    assert faults_of(page) == [] and fits(page)
    page.keyboard.type("Ada")
    for _ in range(2):
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "setup" not in url)
    with session() as s:
        users.create(s, HOSTILE, PASSWORD, Role.EDITOR)
        actor = audit.Actor(HOSTILE, None, "pages", "192.0.2.7")
        audit.note(s, actor, "POST /a/new/route", "<script>alert(1)</script>" * 3, {"a": "<b>"})
        begin(s, users.get(s, "Ada"), Whence("x" * 300, "2001:db8::1"), 1)
    for place in ("/account", "/users", "/audit"):
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            page.goto(site.url + place)
            for one in page.locator("main details > summary").all():
                one.click()
            assert faults_of(page) == [] and fits(page), place


def test_a_link_in_a_mail_leads_to_what_it_names_without_another_login(
    site: Site, settings: Settings
) -> None:
    with served(settings) as elsewhere:  # another site: its name is another, not only its port
        page = site.open("/login", Role.VIEWER)
        page.goto(elsewhere.replace("127.0.0.1", "localhost") + "/login")
        page.evaluate(
            "place => { const a = document.createElement('a'); a.href = place; a.id = 'mail';"
            " a.textContent = 'mail'; document.body.prepend(a) }",
            f"{site.url}/account?done=ended",
        )
        seen: list[str] = []
        page.on("response", lambda answer: seen.append(answer.url.removeprefix(site.url)))
        page.click("#mail")
        page.get_by_role("heading", name="Account").wait_for()
        assert page.url == f"{site.url}/account?done=ended"
        assert [one for one in seen if "/login" in one]  # it was led there by a page of ours
        stranger = site.open("/login", None)
        stranger.goto(elsewhere.replace("127.0.0.1", "localhost") + "/login")
        stranger.evaluate("place => { location.href = place }", f"{site.url}/account")
        stranger.get_by_label("Password").wait_for()  # who is not logged in is asked


def test_below_a_path_of_a_proxy_everything_loads_and_people_log_in_and_out(
    settings: Settings, chromium: Browser
) -> None:
    with session() as s:
        users.create(s, "Ada", PASSWORD, Role.ADMIN)
    wanted = PageSettings.model_validate(
        {"path_prefix": "/media", "trusted_proxies": ["127.0.0.1/32"]}
    )
    with served(settings, pages=wanted) as server:
        for cuts in (False, True):
            with path_proxy.before(server, "/media", cuts=cuts) as proxy:
                site = Site(proxy, chromium)
                page = site.open("/media", None)
                failed: list[str] = []
                page.on("response", partial(_note_failure, failed))
                page.goto(f"{proxy}/media/account")
                page.get_by_label("Name").fill("Ada")
                page.get_by_label("Password").fill(PASSWORD)
                page.get_by_role("button", name="Log in").first.click()
                page.get_by_role("heading", name="Account").wait_for()
                page.get_by_label("Dark").check()
                page.get_by_role("button", name="Keep").click()
                page.get_by_text("That is kept.").wait_for()
                assert page.evaluate("getComputedStyle(document.body).display") == "grid"
                assert page.url.startswith(f"{proxy}/media/account")
                page.locator(".account > summary").click()
                page.get_by_role("button", name="Log out", exact=True).first.click()
                page.wait_for_url(f"{proxy}/media/login")
                assert failed == [] and site.complaints == []
                page.context.close()


def test_a_proxy_that_logs_people_in_is_all_that_they_see(
    settings: Settings, chromium: Browser
) -> None:
    wanted = PageSettings.model_validate(
        {"user_header": "Remote-User", "trusted_proxies": ["127.0.0.1/32"]}
    )
    with served(settings, pages=wanted) as server:
        with path_proxy.before(server, "", user="grete") as proxy:
            site = Site(proxy, chromium)
            page = site.open("/account", None)
            page.get_by_label("Dark").check()
            page.get_by_role("button", name="Keep").click()
            page.get_by_text("That is kept.").wait_for()
            assert page.locator("html").get_attribute("data-theme") == "dark"
            assert not page.get_by_role("button", name="Log out").count()
            assert site.complaints == []
            page.context.close()
