"""What was said as a track of a rendition: there, named, and nothing else changed."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.media import Clips, ffmpeg
from utils.errors import PermanentError
from utils.media import tools
from utils.media.encoding import captions
from utils.models.rendition import Rendition
from utils.models.subtitles import Captions

SAID = Captions(language="de", text="1\n00:00:00,500 --> 00:00:02,000\nSchöne Grüße\n\n")


def rendition(path: Path) -> Rendition:
    return Rendition(path=path, kind="video", codec="h264", size_bytes=path.stat().st_size)


def probe(path: Path) -> dict[str, list[dict[str, object]]]:
    shown = subprocess.run(
        [tools.find("ffprobe"), "-v", "error", "-show_streams", "-show_chapters", "-show_format",
         "-of", "json", path], capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, list[dict[str, object]]] = json.loads(shown.stdout)
    return found


@pytest.mark.parametrize(
    ("suffix", "codec", "language"), [(".mp4", "mov_text", "deu"), (".mkv", "subrip", "ger")]
)
def test_the_track_is_there_with_its_language_and_text(
    clips: Clips, tmp_path: Path, suffix: str, codec: str, language: str
) -> None:
    film, chapters = tmp_path / f"film{suffix}", tmp_path / "chapters.txt"
    chapters.write_text(
        ";FFMETADATA1\ntitle=My film\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=2\ntitle=One\n"
    )
    ffmpeg("-i", clips.video, "-i", chapters, "-map", "0", "-map_metadata", "1", "-c", "copy", film)
    made = captions.added(rendition(film), SAID)
    assert not film.exists()
    assert made.size_bytes == made.path.stat().st_size
    found = probe(made.path)
    (track,) = [one for one in found["streams"] if one["codec_type"] == "subtitle"]
    assert track["codec_name"] == codec
    assert track["tags"]["language"] in {"deu", "ger"}, language  # type: ignore[index]
    assert len(found["chapters"]) == 1
    assert found["format"]["tags"]["title"] == "My film"  # type: ignore[call-overload]
    back = tmp_path / "back.srt"
    ffmpeg("-i", made.path, "-map", "0:s:0", back)
    assert "Schöne Grüße" in back.read_text()


def test_a_container_without_subtitles_keeps_its_rendition(clips: Clips, tmp_path: Path) -> None:
    song = tmp_path / "song.opus"
    ffmpeg("-i", clips.tone, song)
    with pytest.raises(PermanentError, match=r"\.opus"):
        captions.added(rendition(song), SAID)
    assert song.exists()
