"""The sound of a file as whisper and the voice detector want it: 16 kHz, all channels, floats."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from utils.media import tools
from utils.models.probe import AudioStream
from utils.processes import child_process
from utils.speech.timeline import SAMPLE_RATE, Listing, Timeline
from utils.storage import scratch

# Nobody speaks in the ninth channel alone; ambisonics and multitracks may have dozens.
_MAX_CHANNELS = 8

Samples = NDArray[np.float32]


class Sound(NamedTuple):
    """``samples``: a row for each moment, a column for each channel, 1.0 is full scale."""

    samples: Samples
    timeline: Timeline


@contextmanager
def sound(path: Path, stream: AudioStream, seconds: float | None = None) -> Iterator[Sound]:
    """All channels of one audio stream, mapped from a temporary file, with their times.

    Ten hours of stereo are 4.3 GiB on disk and next to nothing in memory. Floats: what a lossy
    decoder puts above full scale is not cut off, what is faint keeps its detail.

    Args:
        path: The file.
        stream: Which of its sounds.
        seconds: How long the item lasts, for clocks that jump; None if unknown.
    """
    with tempfile.NamedTemporaryFile(dir=scratch.folder(), suffix=".pcm") as file:
        listing = Listing()
        child_process.run(_command(path, stream, Path(file.name)), path, hear=listing.hear)
        size = Path(file.name).stat().st_size // 4
        rows = size // listing.channels
        if not rows:
            yield Sound(np.zeros((0, 1), dtype=np.float32), Timeline([], 0))
        else:
            mapped = np.memmap(file.name, dtype=np.float32, mode="r")
            samples = mapped[: rows * listing.channels].reshape(rows, listing.channels)
            yield Sound(samples, listing.timeline().within(seconds))


def _command(path: Path, stream: AudioStream, target: Path) -> list[str]:
    """Decodes once, and writes the samples and, on its output, a list of their timestamps."""
    filters = [f"aresample={SAMPLE_RATE}", "aformat=sample_fmts=flt", "asplit[heard][listed]"]
    if (stream.channels or 0) > _MAX_CHANNELS:
        chosen = "|".join(f"c{n}=c{n}" for n in range(_MAX_CHANNELS))
        filters.insert(0, f"pan={_MAX_CHANNELS}c|{chosen}")
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error", "-y"),
        # A hole of one sound is no discontinuity of all.
        *("-dts_delta_threshold", "1000000"),
        *tools.input_arguments(path),
        *("-filter_complex", f"[0:{stream.index}]{','.join(filters)}"),
        *("-map", "[heard]", "-c:a", "pcm_f32le", "-f", "f32le", str(target)),
        *("-map", "[listed]", "-c:a", "pcm_u8", "-f", "framecrc", "pipe:1"),
    ]
