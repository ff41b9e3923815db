"""The page of an item in a browser: it plays, the transcript follows and leads, and is mended."""

import shutil
from pathlib import Path

from playwright.sync_api import Page, expect

from tests import spoken
from tests.pages import PHONE, Site, faults_of
from tests.paths import SAMPLES
from tests.spoken import line
from tests.waiting import until
from utils.models.page_settings import Role

expect.set_options(timeout=20_000)  # of a machine that has other work as well
LINES = [
    line(0, "Good evening to all", 1.5),
    line(2, "Die Lampe brennt noch heute", 1.5),
    line(4, "ليلة سعيدة يا أصدقاء", 1.5),
    line(6, "今晚 的 港口 很 安静", 1.5),
]
HOSTILE = "<img src=x onerror=alert(1)> \u202egnp.exe {{7*7}}"


def film(folder: Path, **facts: str) -> str:
    path = shutil.copy(SAMPLES / "Hafen am Abend.mp4", folder / "Hafen.mp4")
    known = {"video_codec": "AVC", "audio_codec": "AAC", "language": "de"} | facts
    return spoken.add(Path(path), "video", LINES, width=640, height=360, **known)


def time_of(page: Page) -> float:
    found: float = page.evaluate("document.getElementById('media').currentTime")
    return found


def reaches(page: Page, state: str) -> None:
    """Wait for a state of the player `m`; by the browser's own door, as the policy wants it."""
    until(lambda: page.evaluate(f"(m => {state})(document.getElementById('media'))"), state)


def current(page: Page, number: int) -> None:
    expect(page.locator(f"#l{number}")).to_have_attribute("aria-current", "true")


def test_it_plays_follows_and_is_led_by_lines_and_keys(site: Site, tmp_path: Path) -> None:
    item_id = film(tmp_path)
    page = site.open(f"/items/{item_id}?t=2.1", Role.EDITOR)
    reaches(page, "m.readyState >= 2")
    current(page, 1)
    assert 2.0 <= time_of(page) < 2.3
    assert page.evaluate("document.getElementById('media').paused")  # of an address from elsewhere
    page.evaluate("location.search = '?t=4'")  # as of a hit of the search
    page.wait_for_url("**?t=4")
    reaches(page, "m.currentTime > 4.2")  # it plays
    page.locator("#l3 p").click()
    reaches(page, "m.currentTime > 6.3")
    current(page, 3)
    expect(page.locator("#l3 .word.now")).to_have_count(1)
    page.keyboard.press("k")
    reaches(page, "m.paused")
    page.keyboard.press("j")
    current(page, 0)
    page.keyboard.press("ArrowRight")
    current(page, 2)
    page.keyboard.press(">")
    expect(page.get_by_label("Speed")).to_have_value("1.25")
    page.keyboard.press("c")
    assert page.evaluate("[...document.getElementById('media').textTracks].map(t => t.mode)") == [
        "showing"
    ]
    page.get_by_label("Search in the transcript").press_sequentially(
        "kl 5"
    )  # no keys of the player
    expect(page.get_by_text("No line has these words.")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    expect(page.locator("#lines li[data-s]")).to_have_count(4)
    assert faults_of(page) == []


def test_words_and_speakers_are_mended_by_keyboard_alone(site: Site, tmp_path: Path) -> None:
    item_id = film(tmp_path, title=HOSTILE)
    page = site.open(f"/items/{item_id}", Role.EDITOR, PHONE, color_scheme="dark")
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x")
    page.locator("#l0 .time").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("e")
    field = page.get_by_label("The words of this line")
    expect(field).to_be_focused()
    assert faults_of(page) == []
    field.fill("not this")
    page.keyboard.press("Escape")
    expect(page.locator("#l1 .edit")).to_be_focused()
    page.keyboard.press("Enter")
    field.fill(f"Die Lampen brennen {HOSTILE}")
    page.keyboard.press("Enter")
    expect(page.locator("#l1 p")).to_contain_text("Die Lampen brennen <img")
    expect(page.locator("#l1 .edit")).to_be_focused()
    assert spoken.kept(item_id)[1][0].startswith("Die Lampen")
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator("#l1 p")).to_have_text("Die Lampe brennt noch heute")
    page.locator("#l2 .who").press("Enter")
    name = page.get_by_label("Who is speaker 1?")
    expect(name).to_be_focused()
    assert faults_of(page) == []
    name.fill("أمينة")
    page.keyboard.press("Enter")
    expect(page.locator("#l2 .who")).to_have_text("أمينة")
    expect(page.locator("#l2 .who")).to_be_focused()
    assert [who for _, who in spoken.kept(item_id)] == ["أمينة", "Speaker 2"] * 2
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_sound_has_its_wave_and_goes_on_where_it_was_left(site: Site) -> None:
    item_id = spoken.add(SAMPLES / "lighthouse.mp3", "audio", LINES, audio_codec="MPEG Audio")
    page = site.open(f"/items/{item_id}", Role.VIEWER, locale="de-DE")
    page.wait_for_selector("#wave:not([hidden]) canvas")
    page.evaluate("document.getElementById('media').currentTime = 5.5")
    reaches(page, "Object.values(JSON.parse(localStorage['nightshift.places'] ?? '{}'))[0] == 5")
    page.reload()
    reaches(page, "m.currentTime == 5")
    assert faults_of(page) == []


def test_a_picture_is_shown_and_enlarged_and_scripts_may_be_off(site: Site) -> None:
    item_id = spoken.add(SAMPLES / "coast.jpg", "image", (), width=1200, height=800)
    page = site.open(f"/items/{item_id}", Role.VIEWER)
    page.locator("#picture").click()
    expect(page.locator("#picture.full img")).to_have_js_property("complete", True)
    assert page.locator("#picture img").evaluate("one => one.naturalWidth") > 0
    assert faults_of(page) == []
    said = spoken.add(SAMPLES / "bericht.flac", "audio", LINES, audio_codec="FLAC")
    plain = site.open(f"/items/{said}", Role.VIEWER, java_script_enabled=False)
    plain.locator("#l2 .time").click()
    plain.wait_for_url("**?t=4.0#l2")
    expect(plain.locator("source")).to_have_attribute(
        "src", "/api/v1/items/" + said + "/files/bericht.flac#t=4.0"
    )
