"""Works as they are kept: in any order, split, joined and forgotten, on SQLite and Postgres."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nightshift.__main__ import app
from utils.config import load_settings
from utils.db import duplicates, items
from utils.db.items import Seen
from utils.db.session import session
from utils.errors import UsageError
from utils.housekeeping import forgetting
from utils.models.fingerprint import NearDuplicate, NearDuplicates
from utils.models.item import FileStat, MediaKind
from utils.models.work import WorkClues, WorkKind
from utils.works import clues, grouping

NOON = datetime(2024, 5, 4, 12, 0, 0)


def add(path: str, **facts: Any) -> WorkClues:
    """A file in the library, with what it says of itself."""
    kind = MediaKind.VIDEO if path.endswith((".MOV", ".MP4")) else MediaKind.IMAGE
    item_id = path.encode().hex().rjust(64, "0")
    stat = FileStat(path=Path(path), size_bytes=100, modified_ns=1, inode=1)
    with session() as s:
        items.register(s, Seen(stat, item_id, True), kind)
    return WorkClues(item_id=item_id, kind=kind, places=(clues.place(Path(path), kind),), **facts)


def store(files: Sequence[WorkClues]) -> None:
    for file in files:
        with session() as s:
            grouping.store(s, file)


def burst(count: int) -> list[WorkClues]:
    return [
        add(f"/x/IMG_{n:04}.JPG", camera="canon", captured_at=NOON + timedelta(seconds=n))
        for n in range(count)
    ]


def live_photo() -> list[WorkClues]:
    return [
        add("/x/IMG_1.HEIC", content_id="c"),
        add("/x/IMG_1.MOV", content_id="c", is_motion=True),
    ]


def works() -> list[set[str]]:
    with session() as s:
        return [set(work.item_ids) for work in grouping.all_works(s)]


def ids(files: Sequence[WorkClues]) -> set[str]:
    return {file.item_id for file in files}


def test_whichever_file_comes_first_the_work_is_the_same(database: str) -> None:
    shots = burst(3)
    told = set()
    for order in itertools.permutations(shots):
        store(order)
        with session() as s:
            (work,) = grouping.all_works(s)
        told.add((work.item_ids, tuple(member.role for member in work.members), work.words))
    (one,) = told
    assert one[0] == tuple(shot.item_id for shot in shots)
    assert one[1:] == (("shot 1", "shot 2", "shot 3"), "burst, 3 files")


def test_a_live_photo_is_told_picture_first(database: str) -> None:
    store(live_photo()[::-1])
    with session() as s:
        (work,) = grouping.all_works(s)
    assert work.kinds == (WorkKind.LIVE_PHOTO,)
    assert [(m.title, m.role) for m in work.members] == [("IMG_1", "still"), ("IMG_1", "motion")]


def test_what_is_no_part_any_more_is_let_go(database: str) -> None:
    still, motion = live_photo()
    store([still, motion])
    store([motion.model_copy(update={"content_id": "other"})])
    assert works() == []


def test_a_split_item_stays_by_itself_and_the_others_stay_together(database: str) -> None:
    shots = burst(3)
    store(shots)
    with session() as s:
        grouping.split(s, shots[1].item_id)
    store(shots)  # a later run
    assert works() == [ids([shots[0], shots[2]])]
    with session() as s:
        assert grouping.of_item(s, shots[1].item_id) is None


def test_what_was_split_can_be_joined_again(database: str) -> None:
    shots = burst(3)
    store(shots)
    with session() as s:
        grouping.split(s, shots[0].item_id)
    with session() as s:
        grouping.join(s, shots[0].item_id, shots[2].item_id)
    store(shots)
    assert works() == [ids(shots)]


def test_a_person_joins_what_nothing_else_connects(database: str) -> None:
    photo, other = live_photo(), add("/y/scan.tif")
    store([*photo, other])
    with session() as s:
        grouping.join(s, other.item_id, photo[0].item_id)
    store([*photo, other])
    assert works() == [ids([*photo, other])]
    with session() as s, pytest.raises(UsageError):
        grouping.join(s, other.item_id, other.item_id)


def test_look_alikes_inside_a_work_are_no_duplicates_until_it_is_split(database: str) -> None:
    shots = burst(2)
    one, other = (shot.item_id for shot in shots)
    match = NearDuplicate(item_id=other, score=0.9, evidence="alike")
    with session() as s:
        duplicates.link(s, NearDuplicates(item_id=one, matches=(match,)))
        assert len(duplicates.groups(s)) == 1
    store(shots)
    with session() as s:
        assert duplicates.groups(s) == []
        assert duplicates.group_of(s, one) is None
        grouping.split(s, one)
    with session() as s:
        assert len(duplicates.groups(s)) == 1


def test_a_forgotten_item_leaves_its_work(database: str) -> None:
    shots = burst(2)
    store(shots)
    found = forgetting.preview([shots[0].item_id], load_settings())
    assert forgetting.forget(found, load_settings()).item_ids == (shots[0].item_id,)
    assert works() == []


def test_the_commands_list_split_and_join() -> None:
    store(live_photo()[::-1])
    run = CliRunner().invoke
    listed = run(app, ["works"], env={"COLUMNS": "200"}).output
    assert "Live Photo, 2 files" in listed
    assert "motion" in listed
    assert "motion of: Live Photo, 2 files" in run(app, ["show", "/x/IMG_1.MOV"]).output
    assert "2 of these are parts of works" in run(app, ["items"]).output
    assert run(app, ["works", "split", "/x/IMG_1.MOV"]).exit_code == 0
    assert "No works" in run(app, ["works"]).output
    assert run(app, ["works", "join", "/x/IMG_1.MOV", "/x/IMG_1.HEIC"]).exit_code == 0
    assert '"role": "motion"' in run(app, ["works", "--json"]).output
