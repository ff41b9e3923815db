"""A near-duplicate check of one new item against 10,000 known ones, on SQLite.

Against comparing its fingerprint with each known one in turn, both from the database to the
answer. Fingerprints are synthetic: from still to still a frame's hash changes by 6 bits on
average, a sub-fingerprint by 4 (3.4 to 5.6 on real songs and speech). Worst cases: every item
lasts exactly 30 s, so that the length excludes none; and "one camera", 10,000 silent clips of
one place whose frames are nearly all equal.
"""

from __future__ import annotations

import base64
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from utils.similarity import near_duplicates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from utils.models.fingerprint import Fingerprint

    Numbers = NDArray[np.uint64]

Row = tuple[str, str, str, str, str]
KNOWN = 10_000
CHECKS = 15
_FRAMES = 48


def rows() -> list[Row]:
    found = []
    for title, make in (("lengths 10 s to 2 h", spread), ("all 30.0 s", same_length),
                        ("one camera, all 30.0 s", one_camera)):  # fmt: skip
        with tempfile.TemporaryDirectory() as home:
            ours, each = _measure(home, make)
        found.append((
            f"near-duplicate check, {KNOWN:,} known, {title}",
            f"{ours * 1000:.1f} ms",
            f"each in turn {each * 1000:.0f} ms",
            f"{ours / each:.4f}",
            "< 50 ms",
        ))  # fmt: skip
    return found


def spread(number: int) -> Fingerprint:
    chance = np.random.default_rng(number)
    return _item(number, chance, float(np.exp(chance.uniform(np.log(10), np.log(7200)))))


def same_length(number: int) -> Fingerprint:
    return _item(number, np.random.default_rng(number), 30.0)


def one_camera(number: int) -> Fingerprint:
    chance = np.random.default_rng(number)
    scene = np.random.default_rng(0).integers(0, 2**63, dtype=np.uint64)
    return _fingerprint(number, 30.0, scene ^ _noise(chance, _FRAMES, 64, 1), None)


def _item(number: int, chance: np.random.Generator, seconds: float) -> Fingerprint:
    words = int((min(seconds, 300.0) - 2.6) / 0.1238)
    frames, sound = _walk(chance, _FRAMES, 64, 6), _walk(chance, words, 32, 4)
    return _fingerprint(number, seconds, frames, sound)


def copy_of(known: Fingerprint, chance: np.random.Generator) -> Fingerprint:
    """As a re-encode leaves it: 2 bits of a frame and 1.5 of a sub-fingerprint differ."""
    from utils.similarity.prints import prints

    arrays = prints(known)
    frames = arrays.hashes ^ _noise(chance, len(arrays.hashes), 64, 2)
    sound = arrays.words ^ _noise(chance, len(arrays.words), 32, 1.5)
    return _fingerprint(KNOWN, known.duration_seconds or 0.0, frames, sound if len(sound) else None)


def _walk(chance: np.random.Generator, length: int, bits: int, mean: float) -> Numbers:
    """Numbers of which each differs from the one before in ``mean`` bits on average."""
    steps = _noise(chance, length, bits, mean)
    steps[0] = chance.integers(0, 2**bits - 1, dtype=np.uint64)
    return np.bitwise_xor.accumulate(steps)


def _noise(chance: np.random.Generator, length: int, bits: int, mean: float) -> Numbers:
    """Numbers with ``mean`` bits set on average."""
    flipped = chance.random((length, bits), np.float32) < mean / bits
    return np.packbits(flipped, axis=1).view(f">u{bits // 8}").ravel().astype(np.uint64)


def _fingerprint(
    number: int, seconds: float, frames: Numbers, sound: Numbers | None
) -> Fingerprint:
    from utils.models.fingerprint import Fingerprint, Frame
    from utils.models.item import MediaKind

    return Fingerprint(
        item_id=f"{number:064x}",
        kind=MediaKind.VIDEO,
        duration_seconds=seconds,
        frames=tuple(
            Frame(time_seconds=round(seconds * (n + 0.5) / len(frames), 3), phash=f"{value:016x}")
            for n, value in enumerate(map(int, frames))
        ),
        detail=np.random.default_rng(number).bytes(32).hex(),
        aspect=1.7778,
        audio=base64.b64encode(sound.astype("<u4").tobytes()).decode()
        if sound is not None
        else None,
    )


def _measure(home: str, make: Callable[[int], Fingerprint]) -> tuple[float, float]:
    """Median seconds of a check, and of a comparison with each in turn."""
    from sqlalchemy import select

    from utils.config import load_settings
    from utils.db.schema import FingerprintRow, Item
    from utils.db.session import session
    from utils.models.fingerprint import Fingerprint
    from utils.models.options import DuplicateOptions
    from utils.similarity import compare

    before = os.environ.get("NIGHTSHIFT_HOME")
    os.environ["NIGHTSHIFT_HOME"] = home
    load_settings.cache_clear()
    options = DuplicateOptions()
    with session() as s:
        for number in range(KNOWN):
            fingerprint = make(number)
            s.add(Item(id=fingerprint.item_id, kind="video", title=str(number), size_bytes=1,
                       status="done"))  # fmt: skip
            s.flush()
            near_duplicates.store(s, fingerprint)
    ours, each = [], []
    chance = np.random.default_rng(1)
    for check in range(CHECKS):
        wanted = int(chance.integers(0, KNOWN))
        new = copy_of(make(wanted), chance)
        started = time.perf_counter()
        with session() as s:
            found = near_duplicates.find(s, new, options)
        ours.append(time.perf_counter() - started)
        if make is not one_camera:  # there, none can be told from another
            assert [match.item_id for match in found.matches] == [f"{wanted:064x}"]
        if check == 0:
            started = time.perf_counter()
            with session() as s:
                for document in s.scalars(select(FingerprintRow.document)):
                    compare.match(new, Fingerprint.model_validate(document), options)
            each.append(time.perf_counter() - started)
    if before is None:
        del os.environ["NIGHTSHIFT_HOME"]
    else:
        os.environ["NIGHTSHIFT_HOME"] = before
    load_settings.cache_clear()
    return statistics.median(ours), statistics.median(each)
