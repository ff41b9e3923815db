"""A few of the damaged files of benchmarks/mutations.py: none stops, starves or deceives."""

import os
import random
import shutil
from pathlib import Path

from benchmarks import mutations
from utils.media import signal
from utils.media.probing import ffprobe


def test_damaged_files_are_refused_or_said_to_be_flawed_and_leave_nothing() -> None:
    found, before = list[mutations.Found](), mutations.tools_left()
    held = mutations.memory_now()  # by other tests: models, servers
    outcomes, memory, left = mutations.run(16, 3, found.append)
    assert not [one for one in found if one.outcome in mutations.FAULTS]
    assert outcomes["refused"] and outcomes["flawed"]
    assert left == 0
    assert mutations.tools_left() <= before
    assert memory.peak - held < 10**9


def test_a_child_that_is_no_tool_yet_is_counted_with_its_parent() -> None:
    """Between fork and exec a child has all that its parent has: 2 GB of a worker of the tests."""
    held = mutations.memory_now()
    said, told = os.pipe()
    if not (child := os.fork()):
        os.close(told)
        os.read(said, 1)  # until the parent has looked
        os._exit(0)
    try:
        assert mutations.memory_now() < held * 1.2
    finally:
        os.close(told)
        os.waitpid(child, 0)
        os.close(said)


def test_one_damaged_frame_is_found_each_time(tmp_path: Path) -> None:
    film, made = tmp_path / "film.mp4", tmp_path / "made"
    made.mkdir()
    for path in mutations.mutations(8, 3, made):  # the last of them
        shutil.copy(path, film)
    probe = ffprobe.report(film).container
    errors = {signal.analyze(film, probe, made).first_error for _ in range(6)}
    assert errors == {"corrupt decoded frame"}


def test_a_seed_makes_the_same_damage_again(tmp_path: Path) -> None:
    once, again = ([p.read_bytes() for p in mutations.mutations(8, 5, tmp_path)] for _ in range(2))
    assert once == again


def test_every_kind_of_damage_changes_something() -> None:
    data = bytes(range(256)) * 100
    changed = {mutations.mutated(data, random.Random(seed)) for seed in range(50)}
    assert len(changed) > 45
