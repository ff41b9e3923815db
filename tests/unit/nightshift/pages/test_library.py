"""The library: each item once while more come in, filters that combine, actions by role."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient

from nightshift.pages import library
from tests.hostile import NAMES
from tests.pages import client, post
from tests.unit.nightshift.test_api_items import BEGUN, add
from utils.config import Settings
from utils.db import audit, items, ledger, saved_views, users
from utils.db.fact_tables import Keyword
from utils.db.schema import Item
from utils.db.session import session
from utils.db.source_tables import Source, SourceFile
from utils.db.speech_tables import VoiceName
from utils.models.page_settings import Role
from utils.models.transcript import Segment, Transcript
from utils.storage import home

_MARK = re.compile(r"<bdi[^>]* id=\"t-[^\"]*\">(.*?)</bdi>", re.DOTALL)


@pytest.fixture
def asking(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    home.mark(settings.home)
    monkeypatch.setattr(library, "ROWS", 4)
    monkeypatch.setattr(library, "_known", None)
    return client(settings, Role.EDITOR)


def titles(asking: TestClient, place: str) -> list[str]:
    answer = asking.get(place)
    assert answer.status_code == 200, answer.text[-300:]
    return [unescape(one) for one in _MARK.findall(answer.text)]


def linked(text: str, name: str) -> str | None:
    found = re.search(rf'href="(/library\?[^"]*{name}=[^"]*)"', text)
    return unescape(found[1]) if found else None


def walk(asking: TestClient, place: str, numbers: Iterator[int]) -> Iterator[str]:
    """The titles of all pages, one after the other; something comes in between, thrice."""
    later = 3
    at: str | None = place
    while at:
        text = asking.get(at, headers={"HX-Request": "true"}).text
        yield from (unescape(one) for one in _MARK.findall(text))
        if later:
            later -= 1
            add(next(numbers), title="a late one", added_at=BEGUN + timedelta(days=20))
        at = linked(text, "cursor")


def test_pages_have_each_item_once_in_any_order_while_more_come_in(asking: TestClient) -> None:
    for number in range(11):
        add(number, duration_seconds=float(number % 3), score=number / 20 if number % 2 else None,
            kind="audio" if number == 4 else "video")  # fmt: skip
    numbers = iter(range(1_000, 2_000))
    for sort in ("-added", "title", "-score", "duration"):
        found = [one for one in walk(asking, f"/library?sort={sort}", numbers) if "late" not in one]
        assert sorted(found) == sorted(f"Film {number}" for number in range(11)), sort


def test_a_page_in_the_middle_leads_to_those_before_it(asking: TestClient) -> None:
    for number in range(10):
        add(number)
    first = asking.get("/library?sort=added").text
    middle = asking.get(linked(first, "cursor")).text
    assert [f"Film {number}" for number in range(4, 8)] == _MARK.findall(middle)
    before = linked(middle, "until")
    assert titles(asking, before) == [f"Film {number}" for number in range(4)]
    assert linked(asking.get(before).text, "until") is None


def test_filters_combine_and_each_can_be_taken_away(asking: TestClient) -> None:
    wanted = {"language": "de-CH", "verdict": "accept", "approval": "review", "camera_make": "Sony",
              "duration_seconds": 90.0, "captured_at": BEGUN, "latitude": 47.3, "longitude": 8.5,
              "status": "done"}  # fmt: skip
    first = add(1, title="the one", **wanted)
    for number, other in enumerate(wanted, start=2):
        add(number, **(wanted | {other: "failed" if other == "status" else None}))
    place = {
        "kind": "video", "language": "de", "verdict": "accept", "approval": "review",
        "camera": "sony", "min_duration": "1:00", "max_duration": "120",
        "after": (BEGUN - timedelta(days=2)).date().isoformat(), "place": "47.37,8.54,20",
        "before": (BEGUN + timedelta(days=2)).date().isoformat(), "status": "done",
    }  # fmt: skip
    text = asking.get("/library", params=place).text
    assert "the one" in _MARK.findall(text)
    assert len(_MARK.findall(text)) <= 2  # the one whose capture is unknown came in that day, too
    assert text.count('title="Remove') + text.count('aria-label="Remove this filter"') == len(place)
    with session() as s:
        s.add(Source(id="s", name="Attic", kind="folder", location="/attic"))
        s.flush()
        s.add(SourceFile(source_id="s", key="k", status="success", item_id=first))
        s.add(VoiceName(item_id=first, name="Zoë", voiceprint=[1.0], seconds=9.0))
        s.add(Keyword(item_id=first, number=0, word="Zürich, Switzerland"))
    for query in ("source=Attic", "speaker=Zo%C3%AB", "place=z%C3%BCrich"):
        assert titles(asking, f"/library?{query}") == ["the one"], query
    assert titles(asking, "/library?source=Cellar") == []


def test_a_value_that_there_is_not_is_said_and_left_out(asking: TestClient) -> None:
    add(1)
    for query in ("kind=hologram", "verdict=%00", "after=yesterday", "after=2026-13-45",
                  "min_duration=nan", "max_duration=-4", "sort=colour", "status=gone",
                  "layout=cube", "language=%3Cb%3E"):  # fmt: skip
        answer = asking.get(f"/library?{query}")
        assert answer.status_code == 422, query
        assert "there is no such value as" in answer.text and "Film 1" in answer.text
    for query in ("place=%00%2525", "speaker=%F0%9F%8E%89", "place=91,200", "camera=%25_%5C"):
        assert asking.get(f"/library?{query}").status_code == 200, query


def test_a_cursor_of_another_order_is_told_and_no_fault_of_ours(asking: TestClient) -> None:
    for number in range(6):
        add(number)
    there = linked(asking.get("/library").text, "cursor")
    assert asking.get(f"{there.replace('-added', 'title')}").status_code == 404
    assert asking.get("/library?cursor=%00abc").status_code == 404


def test_what_a_form_leaves_blank_is_no_part_of_the_address(asking: TestClient) -> None:
    answer = asking.get("/library?kind=audio&language=&camera=&place=Z%C3%BCrich")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/library?kind=audio&place=Z%C3%BCrich"
    assert asking.get("/library?kind=").headers["location"] == "/library"


def test_hostile_titles_are_text_in_every_layout_and_in_the_search(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mark(settings.home)
    monkeypatch.setattr(library, "_known", None)
    asking = client(settings, Role.ADMIN)
    plain = [name.replace("\0", "") for name in NAMES]
    for number, title in enumerate(plain):
        add(number, title=title, camera_make=title, language="de")
    for place in ("/library", "/library?layout=list", "/search?words=1&q=%3Cscript%3E&kind=video"):
        answer = asking.get(place)
        assert not re.search(r"<(script|img|svg|iframe)[^>]*(alert|hacked|onerror)", answer.text)
        assert len(answer.content) < 100_000
    shown = {one.removesuffix("…") for one in titles(asking, "/library")}
    assert shown == {one[: library.LONGEST_TITLE] for one in plain}


def test_who_may_only_look_has_no_actions_and_can_not_act(settings: Settings) -> None:
    home.mark(settings.home)
    item_id = add(1, status="failed")
    looking = client(settings, Role.VIEWER)
    assert "/items/requeue" not in looking.get("/library").text
    for action in ("requeue", "publish", "forget"):
        assert post(looking, f"/items/{action}", {"item": item_id}).status_code == 403
    editing = client(settings, Role.EDITOR)
    assert post(editing, "/items/forget", {"item": item_id, "sure": "1"}).status_code == 403
    assert editing.post("/items/requeue", data={"item": item_id}).status_code == 403  # no token
    with session() as s:
        assert items.find(s, item_id).status == "failed"


def test_items_are_tried_again_and_each_that_can_not_be_is_named(asking: TestClient) -> None:
    failed = add(1, status="failed", error="x", tries=3)
    busy = add(2, status="failed", claimed_by="somebody", title="A busy one")
    answer = post(asking, "/items/requeue", {"item": [failed, busy, "f" * 64], "next": "/library"})
    assert answer.status_code == 200
    assert "1 item is tried again" in answer.text and "2 are not as you wanted" in answer.text
    assert "A busy one" in answer.text and "is not there any more" in answer.text
    with session() as s:
        assert items.find(s, failed).status == "pending"
    assert noted() == [("item.requeue", failed)]
    again = post(asking, "/items/requeue", {"item": failed, "next": "/library?kind=video"})
    assert (again.status_code, again.headers["location"]) == (303, "/library?kind=video")
    elsewhere = post(asking, "/items/requeue", {"item": failed, "next": "//evil.example"})
    assert elsewhere.headers["location"] == "/library"
    assert post(asking, "/items/requeue", {}).status_code == 404


def test_items_are_forgotten_after_it_was_said_what_goes(settings: Settings) -> None:
    home.mark(settings.home)
    asking = client(settings, Role.ADMIN)
    gone, busy = add(1), add(2, claimed_by="somebody", title="A busy one")
    asked = post(asking, "/items/forget", {"item": [gone, busy]})
    assert "Forget 1 item?" in asked.text and "/x/1" in asked.text and "A busy one" in asked.text
    with session() as s:
        assert items.find(s, gone)
    done = post(asking, "/items/forget", {"item": [gone, busy], "sure": "1"})
    assert "1 item was forgotten." in done.text and "A busy one" in done.text
    with session() as s:
        assert s.get(Item, gone) is None and s.get(Item, busy) is not None
    assert noted() == [("item.forget", gone)]
    post(asking, "/items/forget", {"item": [gone, busy], "sure": "1"})  # sent once more
    assert len(noted()) == 1


def noted() -> list[tuple[str, str | None]]:
    with session() as s:
        return [(one.action, one.target) for one in audit.latest(s, 10)]


def test_without_targets_and_without_speech_it_is_said_so(asking: TestClient) -> None:
    item_id = add(1)
    assert "There are no targets yet" in post(asking, "/items/publish", {"item": item_id}).text
    told = asking.get(f"/items/export?item={item_id}&format=vtt")
    assert "nothing was said in it" in told.text
    assert asking.get(f"/items/export?item={item_id}&format=exe").status_code == 404
    there = post(asking, "/items/review", {"item": [item_id]})
    assert there.headers["location"] == f"/review?item={item_id}"


def spoken(item_id: str, text: str) -> None:
    row = ledger.start(item_id, "transcribe_audio", ledger.Inputs(item_id, {"version": 1}), None)
    said = Transcript(
        language="en", engine="x", segments=(Segment(start_seconds=1, end_seconds=2, text=text),)
    )
    with session() as s:
        ledger.finish(s, row, said, 1.0)


def test_what_was_said_is_taken_away_as_a_file_or_several_in_a_zip(asking: TestClient) -> None:
    first, second = add(1, title="A/B"), add(2, title="a:b")
    for item_id in (first, second):
        spoken(item_id, "Good evening.")
    one = asking.get(f"/items/export?item={first}&format=srt")
    assert "Good evening." in one.text and "attachment" in one.headers["content-disposition"]
    silent = add(3, title="silent")
    several = post(asking, "/items/export", {"item": [first, second, silent], "format": "txt"})
    with zipfile.ZipFile(io.BytesIO(several.content)) as archive:
        assert len(archive.namelist()) == 3
        assert b"silent" in archive.read("_without speech.txt")


def test_views_are_saved_shown_changed_and_removed_by_whoever_may(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mark(settings.home)
    monkeypatch.setattr(library, "_known", None)
    looking, editing = client(settings, Role.VIEWER), client(settings, Role.EDITOR)
    fields: dict[str, Any] = {"name": "Mine <b>", "kind": "audio", "sort": "-size"}
    saved = post(looking, "/views", fields | {"on_start": "1"})
    assert saved.headers["location"] == "/library?kind=audio&sort=-size"
    assert post(looking, "/views", fields | {"for_all": "1"}).status_code == 403
    assert post(editing, "/views", fields | {"name": "Ours", "for_all": "1"}).status_code == 303
    assert "Mine &lt;b&gt;" in looking.get("/library").text
    assert "Mine" not in editing.get("/library").text and "Ours" in editing.get("/views").text
    with session() as s:
        viewer_id = users.find(s, "viewer").id
        views = {view.name: view for view in saved_views.seen_by(s, None)}
        mine = saved_views.seen_by(s, viewer_id)
        assert [view.name for view in saved_views.on_start(s, viewer_id)] == ["Mine <b>"]
    number = next(view.id for view in mine if view.name != "Ours")
    assert post(looking, f"/views/{views['Ours'].id}/remove").status_code == 403
    assert post(editing, f"/views/{number}/remove").status_code == 404
    assert post(looking, f"/views/{number}", {"name": "Other"}).status_code == 303
    assert "Other" in looking.get("/views").text
    assert post(looking, f"/views/{number}/remove").status_code == 303
    assert "Other" not in looking.get("/views").text
    assert post(looking, "/views", fields | {"name": " "}).status_code == 404
