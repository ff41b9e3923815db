"""Histories as services export them: all that is a play is kept once, all else is told."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.paths import PROJECT
from tests.unit.music.plays import table
from utils import clock
from utils.clock import Clock
from utils.config import Settings
from utils.db import play_rejects
from utils.db.session import session
from utils.errors import UsageError
from utils.models.music_import import ImportedFile, Reason
from utils.music import preparation
from utils.music.history import decoding, files, importing
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


@pytest.mark.parametrize(
    ("name", "words", "rows", "kept"),
    [
        ("spotify/Streaming_History_Audio_2023_0.json", "Spotify's streaming history", 14, 8),
        ("spotify/endsong_0.json", "Spotify's streaming history", 3, 3),
        ("spotify/Streaming_History_Video_2023.json", "Spotify's streaming history", 2, 2),
        ("spotify/StreamingHistory_music_0.json", "Spotify's short streaming history", 3, 3),
        ("spotify/StreamingHistory_podcast_0.json", "Spotify's short streaming history", 1, 1),
        ("lastfm/page.json", "Last.fm's scrobbles", 2, 2),
        ("lastfm/pages.json", "Last.fm's scrobbles", 3, 3),
        ("lastfm/lastfmstats.json", "Last.fm's scrobbles", 2, 2),
        ("lastfm/lastfmstats.csv", "Last.fm's scrobbles (CSV)", 1, 1),
        ("lastfm/lastfm-to-csv.csv", "Last.fm's scrobbles (CSV)", 3, 3),
        ("lastfm/scrobbles-anna.csv", "Last.fm's scrobbles (CSV)", 2, 2),
        ("listenbrainz/5.jsonl", "ListenBrainz's listens", 2, 2),
        ("listenbrainz/payload.json", "ListenBrainz's listens", 1, 1),
    ],
)
def test_a_history_is_known_by_what_is_in_it(
    name: str, words: str, rows: int, kept: int, tmp_path: Path
) -> None:
    nameless = tmp_path / "x"
    nameless.write_bytes((HISTORIES / name).read_bytes())
    (one,) = taken(nameless)
    assert (one.format, one.rows, one.new) == (words, rows, kept)
    assert one.cut is None
    (again,) = taken(nameless)
    assert (again.new, again.known) == (0, one.new + one.known)


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


def test_the_first_rows_may_be_of_any_kind(tmp_path: Path) -> None:
    rows = json.loads((HISTORIES / "spotify" / "StreamingHistory_music_0.json").read_text())
    (one,) = taken(written(tmp_path / "x.json", [5, None, "text", [], *rows]))
    assert one.new == 3


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


def test_of_a_cut_file_the_whole_rows_are_kept_and_the_file_is_named(tmp_path: Path) -> None:
    text = json.dumps([row(number) for number in range(10)])
    path = tmp_path / "cut.json"
    path.write_text(text[: text.index("Song 7")])
    (one,) = taken(path)
    assert one.new == 7 and one.rejected == {Reason.UNREADABLE: 1}
    assert one.cut is not None and "row 8" in one.cut
    path.write_text(text)
    (whole,) = taken(path)
    assert (whole.new, whole.known, whole.cut) == (3, 7, None)


def test_the_second_half_of_a_file_is_read_too(tmp_path: Path) -> None:
    text = json.dumps([row(number) for number in range(10)])
    path = tmp_path / "rest.json"
    path.write_text(text[text.index("Song 4") :])
    (one,) = taken(path)
    assert one.new == 5 and one.cut is not None


def test_overlapping_and_doubled_files_keep_each_play_once(tmp_path: Path) -> None:
    rows = [row(number) for number in range(30)]
    overlapping = written(tmp_path / "a.json", rows[:20]), written(tmp_path / "b.json", rows[10:])
    assert new(taken(*overlapping)) == 30
    assert new(taken(written(tmp_path / "c.json", rows + rows))) == 0
    twice = tmp_path / "d.json"
    twice.write_text(json.dumps(rows) * 2)
    assert new(taken(twice)) == 0


def zipped(path: Path, members: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_an_archive_is_read_as_it_was_downloaded(tmp_path: Path) -> None:
    listen = (HISTORIES / "listenbrainz" / "5.jsonl").read_text()
    export = zipped(
        tmp_path / "my_spotify_data.zip",
        {"Spotify Extended Streaming History/Streaming_History_Audio_0.json": AUDIO.read_bytes(),
           "Spotify Extended Streaming History/ReadMeFirst.pdf": b"%PDF",
           "MyData/Playlist1.json": '{"playlists": []}', "../../etc/x.json": "[]"},
    )  # fmt: skip
    (one,) = taken(export)
    assert one.new == 8
    assert len(importing.found([export]).others) == 2
    listens = zipped(
        tmp_path / "listenbrainz_anna.zip",
        {"user.json": '{"user_id": 1, "username": "anna"}', "listens/2023/5.jsonl": listen,
           "feedback.jsonl": '{"score": 1}\n', "pinned_recording.jsonl": ""},
    )  # fmt: skip
    assert new(taken(listens)) == 2
    assert new(taken(tmp_path)) == 0
    assert not (tmp_path.parent / "etc").exists()


def test_a_damaged_archive_gives_what_can_be_read_of_it(tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:  # stored: what is damaged can be found
        archive.writestr("a.json", json.dumps([row(number) for number in range(20)]))
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"Song 15", b"Song !5"))
    (one,) = taken(path)
    assert one.new == 20 and one.cut is not None and "checksum" in one.cut
    path.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(UsageError, match="cut or damaged"):
        taken(path)


def test_an_archive_may_not_unpack_to_more_than_any_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST_MEMBER", 200_000)
    monkeypatch.setattr(decoding, "PIECE", 10_000)
    many = json.dumps([row(number) for number in range(3000)])
    (one,) = taken(zipped(tmp_path / "bomb.zip", {"a.json": many}))
    assert one.cut is not None and "unpacks to more" in one.cut
    assert 0 < one.new < 2500


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("name", ["lastfm/lastfm-to-csv.csv", "lastfm/pages.json"])
def test_names_are_read_in_the_encoding_of_their_file(
    name: str, encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "x"
    path.write_bytes((HISTORIES / name).read_text().encode(encoding))
    taken(path)
    assert {"Björk"} <= {one["artist"] for one in table()}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"),
        (b"[]", "an empty list"),
        (b'{"playlists": [], "b": 1}', "JSON with playlists, b"),
        (b"[1, 2]", "JSON with int values"),
        (b"\x89PNG\r\n\x00\x00\x01\xff" * 50, "no text"),
        (b"Dear diary,\ntoday", "a text that begins with 'Dear diary,'"),
        (b"PK\x03\x04 and no more", "an archive that is cut or damaged"),
    ],
)
def test_what_is_no_history_is_named_as_what_it_is(
    content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "thing.json"
    path.write_bytes(content)
    with pytest.raises(UsageError) as raised:
        taken(AUDIO, path)
    assert "thing.json is" in str(raised.value) and said in str(raised.value)
    assert table() == []  # nothing was begun


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not there"):
        taken(tmp_path / "x.json")
    with pytest.raises(UsageError, match="no file of JSON"):
        taken(tmp_path)


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


def test_a_file_name_of_no_text_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"h\xff.json")
    path.write_text(json.dumps([row(1), row(2, ts=None)]))
    (one,) = taken(path)
    assert one.new == 1 and rejects() == [("h.json: row 2", "no_time")]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("01 May 2023 17:56", 0),
        ("A,B,01 May 2023 17:56\n", 1),
        ("2023-05-01,10:42:53,A,B\n", 1),
        ("1682963799,A,Al,B\n", 1),
        ('1682963799,"01 May 2023, 17:56",A,Al,B\n', 1),
        ('1682963799,"01 May 2023, 17:56",A,,Al,,B,\n', 1),
        ('"","date","artist","track","album"\n"1",2023-05-01 17:56:01,"A","B",NA\n', 1),
        ('utc_time,artist,album,track\n"01 May 2023, 17:56",A,Al,B\n', 1),
        ("artist,track,album,played_at\nA,B,Al,2023-05-01 17:56:01\n", 1),
        (",album,track,artist,plays\n0,Al,B,A,22\n", 0),
        ("A,Al,B,22\n", 0),
    ],
)
def test_scrobbles_as_tools_lay_them_out(text: str, kept: int, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    if not kept:
        with pytest.raises(UsageError, match="a text that begins with"):
            taken(path)
        return
    (one,) = taken(path)
    assert one.new == kept
    assert [(one["artist"], one["track"]) for one in table()] == [("A", "B")]
    assert table()[0]["played_at"].date().isoformat() == "2023-05-01"


def test_scrobbles_without_a_header_may_begin_with_what_is_playing(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("A,B,C,\nA,B,C,01 May 2023 17:56\n")
    (one,) = taken(path)
    assert (one.new, one.rejected) == (1, {Reason.NO_TIME: 1})


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


def test_a_file_that_is_read_needs_no_more_memory_than_a_piece_of_it(tmp_path: Path) -> None:
    class Counting(io.RawIOBase):
        longest = 0

        def read(self, size: int = -1, /) -> bytes:
            Counting.longest = max(Counting.longest, size)
            return b""

    list(decoding.pieces(Counting()))
    assert 0 < Counting.longest <= decoding.PIECE
