"""The library in a browser: scrolled, shared, come back to, selected by mouse and keyboard."""

from datetime import timedelta

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from nightshift.pages import library
from tests.pages import PHONE, Site, faults_of
from tests.unit.nightshift.test_api_items import BEGUN
from utils.config import Settings
from utils.db.fact_tables import Thumbnail
from utils.db.schema import Item
from utils.db.session import session
from utils.models.page_settings import Role
from utils.storage import files

TITLES = ("ครั้งแรก", "مساء الخير يا فيروز", "今日は東京タワー", "<b>bold</b>", "x" * 300)


@pytest.fixture
def filled(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """50 items, 20 a page; the first has a picture, some a title of another writing."""
    monkeypatch.setattr(library, "ROWS", 20)
    monkeypatch.setattr(library, "_known", None)
    ids = [f"{number:04x}" + 60 * "a" for number in range(50)]
    path = files.item_folder(settings.home, ids[0]) / "still.jpg"
    Image.new("RGB", (640, 360), (200, 90, 120)).save(path)
    with session() as s:
        for number, item_id in enumerate(ids):
            title = TITLES[number % 10] if number % 10 < len(TITLES) else f"Film {number}"
            s.add(Item(id=item_id, kind="video", title=title, size_bytes=1, status="done", lacks=[],
                       approval="review", duration_seconds=61.0,
                       added_at=BEGUN + timedelta(seconds=number)))  # fmt: skip
        s.flush()
        s.add(Thumbnail(item_id=ids[0], number=0, path=str(path)))


def ids(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        ".tile > a", "all => all.map(one => one.dataset.item)"
    )
    return found


def test_people_scroll_pass_on_come_back_and_select(site: Site, filled: None) -> None:
    page = site.open("/library?sort=added", Role.EDITOR)
    page.locator(".tile").nth(19).scroll_into_view_if_needed()
    expect(page.locator(".tile")).to_have_count(50)
    assert len(set(ids(page))) == 50
    last = page.locator(".tile > a").nth(48)
    last.scroll_into_view_if_needed()
    page.wait_for_url("**cursor=**")
    name = last.get_attribute("data-item")
    shared = site.open(page.url.removeprefix(site.url), Role.VIEWER)
    before = len(ids(shared))
    assert name in ids(shared) and before < 50
    shared.get_by_role("link", name="Show earlier ones").click()
    expect(shared.locator(".tile")).to_have_count(before + 20)
    assert len(ids(shared)) == len(set(ids(shared)))
    last.click()
    page.wait_for_url("**/items/**")
    page.go_back()
    expect(page.locator(f'[data-item="{name}"]')).to_be_in_viewport()

    boxes = page.get_by_role("checkbox", name="Select")
    boxes.nth(0).check()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(page.get_by_text("4 selected")).to_be_visible()
    boxes.nth(5).focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("5 selected")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#messages")).to_contain_text("5 items are tried again")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()


def test_a_phone_in_the_dark_sees_it_whole(site: Site, filled: None) -> None:
    for layout in ("list", "grid"):
        page = site.open(f"/library?layout={layout}&kind=video&sort=added", Role.ADMIN, PHONE,
                         color_scheme="dark", locale="de-DE")  # fmt: skip
        page.wait_for_function("document.querySelector('.frame img')?.naturalWidth > 0")
        page.get_by_role("checkbox", name="Auswählen").first.check()
        expect(page.get_by_text("1 ausgewählt")).to_be_visible()
        page.locator("[data-filters] > summary").click()
        assert faults_of(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


def test_without_scripts_one_filters_pages_and_exports(site: Site, filled: None) -> None:
    page = site.open("/library", Role.VIEWER, java_script_enabled=False)
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("At least").fill("1:00")
    page.get_by_role("button", name="Show", exact=True).click()
    assert page.url.endswith("/library?min_duration=1%3A00")
    page.get_by_role("link", name="Show more").click()
    assert page.locator(".tile").count() == 20
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Exported")
    page.goto(f"{site.url}/search?q=film+15&words=1")
    assert page.get_by_role("link", name="Film 15").count()
