"""Histories as services export them: all that is a play is kept once, all else is told."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.paths import PROJECT
from tests.unit.music.histories import AUDIO, HISTORIES, new, rejects, row, taken, written
from tests.unit.music.plays import table
from utils import clock
from utils.clock import Clock
from utils.config import Settings
from utils.db import play_rejects
from utils.db.session import session
from utils.models.music_import import Reason
from utils.music import preparation
from utils.music.history import importing


def test_what_a_row_says_is_what_is_kept() -> None:
    taken(AUDIO)
    kept = {one["track"]: one for one in table()}
    first = kept["Holding On"]
    assert first["played_at"] == datetime(2023, 5, 1, 18, 0, tzinfo=UTC)
    assert (first["ms_played"], first["country"], first["skipped"]) == (201_000, "DE", False)
    assert first["platform"] == "Android OS 12 API 32 (Google, Pixel 5)"
    assert (first["artist"], first["album"]) == ("The War On Drugs", "A Deeper Understanding")
    assert first["spotify_track_id"] == "0aB1cD2eF3gH4iJ5kL6mN7"
    assert kept["Hoppípolla"]["skipped"] is True
    assert kept["Folge 12: Die Nachtschicht"]["kind"] == kept["Chapter 1"]["kind"] == "episode"
    assert kept["Chapter 1"]["artist"] == "Moby Dick"
    assert "spotify:track:6aB1cD2eF3gH4iJ5kL6mN7" in kept


def test_listens_and_scrobbles_keep_their_ids() -> None:
    taken(HISTORIES / "listenbrainz" / "5.jsonl", HISTORIES / "lastfm" / "scrobbles-anna.csv")
    kept = {(one["service"], one["track"]): one for one in table()}
    listen = kept["listenbrainz", "Kerala"]
    assert listen["spotify_track_id"] == "1bB1cD2eF3gH4iJ5kL6mN7"
    assert listen["recording_mbid"] == "b10bbbfc-cf9e-42e0-be17-e2c3e1d2600e"
    assert listen["ms_played"] == 200_000
    assert kept["listenbrainz", "Holding On"]["isrc"] == "USAT21701346"
    assert kept["lastfm", "Jóga"]["artist_mbid"] == "87c5dedd-371d-4a53-9f7f-80522fb7f3cb"


def test_that_the_short_history_mixes_podcasts_in_is_told() -> None:
    music, podcasts = taken(
        HISTORIES / "spotify" / "StreamingHistory_music_0.json",
        HISTORIES / "spotify" / "StreamingHistory_podcast_0.json",
    )
    assert "can't be told from music" in music.notes[0]
    assert podcasts.notes == ()


def test_what_a_video_history_holds_are_episodes() -> None:
    taken(HISTORIES / "spotify" / "Streaming_History_Video_2023.json")
    assert {one["kind"] for one in table()} == {"episode"}


def test_what_is_no_play_is_kept_with_its_place_and_reason() -> None:
    (one,) = taken(AUDIO)
    assert one.rejected == {
        Reason.NO_TRACK: 1, Reason.BEFORE_THE_SERVICE: 1, Reason.IN_THE_FUTURE: 1,
        Reason.NEGATIVE_LENGTH: 1, Reason.NO_TIME: 1,
    }  # fmt: skip
    assert (f"{AUDIO.name}: row 12", "in_the_future") in rejects()
    taken(AUDIO)
    assert len(rejects()) == 5


def test_no_address_and_no_device_of_who_listened_is_kept(settings: Settings) -> None:
    taken(HISTORIES / "spotify")
    with session() as s:
        assert play_rejects.number(s)
    kept = b"".join(path.read_bytes() for path in settings.home.glob("nightshift.db*"))
    assert b"Holding On" in kept
    assert b"203.0.113.7" not in kept and b"user_agent" not in kept


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_files_makes_no_difference(seed: int) -> None:
    paths = sorted(path for path in HISTORIES.rglob("*.*") if path.suffix != ".md")
    taken(*paths)
    preparation.prepare()
    wanted = table()
    assert sum(one["duplicate_of"] is not None for one in wanted) == 8
    with session() as s:
        for name in ("music_plays", "music_rejects", "music_accounts"):
            s.connection().exec_driver_sql(f"DELETE FROM {name}")
    random.Random(seed).shuffle(paths)
    for path in paths:
        taken(path)
        preparation.prepare()
    assert table() == wanted


def test_a_dry_run_says_what_would_be_new_and_keeps_nothing() -> None:
    told = taken(HISTORIES / "spotify", dry_run=True)
    assert new(told) == 14
    assert table() == [] and rejects() == []
    assert new(taken(HISTORIES / "spotify")) == 14
    assert new(taken(HISTORIES / "spotify", dry_run=True)) == 0


def test_overlapping_and_doubled_files_keep_each_play_once(tmp_path: Path) -> None:
    rows = [row(number) for number in range(30)]
    overlapping = written(tmp_path / "a.json", rows[:20]), written(tmp_path / "b.json", rows[10:])
    assert new(taken(*overlapping)) == 30
    assert new(taken(written(tmp_path / "c.json", rows + rows))) == 0
    twice = tmp_path / "d.json"
    twice.write_text(json.dumps(rows) * 2)
    assert new(taken(twice)) == 0


def test_the_plays_of_another_user_are_kept_apart(tmp_path: Path) -> None:
    anna = written(tmp_path / "anna.json", [row(1, username="anna")])
    bob = written(tmp_path / "bob.json", [row(1, username="bob"), row(2, username="bob")])
    (first,) = taken(anna)
    (second,) = taken(bob)
    assert first.accounts == {"me": 1} and first.notes == ()
    assert second.accounts == {"bob": 2}
    assert "bob" in second.notes[0] and "anna" in second.notes[0]
    assert (new(taken(bob)), new(taken(anna))) == (0, 0)
    (named,) = taken(written(tmp_path / "c.json", [row(9)]), account="carla")
    assert named.accounts == {"carla": 1}


def test_a_user_who_is_brought_under_another_account_is_told(tmp_path: Path) -> None:
    anna = written(tmp_path / "anna.json", [row(1, username="anna")])
    taken(anna)
    (one,) = taken(anna, account="family")
    assert one.accounts == {"family": 1}
    assert one.notes == ("its rows name the user anna, whose plays are of the account me too",)


def test_a_mixed_file_is_split_by_its_users(tmp_path: Path) -> None:
    rows = [row(number, username=("anna", "bob")[number % 2]) for number in range(4)]
    (one,) = taken(written(tmp_path / "both.json", rows))
    assert one.accounts == {"me": 2, "bob": 2}


STRANGE: list[tuple[dict[str, Any], int]] = [
    ({"master_metadata_track_name": "x" * 100_000}, 1),
    ({"master_metadata_track_name": "\ud800"}, 0),
    ({"master_metadata_track_name": {"a": [1]}}, 0),
    ({"ts": {"$date": 5}}, 0),
    ({"ts": 1e300}, 0),
    ({"ms_played": [1]}, 0),
    ({"ms_played": "1000"}, 1),
    ({"spotify_track_uri": "spotify:track:../../etc/passwd"}, 1),
    ({"conn_country": "\u0000"}, 1),
    ({"skipped": ""}, 1),
    ({"username": 5}, 1),
    ({"deep": [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}, 1),
]


@pytest.mark.usefixtures("database")
def test_a_strange_row_stops_no_other(tmp_path: Path) -> None:
    rows = [row(number, **strange) for number, (strange, _) in enumerate(STRANGE)]
    path = tmp_path / "x.json"
    path.write_text(json.dumps([*rows, None, "text", 5, {"a": 1}, row(99)]))
    (one,) = taken(path)
    kept = sum(kept for _, kept in STRANGE)
    assert one.new == kept + 1
    assert sum(one.rejected.values()) == len(STRANGE) - kept + 4
    assert one.rejected[Reason.NO_ROW] == 4 and one.cut is None


def test_a_play_of_the_future_is_taken_when_its_day_has_come(tmp_path: Path) -> None:
    path = written(tmp_path / "x.json", [row(1, ts="2031-01-01T00:00:00Z")])
    assert new(taken(path)) == 0 and len(rejects()) == 1
    then = datetime(2031, 2, 1, tzinfo=UTC)
    with clock.set_to(Clock(lambda: then, clock.monotonic, clock.wait)):
        assert new(taken(path)) == 1
    assert rejects() == []


def test_of_very_many_rejects_some_are_kept_and_all_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MOST_REJECTS", 3)
    (one,) = taken(written(tmp_path / "x.json", [row(n, ts=None) for n in range(10)] + [row(1)]))
    assert one.rejected == {Reason.NO_TIME: 10} and one.not_kept == 7
    assert len(rejects()) == 3


def test_an_import_that_is_killed_goes_on_without_doubling(
    tmp_path: Path, settings: Settings
) -> None:
    rows = [row(number) for number in range(900)]
    path = written(tmp_path / "x.json", rows)
    script = (
        "import sys\nfrom pathlib import Path\nfrom utils.music.history import importing\n"
        "importing.BATCH = 200\nfound = importing.found([Path(sys.argv[1])])\n"
        "for _ in importing.each(found, importing.Wanted('me'), "
        "lambda _n, rows: (print(rows, flush=True), sys.stdin.read(1))): pass\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], cwd=PROJECT, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout and process.stdin
    assert process.stdout.readline().strip() == "200"
    process.stdin.write("x")
    process.stdin.flush()  # it reads on: the kill comes in the midst of the next batches
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = len(table())
    assert 200 <= before < 900 and before % 200 == 0
    (one,) = taken(path)
    assert (one.known, one.new) == (before, 900 - before)
    assert len(table()) == 900
