"""What a look would find and what a refresh would come to: nothing is written."""

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from utils.config import Settings
from utils.db import source_files, source_pages, sources
from utils.db.schema import Item
from utils.db.session import session
from utils.db.source_files import Content
from utils.db.source_tables import Source, SourceFile
from utils.errors import RetryableError, SettingsError
from utils.models.found_object import FoundObject
from utils.models.options import PipelineOptions
from utils.models.source import (
    FileStatus,
    Refresh,
    SourceDefinition,
    SourceKind,
)
from utils.scheduling import source_preview
from utils.sources import objects
from utils.sources.objects import Unfit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "camera"
    folder.mkdir()
    for name in ("a.mp4", "b.jpg"):
        (folder / name).write_bytes(b"x" * 1000)
    return folder


def defined(folder: Path, **facts: object) -> str:
    with session() as s:
        wanted = SourceDefinition(name="c", kind=SourceKind.FOLDER, url=str(folder), **facts)
        return sources.define(s, wanted).id


def known(source: str) -> None:
    """What is there was read and is done, but for another object, which is gone by now."""
    with session() as s:
        place = source_pages.resume(s, source)
        definition = sources.definition(sources.find(s, source))
        unfit = Unfit([], [], Counter())
        for page in objects.pages(definition, None, None, unfit):
            source_pages.compare(s, source, place, page.objects)
        source_pages.compare(s, source, place, [FoundObject(key="gone.mp4", size_bytes=5)])
        s.add(Item(id="item", kind="video", title="a", size_bytes=1000, status="done",
                   duration_seconds=60.0))  # fmt: skip
        done = [Content(key, "item", FileStatus.SUCCESS) for key in ("a.mp4", "b.jpg", "gone.mp4")]
        source_files.read(s, source, done, 3)


def test_a_look_says_what_is_new_changed_and_gone_and_writes_nothing(
    folder: Path, settings: Settings
) -> None:
    source = defined(folder)
    found = source_preview.look(source, settings)
    assert (found.listed, found.new, found.vanished) == (2, 2, 0)
    assert set(found.keys) == {"a.mp4", "b.jpg"}
    with session() as s:
        assert s.scalar(select(func.count()).select_from(SourceFile)) == 0
    (folder / "notes.txt").touch()
    known(source)
    (folder / "a.mp4").write_bytes(b"y" * 2000)
    (folder / "new.mp4").write_bytes(b"z")
    found = source_preview.look(source, settings)
    assert (found.new, found.changed, found.unchanged, found.vanished) == (1, 1, 1, 1)
    assert found.left_out == {".txt": 1}
    folder.rename(folder.with_name("away"))
    with pytest.raises(RetryableError, match="is not there"):
        source_preview.look(source, settings)


def test_a_refresh_says_how_much_how_long_and_at_what_cost(
    folder: Path, settings: Settings
) -> None:
    source = defined(folder)
    known(source)
    (folder / "a.mp4").write_bytes(b"y" * 2000)
    (folder / "new.mp4").write_bytes(b"z" * 10)

    def coming(wanted: Refresh) -> tuple[int, int]:
        _, told = source_preview.refresh(source, wanted, PipelineOptions(), settings)
        assert (told.minutes > 0, told.cost_usd, told.to_fetch) == (True, 0.0, 0)
        return told.objects, told.size_bytes

    assert coming(Refresh.NEW_ONLY) == (1, 10)
    assert coming(Refresh.CHANGED) == (1, 2000)
    assert coming(Refresh.FULL) == (4, 2015)


def test_an_option_of_a_source_that_there_is_not_is_told_with_its_source(
    folder: Path, settings: Settings
) -> None:
    source = defined(folder)
    with session() as s:  # an older version had it
        s.get_one(Source, source).options = {"pipeline": {"nothing.of_this": 1}}
    with pytest.raises(SettingsError, match=r"The source c has an option .* nothing\.of_this"):
        source_preview.refresh(source, Refresh.FULL, PipelineOptions(), settings)
