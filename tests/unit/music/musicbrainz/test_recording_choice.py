"""Of several recordings one is chosen, and one that can not be it is refused."""

from __future__ import annotations

import pytest

from utils.db.music_lookups import PlayedTrack
from utils.models.music import EntityKind
from utils.music import names
from utils.music.musicbrainz.recording_choice import chosen


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hey Jude - Remastered 2015", "Hey Jude"),
        ("Umbrella (feat. JAY-Z)", "umbrella"),
        ("Für Elise", "Fur Elise"),
        ("Łódź Kaliska", "lodz kaliska"),
        ("The Chemical Brothers", "Chemical Brothers"),
        ("東京 (Live)", "東京"),
        ("...Baby One More Time", "Baby One More Time"),
        ("(I Can't Get No) Satisfaction", "Satisfaction"),
    ],
)
def test_the_same_name_is_alike(one: str, other: str) -> None:
    assert names.similarity(one, other) == 1.0


def test_other_names_are_not() -> None:
    assert names.similarity("Hey Jude", "Yesterday") < 0.5


@pytest.mark.parametrize(
    ("one", "other"), [(None, "x"), ("", "x"), ("ボア", "BoA"), ("Кино", "Kino")]
)
def test_what_can_not_be_compared_is_not(one: str | None, other: str) -> None:
    assert names.similarity(one, other) is None


def recording(title: str, artist: str = "They", length_ms: int | None = None) -> dict[str, object]:
    return {"id": title, "title": title, "artist": artist, "length_ms": length_ms,
            "first_released": None}  # fmt: skip


def played(title: str, artist: str | None, duration_ms: int | None = None) -> PlayedTrack:
    return PlayedTrack("GBAAA9900303", EntityKind.ISRC, title, artist, duration_ms, 1)


@pytest.mark.parametrize(
    ("found", "track", "is_taken"),
    [
        (recording("Yesterday"), played("Hey Jude", "Nina Simone"), False),
        (recording("Yesterday"), played("Hey Jude", "They"), True),  # renamed
        (recording("Yesterday"), played("Hey Jude", None), True),  # who knows
        (recording("夏"), played("Summer", "Nina Simone"), True),
        (
            recording("Yesterday", length_ms=200_000),
            played("Hey Jude", "Nina Simone", 201_000),
            True,
        ),
        (
            recording("Yesterday", length_ms=200_000),
            played("Hey Jude", "Nina Simone", 300_000),
            False,
        ),
    ],
)
def test_a_recording_is_refused_where_all_that_is_known_speaks_against_it(
    found: dict[str, object], track: PlayedTrack, is_taken: bool
) -> None:
    document = chosen([found], track)
    assert bool(document["recordings"]) is is_taken
    assert bool(document["refused"]) is not is_taken
