"""Histories for tests: the fixtures, small ones of a few rows, and what an import keeps of them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.paths import PROJECT
from utils.db import play_rejects
from utils.db.session import session
from utils.models.music_import import ImportedFile
from utils.music.history import importing
from utils.music.history.importing import Wanted

HISTORIES = PROJECT / "tests" / "fixtures" / "music"

AUDIO = HISTORIES / "spotify" / "Streaming_History_Audio_2023_0.json"


def taken(*paths: Path, account: str | None = None, dry_run: bool = False) -> list[ImportedFile]:
    found = importing.found(paths)
    wanted = Wanted(account or "me", is_named=account is not None, dry_run=dry_run)
    return list(importing.each(found, wanted, lambda _name, _rows: None))


def new(done: Sequence[ImportedFile]) -> int:
    return sum(one.new for one in done)


def row(number: int, **facts: Any) -> dict[str, Any]:
    known = {"ts": f"2023-05-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z",
             "ms_played": 1000, "master_metadata_track_name": f"Song {number}",
             "master_metadata_album_artist_name": "Band", "spotify_track_uri": None}  # fmt: skip
    return known | facts


def written(path: Path, rows: Any) -> Path:
    path.write_text(json.dumps(rows, ensure_ascii=False))
    return path


def rejects() -> list[tuple[str, str]]:
    with session() as s:
        return [(one.place, one.reason) for one in reversed(play_rejects.newest(s, None))]


def zipped(path: Path, members: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path
