"""What a sound looks like: its waveform and its spectrogram, in memory that does not grow.

ffmpeg's own showwavespic and showspectrumpic keep all samples until the end (13.8 GB for ten
hours of stereo, by their source); here each column is drawn from its own part.
"""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from utils.errors import PermanentError
from utils.media import tools
from utils.models.rendition import Thumbnail
from utils.processes import child_process, deadline
from utils.storage.files import whole_file

if TYPE_CHECKING:
    from PIL.Image import Image

_RATE = 44_100
_COLUMNS = 640
_WAVE_HEIGHT, _BANDS = 160, 256
_WINDOW = 2 * _BANDS
_WINDOWS_A_COLUMN = 8
_FLOOR_DB = -90.0
_MAX_CHANNELS = 8
_PAPER, _WAVE = (15, 19, 25), (62, 180, 170)
# Dark to light through violet and orange: the ends and quarters of matplotlib's "inferno".
_COLOURS = ((0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164))


class Views(NamedTuple):
    """The two pictures of a sound."""

    waveform: Thumbnail
    spectrogram: Thumbnail


def draw(path: Path, stream_index: int, seconds: float, folder: Path, channels: int = 1) -> Views:
    """Draw the waveform (peak and RMS) and the spectrogram (0–22 kHz, 90 dB) of one stream.

    Of several channels the loudest of each moment is shown.

    Args:
        path: The file.
        stream_index: Its audio stream, as ffprobe counts.
        seconds: How long it decodes.
        folder: Where waveform.jpg and spectrogram.jpg go.
        channels: How many it has: each is looked at, as a sum may cancel what they hold.

    Raises:
        PermanentError: nothing could be decoded.
    """
    channels = max(1, min(channels, _MAX_CHANNELS))
    peaks, levels, spectra = _measure(path, stream_index, seconds, channels)
    return Views(
        _write(_waveform(peaks, levels), folder / "waveform.jpg"),
        _write(_spectrogram(spectra), folder / "spectrogram.jpg"),
    )


def _measure(
    path: Path, stream_index: int, seconds: float, channels: int
) -> tuple[list[float], list[float], list[np.ndarray]]:
    """Peak, RMS (0–1) and mean power spectrum of each column, from one stream of samples."""
    samples = max(_WINDOW, math.ceil(seconds * _RATE / _COLUMNS))
    peaks: list[float] = []
    levels: list[float] = []
    spectra: list[np.ndarray] = []
    command = [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error"),
        *tools.input_arguments(path),
        *("-map", f"0:{stream_index}", "-ac", str(channels), "-ar", str(_RATE), "-f", "s16le", "-"),
    ]
    waiting = bytearray()

    def measured(part: bytes) -> None:
        whole = part[: len(part) // (2 * channels) * (2 * channels)]
        waves = np.frombuffer(whole, "<i2").astype(np.float32).reshape(-1, channels).T
        if waves.size:
            waves /= np.float32(32768)
            loud = np.sqrt(np.mean(waves**2, axis=1))
            peaks.append(float(np.abs(waves).max()))
            levels.append(float(loud.max()))
            spectra.append(_spectrum(waves[int(loud.argmax())]))

    def take(chunk: bytes) -> None:
        waiting.extend(chunk)
        size = 2 * channels * samples
        while len(waiting) >= size:
            measured(bytes(waiting[:size]))
            del waiting[:size]

    with contextlib.suppress(PermanentError):  # what decoded before is drawn
        child_process.run(command, path, take=take)
    deadline.check(f"drawing {path.name}")
    measured(bytes(waiting))
    if not peaks:
        raise PermanentError(f"{path.name}: its sound could not be drawn, nothing decodes.")
    return peaks, levels, spectra


def _spectrum(wave: np.ndarray) -> np.ndarray:
    """Mean power of up to 8 windows (Hann, 512 samples), in dB below full scale."""
    if wave.size < _WINDOW:
        wave = np.pad(wave, (0, _WINDOW - wave.size))
    starts = np.linspace(0, wave.size - _WINDOW, _WINDOWS_A_COLUMN).astype(int)
    window = np.hanning(_WINDOW)
    windows = np.stack([wave[start : start + _WINDOW] for start in starts]) * window
    power = (np.abs(np.fft.rfft(windows)[:, :_BANDS]) / (window.sum() / 2)) ** 2
    return np.asarray(10 * np.log10(power.mean(axis=0) + 1e-12))


def _waveform(peaks: list[float], levels: list[float]) -> Image:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (len(peaks), _WAVE_HEIGHT), _PAPER)
    pen = ImageDraw.Draw(image)
    middle = _WAVE_HEIGHT / 2
    soft = tuple((p + w) // 2 for p, w in zip(_PAPER, _WAVE, strict=True))
    for x, (peak, level) in enumerate(zip(peaks, levels, strict=True)):
        pen.line((x, middle - peak * middle, x, middle + peak * middle), fill=soft)
        pen.line((x, middle - level * middle, x, middle + level * middle), fill=_WAVE)
    return image.resize((_COLUMNS, _WAVE_HEIGHT))


def _spectrogram(spectra: list[np.ndarray]) -> Image:
    from PIL import Image

    levels = np.clip((np.stack(spectra, axis=1)[::-1] - _FLOOR_DB) / -_FLOOR_DB, 0, 1)
    stops = np.linspace(0, 1, len(_COLOURS))
    channels = [np.interp(levels, stops, [c[i] for c in _COLOURS]) for i in range(3)]
    image = Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8), "RGB")
    return image.resize((_COLUMNS, _BANDS))


def _write(image: Image, target: Path) -> Thumbnail:
    with whole_file(target) as temporary:
        image.save(temporary, "JPEG", quality=88)
    return Thumbnail(path=target, width=image.width, height=image.height)
