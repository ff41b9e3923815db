"""Duplicates a group at a time: what differs is said, decisions hold, and can be undone."""

import re
from pathlib import Path
from typing import Any

from sqlalchemy import event

from nightshift.pages import near_duplicates
from nightshift.pages.viewer import COOKIE
from tests.hostile import NAMES
from tests.pages import client, cookie_of, post
from utils.config import Settings
from utils.db import duplicates, items, works
from utils.db.items import Seen
from utils.db.schema import Item
from utils.db.session import session
from utils.models.fingerprint import NearDuplicate, NearDuplicates
from utils.models.item import FileStat, MediaKind
from utils.models.page_settings import Role

PART = {"HX-Request": "true"}


def add(number: int, size: int = 1000, paths: tuple[str, ...] = (), **facts: Any) -> str:
    item_id = f"{number:064x}"
    with session() as s:
        for path in paths or (f"/x/{number}.mp4",):
            stat = FileStat(path=Path(path), size_bytes=size, modified_ns=1, inode=1)
            items.register(s, Seen(stat, item_id, True), MediaKind.VIDEO)
        row = s.get_one(Item, item_id)
        for name, value in facts.items():
            setattr(row, name, value)
    return item_id


def alike(one: str, *others: str) -> None:
    found = tuple(NearDuplicate(item_id=other, score=0.9, evidence="frames") for other in others)
    with session() as s:
        duplicates.link(s, NearDuplicates(item_id=one, matches=found))


def pair(number: int, size: int = 1000) -> tuple[str, str]:
    one, other = add(number, size), add(number + 1, size * 2)
    alike(one, other)
    return one, other


def groups() -> list[set[str]]:
    with session() as s:
        return [set(one.item_ids) for one in duplicates.outlines(s) if one.is_open]


def decide(asking: Any, ids: tuple[str, ...], action: str, chosen: str = "") -> Any:
    fields = {"item": list(ids), "chosen": chosen or ids[0], "action": action, "at": ""}
    return post(asking, "/duplicates/group", fields)


def test_what_differs_is_marked_in_words_and_what_agrees_is_out_of_the_way(
    settings: Settings,
) -> None:
    one = add(1, 4_000_000, width=3840, height=2160, duration_seconds=10.2, camera_model="X100",
              verdict="accept", score=0.8)  # fmt: skip
    other = add(2, 1_000_000, width=1280, height=720, duration_seconds=10.1, verdict="revise",
                score=0.6)  # fmt: skip
    alike(one, other)
    text = client(settings, Role.VIEWER).get("/duplicates").text
    differs, agrees = text.split("What is the same of all", 1)
    assert re.search(r"3840 × 2160\s*<small.*?</svg>largest", differs)
    assert re.search(r"X100</bdi>\s*<small.*?</svg>known", differs)
    assert "best" in differs
    assert "0:10" in agrees  # a tenth of a second is no difference
    assert 'name="action"' not in text  # a viewer decides nothing
    assert "1 of 1" in text


def test_each_decision_takes_the_group_away_and_undoing_brings_it_back(settings: Settings) -> None:
    editor, ids = client(settings, Role.EDITOR), pair(1)
    later = pair(11, size=10)
    for action in ("same", "different", "apart", "stack"):
        answer = decide(editor, ids, action)
        assert answer.status_code == 303
        assert groups() == [set(later)], action
        shown = editor.get(answer.headers["location"], headers=PART).text
        assert later[0] in shown
        undone = re.findall(r'name="item" value="([0-9a-f]+)"', shown.split("</form>")[0])
        assert set(undone) == set(ids)
        back = post(editor, "/duplicates/undo", {"item": undone, "action": action})
        assert back.status_code == 303
        assert groups() == [set(ids), set(later)], action


def test_undoing_brings_back_what_was_said_before(settings: Settings) -> None:
    one, second, third = add(1), add(2), add(3)
    editor = client(settings, Role.EDITOR)
    alike(one, second)
    decide(editor, (one, second), "same")
    alike(third, one, second)
    assert groups() == [{one, second, third}]
    with session() as s:
        works.decide(s, one, third, "different")
    for action in ("apart", "same", "different", "stack"):
        answer = decide(editor, (one, second, third), action)
        shown = editor.get(answer.headers["location"], headers=PART).text.split("</form>")[0]
        told = {"item": re.findall(r'name="item" value="([0-9a-f]+)"', shown), "action": action,
                "was": re.findall(r'name="was" value="([sd-]*)"', shown)}  # fmt: skip
        assert post(editor, "/duplicates/undo", told).status_code == 303
        assert groups() == [{one, second, third}], action
        with session() as s:
            assert [pair.decision for pair in duplicates.decided(s, 9)] == ["same"], action
            assert [link.decision for link in works.all_links(s)] == ["different"], action


