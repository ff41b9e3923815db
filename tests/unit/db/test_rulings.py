"""What the rules say of items lies with them: their place in the queue, and what is done again."""

from pathlib import Path

import pytest

from utils.config import load_settings
from utils.db import items, queue
from utils.db.items import Seen
from utils.db.schema import Item
from utils.db.session import session
from utils.models.item import FileStat, ItemStatus, MediaKind
from utils.rules import changes

OLD, NEW = "a" * 64, "b" * 64
LATER = "rules: [{name: later, when: {path: '*/old.mp4'}, then: {priority: low}}]"
SMALL = "rules: [{name: small, when: {kind: video}, then: {options: {compression.crf: 40}}}]"


@pytest.fixture
def library(database: str, tmp_path: Path) -> None:
    with session() as s:
        for number, (name, item_id) in enumerate((("old.mp4", OLD), ("new.mp4", NEW)), start=1):
            stat = FileStat(path=tmp_path / name, size_bytes=number, modified_ns=1, inode=number)
            items.register(s, Seen(stat, item_id, True), MediaKind.VIDEO)


def apply(text: str) -> int:
    settings = load_settings()
    settings.rules_file.write_text(text)
    return changes.apply(settings)


def waiting() -> list[str]:
    with session() as s:
        return queue.unclaimed(s, max_tries=3, limit=10)


@pytest.mark.usefixtures("library")
def test_a_priority_gives_another_place_in_the_queue() -> None:
    assert waiting() == [OLD, NEW]  # the smaller first
    assert apply(LATER) == 0
    assert waiting() == [NEW, OLD]
    assert apply("rules: []") == 0
    assert waiting() == [OLD, NEW]


@pytest.mark.usefixtures("library")
def test_what_is_done_waits_again_where_its_effects_change_and_only_then() -> None:
    with session() as s:
        for row in s.query(Item):
            row.status = ItemStatus.DONE.value
    assert apply(LATER) == 0
    assert apply(SMALL) == 2 and waiting() == [OLD, NEW]
    with session() as s:
        for row in s.query(Item):
            row.status = ItemStatus.DONE.value
    assert apply(SMALL.replace("small", "other")) == 0
    assert apply(SMALL.replace("40", "41")) == 2
