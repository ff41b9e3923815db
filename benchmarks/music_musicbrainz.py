"""MusicBrainz at the rate that it allows: how much longer a run takes than the rate has it take.

Against a server on loopback that answers after 50 ms: 500 ISRCs of 100 artists at 50 requests a
second, by one process and by three at once; then all of it again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.servers.musicbrainz import Catalogue, Service, musicbrainz
from utils import config
from utils.config import load_settings
from utils.db.music_tables import PlayRow
from utils.db.session import session
from utils.models.music_settings import MusicSettings
from utils.music.musicbrainz import enrichment

Row = tuple[str, str, str, str, str]
_TRACKS, _ARTISTS, _PER_SECOND, _LATENCY = 500, 100, 50.0, 0.05
_PROCESSES = 3
_ASK = """
import sys, httpx
from utils.music.pacing import Pace, await_turn
with httpx.Client() as client:
    for _ in range(int(sys.argv[2])):
        await_turn(Pace("musicbrainz", float(sys.argv[3])))
        client.get(sys.argv[1], headers={"User-Agent": "a benchmark"})
"""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NIGHTSHIFT_HOME"] = folder
        load_settings.cache_clear()
        with musicbrainz(_catalogue(), latency=_LATENCY) as running:
            music = MusicSettings(musicbrainz_url=running.url, musicbrainz_per_second=_PER_SECOND)
            config.override(home=Path(folder), music=music)
            _play()
            return [_first(running), _second(running), _together(running)]


def _first(running: Service) -> Row:
    begun = time.monotonic()
    result = enrichment.enrich(load_settings(), lambda: True)
    took = time.monotonic() - begun
    floor = result.metrics["requests"] / _PER_SECOND
    most = running.most_in(1.0)
    return (
        f"{_TRACKS} ISRCs of {_ARTISTS} artists at {_PER_SECOND:.0f} a second, 50 ms each",
        f"{took:.1f} s, {result.metrics['requests']:.0f} requests, at most {most} in a second",
        f"the rate alone {floor:.1f} s", f"{took / floor:.2f}", "≤ 1.2",
    )  # fmt: skip


def _second(running: Service) -> Row:
    before = len(running.moments)
    begun = time.monotonic()
    enrichment.enrich(load_settings(), lambda: True)
    took = time.monotonic() - begun
    return ("the same again", f"{took:.1f} s", "no request",
            f"{len(running.moments) - before} requests", "0")  # fmt: skip


def _together(running: Service) -> Row:
    """Three processes that each ask as fast as they may."""
    running.moments.clear()
    each = 150
    artist = next(iter(running.catalogue.artists))
    command = [sys.executable, "-c", _ASK, f"{running.url}/artist/{artist}?fmt=json",
               str(each), str(_PER_SECOND)]  # fmt: skip
    begun = [subprocess.Popen(command) for _ in range(_PROCESSES)]
    for one in begun:
        one.wait()
    came = sorted(running.moments)
    rate = (len(came) - 1) / (came[-1] - came[0])
    return (f"{_PROCESSES} processes at once, each as fast as it may", f"{rate:.1f} a second",
            f"allowed {_PER_SECOND:.0f}; at most {running.most_in(1.0)} in any second",
            f"{rate / _PER_SECOND:.2f}", "≤ 1")  # fmt: skip


def _catalogue() -> Catalogue:
    made = Catalogue()
    country = made.area("United Kingdom", iso_3166_1=["GB"])
    artists = [made.artist(f"Artist {number}", country) for number in range(_ARTISTS)]
    for number in range(_TRACKS):
        made.recording(f"Song {number}", artists[number % _ARTISTS], _isrc(number))
    return made


def _isrc(number: int) -> str:
    return f"GBAAA99{number:05}"


def _play() -> None:
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    with session() as s:
        s.add_all(
            PlayRow(
                key=str(number), account="me", service="spotify", origin="export", kind="track",
                played_at=begun + timedelta(minutes=number), track=f"Song {number}",
                artist=f"Artist {number % _ARTISTS}", isrc=_isrc(number),
            )
            for number in range(_TRACKS)
        )  # fmt: skip
