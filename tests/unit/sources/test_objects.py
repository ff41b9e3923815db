"""What a folder or a bucket holds, as pages of objects; no key is ever a path."""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from utils.config import Settings
from utils.models.found_object import FoundObject
from utils.models.item import Entry
from utils.models.source import SourceDefinition, SourceKind
from utils.sources import objects
from utils.sources.objects import Page, Unfit


def listed(
    url: str | Path, settings: Settings, kind: SourceKind = SourceKind.FOLDER, **facts: str
) -> tuple[list[Page], Unfit]:
    unfit = Unfit([], [], Counter())
    wanted = SourceDefinition(name="x", kind=kind, url=str(url), **facts)
    return list(objects.pages(wanted, settings, None, unfit)), unfit


def test_a_folders_media_are_its_objects_with_names_relative_to_it(
    tmp_path: Path, settings: Settings
) -> None:
    folder = tmp_path / "camera"
    (folder / "2026").mkdir(parents=True)
    for name in ("a.mp4", "2026/b\nc.jpg", "2026/d\\e.wav", "notes.txt", ".hidden.mp4"):
        (folder / name).write_bytes(b"x")
    os.utime(folder / "a.mp4", (4e9, 4e9))  # far ahead
    (page,), unfit = listed(folder, settings)
    assert {one.key for one in page.objects} == {"a.mp4", "2026/b\nc.jpg", "2026/d\\e.wav"}
    assert unfit.left_out == {".txt": 1}
    for one in page.objects:
        assert objects.path_of(str(folder), one.key).read_bytes() == b"x"
    (page,), _ = listed(folder, settings, pattern="2026/*.JPG")
    assert [one.key for one in page.objects] == ["2026/b\nc.jpg"]


def test_a_source_may_be_one_file(tmp_path: Path, settings: Settings) -> None:
    file = tmp_path / "film.mp4"
    file.write_bytes(b"x")
    (page,), _ = listed(file, settings)
    assert [one.key for one in page.objects] == ["film.mp4"]
    assert objects.path_of(str(file), "film.mp4") == file


def test_what_can_not_be_listed_is_complained_of_and_the_listing_is_not_whole(
    tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.mp4")).write_bytes(b"x")
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    (tmp_path / "nowhere.mp4").symlink_to("gone")
    (page,), unfit = listed(tmp_path, settings)
    assert [one.key for one in page.objects] == ["a.mp4"]
    assert len(unfit.names) == 1
    assert [path.name for path in unfit.unreadable] == ["loop.mp4"]


def test_an_objects_etag_follows_its_file_and_changes_with_its_content(
    tmp_path: Path, settings: Settings
) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(b"x")
    before = listed(tmp_path, settings)[0][0].objects[0]
    file.rename(tmp_path / "b.mp4")
    moved = listed(tmp_path, settings)[0][0].objects[0]
    assert (moved.key, moved.etag) == ("b.mp4", before.etag)
    (tmp_path / "b.mp4").write_bytes(b"y")
    assert listed(tmp_path, settings)[0][0].objects[0].etag != before.etag


def test_of_a_bucket_media_are_taken_and_the_cursor_is_past_what_was_left_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from utils.sources import buckets

    def list_pages(*_: object) -> Iterator[list[FoundObject]]:
        yield [FoundObject(key=key) for key in ("../a.mp4", ".trash/b.mp4", "c.txt", "z/")]

    monkeypatch.setattr(buckets, "list_pages", list_pages)
    (page,), unfit = listed("s3://films", settings, SourceKind.BUCKET)
    assert [one.key for one in page.objects] == ["../a.mp4"]
    assert page.last == "z/"
    assert unfit.left_out == {".txt": 1}


def test_an_object_of_another_content_is_another_entry() -> None:
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    facts = [
        FoundObject(key="a.mp4", size_bytes=1, etag="1"),
        FoundObject(key="a.mp4", size_bytes=1, etag="2"),
        FoundObject(key="a.mp4", size_bytes=2, etag="1"),
        FoundObject(key="b.mp4", size_bytes=1, etag="1"),
        FoundObject(key="a.mp4", size_bytes=1, modified_at=moment),
    ]
    entries = [objects.entry_of("source", "s3://user:word@bucket/in", one) for one in facts]
    assert len({entry.item_id for entry in entries}) == len(facts)
    assert all("word" not in entry.url for entry in entries)
    assert [objects.key_of_entry(entry) for entry in entries[:1]] == ["a.mp4"]
    sent = Entry.model_validate_json(entries[4].model_dump_json())  # as a worker gets it
    assert (sent.item_id, sent.found) == (entries[4].item_id, facts[4])


def test_entries_of_sites_are_known_by_guid_or_id_and_else_by_their_key() -> None:
    def key(**facts: object) -> str:
        return objects.key_of_entry(Entry(**{"url": "https://x/1", "site": "Youtube",
                                             "site_id": "abc", **facts}))  # fmt: skip

    assert key() == "Youtube:abc"
    assert key(number=2) == "Youtube:abc#2"
    assert key(feed="x/feed", site_id="guid-1") == "guid-1"
    assert len(key(site="Generic")) == 64
