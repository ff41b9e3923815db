"""What a row must say to be a play; what is wrong is named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from utils.clock import now
from utils.models.music import PlayKind, Service
from utils.models.music_import import Reason
from utils.music.history import validation
from utils.music.history.validation import Draft, checked

KNOWN: dict[str, Any] = {
    "service": Service.SPOTIFY, "played_at": "2023-05-01T18:00:00Z", "track": "Song",
    "artist": "Band", "ms_played": 1000,
}  # fmt: skip


def of(**facts: Any) -> validation.Checked:
    return checked(Draft(**(KNOWN | facts)), "me")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"played_at": None}, Reason.NO_TIME),
        ({"played_at": "yesterday"}, Reason.NO_TIME),
        ({"played_at": "2023-05-01"}, Reason.NO_TIME),
        ({"played_at": 10**30}, Reason.NO_TIME),
        ({"played_at": True}, Reason.NO_TIME),
        ({"played_at": ["2023"]}, Reason.NO_TIME),
        ({"track": None}, Reason.NO_TRACK),
        ({"track": " \t"}, Reason.NO_TRACK),
        ({"track": "\u0000\u202e"}, Reason.NO_TRACK),
        ({"track": 5}, Reason.NO_TRACK),
        ({"played_at": "2099-01-01T00:00:00Z"}, Reason.IN_THE_FUTURE),
        ({"played_at": "1970-01-01T00:00:00Z"}, Reason.BEFORE_THE_SERVICE),
        ({"played_at": "2005-12-31T00:00:00Z"}, Reason.BEFORE_THE_SERVICE),
        ({"played_at": 0, "service": Service.LASTFM}, Reason.BEFORE_THE_SERVICE),
        ({"played_at": -5}, Reason.BEFORE_THE_SERVICE),
        ({"ms_played": -1}, Reason.NEGATIVE_LENGTH),
        ({"ms_played": 10**15}, Reason.ABSURD_LENGTH),
        ({"ms_played": 86_400_001}, Reason.ABSURD_LENGTH),
        ({"ms_played": "long"}, Reason.ABSURD_LENGTH),
        ({"ms_played": float("nan")}, Reason.ABSURD_LENGTH),
        ({"ms_played": True}, Reason.ABSURD_LENGTH),
    ],
)
def test_what_is_no_play_has_a_reason(facts: dict[str, Any], reason: Reason) -> None:
    assert of(**facts).reason is reason
    assert of(**facts).play is None


@pytest.mark.parametrize(
    ("told", "wanted", "precision"),
    [
        ("2023-05-01T18:00:30Z", (18, 0, 30), 1),
        ("2023-05-01T20:00:30+02:00", (18, 0, 30), 1),
        ("2023-05-01 18:00", (18, 0, 0), 60),
        ("01 May 2023 18:00", (18, 0, 0), 60),
        ("01 May 2023, 18:00", (18, 0, 0), 60),
        ("2023-05-01 18:00:30", (18, 0, 30), 1),
        (1682964030, (18, 0, 30), 1),
        ("1682964030", (18, 0, 30), 1),
        (1682964030000, (18, 0, 30), 1),
    ],
)
def test_a_moment_is_read_as_services_write_it(
    told: object, wanted: tuple[int, int, int], precision: int
) -> None:
    play = of(played_at=told).play
    assert play is not None
    assert play.played_at == datetime(2023, 5, 1, *wanted, tzinfo=UTC)
    assert play.precision_seconds == precision


def test_a_play_of_this_minute_is_none_of_the_future() -> None:
    assert of(played_at=now().isoformat()).play is not None


def test_scrobbles_are_older_than_spotify() -> None:
    assert of(played_at="2004-01-01T00:00:00Z", service=Service.LASTFM).play is not None


def test_names_are_cleaned_and_it_is_said() -> None:
    found = of(track="A\u0000\u202eB\nC", artist="x" * 5000)
    assert found.play is not None and found.cleaned
    assert found.play.track == "AB C"
    assert len(found.play.artist or "") == 1000
    assert not of(track="Noe\u0308l  ").cleaned
    assert not of().cleaned


@pytest.mark.parametrize("text", ["\ud800", "A\ud800B"])
def test_half_a_letter_is_taken_out(text: str) -> None:
    play = of(artist=text).play
    assert play is not None
    assert "\ud800" not in (play.artist or "")


def test_what_is_no_id_and_no_country_is_left_out() -> None:
    play = of(spotify_track_id="spotify:local:a:b:c:5", isrc="x", recording_mbid="y", country="ZZ",
              skipped="maybe").play  # fmt: skip
    assert play is not None
    assert (play.spotify_track_id, play.isrc, play.recording_mbid) == (None, None, None)
    assert (play.country, play.skipped) == (None, None)


def test_a_title_that_is_gone_is_named_by_its_id() -> None:
    play = of(track=None, spotify_track_id="spotify:track:4uLU6hMCjMI75M1A2tKUQC").play
    assert play is not None
    assert play.track == "spotify:track:4uLU6hMCjMI75M1A2tKUQC"


def test_an_episode_has_no_id_of_a_track() -> None:
    play = of(kind=PlayKind.EPISODE, spotify_track_id="4uLU6hMCjMI75M1A2tKUQC").play
    assert play is not None and play.spotify_track_id is None
