"""Damaged files, made of the samples by a seed: none stops, starves or deceives Night Shift.

python -m benchmarks mutations [NUMBER] [SEED]     2,000 by default

Each mutation goes through what reads a file first, in this process: ffprobe, MediaInfo, ExifTool
and the one complete decode; one of fifty goes through a whole `nightshift run` too. Counted is
what must not be: an error that is none of ours, work that takes longer than a minute, processes
and files that are left, and files that a strict decode (``ffmpeg -xerror -err_detect explode``)
refuses and that nothing was said about. The memory is the sum over this process and all of its
tools, looked at every 50 ms.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from utils.errors import NightShiftError, PermanentError
from utils.media import signal
from utils.media.encoding import verify
from utils.media.probing import exiftool, ffprobe, mediainfo
from utils.processes import deadline
from utils.storage import scratch

SAMPLES = Path(__file__).parent.parent / "samples"
NUMBER, SEED = 2000, 20261126
_LIMIT_SECONDS = 60.0
_LOOK_SECONDS = 0.05
_MOST_BYTES = 10**9
_MAX_SOURCE_BYTES = 2**22  # of a large sample only its beginning: what is small is quick


class Found(NamedTuple):
    """What came of one mutation: ``refused``, ``flawed``, ``whole`` or a fault's name."""

    name: str
    outcome: str
    detail: str = ""


FAULTS = ("traceback", "hang", "deceived")


def mutated(data: bytes, chance: random.Random) -> bytes:
    """``data`` with one kind of damage: bits, bytes, a stretch gone, doubled, moved, or the end."""
    size = len(data)
    changed = bytearray(data)
    at = chance.randrange(size)
    length = min(size - at, int(2 ** chance.uniform(0, 14)))
    match chance.randrange(7):
        case 0:
            for _ in range(chance.randrange(1, 40)):
                changed[chance.randrange(size)] ^= 1 << chance.randrange(8)
        case 1:  # in the headers
            for _ in range(chance.randrange(1, 12)):
                changed[chance.randrange(min(size, 2048))] = chance.randrange(256)
        case 2:
            del changed[at : at + length]
        case 3:
            changed[at:at] = changed[at : at + length]
        case 4:
            changed[at : at + length] = bytes(length)
        case 5:
            changed[at : at + length] = chance.randbytes(length)
        case _:
            del changed[at:]
    return bytes(changed) or b"\0"


def mutations(number: int, seed: int, folder: Path) -> Iterator[Path]:
    """So many damaged files, one after the other; each is removed when the next is asked for."""
    chance = random.Random(seed)
    sources = [(path, path.read_bytes()) for path in sorted(SAMPLES.iterdir())]
    for count in range(number):
        path, data = sources[count % len(sources)]
        if len(data) > _MAX_SOURCE_BYTES and chance.randrange(4):
            data = data[:_MAX_SOURCE_BYTES]
        target = folder / f"{count:05}{path.suffix}"
        target.write_bytes(mutated(data, chance))
        yield target
        target.unlink()


def examine(path: Path, folder: Path) -> Found:
    """Have a file looked into and decoded as an item is, then strictly."""
    began = time.monotonic()
    try:
        with deadline.within(deadline.Limit(_LIMIT_SECONDS, is_final=True)):
            outcome, detail = _looked_at(path, folder)
    except NightShiftError as error:
        return Found(path.name, "refused", str(error))
    except Exception as error:  # noqa: BLE001 (it is what is looked for)
        return Found(path.name, "traceback", f"{type(error).__name__}: {error}")
    if time.monotonic() - began > _LIMIT_SECONDS + 5:
        return Found(path.name, "hang")
    if outcome == "whole" and (why := _strictly(path)):
        return Found(path.name, "deceived", why)
    return Found(path.name, outcome, detail)


def _looked_at(path: Path, folder: Path) -> tuple[str, str]:
    probe = ffprobe.report(path).container
    for tool in (mediainfo.report, exiftool.report):
        try:
            tool(path)
        except PermanentError:  # the item lacks it, and is done
            continue
    report = signal.analyze(path, probe, folder)
    return ("flawed", report.first_error or "") if report.decode_errors else ("whole", "")


def _strictly(path: Path) -> str:
    """Why a strict decode refuses a file; empty if it does not."""
    try:
        verify.decode(path, ffprobe.report(path).container)
    except PermanentError as error:
        return str(error)
    return ""


