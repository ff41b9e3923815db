from pathlib import Path

import pytest

from tests.media import Clips, ffmpeg
from utils.media import signal
from utils.media import streams as layout
from utils.media.encoding import encode, subtitles
from utils.media.probing import ffprobe
from utils.models.options import CompressionOptions

CUES = (
    "1\n00:00:01,000 --> 00:00:02,500\nSchöne Grüße\n\n"
    "2\n00:00:03,000 --> 00:00:03,500\nplain words\n\n"
)


@pytest.fixture
def film(clips: Clips, tmp_path: Path) -> Path:
    """A Matroska film whose subtitle is stored in Latin-1."""
    (tmp_path / "cues.srt").write_bytes(CUES.encode("latin-1"))
    path = tmp_path / "film.mkv"
    ffmpeg("-i", clips.video, "-i", tmp_path / "cues.srt", "-map", "0:v", "-map", "1", "-c",
           "copy", path)  # fmt: skip
    return path


@pytest.mark.parametrize("profile", ["web", "archive"])
def test_subtitles_in_another_encoding_keep_all_their_cues(
    film: Path, tmp_path: Path, profile: str
) -> None:
    probe = ffprobe.probe(film)
    report = signal.analyze(film, probe, tmp_path)
    options = CompressionOptions(profile=profile, crf=40)
    made = encode.compress(film, probe, report, options, tmp_path)
    ffmpeg("-i", made.rendition.path, "-map", "0:s", tmp_path / "kept.srt")
    kept = (tmp_path / "kept.srt").read_text()
    assert "Schöne Grüße" in kept and "plain words" in kept
    assert made.dropped == ()
    assert "subtitle 1 (subrip) read as cp1252" in made.guessed
    assert "read as cp1252" in made.reason


def test_cues_are_counted_and_not_the_gaps_between_them(film: Path, tmp_path: Path) -> None:
    assert subtitles.cues(film) == {1: 2}
    ffmpeg("-sub_charenc:1", "cp1252", "-i", film, "-map", "0", "-c:v", "copy", "-c:s", "mov_text",
           tmp_path / "film.mp4")  # fmt: skip
    assert subtitles.cues(tmp_path / "film.mp4") == {1: 2}


def test_text_in_utf_8_is_left_as_it_is(clips: Clips, tmp_path: Path) -> None:
    (tmp_path / "cues.srt").write_text(CUES)
    ffmpeg("-i", tmp_path / "cues.srt", "-c", "copy", tmp_path / "cues.mkv")
    found = subtitles.with_encodings(tmp_path / "cues.mkv", layout.read(tmp_path / "cues.mkv"))
    assert [s.encoding for s in found.streams] == [None]
