"""A few of the damaged files of benchmarks/mutations.py: none stops, starves or deceives."""

import random
from pathlib import Path

from benchmarks import mutations


def test_damaged_files_are_refused_or_said_to_be_flawed_and_leave_nothing() -> None:
    found: list[mutations.Found] = []
    outcomes, memory, left = mutations.run(16, 3, found.append)
    assert not [one for one in found if one.outcome in mutations.FAULTS]
    assert outcomes["refused"] and outcomes["flawed"]
    assert (left, mutations.tools_left()) == (0, 0)
    assert memory.peak < 10**9


def test_a_seed_makes_the_same_damage_again(tmp_path: Path) -> None:
    once, again = ([p.read_bytes() for p in mutations.mutations(8, 5, tmp_path)] for _ in range(2))
    assert once == again


def test_every_kind_of_damage_changes_something() -> None:
    data = bytes(range(256)) * 100
    changed = {mutations.mutated(data, random.Random(seed)) for seed in range(50)}
    assert len(changed) > 45
