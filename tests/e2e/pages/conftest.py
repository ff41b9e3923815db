"""One browser for the tests of this folder; a server and a window of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import browser as programs
from tests.pages import Site, served
from utils.config import Settings


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, driven by Playwright.

    Until the last test of a browser alone: Playwright's loop runs in this thread, in which no test
    could begin another (`asyncio.run`).
    """
    if not programs.PROGRAM:
        pytest.skip("there is no Chromium")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        made = playwright.chromium.launch(executable_path=programs.PROGRAM, args=arguments)
        yield made
        made.close()


@pytest.fixture
def site(settings: Settings, chromium: Browser) -> Iterator[Site]:
    """The pages over this test's home; no script may have complained when it is over."""
    with served(settings) as url:
        made = Site(url, chromium)
        yield made
        for context in made.contexts:
            context.close()
    assert made.complaints == []
