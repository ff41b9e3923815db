"""The review queue in a browser: by keyboard alone, with evidence that plays."""

from playwright.sync_api import Page, expect

from tests.media import Clips
from tests.pages import PHONE, Site, faults_of
from tests.reviewing import HOSTILE, judged_item, with_film
from tests.unit.critic.test_decisions import change, decide, item
from utils.models.page_settings import Role


def settled(page: Page) -> None:
    """Wait until the item that is shown may be decided, as a person does who looks at it."""
    page.locator("[data-review]:not([aria-busy]) [data-case][data-ready]").wait_for()


def until(page: Page, told: str) -> None:
    """Wait until something is true of the player; the page's policy forbids Playwright's own."""
    page.evaluate(f"""new Promise((done, fail) => {{
        const media = document.querySelector("video");
        const look = () => ({told}) ? done() : requestAnimationFrame(look);
        setTimeout(() => fail(new Error("{told}: never")), 20000);
        look();
    }})""")


def press(page: Page, keys: str) -> None:
    settled(page)
    page.keyboard.press(keys)


def shown(page: Page, item_id: str) -> None:
    expect(page.locator(f'[data-case="{item_id}"]')).to_be_visible()


def test_items_are_reviewed_by_keyboard_alone(site: Site, clips: Clips) -> None:
    ids = [judged_item(f"Film {number}", HOSTILE) for number in range(5)]
    with_film(ids[0], clips.video, clips.image)
    page = site.open("/review", Role.EDITOR)
    shown(page, ids[0])

    # Evidence plays the seconds that it names, and stops behind them; space pauses and goes on.
    page.get_by_role("link", name="Play 0:01 – 0:03").first.focus()
    page.keyboard.press("Enter")
    until(page, "media.currentTime > 1.6")
    until(page, "media.paused")
    assert 2.9 <= page.evaluate("document.querySelector('video').currentTime") < 3.9
    page.locator("[data-case]").focus()
    press(page, " ")
    until(page, "!media.paused")
    press(page, " ")
    until(page, "media.paused")

    press(page, "j")
    shown(page, ids[1])
    press(page, "k")
    shown(page, ids[0])
    press(page, "a")
    shown(page, ids[1])
    assert (item(ids[0]).approval, item(ids[1]).approval) == ("approved", "review")
    expect(page.locator("#messages")).to_contain_text("Accepted: Film 0")
    expect(page.locator("#left")).to_have_text("4 items wait for you")

    press(page, "r")  # asks why; what is typed there is no key
    page.keyboard.type("a jarring voice")
    assert item(ids[1]).approval == "review"
    page.keyboard.press("Enter")
    shown(page, ids[2])
    assert item(ids[1]).approval_reason.endswith(": a jarring voice")

    press(page, "v")
    page.keyboard.press("Space")  # the first that the critic asks for
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    press(page, "v")
    page.keyboard.press("Enter")
    shown(page, ids[3])
    assert item(ids[2]).requested_changes == {"transcription.model": "small"}

    press(page, "u")
    shown(page, ids[2])
    expect(page.locator("#messages")).to_contain_text("Undone")
    assert item(ids[2]).requested_changes is None
    press(page, "u")
    shown(page, ids[1])
    assert item(ids[1]).approval == "review"
    assert page.url.endswith(f"at={ids[1]}")

    press(page, "?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("a")  # decides nothing behind the help
    assert faults_of(page) == []
    page.get_by_label("Single keys decide").uncheck()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    press(page, "a")
    page.reload()
    press(page, "a")
    assert item(ids[1]).approval == "review"


def test_what_is_pressed_before_an_item_is_seen_decides_nothing(site: Site) -> None:
    ids = [judged_item(f"Film {number}") for number in range(4)]
    page = site.open("/review", Role.EDITOR)
    settled(page)
    page.keyboard.type("aaa")
    shown(page, ids[1])
    expect(page.locator("#messages")).to_contain_text("Nothing was decided")
    press(page, "Control+a")
    press(page, "Shift+A")
    settled(page)
    page.get_by_role("button", name="Accept", exact=True).dblclick()
    shown(page, ids[2])
    settled(page)
    assert [item(one).approval for one in ids] == ["approved", "approved", "review", "review"]

    # What somebody else decided meanwhile is told, and what was typed is still there.
    decide(ids[2], "accept")
    press(page, "r")
    page.keyboard.type("too loud")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("was accepted by ann")
    expect(page.get_by_label("Why is it rejected?")).to_have_value("too loud")
    assert item(ids[2]).approval == "approved"
    change(ids[3], claimed_by="w")
    page.keyboard.press("Escape")
    press(page, "j")
    shown(page, ids[3])
    press(page, "a")
    expect(page.get_by_role("alert")).to_contain_text("A run is working")


def test_it_works_on_a_phone_in_the_dark_and_with_scripts_off(site: Site) -> None:
    ids = [judged_item(f"Film {number}", HOSTILE) for number in range(2)]
    page = site.open("/review", Role.EDITOR, PHONE, color_scheme="dark", locale="de-DE")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    page.locator('[data-form="v"] > summary').click()
    assert faults_of(page) == []
    plain = site.open("/review", Role.EDITOR, java_script_enabled=False)
    plain.locator('[data-form="r"] > summary').click()
    plain.get_by_label("Why is it rejected?").fill("no")
    plain.get_by_role("button", name="Reject it").click()
    expect(plain.get_by_role("status").first).to_contain_text("Rejected: Film 0")
    shown(plain, ids[1])
    plain.get_by_role("button", name="Undo").first.click()
    shown(plain, ids[0])
    assert item(ids[0]).approval == "review"
