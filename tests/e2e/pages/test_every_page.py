"""Every page in a real browser, in a world of hostile names: each once, in turn in another way."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from nightshift.pages.app import create_app
from tests import page_browser, page_walk, page_world
from tests.hostile import TEXTS
from tests.pages import cookie_of, served
from utils.config import Settings
from utils.models.page_settings import Role


def test_every_page_is_for_everybody_and_hostile_names_do_nothing(
    settings: Settings, chromium: Browser
) -> None:
    world = page_world.fill(settings, len(TEXTS) + 4)
    found = []
    with served(settings) as url:
        ways = page_browser.COMBINATIONS
        windows = [
            page_browser.Watched(
                page_browser.opened(chromium, url, how, cookie_of(Role.ADMIN)).new_page(), url
            )
            for how in ways
        ]
        places = page_walk.main_ones(page_walk.addresses(create_app(settings), world))
        for number, address in enumerate(places):
            window = windows[number % len(windows)]
            found += [
                f"{address.place} at {ways[number % len(ways)]}: {one}"
                for one in window.look(address.place)
            ]
        for window in windows:
            window.page.context.close()
    assert found == []


@pytest.mark.parametrize("how", page_browser.COMBINATIONS[1:2], ids=str)
def test_the_menu_of_phones_opens_by_touch_and_keyboard(
    settings: Settings, chromium: Browser, how: page_browser.Combination
) -> None:
    with served(settings) as url:
        context = page_browser.opened(chromium, url, how, cookie_of(Role.ADMIN))
        page = context.new_page()
        page.goto(f"{url}/login")
        page.get_by_role("button", name="Mehr").tap()
        menu = page.locator("#menu")
        assert menu.is_visible()
        assert menu.get_by_role("link").count() > 10
        page.keyboard.press("Escape")
        assert not menu.is_visible()
        page.get_by_role("button", name="Mehr").press("Enter")
        assert menu.is_visible()
        context.close()
