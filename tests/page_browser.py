"""Pages as a browser shows them: what is wrong with one, by size, theme and language.

All pages in all of `COMBINATIONS`, with a picture of each (minutes; CI sees each page once):

    python -m tests.page_browser FOLDER [PATH …] [1280 light …]
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from nightshift.pages.viewer import COOKIE
from tests import page_walk, page_world
from tests.browser import PROGRAM
from tests.hostile import TEXTS
from tests.pages import DESK, PHONE, cookie_of, faults_of, served
from utils.config import Settings
from utils.models.page_settings import Role


class Combination(NamedTuple):
    """How a page is looked at."""

    size: tuple[int, int]
    theme: str
    language: str = "en-GB"

    def __str__(self) -> str:
        return f"{self.size[0]} px, {self.theme}, {self.language[:2]}"


COMBINATIONS = (
    Combination(DESK, "light"), Combination(PHONE, "dark", "de-DE"),
    Combination(DESK, "dark", "de-DE"), Combination(PHONE, "light"),
)  # fmt: skip
_MOST_TABS = 60
_FOCUSED = """() => {
  const one = document.activeElement, all = [...document.querySelectorAll('*')];
  return one === document.body ? '' : all.indexOf(one) + one.outerHTML.slice(0, 80);
}"""

# What a page does that it should not; `focus` wants a key to have been pressed before.
_SEEN = """() => {
  const found = [], root = document.documentElement;
  const name = (one) => `<${one.localName} class="${one.getAttribute('class') ?? ''}"> ${
    one.textContent.trim().slice(0, 40)}`;
  const looks = (style) => style.outlineStyle + style.boxShadow + style.borderColor;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.body.querySelectorAll('*')].filter(
      (one) => one.getBoundingClientRect().right > root.clientWidth + 1
        && !one.closest('.scroll, pre, [popover]'));
    found.push(`it is ${root.scrollWidth} px wide: ${wide.slice(-2).map(name).join(' · ')}`);
  }
  if (window.hacked !== undefined) found.push('a script of strangers ran');
  if (document.getElementById('hacked')) found.push('an element of strangers is there');
  for (const one of document.querySelectorAll('img'))
    if (!one.complete || one.naturalWidth) {
      const box = one.getBoundingClientRect();
      if (box.width > root.clientWidth) found.push(`a picture of ${box.width} px`);
    }
  const all = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
  for (const one of [...document.querySelectorAll(all)].slice(0, 150)) {
    if (!one.checkVisibility({ visibilityProperty: true }) || one.disabled) continue;
    const before = looks(getComputedStyle(one));
    one.focus({ preventScroll: true });
    if (document.activeElement !== one) continue;
    const after = getComputedStyle(one), around = getComputedStyle(one.parentElement);
    if (after.outlineStyle === 'none' && before === looks(after) && around.outlineStyle === 'none')
      found.push(`nothing shows the focus of ${name(one)}`);
  }
  document.activeElement?.blur();
  return [...new Set(found)];
}"""


class Watched:
    """A page whose dialogs, requests to elsewhere and complaints are noted while it is seen."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url, self.heard = page, url, list[str]()
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self._request(request.url))
        page.on("pageerror", lambda error: self.heard.append(f"error: {error}"))
        page.on("console", lambda said: self._console(said.type, said.text))

    def look(self, place: str) -> list[str]:
        """Open a page, and say what is wrong with it there."""
        self.heard.clear()
        try:
            answer = self.page.goto(self.url + place, wait_until="load")
        except Error as error:
            if "Download is starting" in str(error):
                return []
            raise
        if answer and answer.status >= 500:
            return [f"{answer.status}"]
        if self.page.locator("html[lang]").count() == 0:
            return []  # no page of ours: a picture, a file
        self.page.keyboard.press("Shift")
        found = faults_of(self.page) + list(self.page.evaluate(_SEEN))
        return found + self.heard

    def trap(self) -> str | None:
        """Where the tabulator key does not lead out of the page again; None if it does."""
        seen: list[str] = []
        for _ in range(_MOST_TABS):
            self.page.keyboard.press("Tab")
            here = self.page.evaluate(_FOCUSED)
            if not here:
                return None
            if seen[-2:] == [here, here]:
                return f"the keyboard stays in {here}"
            seen.append(here)
        return None

    def _dialog(self, dialog: Any) -> None:
        self.heard.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.heard.append(f"it asks for {url}")

    def _console(self, kind: str, text: str) -> None:
        # What answers 4xx (the picture of an item without one) is said there, too.
        if kind == "error" and not text.startswith("Failed to load resource"):
            self.heard.append(f"the console: {text}")


def opened(browser: Browser, url: str, how: Combination, cookie: str) -> BrowserContext:
    """A window for all pages that are looked at in the same way."""
    made = browser.new_context(
        viewport={"width": how.size[0], "height": how.size[1]}, locale=how.language,
        color_scheme="dark" if how.theme == "dark" else "light", reduced_motion="reduce",
        has_touch=how.size == PHONE,
    )  # fmt: skip
    made.add_cookies([{"name": COOKIE, "value": cookie, "url": url}])
    made.set_default_timeout(30_000)
    return made


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        yield made
        made.close()


def _matrix(settings: Settings, folder: Path, wanted: list[str]) -> Iterator[str]:
    """All pages in all combinations: their faults, and a picture of each in ``folder``."""
    from nightshift.pages.app import create_app

    world = page_world.fill(settings, len(TEXTS) + 60)
    paths = [one for one in wanted if one.startswith("/")]
    found = page_walk.main_ones(page_walk.addresses(create_app(settings), world))
    places = [one.place for one in found if not paths or one.route in paths]
    with served(settings) as url, chromium() as browser:
        for how in COMBINATIONS:
            if {"light", "dark"} & set(wanted) and how.theme not in wanted:
                continue
            if {"1280", "390"} & set(wanted) and str(how.size[0]) not in wanted:
                continue
            context = opened(browser, url, how, cookie_of(Role.ADMIN))
            for place in places:
                watched = Watched(context.new_page(), url)
                faults = watched.look(place)
                name = re.sub(r"\W+", "-", place)[:40].strip("-") or "start"
                watched.page.screenshot(
                    path=folder / f"{name}-{how.size[0]}-{how.theme}.png",
                    clip={"x": 0, "y": 0, "width": how.size[0], "height": 2.5 * how.size[1]},
                    full_page=True,
                )
                if how == COMBINATIONS[0] and (trapped := watched.trap()):
                    faults.append(trapped)
                yield from (f"{place[:60]} at {how}: {one}" for one in faults)
                watched.page.close()
            context.close()


def _main() -> None:
    from utils import config
    from utils.storage import home

    folder = Path(sys.argv[1]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "home", ignore_errors=True)
    config.override(home=folder / "home")
    settings = config.load_settings()
    home.prepare(settings)
    for fault in _matrix(settings, folder, sys.argv[2:]):
        print(fault, flush=True)


if __name__ == "__main__":
    _main()
