"""The tables of music: built once, built on, killed, failed."""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from filelock import FileLock
from sqlalchemy import delete, update

from tests import listening
from tests.conftest import Override, _let_go_of_databases
from tests.listening import (
    artist_says,
    ask,
    file,
    isrc,
    isrc_says,
    mbid,
    play,
    random_plays,
    read,
    recording_says,
    spotify,
    track_says,
)
from utils.clock import now
from utils.config import Settings, load_settings
from utils.db.music_tables import EntityRow, PlayRow
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import RetryableError, SettingsError, UsageError
from utils.models.music import Outcome
from utils.music.star_schema import building, checks, exporting, tables


def test_nothing_is_opened_before_the_first_build(settings: Settings) -> None:
    with pytest.raises(UsageError, match="nightshift music build"):
        tables.opened(settings)


def test_a_build_without_plays_has_empty_tables(settings: Settings) -> None:
    assert building.build(settings).status == Outcome.SUCCESS
    found = read(settings)
    assert {table for table, rows in found.items() if rows} == {"dim_time"}


def test_a_second_build_changes_nothing(database: str) -> None:
    settings = load_settings()
    with session() as s:
        random_plays(s, random.Random(1), 30)
        track_says(s, 1)
        file(s, 1, title="Song 3", artist="Band 3")
    first = building.build(settings)
    before = tables.newest(settings)
    second = building.build(settings)
    assert (first.status, first.metrics["new"], first.metrics["full"]) == ("success", 30, 1)
    assert (second.status, second.metrics["new"], second.metrics["full"]) == ("no_updates", 0, 0)
    assert tables.newest(settings) == before


@pytest.mark.parametrize("seed", range(2))
def test_building_on_gives_what_a_full_build_gives(settings: Settings, seed: int) -> None:
    _compare(settings, random.Random(seed), 4)


def test_building_on_gives_the_same_on_postgres(postgres_url: str, override: Override) -> None:
    from pydantic import SecretStr

    override(database_url=SecretStr(postgres_url))
    _compare(load_settings(), random.Random(7), 2)


def _compare(settings: Settings, dice: random.Random, nights: int) -> None:
    """After each night's changes: what was built on, against what is built anew."""
    for _ in range(nights):
        with session() as s:
            random_plays(s, dice, dice.randrange(60))
            for _ in range(dice.randrange(20)):
                _change(s, dice)
        assert building.build(settings).status in {"success", "no_updates"}
        built_on = read(settings)
        assert building.build(settings, full=True).status == "success"
        assert read(settings) == built_on


def _change(s: Any, dice: random.Random) -> None:
    """Something that comes late, goes, or turns out to be something else."""
    number, artist = dice.randrange(40), dice.randrange(9)
    ids = [row.id for row in s.query(PlayRow.id)]
    some = dice.choice(ids) if ids else 0
    match dice.randrange(12):
        case 0:
            track_says(
                s, number, number % 9, album_id=dice.choice([None, spotify(8000 + number % 7)])
            )
        case 1:
            isrc_says(s, number, number, *dice.choice([(), (number + 100,)]))
        case 2:
            recording_says(s, number, number % 9)
        case 3:
            artist_says(s, artist, genres=[{"name": "Rock", "count": dice.randrange(4)}])
        case 4:
            listening.say(s, "spotify", "artist", spotify(9000 + artist), name=f"Band {artist}",
                          genres=dice.choice([[], ["rock", "Pop"]]))  # fmt: skip
        case 5:
            listening.say(s, "musicbrainz", "recording", mbid(number), now=mbid(number + 1))
        case 6:
            changed = {"duplicate_of": 1, "changed_at": now()}
            s.execute(update(PlayRow).where(PlayRow.id == some).values(changed))
        case 7:
            s.execute(delete(PlayRow).where(PlayRow.id == some))
        case 8:
            changed = {"isrc": isrc(number), "changed_at": now()}
            s.execute(update(PlayRow).where(PlayRow.id == some).values(changed))
        case 9:
            file(s, number, title=f"Song {number}", artist=f"Band {number % 9}", isrc=isrc(number))
        case 10:
            s.execute(delete(Item).where(Item.id == f"{number:064x}"))
        case 11:
            s.execute(delete(EntityRow).where(EntityRow.id == mbid(number)))


