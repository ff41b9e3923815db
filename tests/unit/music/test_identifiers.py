"""Identifiers of other services are checked before they go into a path."""

from __future__ import annotations

import pytest

from utils.music import identifiers

ID = "4uLU6hMCjMI75M1A2tKUQC"


@pytest.mark.parametrize(
    "text",
    [ID, f"spotify:track:{ID}", f"https://open.spotify.com/intl-de/track/{ID}?si=1", f" {ID} "],
)
def test_an_id_of_spotify_is_found_in_its_uri_and_address(text: str) -> None:
    assert identifiers.spotify_id(text) == ID


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        5,
        "../../x",
        f"{ID}/..",
        f"{ID}\n{ID}",
        "local:a:b",
        f"spotify:album:{ID}",
        f"https://open.spotify.com/playlist/{ID}",
    ],
)
def test_what_is_no_id_of_spotify_is_none(text: object) -> None:
    assert identifiers.spotify_id(text) is None


@pytest.mark.parametrize("text", ["USRC17607839", "us-rc1-76-07839", "ISRC US RC1 76 07839"])
def test_an_isrc_is_read_as_people_write_it(text: str) -> None:
    assert identifiers.isrc(text) == "USRC17607839"


@pytest.mark.parametrize("text", ["", None, "USRC1760783", "1SRC17607839", "USRC17607839/.."])
def test_what_is_no_isrc_is_none(text: object) -> None:
    assert identifiers.isrc(text) is None


def test_an_mbid_is_a_uuid_and_nothing_else() -> None:
    text = "B10BBBFC-CF9E-42E0-BE17-E2C3E1D2600D"
    assert identifiers.mbid(text) == text.lower()
    assert identifiers.mbid(text + "/x") is None
    assert identifiers.mbid("{" + text[1:]) is None
