"""The tabs of an item in a browser: on a phone, and two films of it compared."""

from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from tests.drawn import film
from tests.pages import PHONE, Site, faults_of
from tests.waiting import until
from utils.config import Settings
from utils.db import items, ledger, library
from utils.db.items import Seen
from utils.db.ledger import Inputs
from utils.db.session import session
from utils.models.item import FileStat, MediaKind
from utils.models.page_settings import Role
from utils.models.record import ItemRecord
from utils.models.rendition import Compression, Rendition
from utils.models.verdict import Band, Criterion, Verdict

TITLE = "</title><script>alert(1)</script> فيروز"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two films of three seconds."""
    folder = tmp_path_factory.mktemp("films")
    return film(folder / "a.mp4", [("A", 3.0)]), film(folder / "b.mp4", [("B", 3.0)])


@pytest.fixture
def item(settings: Settings, films: tuple[Path, Path]) -> str:
    """A film with an encode, a place and a verdict."""
    original, encode = (Path(copy(one, settings.home)) for one in films)
    found = original.stat()
    stat = FileStat(path=original, size_bytes=found.st_size, modified_ns=found.st_mtime_ns,
                    inode=found.st_ino)  # fmt: skip
    item_id = items.hash_file(stat)
    record = ItemRecord(item_id=item_id, kind="video", title=TITLE, duration_seconds=3.0,
                        latitude=54.31, longitude=10.13)  # fmt: skip
    with session() as s:
        items.register(s, Seen(stat, item_id, True), MediaKind.VIDEO)
        library.save(s, record, [])
    reason = Criterion(name="black", score=0.2, weight=1, must=0.3, reason=TITLE)
    did(item_id, "judge_quality", Verdict(band=Band.REJECT, score=0.2, criteria=(reason,)))
    made = Rendition(path=encode, kind="video", codec="h264", size_bytes=1)
    encoded = Compression(source_bytes=2, encoded_bytes=1, rendition=made, reason="saves half")
    did(item_id, "compress_video", encoded)
    return item_id


def did(item_id: str, step: str, result: Verdict | Compression) -> None:
    row = ledger.start(item_id, step, Inputs(f"{item_id}{step}", {"version": 1}), None)
    with session() as s:
        ledger.finish(s, row, result, 0.1)


def test_every_tab_is_whole_on_a_phone_in_the_dark(site: Site, item: str) -> None:
    page = site.open(f"/items/{item}", Role.EDITOR, PHONE, color_scheme="dark")
    page.get_by_role("img", name="Germany").wait_for()
    for name, seen in (("Facts", "Where it was taken"), ("Files", "Side by side"),
                       ("History", "Why: what ran"), ("Alike", "Join it with another"),
                       ("Published", "published nowhere")):  # fmt: skip
        page.get_by_role("link", name=name, exact=True).click()
        page.get_by_text(seen).first.wait_for()
        assert faults_of(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], name


def test_two_films_go_together_and_one_is_laid_over_the_other(site: Site, item: str) -> None:
    page = site.open(f"/items/{item}/compare")
    films = "[...document.querySelectorAll('.compare video')]"

    def both(what: str) -> Any:
        return page.evaluate(f"{films}.every(one => {what})")

    until(lambda: both("one.readyState > 1"), "both are loaded")
    page.get_by_role("button", name="Play both").click()
    until(lambda: both("one.currentTime > 0.3"), "both play")
    page.get_by_role("button", name="Play both").click()
    until(lambda: both("one.paused"), "both stand")
    page.get_by_label("Position").fill("500")
    until(lambda: both("Math.abs(one.currentTime - 1.5) < 0.1"), "both are in the middle")
    page.get_by_role("button", name="hear B").click()
    assert page.evaluate(f"{films}.map(one => one.muted)") == [True, False]
    page.get_by_role("button", name="One over the other").click()
    page.get_by_label("Where A ends and B begins").fill("20")
    shown = "getComputedStyle(document.querySelector('.compare-b video')).clipPath"
    assert "20%" in page.evaluate(shown)
    assert faults_of(page) == []
