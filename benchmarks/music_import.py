"""A history of 1,000,000 plays: how fast it comes in, and in how much memory.

The file is Spotify's, of 50,000 tracks; against it the same file read and thrown away by the
standard library, whole. Each side is a process of its own.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.selfhosted import ROOT

Row = tuple[str, str, str, str, str]
PLAYS, TRACKS = 1_000_000, 50_000
_NOTHING = dict.fromkeys(
    ("episode_name", "episode_show_name", "spotify_episode_uri", "audiobook_title",
     "audiobook_uri", "audiobook_chapter_uri", "audiobook_chapter_title", "offline_timestamp")
)  # fmt: skip


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "Streaming_History_Audio_0.json")
        write(path, PLAYS)
        whole = _run(Path(name), "whole", path)
        first, again = (_run(Path(name), "bring", path) for _ in range(2))
    assert first["new"] == PLAYS and again["new"] == 0, (first, again)
    size = f"a history of {PLAYS:,} plays ({first['file_mb']:.0f} MB)"
    against = f"json.load alone: {whole['seconds']:.0f} s, {whole['peak_mb']:,.0f} MB"
    return [
        (
            f"{size}, imported into SQLite",
            f"{first['seconds']:.0f} s ({first['cpu']:.0f} CPU s, "
            f"{PLAYS / first['seconds']:,.0f} plays/s), peak {first['peak_mb']:.0f} MB",
            against,
            f"{first['seconds'] / whole['seconds']:.1f}; "
            f"{first['peak_mb'] / whole['peak_mb']:.2f} of the memory",
            "≤ 300 MB",
        ),
        (
            "the same, looked at for rules and duplicates",
            f"{first['checking']:.0f} s ({first['checking_cpu']:.0f} CPU s)", "–", "–", "stated",
        ),
        (
            "the same file again, nothing new",
            f"{again['seconds']:.0f} s ({again['cpu']:.0f} CPU s), "
            f"peak {again['peak_mb']:.0f} MB",
            "–", "–", "no row changed",
        ),
    ]  # fmt: skip


def write(path: Path, plays: int) -> None:
    """A history as Spotify exports it, by chance that is the same each time."""
    chance = random.Random(13)
    moment = datetime(2012, 1, 1, tzinfo=UTC)
    with path.open("w") as file:
        for number in range(plays):
            moment += timedelta(seconds=chance.randint(20, 400))
            track = min(int(chance.expovariate(1 / 8000)), TRACKS - 1)
            file.write("[" if number == 0 else ",\n")
            json.dump(_row(moment, track, chance.randint(0, 300_000)), file)
        file.write("]")


def _row(moment: datetime, track: int, ms_played: int) -> dict[str, Any]:
    return _NOTHING | {
        "ts": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "platform": "Android OS 12 API 32 (Google, Pixel 5)",
        "ms_played": ms_played,
        "conn_country": "DE",
        "ip_addr": "203.0.113.7",
        "master_metadata_track_name": f"Träck {track}" if track % 5 == 0 else f"Track {track}",
        "master_metadata_album_artist_name": f"Artist {track % 2000}",
        "master_metadata_album_album_name": f"Album {track % 5000}",
        "spotify_track_uri": f"spotify:track:{track:022}",
        "reason_start": "trackdone",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": False,
        "offline": False,
        "incognito_mode": False,
    }


def _run(folder: Path, *words: str | Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.music_import", *map(str, words)], check=True, cwd=ROOT,
        env={**os.environ, "NIGHTSHIFT_HOME": str(folder / "home")}, text=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    said: dict[str, float] = json.loads(done.stdout)
    return said


def whole(path: Path) -> dict[str, float]:
    """What reading alone takes, all of it in memory."""
    with path.open() as file:
        return {"new": len(json.load(file))}


def bring(path: Path) -> dict[str, float]:
    """What the command does."""
    from utils.music.history import importing, preparation

    wanted = importing.Wanted("me")
    began, cpu = time.perf_counter(), time.process_time()
    found = importing.found([path])
    (done,) = importing.each(found, wanted, lambda _name, _rows: None)
    brought, cpu_brought = time.perf_counter(), time.process_time()
    preparation.prepare()
    return {
        "new": done.new, "seconds": brought - began, "checking": time.perf_counter() - brought,
        "cpu": cpu_brought - cpu, "checking_cpu": time.process_time() - cpu_brought,
        "file_mb": path.stat().st_size / 1e6,
    }  # fmt: skip


if __name__ == "__main__":
    side, path = sys.argv[1], Path(sys.argv[2])
    began = time.perf_counter()
    said = {"whole": whole, "bring": bring}[side](path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 / 1024)
    print(json.dumps({"seconds": time.perf_counter() - began, "peak_mb": peak} | said))
