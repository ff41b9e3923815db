from pathlib import Path

import pytest

from tests.media import Clips, ffmpeg
from utils.errors import PermanentError
from utils.media.encoding import mp4_keys, verify
from utils.media.probing import ffprobe

KEYS = {"com.apple.quicktime.make": "Apple", "mood": "glücklich", mp4_keys.PLACE: "+48.1+011.5/"}


@pytest.fixture
def written(clips: Clips, tmp_path: Path) -> Path:
    """An MP4 whose index lies at its end."""
    path = tmp_path / "written.mp4"
    ffmpeg("-i", clips.video, "-t", "1", "-c", "copy", "-metadata", "title=A day", path)
    return path


def test_keys_are_added_and_the_index_comes_before_the_media(written: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.mp4"
    mp4_keys.finish(written, made, KEYS)
    assert made.read_bytes().index(b"moov") < made.read_bytes().index(b"mdat")
    said = ffprobe.report(made)
    assert said.raw["format"]["tags"] | KEYS | {"title": "A day"} == said.raw["format"]["tags"]
    assert verify.decode(made, said.container) == verify.decode(written, ffprobe.probe(written))


def test_offsets_that_outgrow_32_bits_become_wide(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mp4_keys, "_LAST_32_BIT", written.stat().st_size // 2)
    made = tmp_path / "made.mp4"
    mp4_keys.finish(written, made, KEYS)
    assert b"co64" in made.read_bytes() and b"stco" not in made.read_bytes()
    assert verify.decode(made, ffprobe.probe(made)) == verify.decode(
        written, ffprobe.probe(written)
    )


def test_a_place_that_is_there_already_is_not_written_twice(written: Path, tmp_path: Path) -> None:
    mp4_keys.finish(written, tmp_path / "once.mp4", KEYS)
    again, twice = tmp_path / "again.mp4", tmp_path / "twice.mp4"
    ffmpeg("-i", tmp_path / "once.mp4", "-c", "copy", again)
    mp4_keys.finish(again, twice, KEYS)
    assert twice.read_bytes().count(b"\xa9xyz") == 1


@pytest.mark.parametrize("content", [b"", b"no film at all", b"\0\0\0\x08free\0\0\0\x08moov"])
def test_what_is_no_mp4_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "none.mp4").write_bytes(content)
    with pytest.raises(PermanentError, match="MP4"):
        mp4_keys.finish(tmp_path / "none.mp4", tmp_path / "made.mp4", KEYS)
