"""Which of an item's files a browser plays first."""

from pathlib import Path

import pytest

from utils.db.schema import Item
from utils.documents import playable
from utils.documents.item_files import ORIGINAL, ItemFile
from utils.models.rendition import Rendition

Encode = tuple[str, str]  # its name, its codec


def played(
    name: str, video: str | None, audio: str | None, encode: tuple[str, str] | None
) -> list[str]:
    files = [ItemFile(name, ORIGINAL, Path(name))]
    rendition = None
    if encode:
        path = Path(encode[0])
        rendition = Rendition(path=path, kind="video", codec=encode[1], size_bytes=1)
        files.append(ItemFile(path.name, "video", path))
    row = Item(kind="video", video_codec=video, audio_codec=audio)
    return [one.name for one in playable.of(row, files, rendition)]


@pytest.mark.parametrize(
    ("name", "video", "audio", "encode", "first"),
    [
        ("a.mp4", "AVC", "AAC", ("b.mp4", "av1"), ["a.mp4", "b.mp4"]),  # what all play
        ("a.mp4", "HEVC", "AAC", ("b.mp4", "av1"), ["b.mp4", "a.mp4"]),
        ("a.mp4", "AVC", "AAC", ("b.mp4", "h264"), ["b.mp4", "a.mp4"]),  # the smaller of two alike
        ("a.avi", "MPEG-4 Visual", "MPEG Audio", ("b.mp4", "av1"), ["b.mp4"]),
        ("a.mp4", "MPEG-4 Visual", "AAC", None, []),
        ("a.mov", "ProRes", "PCM", None, []),
        ("a.flac", None, "FLAC", ("b.opus", "opus"), ["b.opus", "a.flac"]),
        ("a.wav", None, "PCM", None, ["a.wav"]),
        ("a.mp3", None, "MPEG Audio", None, ["a.mp3"]),
        ("a.wma", None, "WMA", None, []),
    ],
)
def test_the_file_that_most_browsers_play_is_the_first(
    name: str,
    video: str | None,
    audio: str | None,
    encode: tuple[str, str] | None,
    first: list[str],
) -> None:
    assert played(name, video, audio, encode) == first
