"""Duplicates as a person with a keyboard, with a phone, and without scripts decides on them."""

from pathlib import Path

import pytest

from tests.drawn import picture
from tests.pages import PHONE, Site, faults_of
from utils.config import Settings
from utils.db import duplicates, items
from utils.db.items import Seen
from utils.db.schema import Item
from utils.db.session import session
from utils.models.fingerprint import NearDuplicate, NearDuplicates
from utils.models.item import FileStat, MediaKind
from utils.models.page_settings import Role


def image(path: Path, width: int, title: str) -> str:
    """A real picture as an item."""
    picture(path.stem, (width, width)).save(path)
    found = path.stat()
    stat = FileStat(path=path, size_bytes=found.st_size, modified_ns=found.st_mtime_ns,
                    inode=found.st_ino)  # fmt: skip
    item_id = items.hash_file(stat)
    with session() as s:
        items.register(s, Seen(stat, item_id, True), MediaKind.IMAGE)
        row = s.get_one(Item, item_id)
        row.title, row.width, row.height = title, width, width
    return item_id


@pytest.fixture
def groups(settings: Settings) -> list[tuple[str, str]]:
    """Three groups of two pictures each, those with the most to save first."""
    found = []
    for number, name in enumerate("abc"):
        width = 640 - number * 160
        large = image(settings.home / f"{name}.png", width, f"{name} large")
        small = image(settings.home / f"small {name}.png", width // 2,
                      "</title><script>alert(1)</script>")  # fmt: skip
        match = NearDuplicate(item_id=small, score=0.97, evidence="pictures 0.97")
        with session() as s:
            duplicates.link(s, NearDuplicates(item_id=large, matches=(match,)))
        found.append((large, small))
    return found


def test_groups_are_decided_by_keyboard_alone(site: Site, groups: list[tuple[str, str]]) -> None:
    page = site.open("/duplicates", Role.EDITOR)
    title = page.locator("#group-title")
    assert title.inner_text() == "Group 1 of 3"
    assert faults_of(page) == []
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    assert faults_of(page) == []
    page.get_by_label("Single keys decide").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.press("?")
    assert not page.get_by_role("dialog").is_visible()
    assert page.evaluate("document.activeElement.id") != "q"
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Single keys decide").check()
    page.keyboard.press("Escape")

    page.keyboard.press("w")
    cut = page.get_by_label("Where A ends and B begins")
    cut.focus()
    page.keyboard.press("ArrowLeft")
    over = page.locator(".compare.over")
    assert over.evaluate("one => getComputedStyle(one).getPropertyValue('--cut')") == "49%"

    page.keyboard.press("j")
    page.get_by_text("Group 2 of 3").wait_for()
    assert page.evaluate("document.activeElement.id") == "group-title"
    page.keyboard.press("k")
    page.get_by_text("Group 1 of 3").wait_for()
    page.keyboard.press("2")
    chosen = page.locator('[name="chosen"]:checked')
    assert chosen.get_attribute("data-key") == "2"
    page.keyboard.press("n")
    page.get_by_text("Group 1 of 2").wait_for()
    assert "not like the others" in page.locator("#messages").inner_text()
    page.keyboard.press("u")
    page.get_by_text("Group 1 of 3").wait_for()
    page.keyboard.press("s")
    page.get_by_text("Group 1 of 2").wait_for()
    page.keyboard.press("a")
    page.get_by_text("Group 1 of 1").wait_for()
    page.keyboard.press("a")
    page.get_by_text("Nothing waits").wait_for()
    assert faults_of(page) == []


def test_duplicates_on_a_phone_in_the_dark_and_without_scripts(
    site: Site, groups: list[tuple[str, str]]
) -> None:
    page = site.open("/duplicates", Role.ADMIN, PHONE, color_scheme="dark")
    assert faults_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    forgotten = page.locator("#forget [name=item]")
    assert forgotten.get_attribute("value") == groups[0][1]
    page.locator('[name="chosen"]').nth(1).check()
    assert forgotten.get_attribute("value") == groups[0][0]

    plain = site.open("/duplicates", Role.EDITOR, java_script_enabled=False)
    plain.get_by_role("button", name="Not alike").click()
    assert plain.get_by_text("Group 1 of 2").is_visible()
    plain.get_by_role("button", name="Undo").click()
    assert plain.get_by_text("Group 1 of 3").is_visible()
    plain.get_by_role("link", name="Next").click()
    assert plain.get_by_text("Group 2 of 3").is_visible()
