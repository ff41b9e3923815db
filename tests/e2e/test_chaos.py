"""A run that is killed with -9, and started again: nothing repeated, lost, or left behind."""

from collections.abc import Callable
from pathlib import Path

from benchmarks import chaos
from benchmarks.shift import make_clips


def test_killed_runs_repeat_nothing_lose_nothing_and_leave_nothing(
    tmp_path: Path, not_new: Callable[[Path], Path]
) -> None:
    for home in ("calm", "wild"):
        not_new(tmp_path / home)
    story = chaos.run(tmp_path, make_clips(tmp_path / "library", 3, seconds=4), kills=2, seed=10)
    assert story.kills.total() >= 1  # or it was over before it was killed
    assert story.repeated == []
    assert story.lost == []
    assert story.differing == []
    assert story.orphans == []
    assert story.leftovers == []
