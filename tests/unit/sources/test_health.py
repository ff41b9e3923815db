"""What makes a source a fault of the night."""

import os
from pathlib import Path

import pytest

from utils.errors import PermanentError, RetryableError
from utils.sources import health


def test_a_folder_and_a_file_that_are_there_are_well(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    health.check_place(str(tmp_path))
    health.check_place(str(tmp_path / "a.mp4"))


def test_what_is_gone_may_come_back(tmp_path: Path) -> None:
    with pytest.raises(RetryableError, match=r"is not there.*nightshift source remove"):
        health.check_place(str(tmp_path / "gone"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0)
    try:
        with pytest.raises(PermanentError, match="may not be read"):
            health.check_place(str(tmp_path))
    finally:
        tmp_path.chmod(0o700)


def test_only_what_held_something_may_not_be_empty() -> None:
    health.check_found("/x", 0, None)
    health.check_found("/x", 0, 0)
    health.check_found("/x", 3, 9)
    with pytest.raises(RetryableError, match="is empty; 9 were there before"):
        health.check_found("/x", 0, 9)
