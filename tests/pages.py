"""The pages as tests meet them: asked without a browser, and served to a real one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi.testclient import TestClient
from playwright.sync_api import Browser, ConsoleMessage, Error, Page

from nightshift.pages.app import create_app
from nightshift.pages.viewer import COOKIE
from tests.paths import PROJECT
from tests.servers.applications import serving
from utils.config import Settings
from utils.db import login_sessions, users
from utils.db.login_sessions import Browser as Whence
from utils.db.session import session
from utils.models.page_settings import Role

LOCAL = ("127.0.0.1", 50_000)
PASSWORD = "a long password of a test"
AXE = PROJECT / "tests" / "vendor" / "axe.min.js"
PHONE, DESK = (390, 844), (1280, 800)


def cookie_of(role: Role) -> str:
    """The cookie of somebody of a role, who is made on the way."""
    with session() as s:
        person = users.find(s, role.value) or users.create(s, role.value, None, role)
        return login_sessions.begin(s, person, Whence("test", None), 1)


def client(settings: Settings, role: Role | None = Role.ADMIN, **changes: Any) -> TestClient:
    """Who asks without a browser; `post` of `Asking` below adds the page's token."""
    app = create_app(settings.model_copy(update=changes))
    made = TestClient(app, "http://127.0.0.1", client=LOCAL, follow_redirects=False)
    if role is not None:
        made.cookies.set(COOKIE, cookie_of(role))
    return made


def post(asking: TestClient, place: str, fields: dict[str, Any] | None = None) -> Any:
    """Post a form as the page at ``place`` does: with the token of the login."""
    from nightshift.pages import csrf

    given = {"csrf": csrf.token(asking.cookies[COOKIE])} | (fields or {})
    return asking.post(place, data=given)


@contextmanager
def served(settings: Settings, **changes: Any) -> Iterator[str]:
    """The pages at a free port of this machine, in a thread; gives their address."""
    app = create_app(settings.model_copy(update=changes))
    with serving(app, timeout_graceful_shutdown=1, proxy_headers=False) as url:
        yield url


@dataclass
class Site:
    """The pages, and a browser before them.

    What scripts complain of (an error, a breach of the policy) is in `complaints`, which the
    fixture holds to be empty when the test is over.
    """

    url: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)

    def open(
        self, place: str, role: Role | None = Role.ADMIN, size: tuple[int, int] = DESK, **more: Any
    ) -> Page:
        """A page in a browser of its own, seen by somebody of a role; None: by nobody.

        ``more``: what `new_context` of Playwright takes, such as ``color_scheme="dark"``,
        ``locale="de-DE"``, ``timezone_id``, ``java_script_enabled=False``.
        """
        width, height = size
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", **more
        )
        self.contexts.append(context)
        if role is not None:
            context.add_cookies(
                [{"name": COOKIE, "value": cookie_of(role), "url": self.url, "sameSite": "Strict"}]
            )
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", self._hear)
        page.on("pageerror", self._note)
        page.goto(self.url + place)
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        # That a picture or a page answers 4xx is said there, too: tests look at answers themselves.
        if message.type == "error" and not re.match("Failed to load resource", message.text):
            self.complaints.append(message.text)

    def _note(self, error: Error) -> None:
        self.complaints.append(str(error))


def faults_of(page: Page) -> list[str]:
    """What axe-core finds wrong with a page by WCAG 2.2 A and AA; nothing is what is wanted."""
    page.evaluate(AXE.read_text())  # not as a script of the page, which its policy forbids
    found = page.evaluate(
        # Without its copies of our styles: making those is what the policy forbids.
        "axe.run(document, {preload: false,"
        " runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']})"
    )
    return [
        f"{one['id']}: {one['help']} — {node['html'][:200]} {node['failureSummary'][:300]}"
        for one in found["violations"]
        for node in one["nodes"][:3]
    ]
