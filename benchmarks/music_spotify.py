"""Spotify: 10,000 plays of 2,000 artists enriched, against a server that answers after 50 ms.

The server is that of the tests, in a process of its own. The floor is what the latency alone takes:
requests × latency / how many are sent at once, of the tracks, then of the longer of artists and
albums, which are asked for at once. `python -m benchmarks.music_spotify serve|measure …`.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from typing import Any

Row = tuple[str, str, str, str, str]
LATENCY = 0.05
PLAYS, TRACKS, ARTISTS = 10_000, 4_000, 2_000


def rows() -> list[Row]:
    found = []
    for mode in ("extended", "development"):
        told = measured(mode)
        title = (
            f"Spotify, {mode} mode: {PLAYS:,} plays, {TRACKS:,} tracks, {ARTISTS:,} artists and as "
            f"many albums, {told['requests']:,} requests of {LATENCY * 1000:.0f} ms"
        )
        ratio = f"{told['seconds'] / told['floor']:.2f}"
        found.append((title, f"{told['seconds']:.1f} s ({told['cpu']:.1f} CPU s, peak "
                      f"{told['peak_mb']:.0f} MB)", f"floor {told['floor']:.1f} s", ratio,
                      "≤ 1.2"))  # fmt: skip
        found.append((f"a second run of it, {mode} mode", f"{told['again_requests']} requests, "
                      f"{told['again_new']} rows", f"{told['again_seconds']:.2f} s", "–",
                      "0, 0"))  # fmt: skip
    return found


def measured(mode: str) -> dict[str, float]:
    """What a run comes to, in a process of its own beside a server in another."""
    with (
        tempfile.TemporaryDirectory() as home,
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.music_spotify", "serve", mode],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as server,
    ):  # fmt: skip
        assert server.stdin and server.stdout
        url, token = server.stdout.readline().split()
        environment = {
            **os.environ, "NIGHTSHIFT_HOME": home, "NIGHTSHIFT_MUSIC__SPOTIFY_REFRESH_TOKEN": token,
            "NIGHTSHIFT_MUSIC__SPOTIFY_CLIENT_ID": "c" * 32,
            "NIGHTSHIFT_MUSIC__SPOTIFY_ACCOUNTS_URL": url,
            "NIGHTSHIFT_MUSIC__SPOTIFY_API_URL": f"{url}/v1",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.music_spotify", "measure", mode],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        server.stdin.close()  # it ends
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    told: dict[str, float] = json.loads(done.stdout)
    return told


def serve(mode: str) -> None:
    from tests.servers import spotify

    with spotify.running() as running:
        running.mode, running.latency = mode, LATENCY
        for number in range(TRACKS):
            of = number % ARTISTS
            song = spotify.track(number)
            song["artists"] = [spotify.artist(of)]
            song["album"] |= {"id": spotify.identifier("album", of)}
            running.things["tracks"][song["id"]] = song
        for number in range(ARTISTS):
            running.things["artists"][spotify.identifier("artist", number)] = spotify.artist(number)
            running.things["albums"][spotify.identifier("album", number)] = spotify.album(number)
        print(running.url, running.grant(), flush=True)
        sys.stdin.read()


def measure(mode: str) -> None:
    from tests.servers.spotify import identifier
    from utils.clock import now
    from utils.config import load_settings
    from utils.db import plays
    from utils.db.session import session
    from utils.models.music import Origin, Play, Service

    with session() as s:
        plays.add(s, [
            Play(account="me", service=Service.SPOTIFY, origin=Origin.EXPORT, track="x",
                 played_at=now() - timedelta(minutes=number),
                 spotify_track_id=identifier("track", number % TRACKS))
            for number in range(PLAYS)
        ])  # fmt: skip
    first, cpu = enrich(load_settings()), time.process_time()
    again = enrich(load_settings())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({
        **first, "cpu": cpu, "floor": floor(mode), "peak_mb": peak,
        **{f"again_{name}": value for name, value in again.items()},
    }))  # fmt: skip


def enrich(settings: Any) -> dict[str, float]:
    """The subflow's calls, without Prefect; nothing is asked where all is known."""
    from utils.models.music import EntityKind
    from utils.music.spotify import api, enrichment

    began = time.monotonic()
    kinds = (EntityKind.ARTIST, EntityKind.ALBUM)
    tracks = enrichment.wanted_tracks(settings)
    if not tracks.ids and not any(enrichment.wanted_of_tracks(k, settings).ids for k in kinds):
        return {"seconds": time.monotonic() - began, "requests": 0, "new": 0}
    with api.connected(settings) as spotify:
        new = [enrichment.fetch(spotify, EntityKind.TRACK, tracks.ids).new]

        def fetch(kind: EntityKind) -> None:
            wanted = enrichment.wanted_of_tracks(kind, settings)
            new.append(enrichment.fetch(spotify, kind, wanted.ids).new)

        threads = [threading.Thread(target=fetch, args=(kind,)) for kind in kinds]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert sum(new) == TRACKS + 2 * ARTISTS, new
    return {"seconds": time.monotonic() - began, "requests": spotify.requests, "new": sum(new)}


def floor(mode: str) -> float:
    from utils.models.music import EntityKind
    from utils.music.spotify.look_up import AT_ONCE, BATCH

    def rounds(kind: EntityKind, number: int) -> float:
        requests = number if mode == "development" else math.ceil(number / BATCH[kind])
        return math.ceil(requests / AT_ONCE) * LATENCY

    longer = max(rounds(EntityKind.ARTIST, ARTISTS), rounds(EntityKind.ALBUM, ARTISTS))
    return rounds(EntityKind.TRACK, TRACKS) + longer


if __name__ == "__main__":
    {"serve": serve, "measure": measure}[sys.argv[1]](sys.argv[2])
