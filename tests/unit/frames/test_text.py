"""What is to be read in pictures: real OCR on two small ones."""

from pathlib import Path

import pytest

from tests import drawn
from utils.errors import SettingsError
from utils.frames import reading, text
from utils.frames.moments import Shown
from utils.media.probing import ffprobe
from utils.models.frames import TextBox
from utils.models.signal import SignalReport


def box(words: str, confidence: float = 0.9) -> TextBox:
    return TextBox(text=words, confidence=confidence, x=0, y=0, width=1, height=0.1)


def test_a_line_is_read_with_its_place_from_the_bottom(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    drawn.picture("Harbour lights", at=0.8).save(path)
    (line,) = text.read(path)
    assert (line.text, line.confidence > 0.9) == ("Harbour lights", True)
    assert line.x == pytest.approx(0.125, abs=0.03)
    assert line.y == pytest.approx(0.09, abs=0.04)  # its top lies a fifth above the bottom
    assert line.y + line.height == pytest.approx(0.2, abs=0.04)
    assert 0.2 < line.width < 0.6


def test_a_film_is_read_at_its_cuts(tmp_path: Path) -> None:
    film = drawn.film(tmp_path / "film.mp4", [("Harbour lights", 3), ("Fish market", 2)])
    signal = SignalReport(decoded_seconds=5, decode_errors=0, cuts=(3.0,))
    found = reading.read(film, ffprobe.probe(film), signal)
    assert [(line.text, line.start_seconds) for line in found.texts] == [
        ("Harbour lights", 0.0), ("Fish market", 3.0),
    ]  # fmt: skip
    assert found.sampled == 2


def test_a_line_that_stays_is_one_and_one_that_comes_back_is_another() -> None:
    looks = [(0.0, (box("Evening news"),)), (5.0, (box("Evening  n3ws", 0.5), box("Live"))),
             (10.0, ()), (15.0, (box("Evening news"),))]  # fmt: skip
    found = reading.merged(looks)
    assert [(one.text, one.start_seconds, one.end_seconds) for one in found] == [
        ("Evening news", 0.0, 5.0), ("Live", 5.0, 5.0), ("Evening news", 15.0, 15.0),
    ]  # fmt: skip


def test_pictures_are_looked_at_every_few_seconds_and_after_cuts() -> None:
    shown = [Shown(n / 2, n % 2 == 0) for n in range(40)]  # a key frame a second
    looked = [moment.seconds for moment in reading.chosen(shown, (7.2, 7.4, 15.0), 5.0)]
    assert looked == [0.0, 5.0, 8.0, 13.0, 15.0]


def test_without_the_reader_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "engine", lambda: "")
    with pytest.raises(SettingsError, match=r"nightshift\[ocr\]"):
        text.require()
