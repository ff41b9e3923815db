from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.media import ffmpeg
from utils.errors import PermanentError
from utils.models.visual_subject import VisualSubject
from utils.visuals import waveforms

SUBJECT = VisualSubject(title="Half", artist="Nobody", kind="audio")


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of stereo out of phase, loud in the first and silent in the second."""
    path = tmp_path_factory.mktemp("sound") / "half.flac"
    wave = "0.5*sin(880*t)*lt(t,1)|-0.5*sin(880*t)*lt(t,1)"
    ffmpeg("-f", "lavfi", "-i", f"aevalsrc=exprs='{wave}':d=2", path)
    return path


def test_the_bars_are_how_loud_the_sound_is_even_where_channels_cancel(half: Path) -> None:
    levels = waveforms.levels(half, 8)
    assert levels[:4] == pytest.approx([1, 1, 1, 1], abs=0.05)
    assert levels[4:] == pytest.approx([0, 0, 0, 0], abs=0.1)


def test_a_long_sound_takes_no_more_memory(half: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waveforms, "_MOST_BLOCKS", 8)
    assert len(waveforms._blocks(half, "0:a:0")) <= 9
    assert waveforms.levels(half, 4) == pytest.approx([1, 1, 0, 0], abs=0.05)


def test_the_picture_shows_long_bars_where_it_is_loud(half: Path, tmp_path: Path) -> None:
    waveforms.draw(half, SUBJECT, ("#c8102e",), "16:9", tmp_path / "wave.png")
    with Image.open(tmp_path / "wave.png") as picture:
        assert picture.size == (1920, 1080)
        bright = np.asarray(picture.convert("L")).astype(int) > 110
    row = bright[300]  # above the middle of the bars
    assert row[100:940].mean() > 0.3
    assert row[1000:].mean() < 0.02


def test_the_same_sound_gives_the_same_picture_round_or_tall(half: Path) -> None:
    bars = waveforms.levels(half, 48)
    for aspect in ("1:1", "9:16"):
        one, again = (waveforms.drawn(bars, SUBJECT, (), aspect) for _ in range(2))
        assert one.tobytes() == again.tobytes()


def test_what_does_not_decode_is_said(tmp_path: Path) -> None:
    (tmp_path / "noise.mp3").write_bytes(b"\x00" * 5000)
    with pytest.raises(PermanentError, match="nothing decodes"):
        waveforms.levels(tmp_path / "noise.mp3", 8)
