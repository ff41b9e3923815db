import hashlib
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.media import ffmpeg
from tests.unit.visuals.test_karaoke import line
from utils.config import Settings
from utils.errors import PermanentError, SettingsError
from utils.media import tools
from utils.media.probing import ffprobe
from utils.models.analysis import Understanding
from utils.models.item import MediaItem, MediaKind
from utils.models.signal import SignalReport
from utils.models.transcript import Transcript
from utils.models.visual_subject import VisualSubject
from utils.models.visuals import LyricVideoOptions, Visual, Visuals
from utils.visuals import brands, lyric_video
from utils.visuals.brands import Brand

SECONDS = 4.0
SUNG = (255, 209, 0)
OPTIONS = LyricVideoOptions(height=360)


@pytest.fixture(autouse=True)
def brand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        brands, "of_item", lambda _item, _settings: Brand(("#003060", "#ffd100"), None)
    )


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("song") / "song [1], it's: 100%.mp3"
    ffmpeg("-f", "lavfi", "-i", f"sine=330:d={SECONDS}", "-b:a", "64k", path)
    return path


def made(sound: Path, settings: Settings, *lines, **more) -> Visuals:  # type: ignore[no-untyped-def]
    item = MediaItem(item_id="ab" * 32, path=sound, kind=MediaKind.AUDIO, size_bytes=1, title="x")
    read = Understanding(summary="", romanisation=more.pop("romanisation", None))
    subject = VisualSubject(title="Lantern", artist="Choir", kind="audio", understanding=read)
    seconds = more.pop("seconds", SECONDS)
    signal = SignalReport(decoded_seconds=seconds, decode_errors=0, sound_index=0)
    said = Transcript(engine="test", language="en", segments=lines)
    options, visuals = more.pop("options", OPTIONS), more.pop("visuals", None)
    return lyric_video.make(item, subject, said, signal, visuals, options, settings)


def frame(film_: Visual, at: float) -> np.ndarray:
    taken = subprocess.run(
        [tools.find("ffmpeg"), "-v", "error", "-ss", str(at), "-i", film_.path, "-frames:v", "1",
         "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    return np.frombuffer(taken, np.uint8).reshape(film_.height, film_.width, 3).astype(int)


def sung_columns(film_: Visual, at: float) -> np.ndarray:
    """The columns in which letters of the middle third are lit."""
    shown = frame(film_, at)[film_.height // 4 : film_.height * 6 // 10]
    lit = np.abs(shown - np.array(SUNG)).sum(axis=2) < 120
    return np.flatnonzero(lit.any(axis=0))


def test_words_are_lit_as_they_are_sung_and_the_film_is_as_long_as_the_song(
    sound: Path, settings: Settings
) -> None:
    (made_,) = made(sound, settings, line("one two three four", 1, 3)).visuals
    probe = ffprobe.probe(made_.path)
    assert probe.video and (probe.video.codec, probe.video.pixel_format) == ("h264", "yuv420p")
    assert (made_.width, made_.height) == (probe.video.width, probe.video.height) == (640, 360)
    assert probe.audio[0].codec == "aac"
    assert abs((probe.duration_seconds or 0) - SECONDS) <= 0.1
    content = made_.path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert hashlib.sha256(content).hexdigest() == made_.sha256
    early, middle, late = (sung_columns(made_, at) for at in (1.2, 2.0, 2.95))
    assert early.max() < 290 < middle.max() < 360 < late.max()
    assert not sung_columns(made_, 0.5).size
    assert made_.inputs["lines"] == 1 and made_.warnings == ()


def test_arabic_is_lit_word_by_word_from_the_right(sound: Path, settings: Settings) -> None:
    upright = LyricVideoOptions(height=360, aspects=("9:16",))
    (made_,) = made(sound, settings, line("مرحبا بالعالم", 1, 3), options=upright).visuals
    assert (made_.width, made_.height, made_.aspect) == (360, 640, "9:16")
    first, both = sung_columns(made_, 1.9), sung_columns(made_, 2.9)
    assert first.min() > 180 and both.min() < 160  # the middle is at 180
    assert "word by word" in made_.inputs["lit"]


def test_where_nobody_sings_there_is_no_film_and_it_is_said(
    sound: Path, settings: Settings
) -> None:
    empty = made(sound, settings)
    assert empty.visuals == ()
    assert empty.notes == ("No lyric video: there are no words, nobody sings or speaks in it.",)
    assert made(sound, settings, line("behind the end", 9, 10)).visuals == ()


def test_a_film_whose_sound_ends_before_it_is_none(sound: Path, settings: Settings) -> None:
    with pytest.raises(PermanentError, match="not as long as its song: its sound lasts 4"):
        made(sound, settings, line("one", 1, 3), seconds=SECONDS + 1)
    assert not list(settings.home.rglob("*.mp4"))


def test_an_ffmpeg_that_draws_no_words_is_named(
    sound: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "has_filter", lambda _name: False)
    with pytest.raises(SettingsError, match="draws no words"):
        made(sound, settings, line("one", 1, 3))


def test_its_sides_are_even() -> None:
    sizes = [lyric_video.size_of(aspect, 1081) for aspect in ("16:9", "9:16")]
    assert sizes == [(1920, 1080), (1080, 1920)]
