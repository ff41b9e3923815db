"""Writes requirements/: every version of every set, with the hashes of its files.

One resolution for Linux and macOS and for all Pythons of CI, cut into layers. Each file holds only
what those before it do not, so that no version stands in two places. What is locked stays as it
is unless ``--upgrade`` is given.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from packaging.markers import Marker
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parent.parent
FOLDER = PROJECT / "requirements"
PYTHONS = ("3.11.0", "3.11.9", "3.12.9", "3.13.9")
MACHINES = (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))

# PyTorch's CPU build is not on the registry: pip finds it where it is told of a folder or an index
# that has it. This one is torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl.
CPU_BUILDS = {
    "2.13.0": ("6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",),
}
_OF_CUDA = ("nvidia-", "cuda-", "triton")
_ENTRY = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))? \\$")


# What a machine that runs everything has.
EXTRAS = ("speech-fast", "buckets", "ocr", "music", "publishing", "c2pa", "replicas")


class Entry(NamedTuple):
    """One distribution: its text in the lock, hashes and all."""

    name: str
    version: str
    marker: str | None
    lines: tuple[str, ...]


class Layer(NamedTuple):
    """A file: what it is for, and the extras whose packages come with it."""

    name: str
    about: str
    extras: tuple[str, ...] | None


LAYERS = (
    Layer("build", "What builds and installs; comes first.", None),
    Layer("production", "Night Shift with the extra speech-fast: runs everything.",
          EXTRAS),
    Layer("torch-cpu", "torch without CUDA, where pip knows of a place that has it.", None),
    Layer("torch", "torch as the registry has it: on Linux with CUDA.", None),
    Layer("cuda", "What torch with CUDA needs besides.", None),
    Layer("speech-openai", "What the extra speech-openai adds, but for torch.",
          (*EXTRAS, "speech-openai")),
    Layer("development", "What the extra dev adds: tests, types, lint, audit.",
          (*EXTRAS, "speech-openai", "dev")),
)  # fmt: skip


def main() -> None:
    """Write all layers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest that fits")
    upgrade = parser.parse_args().upgrade
    with TemporaryDirectory() as scratch:
        pins = Path(scratch, "pins.txt")
        pins.write_text("" if upgrade else "".join(_pins()))
        everything = _resolve(LAYERS[-1].extras or (), pins)
        pins.write_text("".join(f"{e.name}=={e.version}{_condition(e)}\n" for e in everything))
        written: set[str] = set()
        for layer in LAYERS:
            among = everything if layer.extras is None else _resolve(layer.extras, pins)
            names = {entry.name for entry in among if _belongs(layer, entry.name)} - written
            entries = [entry for entry in everything if entry.name in names]
            if layer.name == "torch-cpu":
                entries = [_cpu_build(e) for e in everything if e.name == "torch"]
            (FOLDER / f"{layer.name}.lock").write_text(_text(layer, entries))
            written |= names
            print(f"{layer.name:14} {len(entries):4}")


def _belongs(layer: Layer, name: str) -> bool:
    if layer.name == "build":
        return name in ("pip", "setuptools")
    home = "torch" if name == "torch" else "cuda" if name.startswith(_OF_CUDA) else None
    return home == (layer.name if layer.extras is None else None)


def _cpu_build(torch: Entry) -> Entry:
    """The same version without CUDA; no line at all while nobody has noted its hash."""
    hashes = [f"    --hash=sha256:{digest}" for digest in CPU_BUILDS.get(torch.version, ())]
    lines = " \\\n".join([f"torch=={torch.version}+cpu", *hashes]).splitlines() if hashes else []
    return Entry("torch", torch.version, None, tuple(lines))


def _pins() -> Iterator[str]:
    """What is locked now, as constraints."""
    for path in FOLDER.glob("*.lock"):
        for entry in _entries(path.read_text()):
            if "+" in entry.version:  # a build, not a version
                continue
            yield f"{entry.name}=={entry.version}{_condition(entry)}\n"


def _condition(entry: Entry) -> str:
    return f" ; {entry.marker}" if entry.marker else ""


def _resolve(extras: tuple[str, ...], pins: Path) -> list[Entry]:
    """What pyproject.toml and these extras need on any machine that is served."""
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("make lock needs uv on the PATH.")
    command = [
        *(uv, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
        *("--fork-strategy", "fewest"),  # one version for every Python, where there is one
        *("--generate-hashes", "--no-header", "--no-annotate", "--constraint", str(pins)),
        *(part for extra in extras for part in ("--extra", extra)),
        "pyproject.toml",
    ]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    return [entry for entry in _entries(done.stdout) if _is_wanted(entry)]


def _entries(text: str) -> Iterator[Entry]:
    lines = iter(text.splitlines())
    for line in lines:
        if found := _ENTRY.match(line):
            block = [line]
            while block[-1].endswith("\\"):
                block.append(next(lines))
            yield Entry(canonicalize_name(found["name"]), found["version"], found["marker"],
                        tuple(block))  # fmt: skip


def _is_wanted(entry: Entry) -> bool:
    """Whether any machine and any Python that is served asks for it."""
    if entry.marker is None:
        return True
    marker = Marker(entry.marker)
    return any(
        marker.evaluate({
            "python_full_version": python, "python_version": python.rpartition(".")[0],
            "sys_platform": system, "platform_machine": machine,
            "implementation_name": "cpython", "platform_python_implementation": "CPython",
        })
        for python, (system, machine) in product(PYTHONS, MACHINES)
    )  # fmt: skip


def _text(layer: Layer, entries: list[Entry]) -> str:
    head = (f"# {layer.about}", "# Written by `make lock`.")
    return "\n".join([*head, *(line for entry in entries for line in entry.lines)]) + "\n"


if __name__ == "__main__":
    main()
