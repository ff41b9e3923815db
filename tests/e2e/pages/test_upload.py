"""Files sent in by a browser: interrupted, gone on with, told of; and by forms without scripts."""

import hashlib
import os
from pathlib import Path

from playwright.sync_api import expect

from tests.pages import PHONE, Site, faults_of
from tests.paths import SAMPLES
from utils.config import Settings
from utils.models.page_settings import Role


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_upload_goes_on_after_a_lost_connection_and_a_reload_and_is_whole(
    site: Site, settings: Settings, tmp_path: Path
) -> None:
    large = tmp_path / 'holiday "><img src=x onerror=alert(1)>.mp4'
    large.write_bytes(os.urandom(9 * 2**20))  # more than one part of what is sent at once
    page = site.open("/upload", Role.EDITOR, PHONE, color_scheme="dark")
    page.route("**/api/v1/uploads/*", lambda route: route.abort("connectionreset"))
    page.locator("#files").set_input_files(large)
    page.get_by_text("The connection is lost").wait_for()
    assert faults_of(page) == []
    page.on("dialog", lambda dialog: dialog.accept())  # it asks before a page with uploads goes
    page.reload()
    page.unroute_all()  # only now: what the page before tries again must not get through
    assert page.get_by_text("8.4 MB of 9.4 MB came").is_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.locator("#files").set_input_files(large)
    page.get_by_text("1 of 1 files came").wait_for()
    page.get_by_text("arrived").wait_for()
    assert "HEAD" in asked and "POST" not in asked  # it was not begun anew
    landed = [path for path in settings.inbox.iterdir() if path.is_file()]
    assert [sha256(path) for path in landed] == [sha256(large)]
    page.locator("#files").set_input_files(large)
    page.get_by_text("lies in the inbox already").wait_for()


def test_files_are_paused_refused_in_words_and_cancelled_by_keyboard(
    site: Site, settings: Settings, tmp_path: Path
) -> None:
    page = site.open("/upload", Role.EDITOR)
    for name, content in (("program.exe", b"MZ"), ("empty.mp4", b""), ("long.mp4", b"x" * 2**20)):
        (tmp_path / name).write_bytes(content)
    page.route("**/api/v1/uploads", lambda route: route.abort() if "bG9uZ" in (
        route.request.headers.get("upload-metadata", "")) else route.continue_())  # fmt: skip
    page.locator("#files").set_input_files([tmp_path / "program.exe", tmp_path / "empty.mp4",
                                            tmp_path / "long.mp4"])  # fmt: skip
    page.get_by_text("is no video, sound, picture").wait_for()
    page.get_by_text("The file is empty").wait_for()
    page.get_by_role("button", name="Pause: long.mp4").press("Enter")
    page.get_by_role("button", name="Resume: long.mp4").wait_for()
    page.unroute_all()
    page.get_by_role("button", name="Cancel: long.mp4").press("Enter")
    assert page.get_by_role("listitem").filter(has_text="long.mp4").count() == 0
    assert list(settings.inbox.rglob("*.mp4")) == []
    page.evaluate("text => { const e = new ClipboardEvent('paste', {bubbles: true, clipboardData: "
                  "new DataTransfer()}); e.clipboardData.setData('text', text); "
                  "document.body.dispatchEvent(e); }", "https://example.org/film")  # fmt: skip
    assert page.get_by_label("One a line").input_value() == "https://example.org/film"
    small = [tmp_path / f"{number}.wav" for number in range(6)]  # more than are sent at once
    for number, path in enumerate(small):
        path.write_bytes(b"%d" % number)
    page.locator("#files").set_input_files(small)
    expect(page.locator("#queue .badge.ok")).to_have_count(len(small))  # each says that it came


def test_a_form_without_scripts_takes_several_files(site: Site, settings: Settings) -> None:
    page = site.open("/upload", Role.EDITOR, java_script_enabled=False)
    some = sorted(SAMPLES.iterdir())[:2]
    page.locator("#files").set_input_files(some)
    page.get_by_role("button", name="Send").click()
    page.get_by_text("2 files came").wait_for()
    landed = [path for path in settings.inbox.iterdir() if path.is_file()]
    assert sorted(map(sha256, landed)) == sorted(map(sha256, some))
