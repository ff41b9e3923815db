"""`nightshift path` and `nightshift open`: what leads to an item's files."""

import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nightshift.__main__ import app
from utils.db import items, ledger
from utils.db.items import Seen
from utils.db.session import session
from utils.errors import PermanentError, RetryableError
from utils.models.item import FileStat, MediaKind
from utils.models.rendition import Compression, Rendition, Thumbnail, Thumbnails

ITEM = "c" * 64
runner = CliRunner()


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "ភ្លៀង and a blank.mp4"
    path.write_bytes(b"film")
    stat = FileStat(path=path, size_bytes=4, modified_ns=1, inode=1)
    with session() as s:
        items.register(s, Seen(stat, ITEM, True), MediaKind.VIDEO)
    return path


def finished(step: str, result: Any) -> None:
    row = ledger.start(ITEM, step, ledger.Inputs("key", {"version": 1}), None)
    with session() as s:
        ledger.finish(s, row, result, 1.0)


def fails(*arguments: str) -> str:
    found = runner.invoke(app, arguments)
    assert isinstance(found.exception, (PermanentError, RetryableError)), found.output
    assert found.stdout == ""
    return str(found.exception)


def test_path_prints_one_path_byte_for_byte(original: Path) -> None:
    for charset in ("utf-8", "ascii"):
        found = CliRunner(charset=charset).invoke(app, ["path", ITEM[:8]])
        assert found.stdout_bytes == os.fsencode(original) + b"\n"


def test_path_leads_to_the_rendition_and_to_the_picture_in_the_middle(
    original: Path, tmp_path: Path
) -> None:
    made = [tmp_path / name for name in ("small.mp4", "1.jpg", "2.jpg", "3.jpg")]
    for path in made:
        path.write_bytes(b"made")
    finished("compress_video", Compression(
        source_bytes=2, encoded_bytes=1, reason="saves",
        rendition=Rendition(path=made[0], kind="video", codec="h264", size_bytes=4),
    ))  # fmt: skip
    stills = tuple(Thumbnail(path=path, width=1, height=1) for path in made[1:])
    finished("generate_thumbnails", Thumbnails(images=stills))
    assert runner.invoke(app, ["path", ITEM, "--rendition"]).stdout == f"{made[0]}\n"
    assert runner.invoke(app, ["path", ITEM, "--thumbnail"]).stdout == f"{made[2]}\n"
    made[0].unlink()
    assert f"{made[0]} is gone" in fails("path", ITEM, "--rendition")


def test_what_was_not_made_is_said_with_the_reason(original: Path) -> None:
    assert "no thumbnail" in fails("path", ITEM, "--thumbnail")
    finished("compress_video", Compression(source_bytes=2, encoded_bytes=2, reason="it is small"))
    assert fails("path", ITEM, "--rendition").endswith("it is small.")


def test_a_file_that_vanished_is_said(original: Path) -> None:
    original.unlink()
    assert "vanished" in fails("path", ITEM)


def test_open_gives_the_file_to_the_program_of_the_desktop(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", str(opener.parent), prepend=":")
    assert runner.invoke(app, ["open", ITEM]).stdout == f"Opened {original}\n"
    assert (tmp_path / "opened").read_text() == str(original)
    opener.write_text("#!/bin/sh\necho no display >&2\nexit 4\n")
    assert "no display. Is there a desktop?" in fails("open", ITEM)


def test_open_says_where_the_file_is_if_nothing_can_open_it(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert fails("open", ITEM).endswith(f"It is {original}")
