"""Globs over the keys of a source, as people know them from shells."""

import pytest

from utils.sources.patterns import matches


@pytest.mark.parametrize(
    ("pattern", "key", "is_meant"),
    [
        (None, "a.mp4", True),
        ("*.mp4", "2026/05/A.MP4", True),  # without a slash: the name, whatever its case
        ("*.mp4", "a.mp4.part", False),
        ("2026/*.mov", "2026/a.mov", True),
        ("2026/*.mov", "2026/05/a.mov", False),
        ("2026/**/*.mov", "2026/a.mov", True),
        ("2026/**/*.mov", "2026/05/06/a.mov", True),
        ("2026/**", "2026/05/a.mov", True),
        ("**/05/*", "2026/05/a.mov", True),
        ("/2026/*", "2026/a.mov", True),
        ("a?.wav", "ab.wav", True),
        ("a?.wav", "a/.wav", False),
        ("[ab]*.wav", "b1.wav", True),
        ("[!ab]*.wav", "b1.wav", False),
        ("[z-a].wav", "[z-a].wav", True),  # no range: its signs themselves
        ("a[.wav", "a[.wav", True),
        ("(.+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa!", False),  # a pattern is no expression
        ("*.mp4", "a\nb.mp4", True),
    ],
)
def test_a_pattern_means_what_a_shell_means(pattern: str, key: str, is_meant: bool) -> None:
    assert matches(key, pattern) is is_meant
