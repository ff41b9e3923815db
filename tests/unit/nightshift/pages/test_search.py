"""The search over everything: to the second, by name before anything was heard, in any writing."""

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient

from nightshift.pages import library
from tests.pages import client
from tests.unit.nightshift.test_api_items import add
from utils.config import Settings
from utils.db import fulltext
from utils.db.session import session
from utils.models.embedding import Passage
from utils.models.page_settings import Role


@pytest.fixture
def asking(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setattr(library, "_known", None)
    return client(settings, Role.VIEWER)


def said(item_id: str, *lines: str) -> None:
    """Have an item say these lines, one every ten seconds."""
    with session() as s:
        fulltext.replace(s, item_id, [
            Passage(passage_id=f"{item_id}:{n}", kind="speech", text=line, start_seconds=10.0 * n)
            for n, line in enumerate(lines)
        ])  # fmt: skip


def shown(asking: TestClient, query: str) -> str:
    answer = asking.get(f"/search?words=1&{query}")
    assert answer.status_code == 200
    return unescape(answer.text)


def test_each_place_of_an_item_where_it_is_said_plays_from_there(asking: TestClient) -> None:
    film = add(1, title="At the sea")
    said(film, "The lighthouse stands.", "It rains.", "A lighthouse <b>again</b>.")
    text = shown(asking, "q=LIGHTHOUSE")
    assert re.findall(rf"/items/{film}\?t=([\d.]+)", text) == ["0.0", "20.0"]
    assert text.count("<mark>lighthouse</mark>") == 2
    assert text.count('class="answer card"') == 1
    assert "&lt;b&gt;again" in asking.get("/search?words=1&q=lighthouse").text


def test_what_nobody_has_listened_to_yet_is_found_by_its_title_and_its_files_name(
    asking: TestClient,
) -> None:
    add(1, title="Ein Abend_50% am Meer", status="pending")
    add(2, title="x", kind="audio")
    assert "Ein <mark>Abend" in shown(asking, "q=abend_50%25")
    assert "/items/0002" in shown(asking, "q=%2Fx%2F2")  # where it lies
    assert "/items/0002" not in shown(asking, "q=%2Fx%2F2&kind=video")


def test_scripts_without_spaces_and_from_right_to_left_are_marked(asking: TestClient) -> None:
    for number, line in enumerate(("今日は東京タワーに行きました。", "مساء الخير يا فيروز")):
        said(add(number + 1), line)
    assert "<mark>東京タワー</mark>" in shown(asking, "q=東京タワー")
    assert '<span dir="auto">مساء الخير يا <mark>فيروز</mark>' in shown(asking, "q=فيروز")


def test_filters_hold_and_what_answers_nothing_is_told_with_what_to_do(asking: TestClient) -> None:
    said(add(1, kind="audio", language="de"), "needle")
    assert "/items/0001" in shown(asking, "q=needle&kind=audio&language=de")
    told = shown(asking, "q=needle&kind=video")
    assert "Nothing answers this." in told and "Look without the filters" in told
    assert "a click plays from there" in shown(asking, "")
    assert asking.get("/search?words=1&q=needle&kind=cube").status_code == 422


def test_more_answers_than_a_page_has_lead_on(
    asking: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nightshift.pages import search

    monkeypatch.setattr(search, "ROWS", 3)
    for number in range(7):
        said(add(number), f"needle {number}")
    found: list[str] = []
    place = "/search?words=1&q=needle"
    while place:
        text = asking.get(place, headers={"HX-Request": "true"}).text
        found += re.findall(r'data-item="(\w+)"', text)
        more = re.search(r'hx-get="([^"]+)"', text)
        place = unescape(more[1]) if more else ""
    assert len(found) == len(set(found)) == 7
