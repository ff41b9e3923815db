"""The sound of a file as whisper and the voice detector want it: 16 kHz, mono, 16 bits."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from utils.media import tools
from utils.processes import child_process
from utils.storage import scratch

SAMPLE_RATE = 16_000

Samples = NDArray[np.int16]


@contextmanager
def samples(path: Path, stream_index: int) -> Iterator[Samples]:
    """The samples of one audio stream, mapped from a temporary file.

    Ten hours are 1.1 GiB on disk and next to nothing in memory.
    """
    with tempfile.NamedTemporaryFile(dir=scratch.folder(), suffix=".pcm") as file:
        child_process.run(
            [
                tools.find("ffmpeg"),
                *("-hide_banner", "-nostdin", "-v", "error", "-y"),
                *tools.input_arguments(path),
                *("-map", f"0:{stream_index}", "-ac", "1", "-ar", str(SAMPLE_RATE)),
                *("-f", "s16le", "-c:a", "pcm_s16le", file.name),
            ],
            path,
        )
        if Path(file.name).stat().st_size < 2:
            yield np.zeros(0, dtype=np.int16)
        else:
            yield np.memmap(file.name, dtype=np.int16, mode="r")
