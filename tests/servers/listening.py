"""Spotify and MusicBrainz on loopback that know the same songs, and a history that plays them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pydantic import SecretStr

from tests.servers import musicbrainz, spotify
from utils.models.music_settings import MusicSettings

BEGAN = datetime(2026, 3, 1, 20, tzinfo=UTC)


class World(NamedTuple):
    """Both services; song ``n`` is ``Track n`` by ``Artist n``, who is from Iceland or Peru."""

    spotify: spotify.Spotify
    musicbrainz: musicbrainz.Service

    def add_songs(self, numbers: Iterable[int], artists: int | None = None) -> None:
        """Have both services know songs; each has an artist of its own, or one of so many."""
        known = self.musicbrainz.catalogue
        areas = [known.area(name, iso_3166_1=[code]) for name, code in
                 (("Iceland", "IS"), ("Peru", "PE"))]  # fmt: skip
        for number in numbers:
            by = number % artists if artists else number
            named = spotify.artist(by)
            credit = [{key: named[key] for key in ("id", "name", "type", "uri")}]
            self.spotify.add_song(number, artists=credit)
            self.spotify.things["artists"][named["id"]] = named
            whose = known.artist(named["name"], areas[by % 2], tags=[{"name": "rock", "count": 3}])
            known.recording(f"Track {number}", whose, isrc(number))

    @property
    def requests(self) -> int:
        """All requests to both so far."""
        asked = self.spotify.server, self.musicbrainz.server
        return sum(len(server.asked) for server in asked if server)

    def settings(self, **more: Any) -> MusicSettings:
        """Settings of an account that is logged in at these services."""
        given = {
            "spotify_client_id": SecretStr(spotify.CLIENT_ID),
            "spotify_refresh_token": SecretStr(self.spotify.grant()),
            "spotify_accounts_url": self.spotify.url,
            "spotify_api_url": f"{self.spotify.url}/v1",
            "musicbrainz_url": self.musicbrainz.url,
            "musicbrainz_per_second": 1000.0,
        }
        return MusicSettings(**(given | more))


def isrc(number: int) -> str:
    """The ISRC that Spotify tells of a song."""
    return str(spotify.track(number)["external_ids"]["isrc"])


def history(
    numbers: Iterable[int],
    artists: int | None = None,
    every: timedelta = timedelta(minutes=4),
) -> list[Any]:
    """Rows of Spotify's extended history: these songs, one after the other."""
    return [
        {
            "ts": f"{BEGAN + place * every:%Y-%m-%dT%H:%M:%SZ}", "platform": "linux",
            "ms_played": 180_000, "conn_country": "DE", "skipped": False,
            "master_metadata_track_name": f"Track {number}",
            "master_metadata_album_artist_name": f"Artist {number % (artists or 10**9)}",
            "master_metadata_album_album_name": f"Album {number}",
            "spotify_track_uri": f"spotify:track:{spotify.identifier('track', number)}",
            "spotify_episode_uri": None, "offline_timestamp": None, "incognito_mode": False,
        }
        for place, number in enumerate(numbers)
    ]  # fmt: skip


@contextmanager
def running(per_second: float = 1e9, latency: float = 0.0) -> Iterator[World]:
    """Both services; the second allows so many requests a second, both take so long for each."""
    with spotify.running() as one, musicbrainz.musicbrainz(None, per_second, latency) as other:
        one.latency = latency
        yield World(one, other)
