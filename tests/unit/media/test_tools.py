"""Where tools are found, and the folder in which yt-dlp finds them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Override
from utils.errors import SettingsError
from utils.media import tools


@pytest.fixture(autouse=True)
def cache(override: Override, tmp_path: Path) -> Iterator[Path]:
    """A cache folder of the test's own."""
    override(cache_dir=tmp_path / "cache")
    tools.folder.cache_clear()
    yield tmp_path / "cache"
    tools.folder.cache_clear()


def test_the_folder_holds_both_tools_by_their_names() -> None:
    assert {path.name for path in tools.folder().iterdir()} == {"ffmpeg", "ffprobe"}
    assert tools.folder().joinpath("ffmpeg").resolve() == tools.find("ffmpeg").resolve()


def test_a_file_of_somebodys_is_not_replaced(cache: Path) -> None:
    theirs = tools.folder() / "ffmpeg"
    tools.folder.cache_clear()
    theirs.unlink()
    theirs.write_text("theirs")
    with pytest.raises(SettingsError, match="stays as it is"):
        tools.folder()
    assert theirs.read_text() == "theirs"
