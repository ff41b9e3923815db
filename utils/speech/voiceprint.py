"""A stretch of voice as a direction: which way it points is who speaks.

The encoder is Resemblyzer's: 40 mel bands, three LSTM layers, 256 numbers. Bands and layers are
computed here with numpy: within 2e-7 of librosa 0.11 and torch 2.13 (docs/decisions/0031).
"""

from __future__ import annotations

from functools import cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from utils.config import Settings
from utils.speech import voice_weights
from utils.speech.timeline import SAMPLE_RATE

Floats = NDArray[np.float32]

NAME = "resemblyzer 0.1.4"
WINDOW_SECONDS = 1.6  # what the encoder was trained on
HOP_SECONDS = 0.4
_FRAME = 160  # samples: 10 ms
_FFT = 400
_BANDS = 40
_WINDOW = 160  # frames
_HOP = 40
_HIDDEN = 256
_BATCH = 64  # windows: 20 MiB of gates
_LOUDNESS_DBFS = -30.0  # as in training; what is louder stays
_loading = Lock()


def windows(sound: Floats, settings: Settings) -> tuple[Floats, Floats]:
    """Look at one stretch of voice through windows of 1.6 s, a new one each 0.4 s.

    Args:
        sound: Samples of the stretch at 16 kHz in -1…1; a shorter one than a window is filled up
            with silence.
        settings: Where the weights are.

    Returns:
        The middles of the windows in seconds, shape (n,), and their voiceprints, (n, 256), each of
        length 1.
    """
    bands = _mel(_levelled(sound))
    if len(bands) < _WINDOW:
        bands = np.pad(bands, ((0, _WINDOW - len(bands)), (0, 0)))
    starts = list(range(0, len(bands) - _WINDOW + 1, _HOP))
    if (len(bands) - _WINDOW) % _HOP > _HOP // 2:
        starts.append(len(bands) - _WINDOW)
    arrays = _arrays(settings)
    prints = [
        _encode(np.stack([bands[start : start + _WINDOW] for start in starts[at : at + _BATCH]]),
                arrays)
        for at in range(0, len(starts), _BATCH)
    ]  # fmt: skip
    frame_seconds = _FRAME / SAMPLE_RATE
    length = len(sound) / SAMPLE_RATE
    ends = np.minimum((np.array(starts) + _WINDOW) * frame_seconds, length)
    middles = (np.array(starts) * frame_seconds + ends) / 2
    return middles.astype(np.float32), np.concatenate(prints)


def unit(vector: NDArray[np.floating]) -> Floats:
    """The same direction with length 1."""
    return (vector / (np.linalg.norm(vector) + 1e-9)).astype(np.float32)


def _levelled(sound: Floats) -> Floats:
    level = 20 * np.log10(np.sqrt(np.mean(np.square(sound))) + 1e-9)
    return sound * np.float32(10 ** (max(0.0, _LOUDNESS_DBFS - level) / 20))


def _mel(sound: Floats) -> Floats:
    """The power in 40 mel bands, (frames, 40), a frame each 10 ms, as librosa centres them."""
    padded = np.pad(sound, _FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_FRAME]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FFT) / _FFT)
    power = np.square(np.abs(np.fft.rfft(frames * hann.astype(np.float32), axis=-1)))
    found: Floats = power.astype(np.float32) @ _filters()
    return found


@cache
def _filters() -> Floats:
    """Triangles on Slaney's mel scale, each of area 1: (201, 40)."""
    step, log_step = 200 / 3, np.log(6.4) / 27  # linear up to 1 kHz, 15 mel; then logarithmic
    top = 15 + np.log(SAMPLE_RATE / 2 / 1000) / log_step
    mels = np.linspace(0, top, _BANDS + 2)
    edges = np.where(mels < 15, mels * step, 1000 * np.exp(log_step * (mels - 15)))
    distance = edges[:, None] - np.linspace(0, SAMPLE_RATE / 2, _FFT // 2 + 1)[None, :]
    widths = np.diff(edges)[:, None]
    triangles = np.minimum(-distance[:-2] / widths[:-1], distance[2:] / widths[1:])
    areas = (edges[2:] - edges[:-2])[:, None] / 2
    filters: Floats = (np.maximum(0, triangles) / areas).T.astype(np.float32)
    return filters


def _arrays(settings: Settings) -> voice_weights.Arrays:
    with _loading:
        return _load(settings)


@cache
def _load(settings: Settings) -> voice_weights.Arrays:
    return voice_weights.load(settings)


def _encode(bands: Floats, arrays: voice_weights.Arrays) -> Floats:
    """Voiceprints of windows: (n, 160, 40) to (n, 256)."""
    for layer in range(3):
        bands = _lstm(bands, arrays, layer)
    raw = np.maximum(0, bands[:, -1] @ arrays["linear.weight"].T + arrays["linear.bias"])
    prints: Floats = raw / (np.linalg.norm(raw, axis=1, keepdims=True) + 1e-9)
    return prints


def _lstm(inputs: Floats, arrays: voice_weights.Arrays, layer: int) -> Floats:
    """One layer over all frames: (n, frames, …) to (n, frames, 256)."""
    number, frames, _ = inputs.shape
    bias = arrays[f"lstm.bias_ih_l{layer}"] + arrays[f"lstm.bias_hh_l{layer}"]
    gates = inputs @ arrays[f"lstm.weight_ih_l{layer}"].T + bias
    recurrent = np.ascontiguousarray(arrays[f"lstm.weight_hh_l{layer}"].T)
    state = np.zeros((number, _HIDDEN), np.float32)
    memory = np.zeros_like(state)
    outputs = np.empty((number, frames, _HIDDEN), np.float32)
    for frame in range(frames):
        sums = gates[:, frame] + state @ recurrent
        put, keep, new, out = np.split(sums, 4, axis=1)
        memory = _sigmoid(keep) * memory + _sigmoid(put) * np.tanh(new)
        state = _sigmoid(out) * np.tanh(memory)
        outputs[:, frame] = state
    return outputs


def _sigmoid(values: Floats) -> Floats:
    result: Floats = 0.5 * (1 + np.tanh(0.5 * values))  # exp would overflow
    return result