def test_an_artist_that_gets_an_id_takes_all_its_plays_along(settings: Settings) -> None:
    with session() as s:
        track_says(s, 1)
        track_says(s, 2)
        play(s, "Song 1", "Band 1", spotify_track_id=spotify(1))
        play(s, "Song 2", "Band 1", spotify_track_id=spotify(2))
        play(s, "Song 3", "BAND 1", service="lastfm")
    building.build(settings)
    assert ask(settings, "SELECT DISTINCT artist_key FROM fact_track_played") == [
        (f"spotify:{spotify(9001)}",)
    ]
    with session() as s:
        isrc_says(s, 1, 1)
        recording_says(s, 1)
    assert building.build(settings).metrics["full"] == 0
    assert ask(settings, "SELECT artist_key, count(*) FROM fact_track_played GROUP BY 1") == [
        (f"mbid:{mbid(9001)}", 3)
    ]
    assert [row[0] for row in read(settings)["dim_artist"]] == [f"mbid:{mbid(9001)}"]


def test_a_forgotten_file_is_no_track_s_file(settings: Settings) -> None:
    with session() as s:
        play(s, isrc=isrc(1))
        item_id = file(s, 1, isrc=isrc(1))
    building.build(settings)
    assert ask(settings, "SELECT item_id FROM dim_track") == [(item_id,)]
    with session() as s:
        s.execute(delete(Item))
    assert building.build(settings).status == Outcome.SUCCESS
    assert ask(settings, "SELECT item_id FROM dim_track") == [(None,)]


