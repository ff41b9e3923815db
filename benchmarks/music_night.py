"""A whole night of music: `nightshift music etl` of 10,000 plays of 2,000 artists, twice.

Spotify and MusicBrainz are those of the tests, in a process of their own, that answer after 50 ms;
MusicBrainz allows 50 requests a second. The floor is what that rate has the requests take.
Memory is the largest sum of resident memory that was seen, of the process alone and with the
server that Prefect starts for it. `python -m benchmarks.music_night serve`: the services.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from tests.servers import listening

Row = tuple[str, str, str, str, str]
PLAYS, SONGS, ARTISTS = 10_000, 4_000, 2_000
LATENCY, PER_SECOND = 0.05, 50.0
_MOST_MB, _MOST_RATIO, _MOST_WALL = 300, 1.2, 1.15
_TABLES = ("music_plays", "music_entities", "music_recordings", "music_rejects")
_PROGRAM = "import sys; from nightshift.__main__ import main; sys.argv[0] = 'nightshift'; main()"


class Night(NamedTuple):
    """What a run printed, how long its process took, and its memory in MB."""

    report: dict[str, Any]
    seconds: float
    own_mb: float
    whole_mb: float


def rows() -> list[Row]:
    with (
        tempfile.TemporaryDirectory() as home,
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.music_night", "serve"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as services,
    ):  # fmt: skip
        assert services.stdin and services.stdout
        given = json.loads(services.stdout.readline())
        environment = {**os.environ, "NIGHTSHIFT_HOME": home, **given}

        def requests() -> int:
            assert services.stdin and services.stdout
            services.stdin.write("\n")
            services.stdin.flush()
            return int(services.stdout.readline())

        _import(Path(home), environment)
        first, asked, kept = _night(environment), requests(), _digest(home)
        again = _night(environment)
        changed = "no row changed" if _digest(home) == kept else "rows changed"
        found = [*_first(first, asked), _again(again, requests() - asked, changed)]
        services.stdin.close()  # they end
    return found


def _first(night: Night, asked: int) -> list[Row]:
    parts = {one["name"]: one for one in night.report["results"]}
    of_rate = parts["musicbrainz-enrichment"]["metrics"]["requests"] / PER_SECOND
    took = night.report["seconds"]
    three = [one["seconds"] for name, one in parts.items() if name.endswith("-enrichment")]
    wall = took - parts["data-preparation"]["seconds"] - parts["transformation"]["seconds"]
    statuses = ", ".join(f"{name} {one['seconds']:.1f} s" for name, one in parts.items())
    return [
        (f"a night of {PLAYS:,} plays, {SONGS:,} songs, {ARTISTS:,} artists ({asked:,} requests)",
         f"{took:.1f} s: {statuses}", f"the rate alone {of_rate:.1f} s", f"{took / of_rate:.2f}",
         f"≤ {_MOST_RATIO}"),
        ("the three at once, with what Prefect takes for them", f"{wall:.1f} s",
         f"the slowest {max(three):.1f} s, one after the other {sum(three):.1f} s",
         f"{wall / max(three):.2f}", f"≤ {_MOST_WALL}"),
        ("memory of the process that runs the flow", f"{night.own_mb:.0f} MB",
         f"with Prefect's own server {night.whole_mb:.0f} MB", "–", f"≤ {_MOST_MB} MB"),
    ]  # fmt: skip


def _again(night: Night, asked: int, changed: str) -> Row:
    return ("the same night again", f"{night.report['seconds']:.1f} s, {asked} requests, {changed}",
            f"{night.report['status']}, {night.seconds:.0f} s with Prefect's start", "–",
            "0, none")  # fmt: skip


def _import(home: Path, environment: dict[str, str]) -> None:
    path = home.with_suffix(".json")
    # Some songs are heard more often than others, each at least once.
    numbers = [*range(SONGS), *(n * n % SONGS for n in range(PLAYS - SONGS))]
    path.write_text(json.dumps(listening.history(numbers, ARTISTS)))
    try:
        command = [sys.executable, "-c", _PROGRAM, "music", "import", str(path)]
        subprocess.run(command, env=environment, check=True, capture_output=True)
    finally:
        path.unlink()


def _night(environment: dict[str, str]) -> Night:
    began = time.monotonic()
    command = [sys.executable, "-c", _PROGRAM, "music", "etl", "--json"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        own, whole = [0.0], [0.0]
        over = threading.Event()
        looking = threading.Thread(target=_look, args=(process.pid, over, own, whole))
        looking.start()
        out, said = process.communicate()
        over.set()
        looking.join()
    if not out:
        raise RuntimeError(said[-2000:])
    return Night(json.loads(out), time.monotonic() - began, max(own), max(whole))


def _look(pid: int, over: threading.Event, own: list[float], whole: list[float]) -> None:
    """Note the resident memory, of the process and of all that it started, until it is over."""
    process = psutil.Process(pid)
    while not over.wait(0.5):
        try:
            alone = process.memory_info().rss / 2**20
            others = sum(one.memory_info().rss / 2**20 for one in process.children(recursive=True))
        except psutil.NoSuchProcess:
            continue
        own.append(alone)
        whole.append(alone + others)


def _digest(home: str) -> str:
    digest = hashlib.sha256()
    with sqlite3.connect(Path(home) / "nightshift.db") as database:
        for table in _TABLES:
            for row in database.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3"):
                digest.update(repr(row).encode())
    build = Path(home) / "music" / "tables" / "current"
    return digest.hexdigest() + build.read_text()


def serve() -> None:
    with listening.running(latency=LATENCY) as world:
        world.add_songs(range(SONGS), ARTISTS)
        music = world.settings(musicbrainz_per_second=PER_SECOND)
        assert music.spotify_client_id and music.spotify_refresh_token
        given = {
            "SPOTIFY_CLIENT_ID": music.spotify_client_id.get_secret_value(),
            "SPOTIFY_REFRESH_TOKEN": music.spotify_refresh_token.get_secret_value(),
            **{f"NIGHTSHIFT_MUSIC__{name.upper()}": str(getattr(music, name))
               for name in ("spotify_accounts_url", "spotify_api_url", "musicbrainz_url",
                            "musicbrainz_per_second")},
        }  # fmt: skip
        print(json.dumps(given), flush=True)
        for _ in sys.stdin:
            print(world.requests, flush=True)


if __name__ == "__main__" and sys.argv[1:] == ["serve"]:
    serve()
