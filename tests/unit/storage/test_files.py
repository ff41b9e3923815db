import hashlib
import os
from pathlib import Path

import pytest

from utils.errors import PermanentError
from utils.processes import deadline
from utils.storage import files


def test_a_checksum_is_that_of_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_CHUNK_BYTES", 1000)
    path = tmp_path / "x"
    path.write_bytes(os.urandom(12_345))
    assert files.sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_of_a_large_file_it_is_told_how_much_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_CHUNK_BYTES", 1000)
    monkeypatch.setattr(files, "_TOLD_BYTES", 3000)
    told: list[float] = []
    for size in (3000, 4000):
        (tmp_path / "x").write_bytes(bytes(size))
        files.sha256(tmp_path / "x", told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_a_file_that_is_never_read_to_its_end_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with deadline.within(deadline.Limit(0.1, is_final=True)), pytest.raises(PermanentError):
        files.sha256(path)


def test_another_content_is_seen_and_a_file_that_is_gone_is_not_another(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("one")
    before = files.stat(path)
    assert not files.is_changed(before)
    path.write_text("two more")
    assert files.is_changed(before)
    path.unlink()
    assert not files.is_changed(before)


def test_a_folder_in_the_place_of_a_file_is_one_that_may_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"The folder .* Change its permissions"):
        files.stat(tmp_path)
