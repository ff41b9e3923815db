"""What a browser sees of the pages: see benchmarks/pages.py."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator

import httpx
import psutil
from playwright.sync_api import Browser, Page

from benchmarks.api import Row
from nightshift.pages.viewer import COOKIE
from tests import page_browser, page_checks

_LOADS, _PICTURES, _SCROLLED = 5, 60, 5_000
_SCROLL_SECONDS = 240
# Both observers see what was before them, too.
_PAINT = """() => new Promise((done) => {
  let largest = 0, shifts = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) largest = one.startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) shifts += one.value;
  }).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => done([largest, shifts]), 500);
})"""
_SENT = """() => performance.getEntriesByType('resource')
  .filter((one) => one.name.includes('/pictures/'))
  .map((one) => [one.transferSize, one.duration])"""


def rows(url: str, cookie: str, hour: str) -> Iterator[Row]:
    """Paints, shifts, pictures, memory of a long list, accessibility, and what Lighthouse asks."""
    pages = {"first page": "/", "library": "/library", "item": f"/items/{hour}",
             "search": "/search?q=harbour"}  # fmt: skip
    with page_browser.chromium() as browser:
        for name, place in pages.items():
            yield from _paints(browser, url, cookie, name, place)
        yield _pictures(browser, url, cookie)
        yield _scrolled(browser, url, cookie)
        yield _looked_at(browser, url, cookie, [*pages.values(), *_menu(url, cookie)])
    yield _checks(url, cookie, list(pages.values()))


def _opened(browser: Browser, url: str, cookie: str) -> Page:
    return page_browser.opened(browser, url, page_browser.COMBINATIONS[0], cookie).new_page()


def _paints(browser: Browser, url: str, cookie: str, name: str, place: str) -> Iterator[Row]:
    seen = []
    for _ in range(_LOADS):
        page = _opened(browser, url, cookie)
        page.goto(url + place, wait_until="load")
        seen.append(page.evaluate(_PAINT))
        page.context.close()
    largest = statistics.median(one[0] for one in seen)
    shifts = max(one[1] for one in seen)
    yield (f"{name}: largest contentful paint", f"{largest:.0f} ms",
           f"layout shift {shifts:.3f}", f"{largest / 800:.2f}", "≤ 800 ms, ≤ 0.1")  # fmt: skip


def _pictures(browser: Browser, url: str, cookie: str) -> Row:
    """The first pictures of the library as they come into sight."""
    page = _opened(browser, url, cookie)
    page.goto(f"{url}/library", wait_until="load")
    sent: list[list[float]] = []
    for _ in range(200):
        sent = page.evaluate(_SENT)
        if len(sent) >= _PICTURES:
            break
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(50)
    size = sum(one[0] for one in sent[:_PICTURES]) / 1e6
    page.context.close()
    return (f"{len(sent[:_PICTURES])} thumbnails", f"{size:.2f} MB", "–", f"{size / 1.5:.2f}",
            "≤ 1.5 MB")  # fmt: skip


def _scrolled(browser: Browser, url: str, cookie: str) -> Row:
    """The memory of the page's own process after a long way down the library."""
    page = _opened(browser, url, cookie)
    page.goto(f"{url}/library", wait_until="load")
    until, number = time.monotonic() + _SCROLL_SECONDS, 0
    while number < _SCROLLED and time.monotonic() < until:
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        page.wait_for_timeout(30)
        number = page.locator(".tile").count()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    told = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    used = max(one.memory_full_info().uss for one in _renderers()) / 1e6
    page.context.close()
    return (f"scrolled through {number:,} items", f"{used:.0f} MB of the page's process",
            f"{told['JSHeapUsedSize'] / 1e6:.0f} MB of scripts, {told['Nodes']:,.0f} nodes",
            f"{used / 300:.2f}", "≤ 300 MB")  # fmt: skip


def _renderers() -> list[psutil.Process]:
    return [one for one in psutil.Process().children(recursive=True)
            if "--type=renderer" in one.cmdline()]  # fmt: skip


def _menu(url: str, cookie: str) -> list[str]:
    """All pages of the menu."""
    with httpx.Client(base_url=url, cookies={COOKIE: cookie}, timeout=60) as client:
        html = client.get("/").text
    found = re.search(r'<nav class="side".*?</nav>', html, re.DOTALL)
    return page_checks.links(found[0] if found else "")


def _looked_at(browser: Browser, url: str, cookie: str, places: list[str]) -> Row:
    """axe-core, sizes, focus and the policy on every page, in both themes and sizes."""
    wanted, found = list(dict.fromkeys(places)), list[str]()
    for how in page_browser.COMBINATIONS:
        context = page_browser.opened(browser, url, how, cookie)
        watched = page_browser.Watched(context.new_page(), url)
        found += [f"{place} at {how}: {one}" for place in wanted for one in watched.look(place)]
        context.close()
    for one in found:
        print(one)
    return (f"{len(wanted)} pages in both themes and sizes", f"{len(found)} violations of axe",
            "sideways, focus, policy too", "–", "0")  # fmt: skip


def _checks(url: str, cookie: str, places: list[str]) -> Row:
    """What Lighthouse asks of pages besides, as far as it says something of a server."""
    with httpx.Client(base_url=url, cookies={COOKIE: cookie}, timeout=60) as client:
        told = [f"{place}: {one}" for place in places for one in _check(client, place)]
    for one in told:
        print(one)
    what = "title, lang, viewport, cache, compression, nothing blocking or from elsewhere"
    return (f"checks of {len(places)} pages", f"{len(told)} failed", what, "–", "0")


def _check(client: httpx.Client, place: str) -> Iterator[str]:
    html = client.get(place).text
    yield from page_checks.faults(html)
    for wanted in (
        'content="width=device-width',
        "<!doctype html>",
        'rel="manifest"',
        'rel="icon"',
    ):
        if wanted not in html.lower():
            yield f"{wanted} is not there"
    for tag in re.findall(r"<script[^>]*>", html):
        if "defer" not in tag and 'type="module"' not in tag:
            yield f"{tag} blocks"
    files = [one for one in page_checks.links(html) if "/static/" in one]
    for file in dict.fromkeys(one.partition("#")[0] for one in files):
        answer = client.get(file)
        if "immutable" not in answer.headers.get("cache-control", ""):
            yield f"{file} is not kept"
        is_large = len(answer.content) > 2_000 and answer.headers["content-type"] != "image/png"
        if is_large and answer.headers.get("content-encoding") != "gzip":
            yield f"{file} is not compressed"