def test_one_is_told_apart_from_a_group_and_a_kept_group_comes_back_with_another_copy(
    settings: Settings,
) -> None:
    one, second, third = add(1), add(2), add(3)
    alike(one, second, third)
    alike(second, third)
    asking = client(settings, Role.EDITOR)
    decide(asking, (one, second, third), "different", chosen=one)
    assert groups() == [{second, third}]
    decide(asking, (second, third), "same")
    assert groups() == []
    fourth = add(4)
    alike(fourth, second)
    assert groups() == [{second, third, fourth}]


def test_groups_are_walked_by_addresses_that_outlive_what_they_name(settings: Settings) -> None:
    many = [pair(number * 10, size=1000 - number) for number in range(1, 6)]
    asking = client(settings)
    text = asking.get("/duplicates", headers=PART).text
    seen = []
    while True:
        seen.append(re.findall(r'name="chosen" value="([0-9a-f]+)"', text))
        found = re.search(r'data-next="([^"]+)"', text)
        if not found:
            break
        address, text = found[1], asking.get(found[1], headers=PART).text
    assert [set(one) for one in seen] == [set(one) for one in many]
    assert "5 of 5" in text
    decide(asking, many[-1], "apart")
    assert "4 of 4" in asking.get(address, headers=PART).text
    for nonsense in ("x", "9" * 60, "-1-", "٣-a"):
        assert asking.get("/duplicates", params={"at": nonsense}).status_code == 200
    one = asking.get("/duplicates", params={"item": many[2][0]}, headers=PART)
    assert "3 of 4" in one.text
    assert one.headers["hx-push-url"].startswith("/duplicates?at=")


def test_only_who_may_decides_and_only_on_what_is_there(settings: Settings) -> None:
    ids = pair(1)
    editor = client(settings, Role.VIEWER)
    assert decide(editor, ids, "same").status_code == 403
    editor.cookies.set(COOKIE, cookie_of(Role.EDITOR))
    assert decide(editor, ids, "delete").status_code == 422
    assert decide(editor, ids, "same", chosen=add(9)).status_code == 404
    assert decide(editor, (ids[0],), "same").status_code == 422
    fields = {"one": ids[0], "other": ids[1], "decision": "different"}
    answer = post(editor, "/duplicates/decide", fields | {"next": "https://example.org/"})
    assert answer.headers["location"] == "/duplicates"
    assert groups() == []
    assert "Forget" not in re.sub("Forget: Night", "", editor.get("/duplicates").text)


def test_names_of_strangers_are_text_and_large_groups_are_cut(settings: Settings) -> None:
    said = [name.replace("\0", "") for name in NAMES]
    one, *others = (add(number, title=name) for number, name in enumerate(said, start=1))
    alike(one, *others)
    text = client(settings).get("/duplicates").text
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert text.count('name="chosen"') == near_duplicates.MOST_COPIES
    assert f"{len(said) - near_duplicates.MOST_COPIES} more" in text


def test_equal_files_and_decisions_are_listed(settings: Settings) -> None:
    asking, places = client(settings), (settings.home / "a.mp4", settings.home / "b.mp4")
    for place in places:
        place.write_bytes(b"x")
    add(1, paths=tuple(map(str, places)))
    ids = pair(5)
    decide(asking, ids, "apart")
    exact = asking.get("/duplicates/exact").text
    assert all(str(place) in exact for place in places)
    decided = asking.get("/duplicates/decided").text
    assert "not alike" in decided
    fields = {"item": list(ids), "action": "different", "next": "/duplicates/decided"}
    assert post(asking, "/duplicates/undo", fields).headers["location"] == "/duplicates/decided"
    assert groups() == [set(ids)]


def test_more_groups_are_no_more_statements(settings: Settings) -> None:
    def statements() -> int:
        with session() as s:
            asked: list[str] = []
            engine = s.get_bind()
            event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
            asking.get("/duplicates", headers=PART)
            return len(asked)

    asking = client(settings)
    pair(1)
    asking.get("/duplicates", headers=PART)
    few = statements()
    for number in range(10, 30, 2):
        pair(number)
    assert statements() <= few + 2  # one of them reads the groups again
