"""The live shift before a person: what happens is seen without loading the page again."""

from playwright.sync_api import Dialog, expect

from tests.hostile import NAMES
from tests.pages import PHONE, Site, faults_of
from tests.unit.nightshift.pages.test_shift import RUN, add, begin, note, started
from utils.db import flags, runs, workers
from utils.db.session import session
from utils.models.page_settings import Role
from utils.models.shift import Outcome, RunStatus


def test_a_run_is_followed_as_it_goes_on_and_held_by_keyboard_alone(site: Site) -> None:
    film = add("a", NAMES[0])
    page = site.open("/shift", Role.EDITOR)
    expect(page.locator("#live")).to_contain_text("Nothing runs now")
    page.evaluate("window.isTheSame = true")
    begin(film)
    started(film, "compress_video")
    expect(page.locator("#live")).to_contain_text("compressing")
    with session() as s:
        told = {"total": 2, "settled": 0, "items": {film: 0.43}, "waiting": "no room"}
        workers.tell(s, RUN, told)
    expect(page.locator("#live")).to_contain_text("43%")
    expect(page.locator("#live")).to_contain_text("0 of 2 items")
    assert faults_of(page) == []

    page.locator("#pause-menu").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("guests <b>sleep</b>")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("Paused")
    expect(page.locator("#paused")).to_contain_text("guests <b>sleep</b>")
    with session() as s:
        assert flags.get(s, flags.PAUSED) is not None
    page.locator("#resume").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#paused")).to_have_count(0)
    assert page.evaluate("document.activeElement.id") == "live"  # not lost with its button

    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss() if len(asked) == 1 else dialog.accept()

    page.on("dialog", answer)
    page.get_by_role("button", name="Stop the run").click()  # and no
    page.get_by_role("button", name="Stop the run").click()
    expect(page.locator("#live")).to_contain_text("is being stopped")
    assert len(asked) == 2  # once each time
    start = site.open("/", Role.EDITOR)
    expect(start.locator("#told")).not_to_contain_text("stopped")
    note(film, Outcome.DONE)
    with session() as s:
        runs.finish(s, RUN, RunStatus.STOPPED, None)
    expect(page.locator("#live")).to_contain_text("Nothing runs now")
    expect(page.locator("#live-state")).to_have_text("Nothing runs now.")  # said, not only shown
    expect(page.locator("#runs")).to_contain_text("stopped")
    expect(start.locator("#told")).to_contain_text("stopped")
    expect(start.locator("#live-state")).to_have_text("Nothing runs now.")
    assert page.evaluate("window.isTheSame")

    for place in ("/", f"/shift/runs/{RUN}"):
        phone = site.open(place, Role.EDITOR, PHONE, color_scheme="dark", locale="de-DE")
        assert phone.evaluate("document.documentElement.scrollWidth") == PHONE[0]
        assert faults_of(phone) == []


def test_without_scripts_what_runs_and_the_plan_are_read_all_the_same(site: Site) -> None:
    begin(add("a", "A film"))
    started("a" * 64, "transcribe_audio")
    page = site.open("/shift", Role.VIEWER, java_script_enabled=False)
    expect(page.get_by_role("link", name="A film")).to_be_visible()
    expect(page.get_by_role("link", name="Show the plan")).to_be_visible()
