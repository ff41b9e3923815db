"""What the figures are held against still does the work, on a home of its own."""

from pathlib import Path

from benchmarks import shift


def test_the_script_that_a_shift_is_compared_with_makes_the_records(tmp_path: Path) -> None:
    clips = shift.make_clips(tmp_path / "clips", 1, seconds=4)
    assert shift.plain("plain", clips, tmp_path / "made", 1) > 0