def test_a_failing_test_leaves_the_old_tables_and_names_itself(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with session() as s:
        play(s)
    building.build(settings)
    before = tables.newest(settings)
    for model in checks.MODELS.glob("*.sql"):
        text = model.read_text()
        if model.stem == "52_dim_track":
            text = text.replace("-- key:", "-- accepted: title = Something else\n-- key:")
        (tmp_path / model.name).write_text(text)
    monkeypatch.setattr(checks, "MODELS", tmp_path)
    failed = building.build(settings)
    assert failed.status == Outcome.FAILED and failed.metrics["errors"] == 1
    assert failed.errors[0].what == "dim_track: accepted: title = Something else"
    assert "1 rows do not pass" in failed.errors[0].message and "'Song'" in failed.errors[0].message
    assert tables.newest(settings) == before
    assert ask(settings, "SELECT title FROM dim_track") == [("Song",)]
    assert [path.name for path in tables.folder(settings).glob("build*")] == [
        before and before.name
    ]


def test_another_version_or_time_zone_is_built_in_full(
    settings: Settings, override: Override
) -> None:
    with session() as s:
        play(s)
    building.build(settings)
    override(timezone="Asia/Tokyo")
    result = building.build(load_settings())
    assert (result.status, result.metrics["full"]) == (Outcome.SUCCESS, 1)
    assert ask(load_settings(), "SELECT time_key FROM fact_track_played") == [(2100,)]


@pytest.mark.parametrize("damage", [b"", b"no database", None])
def test_a_damaged_copy_is_made_again(settings: Settings, damage: bytes | None) -> None:
    with session() as s:
        play(s)
    building.build(settings)
    copy = tables.folder(settings).parent / "staging.duckdb"
    if damage is None:
        copy.unlink()
    else:
        copy.write_bytes(damage)
    result = building.build(settings)
    assert (result.status, result.metrics["full"]) == (Outcome.SUCCESS, 1)
    assert len(read(settings)["fact_track_played"]) == 1


def test_two_builds_do_not_run_at_once(settings: Settings, override: Override) -> None:
    override(music=settings.music.model_copy(update={"transformation_timeout": 1}))
    tables.folder(settings).mkdir(parents=True)
    with FileLock(tables.folder(settings).parent / "build.lock"):
        with pytest.raises(RetryableError, match="Another build"):
            building.build(load_settings())
    assert building.build(load_settings()).status == Outcome.SUCCESS


def test_who_reads_the_old_tables_goes_on(settings: Settings) -> None:
    with session() as s:
        play(s)
    building.build(settings)
    with tables.opened(settings) as reading:
        with session() as s:
            play(s)
        building.build(settings)
        assert reading.execute("SELECT count(*) FROM fact_track_played").fetchall() == [(1,)]
    assert ask(settings, "SELECT count(*) FROM fact_track_played") == [(2,)]


def test_builds_that_were_replaced_long_ago_go(settings: Settings) -> None:
    names = []
    for _ in range(3):
        with session() as s:
            play(s)
        building.build(settings)
        newest = tables.newest(settings)
        assert newest is not None
        names.append(newest.name)
    os.utime(tables.folder(settings) / names[0], (0, 0))
    with session() as s:
        play(s)
    building.build(settings)
    left = {path.name for path in tables.folder(settings).glob("build-*")}
    assert names[0] not in left and len(left) == 3


def test_a_build_killed_at_any_step_leaves_the_old_tables_or_the_new(settings: Settings) -> None:
    with session() as s:
        random_plays(s, random.Random(3), 40)
        track_says(s, 1)
    building.build(settings)
    old = read(settings)
    with session() as s:
        random_plays(s, random.Random(4), 40)
        track_says(s, 2)
    calls = _calls_of_a_build(settings, None)
    assert calls > 300
    killed, seen = 0, []
    for at in range(calls // 7, calls, calls // 7):
        killed += _calls_of_a_build(settings, at) == -signal.SIGKILL
        seen.append(read(settings))
    assert killed >= 5
    assert building.build(settings).status in {"success", "no_updates"}
    after = read(settings)
    building.build(settings, full=True)
    assert read(settings) == after and len(after["fact_track_played"]) == 80
    assert all(one in (old, after) for one in seen)
    assert not (tables.folder(settings) / "building").exists()


def _calls_of_a_build(settings: Settings, kill_at: int | None) -> int:
    """Build in a child, which kills itself at a call; without one, on a copy: how many there are.

    Returns minus the signal that ended the child, or its calls.
    """
    _let_go_of_databases()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            calls = 0

            def count(frame: FrameType, event: str, argument: object) -> None:
                nonlocal calls
                if event in {"call", "c_call"} and "/utils/music/" in frame.f_code.co_filename:
                    calls += 1
                    if calls == kill_at:
                        os.kill(os.getpid(), signal.SIGKILL)

            if kill_at is None:
                import shutil

                other = settings.home.with_name("other")
                shutil.copytree(settings.home, other)
                settings = settings.model_copy(update={"home": other})
            sys.setprofile(count)
            building.build(settings)
            sys.setprofile(None)
            os.write(writing, str(calls).encode())
        finally:
            os._exit(0)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    said = os.read(reading, 20)
    os.close(reading)
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else int(said or 0)


@pytest.mark.empty_home
def test_a_build_makes_the_home(settings: Settings) -> None:
    settings.home.rmdir()
    assert building.build(settings).status == Outcome.SUCCESS
    with session() as s:
        play(s)
    assert building.build(settings).metrics["rows"] == 1


def test_without_duckdb_it_is_said_what_to_install(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(SettingsError, match=r"pip install 'nightshift\[music\]'"):
        building.build(settings)
    with pytest.raises(SettingsError, match="pip install"):
        exporting.export(settings, tmp_path, "csv")
