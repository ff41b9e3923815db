"""How often a file was heard: which plays are of its recording, in one statement."""

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from nightshift.cli import item_facts
from utils.clock import now
from utils.db import items, music_entities, recordings
from utils.db.items import Seen
from utils.db.music_tables import PlayRow
from utils.db.recordings import Heard
from utils.db.schema import Item
from utils.db.session import session
from utils.documents.item import document
from utils.housekeeping import forgetting
from utils.models.item import FileStat, MediaKind
from utils.models.music import Entity, EntityKind, Provider
from utils.models.recording import RecordingTags
from utils.music.names import track_key_name
from utils.music.recordings import matching

pytestmark = pytest.mark.usefixtures("database")
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
MBID, OTHER = (f"{n}980fc14-e29b-481d-ad3a-5ed9b4ab6340" for n in "12")
ISRC, TRACK = "GBAYE0601498", "0" * 22
numbers = itertools.count()


def add(name: str, seconds: float | None = 180.0, title: str = "Hey Jude", **ids: str) -> str:
    """A song of the library with what its tags say."""
    item_id = name.encode().hex().rjust(64, "0")
    stat = FileStat(path=Path(f"/x/{name}.mp3"), size_bytes=9, modified_ns=1, inode=1)
    with session() as s:
        items.register(s, Seen(stat, item_id, True), MediaKind.AUDIO)
        s.get_one(Item, item_id).duration_seconds = seconds
        matching.look_again(s, item_id, RecordingTags(title=title, artist="The Beatles", **ids))
    return item_id


def play(title: str = "Hey Jude", artist: str = "The Beatles", **facts: Any) -> None:
    number = next(numbers)
    given = {"played_at": NOON + timedelta(hours=number), "ms_played": 60_000, "kind": "track"}
    with session() as s:
        s.add(PlayRow(key=str(number), account="me", service="spotify", origin="export",
                      track=title, artist=artist, name_key=track_key_name(title, artist),
                      **given | facts))  # fmt: skip


def spotify_track(seconds: float, isrc: str | None = None) -> None:
    told = {"title": "?", "isrc": isrc, "duration_ms": seconds * 1000}
    with session() as s:
        music_entities.put(s, [Entity(source=Provider.SPOTIFY, kind=EntityKind.TRACK, id=TRACK,
                                      fetched_at=now(), document=told)])  # fmt: skip


def heard(item_id: str) -> Heard:
    with session() as s:
        found = recordings.with_heard(s, item_id)
    assert found
    return found[1]


def test_plays_are_counted_with_first_and_last_and_minutes() -> None:
    item_id = add("a", isrc=ISRC, recording_mbid=MBID)
    play(recording_mbid=MBID, title="anything", played_at=NOON)
    play(isrc=ISRC, title="another name", played_at=NOON + timedelta(days=2), ms_played=None)
    play("HEY JUDE - Remastered 2015", played_at=NOON + timedelta(days=1))
    play("Hey Jude (Live)")
    play("Let It Be")
    found = heard(item_id)
    assert (found.plays, found.minutes, found.others) == (3, 2.0, 0)
    assert (found.first_at, found.last_at) == (NOON, NOON + timedelta(days=2))
    assert found.by == {"recording": 1, "isrc": 1, "name": 1}


def test_doubled_plays_and_episodes_do_not_count() -> None:
    item_id = add("a")
    play(duplicate_of=1)
    play(kind="episode")
    assert heard(item_id).plays == 0


def test_the_isrc_that_spotify_tells_of_its_track_counts() -> None:
    item_id = add("a", seconds=500.0, isrc=ISRC)
    spotify_track(180.0, ISRC)
    play(spotify_track_id=TRACK)
    assert heard(item_id).by == {"isrc": 1}


@pytest.mark.parametrize(("seconds", "plays"), [(182.9, 1), (183.1, 0), (240.0, 0)])
def test_a_name_counts_where_the_length_agrees_within_three_seconds(
    seconds: float, plays: int
) -> None:
    item_id = add("a")
    spotify_track(seconds)
    play(spotify_track_id=TRACK)
    assert (heard(item_id).plays, heard(item_id).others) == (plays, 1 - plays)


def test_another_id_speaks_against_a_name() -> None:
    item_id = add("a", isrc=ISRC, recording_mbid=MBID)
    play(recording_mbid=OTHER)
    play(isrc="USRC17607839")
    assert (heard(item_id).plays, heard(item_id).others) == (0, 2)


def test_two_files_of_a_name_share_plays_only_if_they_are_as_long() -> None:
    first, copy = add("a"), add("b", seconds=181.0)
    play()
    assert (heard(first).plays, heard(copy).plays) == (1, 1)
    add("live", seconds=300.0)
    assert (heard(first).plays, heard(first).others) == (0, 1)
    spotify_track(180.0)
    play(spotify_track_id=TRACK)  # its length tells which it is
    assert (heard(first).plays, heard(first).others) == (1, 1)


def test_show_asks_once_more_of_songs_and_of_nothing_else() -> None:
    item_id = add("a", isrc=ISRC)
    play(isrc=ISRC)
    with session() as s:
        item = s.get_one(Item, item_id)
        told, asked = counted(s, item)
        assert told["recording"]["heard"]["plays"] == 1
        assert told["recording"]["isrc"] == ISRC
        assert len(asked) == 1
        item.kind = MediaKind.VIDEO.value
        s.flush()
        told, asked = counted(s, item)
        assert (told["recording"], asked) == (None, [])


def counted(s: Any, item: Item) -> tuple[dict[str, Any], list[str]]:
    """An item's document, and the statements about music that it took."""
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        told = document(s, item)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return told, [statement for statement in asked if "music_" in statement]


def test_a_forgotten_song_leaves_nothing_of_its_recording() -> None:
    from utils.config import load_settings

    item_id = add("a")
    settings = load_settings()
    forgetting.forget(forgetting.preview([item_id], settings), settings)
    with session() as s:
        assert recordings.get(s, item_id) is None
        assert recordings.with_heard(s, item_id) is None


def test_what_musicbrainz_says_later_counts_from_then_on() -> None:
    item_id = add("a", isrc=ISRC)
    told = {"recordings": [{"id": MBID, "title": "Hey Jude"}]}
    with session() as s:
        assert matching.refresh(s) == []
        music_entities.put(s, [Entity(source=Provider.MUSICBRAINZ, kind=EntityKind.ISRC, id=ISRC,
                                      fetched_at=now(), document=told)])  # fmt: skip
    with session() as s:
        assert matching.refresh(s) == [item_id]
    with session() as s:
        row = recordings.get(s, item_id)
        assert row and (row.recording_mbid, row.how) == (MBID, "isrc")
        assert matching.refresh(s) == []


def test_show_tells_people_when_a_song_was_heard() -> None:
    item_id = add("a", isrc=ISRC)
    play(isrc=ISRC, played_at=NOON)
    play(isrc=ISRC, played_at=NOON + timedelta(days=3))
    play(isrc="USRC17607839")
    with session() as s:
        told = dict(item_facts.of_document(document(s, s.get_one(Item, item_id))))
    assert told["recording"] == f"ISRC {ISRC}, by its ISRC, 80% sure"
    assert told["heard"].startswith("2 times, 2 minutes: first on 2026-05-04")
    assert "last on 2026-05-07" in told["heard"]
    assert told["not counted"].startswith("1 plays of that name")
