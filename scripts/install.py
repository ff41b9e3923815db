"""Installs what requirements/ locks into a virtual environment: by uv where it is, else by pip.

Needs nothing but the Python that runs it. Every file is checked against the lock's hashes, and
the two packages that have no wheel are built with the locked setuptools, not with a fetched one.

torch is installed by pip, since only pip knows where this machine keeps PyTorch's CPU build, if
anywhere. Without one it comes as the registry has it: on Linux with CUDA, several GB.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LOCKS = PROJECT / "requirements"
NEWEST_LOCKED = (3, 13)
# Published without a wheel. Everything else must come as one, so that nothing is compiled.
FROM_SOURCE = ("docopt", "feedgen", "openai-whisper")
# openai-whisper asks for triton (0.7 GB) on any Linux, and uses it where there is CUDA.
BUT_ON_A_GPU = " requires triton, which is not installed."
MISSING = """
import sys
from importlib.metadata import distributions, requires
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
there = {canonicalize_name(one.name) for one in distributions()}
wanted = [Requirement(line) for line in requires("torch") or ()]
sys.exit(any(
    canonicalize_name(one.name) not in there
    for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})
))
"""


def main() -> None:
    """Make the environment and fill it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment", type=Path, help="folder of the virtual environment")
    parser.add_argument("--light", action="store_true", help="faster-whisper only, no torch")
    parser.add_argument("--production", action="store_true", help="nothing for development")
    project = parser.add_mutually_exclusive_group()
    project.add_argument("--wheel", type=Path, help="this wheel, instead of the working copy")
    project.add_argument("--only-lock", action="store_true", help="what is locked, not Night Shift")
    parser.add_argument("--pip", action="store_true", help="pip, even where uv is")
    options = parser.parse_args()
    _check_machine()
    began = time.monotonic()
    _run([sys.executable, "-m", "venv", str(options.environment)])
    environment = Environment(
        options.environment / "bin" / "python", None if options.pip else shutil.which("uv")
    )
    environment.by_pip("build")
    layers = ["production"]
    layers += [] if options.light else ["speech-openai"]
    layers += [] if options.production else ["development"]
    by = environment.install(*layers)
    if not options.light:
        environment.install_torch()
    if not options.only_lock:
        environment.install_project(options.wheel)
    environment.check()
    print(f"Installed by {by} in {time.monotonic() - began:.0f} s.")


def _check_machine() -> None:
    """Say what can't work before anything is fetched."""
    system, machine = platform.system(), platform.machine()
    if (system, machine) == ("Darwin", "x86_64"):
        sys.exit(
            "Night Shift can't be installed on a Mac with an Intel processor: onnxruntime and "
            "torch are no longer published for it. docs/installation.md has what works."
        )
    if system not in ("Linux", "Darwin"):
        sys.exit(f"Night Shift runs on Linux and macOS, not on {system} (Windows: in WSL).")
    if sys.version_info[:2] > NEWEST_LOCKED:
        wanted = ".".join(map(str, NEWEST_LOCKED))
        print(f"The lock was made for Python 3.11 to {wanted}; some wheels may be missing here.")


class Environment:
    """A virtual environment, and what fills it."""

    def __init__(self, python: Path, uv: str | None) -> None:
        self._python, self._uv = str(python), uv
        self._pip = [self._python, "-m", "pip", "--quiet", "--disable-pip-version-check"]

    def install(self, *layers: str) -> str:
        """Install layers by uv or pip; returns which of the two it was."""
        print(f"Installing {', '.join(layers)} …", flush=True)
        if self._uv:
            command = [self._uv, "pip", "install", "--quiet", "--python", self._python]
            done = subprocess.run(
                [*command, *_flags(layers)], check=False, stderr=subprocess.PIPE, text=True
            )
            if done.returncode == 0:
                return "uv"
            print(f"{done.stderr}uv could not install this; pip may know the registry better.")
        self.by_pip(*layers)
        return "pip"

    def by_pip(self, *layers: str) -> None:
        """Install layers by pip."""
        _run([*self._pip, "install", *_flags(layers)])

    def install_torch(self) -> None:
        """Install the CPU build if pip finds it, else what the registry has."""
        print("Installing torch …", flush=True)
        cpu = [*self._pip, "install", *_flags(("torch-cpu",))]
        if sys.platform == "linux" and _succeeds(cpu):
            return
        self.by_pip("torch")
        if not _succeeds([self._python, "-c", MISSING]):
            print("It came with CUDA, which needs some 3 GB more. Without: make setup LIGHT=1")
            self.install("cuda")

    def install_project(self, wheel: Path | None) -> None:
        """Install Night Shift itself: a wheel, or the working copy in place."""
        what = str(wheel) if wheel else f"--editable={PROJECT}"
        _run([*self._pip, "install", "--no-deps", "--no-build-isolation", what])

    def check(self) -> None:
        """See that all packages fit together."""
        done = subprocess.run([*self._pip, "check"], check=False, capture_output=True, text=True)
        wrong = [line for line in done.stdout.splitlines() if not line.endswith(BUT_ON_A_GPU)]
        if done.returncode and wrong:
            sys.exit("\n".join(["The packages do not fit together:", *wrong]))


def _flags(layers: Sequence[str]) -> list[str]:
    return [
        *("--no-deps", "--require-hashes", "--no-build-isolation", "--only-binary", ":all:"),
        *(part for name in FROM_SOURCE for part in ("--no-binary", name)),
        *(part for layer in layers for part in ("-r", str(LOCKS / f"{layer}.lock"))),
    ]


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _run(command: list[str]) -> None:
    """Run a command; what it printed is of interest only if it failed."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}This failed: {' '.join(command)}")


if __name__ == "__main__":
    main()
