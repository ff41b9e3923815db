"""Figures, as ratios against an alternative that runs beside them: `make bench`.

python -m benchmarks            all of them, about an hour on two cores
python -m benchmarks shift      one of them: shift, help, extraction, views, encode, colour,
                                duplicates, search, lanes, scale, speech, words, speakers, idle,
                                chaos, mutations, code, facts, discovery, api, api-load, frames,
                                queue, music-tables, music-import, music-musicbrainz,
                                music-spotify, review-memory, calibration
                                queue, music-import, music-musicbrainz, music-spotify,
                                music-night, critic, publishing, hls, pages
python -m benchmarks mutations 200 7   so many damaged files, by this seed
python -m benchmarks api-load 2        so many minutes
"""

from __future__ import annotations

import os
import platform
import sys

from rich.console import Console
from rich.table import Table

from benchmarks import (
    api,
    api_load,
    calibration,
    chaos,
    code,
    colour,
    critic,
    discovery,
    encode,
    extraction,
    facts,
    frames,
    hls,
    idle,
    lanes,
    music_import,
    music_musicbrainz,
    music_night,
    music_spotify,
    music_tables,
    mutations,
    near_duplicates,
    pages,
    publishing,
    queue,
    review_memory,
    scale,
    search,
    shift,
    speakers,
    speech,
    startup,
    views,
    words,
)

BENCHMARKS = {
    "api": api.rows,
    "shift": shift.rows,
    "help": startup.rows,
    "extraction": extraction.rows,
    "views": views.rows,
    "encode": encode.rows,
    "colour": colour.rows,
    "critic": critic.rows,
    "duplicates": near_duplicates.rows,
    "search": search.rows,
    "lanes": lanes.rows,
    "scale": scale.rows,
    "speech": speech.rows,
    "words": words.rows,
    "speakers": speakers.rows,
    "idle": idle.rows,
    "chaos": chaos.rows,
    "mutations": mutations.rows,
    "code": code.rows,
    "facts": facts.rows,
    "discovery": discovery.rows,
    "api-load": api_load.rows,
    "frames": frames.rows,
    "queue": queue.rows,
    "review-memory": review_memory.rows,
    "calibration": calibration.rows,
    "music-tables": music_tables.rows,
    "music-musicbrainz": music_musicbrainz.rows,
    "music-import": music_import.rows,
    "music-spotify": music_spotify.rows,
    "music-night": music_night.rows,
    "publishing": publishing.rows,
    "hls": hls.rows,
    "pages": pages.rows,
}


def main() -> None:
    # What names no benchmark is for one: a number, a folder, "postgres".
    chosen = [word for word in sys.argv[1:] if word in BENCHMARKS]
    if len(sys.argv) > 1 and not chosen:
        raise SystemExit(f"There are {', '.join(BENCHMARKS)}.")
    chosen = chosen or list(BENCHMARKS)
    table = Table("what", "measured", "against", "ratio", "aim", title="Night Shift")
    for name in chosen:
        for row in BENCHMARKS[name]():
            table.add_row(*row)
    console = Console()
    console.print(table)
    console.print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
                  f"Python {platform.python_version()}, {platform.system()}")  # fmt: skip


main()
