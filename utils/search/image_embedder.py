"""Pictures as vectors, beside texts that describe them: OpenCLIP, where a person set it up.

No package registry ships usable weights of such a model (looked for in 2026), so there is no
default: NIGHTSHIFT_IMAGE_MODEL names a model of open_clip and its weights. This ran with
open_clip 3.3.0 and untrained weights only: that it works is known, how well it finds is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from utils.config import Settings
from utils.errors import SettingsError
from utils.media.imaging import image
from utils.search.centre import Centre
from utils.search.embedder import Embedder, Vector

_working = Lock()


class OpenClip:
    """An OpenCLIP model; what it takes as passages are the paths of pictures."""

    centre: Centre | None = None

    def __init__(self, name: str, function: Any) -> None:
        self.name = name
        self._function = function

    def passages(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a picture."""
        with _working:
            return [_plain(self._function([_pixels(path)])[0]) for path in texts]

    def query(self, text: str) -> Vector:
        """The vector of the pictures that a text describes."""
        with _working:
            return _plain(self._function([text])[0])


def load(settings: Settings) -> Embedder | None:
    """The model that the settings name, loaded once a process; None if they name none.

    Raises:
        SettingsError: open_clip is not installed, or it has no such model or weights.
    """
    if not settings.image_model:
        return None
    with _working:
        return _load(settings.image_model)


@cache
def _load(name: str) -> Embedder:
    from chromadb.utils.embedding_functions import OpenCLIPEmbeddingFunction

    model, _, weights = name.partition(" ")
    if not weights or not find_spec("open_clip"):
        raise SettingsError(
            f"NIGHTSHIFT_IMAGE_MODEL is {name!r}. It takes a model of open_clip and its weights, "
            "such as 'ViT-B-32 laion2b_s34b_b79k', and the package: pip install open_clip_torch."
        )
    try:
        return OpenClip(name, OpenCLIPEmbeddingFunction(model, weights.strip()))
    except (OSError, RuntimeError, ValueError) as error:
        raise SettingsError(f"The image model {name!r} could not be loaded: {error}") from error


def _pixels(path: str) -> Any:
    import numpy

    with image.opened(Path(path)) as picture:
        return numpy.asarray(picture.convert("RGB"))


def _plain(vector: Any) -> Vector:
    return [float(value) for value in vector]
