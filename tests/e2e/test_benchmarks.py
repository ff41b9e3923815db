"""What the figures are held against still does the work, on a home of its own."""

from pathlib import Path

import pytest

from benchmarks import discovery, s3_lister, shift


def test_the_script_that_a_shift_is_compared_with_makes_the_records(tmp_path: Path) -> None:
    clips = shift.make_clips(tmp_path / "clips", 1, seconds=4)
    assert shift.plain("plain", clips, tmp_path / "made", 1) > 0


def test_discovery_takes_what_is_new_once_and_goes_on_where_it_was_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    discovery.define("")
    with s3_lister.serving() as url:
        assert discovery.bare(url, "all-5000")["listed"] == 5_000
        cut = discovery.discover(url, "before-5000", "2")
        rest = discovery.discover(url, "before-5000")
        again = discovery.discover(url, "all-5000")
    assert (cut["new"], cut["is_whole"]) == (1_998, False)
    assert (rest["new"], rest["is_whole"]) == (2_997, True)
    assert (again["listed"], again["new"]) == (5_000, 5)
