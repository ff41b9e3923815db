"""A source tested and added by keyboard; plots that answer to keys: what only a browser shows."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from tests.pages import PHONE, Site, faults_of
from tests.star_schema import Artist, Play, write
from utils import clock
from utils.config import Settings
from utils.db.schema import Spending
from utils.db.session import session
from utils.models.page_settings import Role

HOSTILE = '<img src=x onerror="alert(1)">'


def test_a_source_is_tested_then_added_by_keyboard_on_a_phone(
    site: Site, settings: Settings
) -> None:
    folder = settings.inbox / "camera"
    folder.mkdir(parents=True)
    (folder / f"{HOSTILE}.mp4".replace("/", "")).write_bytes(b"x" * 5000)
    page = site.open("/sources/new", Role.EDITOR, PHONE, color_scheme="dark")
    page.get_by_label("Where is it?").fill(str(folder))
    page.get_by_role("button", name="Test what would be found").press("Enter")
    page.get_by_role("heading", name="1 would be found").wait_for()
    assert page.get_by_role("rowheader", name=HOSTILE).is_visible()
    assert faults_of(page) == []
    page.get_by_label("Look there").select_option("own")
    page.get_by_label("Other times").fill("30 3 * * 1-5")
    page.get_by_role("button", name="Add").press("Enter")
    page.wait_for_url("**/sources/camera")
    assert page.get_by_text("not looked into yet").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert faults_of(page) == []


def test_plots_tell_their_values_to_arrow_keys_and_pointers(site: Site, settings: Settings) -> None:
    moment = clock.now()
    call = {"item_id": "a" * 64, "step": "analyze_content", "engine": HOSTILE, "status": "settled",
            "reserved_tokens": 1, "actual_tokens": 1, "reserved_microusd": 1,
            "actual_microusd": 250_000}  # fmt: skip
    with session() as s:
        s.execute(insert(Spending), [call | {"run_id": f"r{n}", "created_at": moment
                                             - timedelta(days=n)} for n in range(3)])  # fmt: skip
    heard = datetime(2026, 3, 1, 12, tzinfo=UTC)
    one = Artist(HOSTILE, "DE", "Germany", "Köln", (50, 7), (HOSTILE,))
    write(settings, [Play(heard + timedelta(hours=n), one, HOSTILE, "x") for n in range(30)])
    page = site.open("/costs", Role.VIEWER)
    page.get_by_text("Nothing ran in this period.").wait_for()
    plot = page.locator(".plot")
    plot.focus()
    page.keyboard.press("End")
    assert page.locator(".tip").inner_text().endswith("$0.25")
    page.keyboard.press("Escape")
    assert not page.locator(".tip").is_visible()
    page.locator(".plot rect").last.hover(force=True)
    assert page.locator(".tip").is_visible()
    assert faults_of(page) == []
    music = site.open("/music", Role.VIEWER, PHONE, color_scheme="dark")
    week = music.locator(".plot.heat")
    week.focus()
    for key in ("Home", "ArrowDown", "ArrowRight"):
        music.keyboard.press(key)
    assert week.locator(".tip").inner_text() == "Tue 1:00: 0"
    assert music.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert faults_of(music) == []
