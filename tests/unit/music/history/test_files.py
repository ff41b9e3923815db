"""Files of histories as they lie about: known by what is in them, cut, packed, in any encoding."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from tests.unit.music.histories import AUDIO, HISTORIES, new, rejects, row, taken, written, zipped
from tests.unit.music.plays import table
from utils.errors import UsageError
from utils.models.music_import import Reason
from utils.music.history import decoding, files, importing


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


def test_the_first_rows_may_be_of_any_kind(tmp_path: Path) -> None:
    rows = json.loads((HISTORIES / "spotify" / "StreamingHistory_music_0.json").read_text())
    (one,) = taken(written(tmp_path / "x.json", [5, None, "text", [], *rows]))
    assert one.new == 3


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


def test_a_scrobble_that_is_cut_in_the_midst_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    whole = (HISTORIES / "lastfm" / "scrobbles-anna.csv").read_text()
    path.write_text(whole[: whole.index("ding On")])
    (one,) = taken(path)
    assert (one.new, one.rejected) == (1, {Reason.UNREADABLE: 1})
    assert one.cut is not None and "row 3" in one.cut


def test_scrobbles_without_a_header_may_begin_with_what_is_playing(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("A,B,C,\nA,B,C,01 May 2023 17:56\n")
    (one,) = taken(path)
    assert (one.new, one.rejected) == (1, {Reason.NO_TIME: 1})


def test_a_file_that_is_read_needs_no_more_memory_than_a_piece_of_it(tmp_path: Path) -> None:
    class Counting(io.RawIOBase):
        longest = 0

        def read(self, size: int = -1, /) -> bytes:
            Counting.longest = max(Counting.longest, size)
            return b""

    list(decoding.pieces(Counting()))
    assert 0 < Counting.longest <= decoding.PIECE