class Memory:
    """The most memory that this process and its tools took together, in bytes, while it watches."""

    def __init__(self) -> None:
        self.peak, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self.peak = max(self.peak, memory_now())


def memory_now() -> int:
    """Bytes that this process and all that it started have in memory.

    A child that has yet to become its tool shares all memory of its parent: it is counted once.
    """
    me = psutil.Process()
    total, named = int(me.memory_info().rss), me.cmdline()
    for process in me.children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ended meanwhile
            total += process.memory_info().rss if process.cmdline() != named else 0
    return total


def run(number: int, seed: int, tell: Callable[[Found], None]) -> tuple[Counter[str], Memory, int]:
    """Examine ``number`` mutations; returns outcomes, memory, and how many files were left."""
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place, Memory() as memory:
        folder = Path(place, "item")
        folder.mkdir()
        before = {*scratch.folder().rglob("*")}
        for path in mutations(number, seed, Path(place)):
            found = examine(path, folder)
            outcomes[found.outcome] += 1
            tell(found)
        left = {*scratch.folder().rglob("*")} - before
    return outcomes, memory, len(left)


def run_whole(number: int, seed: int) -> tuple[Counter[str], list[str], Memory]:
    """Have `nightshift run` work on ``number`` of them, or on the samples as they are if it is 0.

    Returns outcomes, faults and memory.
    """
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as place, Memory() as memory:
        media, home = Path(place, "media"), Path(place, "home")
        if not number:
            shutil.copytree(SAMPLES, media)
        media.mkdir(exist_ok=True)
        for path in mutations(number, seed, Path(place)):
            path.rename(media / path.name)
            path.touch()  # it is removed next
        done = subprocess.run(
            [Path(sys.executable).with_name("nightshift"), "run", str(media), "--json",
             "--skip", "transcribe_audio"],
            env={**os.environ, "NIGHTSHIFT_HOME": str(home)}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if "Traceback" in done.stderr or done.returncode not in {0, 1}:
            faults.append(f"exit code {done.returncode}: {done.stderr[-300:]}")
        items = json.loads(done.stdout)["items"]
        if len(items) != len([*media.iterdir()]):
            faults.append(f"{len(items)} outcomes of {number} files")
        faults += [str(left) for left in home.rglob("*.part*")]
    return Counter(_ending(item) for item in items), faults, memory


def _ending(item: dict[str, Any]) -> str:
    return "done with lacks" if item["lacks"] else str(item["outcome"])


def tools_left() -> int:
    """Child processes of this one that are none of those that stay open."""
    stay = {tool.process.pid for tool in (exiftool.tool, mediainfo.tool) if tool.process}
    return sum(
        process.pid not in stay and "watchdog.py" not in " ".join(process.cmdline())
        for process in psutil.Process().children(recursive=True)
        if process.status() != psutil.STATUS_ZOMBIE
    )


def rows() -> Iterator[tuple[str, str, str, str, str]]:
    """For the table of the benchmarks."""
    given = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    number, seed = (*given, *(NUMBER, SEED)[len(given) :])[:2]

    def tell(found: Found) -> None:
        if found.outcome in FAULTS or os.environ.get("MUTATIONS_VERBOSE"):
            print(*found, flush=True)

    outcomes, memory, left = run(number, seed, tell)
    faults = sum(outcomes[fault] for fault in FAULTS)
    counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    yield (
        f"{number} mutations, seed {seed}", counted, "a strict decode", f"{faults} faults", "0",
    )  # fmt: skip
    yield ("processes and files left", f"{tools_left()} and {left}", "", "", "0 and 0")
    ended, wrong, whole = run_whole(max(8, number // 50), seed + 1)
    undamaged = run_whole(0, seed)[2].peak
    counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(ended.items()))
    print(*wrong, sep="\n", end="\n" if wrong else "")
    yield ("the same through `nightshift run`", counted, "", f"{len(wrong)} faults", "0")
    yield (
        "its memory with tools and Prefect's server", f"{whole.peak / 1e6:.0f} MB",
        f"the samples as they are: {undamaged / 1e6:.0f} MB", f"{whole.peak / undamaged:.2f}",
        "≤ 1.2",
    )  # fmt: skip
    share = memory.peak / _MOST_BYTES
    yield (
        "memory with tools", f"{memory.peak / 1e6:.0f} MB", "1 GB", f"{share:.2f}", "≤ 1",
    )  # fmt: skip
