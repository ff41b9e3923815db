"""Names for what was fetched: whatever a stranger titled it, on whatever file system it lies."""

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest

from utils.storage.names import MAX_BYTES, of_fetched

TITLES = [
    "../../etc/passwd", "a/b\\c", "C:\\Windows", "-rf ~", ".hidden", "~root", "CON", "con.txt",
    "nul .x", "COM1.mp3", "lpt¹", "what? *now* <b>|\"x\"", "line\nbreak\ttab\x00\x1b[2J",
    "right\u202eto left", "dots...", "  spaces  ", "", "...", "-", "ü" * 300, "夜" * 300,
    "👨‍👩‍👧‍👦" * 60, "e\u0301" * 300, "\ud800", "x" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("known_as", ["dQw4w9WgXcQ", "https://x/../y?z", "ü" * 99, "-a", ""])
def test_a_name_is_one_plain_file_on_every_system(title: str, known_as: str) -> None:
    name = of_fetched(title, known_as, ".MP4")
    assert len(name.encode()) <= MAX_BYTES
    assert PurePosixPath(name).name == PureWindowsPath(name).name == name
    assert not PureWindowsPath(name).is_reserved()
    assert name[0] not in ".-~ " and name.endswith("].mp4")
    assert name.isprintable() or "\u200d" in name
    assert not set(name) & set('<>:"/\\|?*')
    assert name == unicodedata.normalize("NFC", name)


def test_the_name_tells_title_and_id() -> None:
    assert of_fetched("Episode one", "dQw4w9WgXcQ", ".mp3") == "Episode one [dQw4w9WgXcQ].mp3"


def test_long_ids_are_told_apart_by_a_short_hash() -> None:
    names = {of_fetched("x", f"https://feed/{n}/{'y' * 200}", ".mp3") for n in range(9)}
    assert len(names) == 9


def test_a_cut_leaves_no_half_of_a_family() -> None:
    name = of_fetched("👨‍👩‍👧‍👦" * 60, "id", ".mp4").removesuffix(" [id].mp4")
    assert set(name.split("👨‍👩‍👧‍👦")) == {""}


def test_a_suffix_that_is_none_is_left_out() -> None:
    assert of_fetched("x", "id", ".mp4?token=1") == "x [id]"
