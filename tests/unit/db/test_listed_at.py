"""Downloads know the address that listed them: what it expects to hear is expected of them."""

from pathlib import Path

import pytest

from utils.db import downloads, items, sources, vocabularies
from utils.db.items import Seen
from utils.db.session import session
from utils.models.item import Entry, FileStat, MediaKind

ITEM = "e" * 64
CHANNEL = "https://example.org/channel"


@pytest.mark.usefixtures("database")
def test_an_address_expects_words_of_what_it_listed_also_of_what_was_fetched_before(
    tmp_path: Path,
) -> None:
    entry = Entry(url="https://example.org/1", site="test", site_id="1")
    stat = FileStat(path=tmp_path / "original.mp4", size_bytes=1, modified_ns=1, inode=1)
    with session() as s:
        items.register(s, Seen(stat, ITEM, True), MediaKind.VIDEO)
        downloads.mark(s, entry, ITEM)
        sources.add(s, CHANNEL, "Nguyen")
        assert vocabularies.of_item(s, ITEM, stat.path) is None
        vocabularies.note_source(s, {entry.item_id: CHANNEL})
        assert vocabularies.of_item(s, ITEM, stat.path) == "Nguyen"
        vocabularies.note_source(s, {entry.item_id: "https://example.org/other"})
        assert vocabularies.of_item(s, ITEM, stat.path) == "Nguyen"


def test_a_new_download_is_noted_with_its_source(tmp_path: Path) -> None:
    entry = Entry(url="https://example.org/1", site="test", site_id="1", source=CHANNEL)
    stat = FileStat(path=tmp_path / "original.mp4", size_bytes=1, modified_ns=1, inode=1)
    with session() as s:
        items.register(s, Seen(stat, ITEM, True), MediaKind.VIDEO)
        downloads.mark(s, entry, ITEM)
        sources.add(s, CHANNEL, "Nguyen")
        assert vocabularies.of_item(s, ITEM, stat.path) == "Nguyen"


def test_where_an_entry_was_listed_is_no_part_of_its_key() -> None:
    entry = Entry(url="https://example.org/1", site="test", site_id="1")
    listed = entry.model_copy(update={"source": CHANNEL})
    assert listed.item_id == entry.item_id
    assert "source" in Entry.not_in_key
