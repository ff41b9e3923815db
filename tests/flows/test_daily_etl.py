"""A night of music on servers that speak as Spotify and MusicBrainz do: from plays to answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State
from pydantic import SecretStr
from sqlalchemy import text
from typer.testing import CliRunner

from nightshift.__main__ import app
from tests.conftest import Override
from tests.paths import PROJECT
from tests.servers import listening, spotify
from tests.servers.listening import BEGAN, World
from tests.waiting import until
from utils.config import Settings, load_settings
from utils.db import music_runs
from utils.db.session import session
from utils.models.music_report import MusicError, MusicReport
from utils.music.star_schema import tables

pytestmark = pytest.mark.usefixtures("prefect_server")

TABLES = ("music_plays", "music_rejects", "music_entities", "music_accounts", "music_recordings")


@pytest.fixture
def world(override: Override) -> Iterator[World]:
    """Both services with six songs, and settings of an account that is logged in there."""
    with listening.running() as running:
        running.add_songs(range(1, 7))
        override(music=running.settings())
        yield running


def cli(*arguments: str | Path) -> Any:
    done = CliRunner().invoke(app, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def import_songs(folder: Path, *numbers: int, more: tuple[Any, ...] = ()) -> None:
    path = folder / "Streaming_History_Audio_2026.json"
    path.write_text(json.dumps([*listening.history(numbers), *more]))
    cli("music", "import", path)


def etl(run_id: str | None = None) -> tuple[str, MusicReport]:
    """The name of the state, and the report, of a night."""
    from flows.daily_etl import daily_etl

    state: State[Any] = daily_etl(run_id=run_id, return_state=True)
    found: Any = state.result(raise_on_failure=False)
    assert state.name
    return state.name, found.report if isinstance(found, MusicError) else found


def parts(report: MusicReport) -> dict[str, str]:
    return {one.name.removesuffix("-enrichment"): one.status.value for one in report.results}


def kept() -> dict[str, list[Any]]:
    """All rows of what is known, but for the moments at which accounts were asked."""
    with session() as s:
        return {name: list(s.execute(text(f"SELECT * FROM {name}"))) for name in TABLES}


def rows(query: str) -> list[Any]:
    with tables.opened(load_settings()) as connection:
        return connection.execute(query).fetchall()


def test_what_was_heard_becomes_answers_and_a_second_night_asks_and_changes_nothing(
    world: World, tmp_path: Path
) -> None:
    import_songs(tmp_path, 1, 2, 1, more=({"ts": "2999-01-01T00:00:00Z", "ms_played": 1},))
    world.spotify.play(spotify.track(3), (BEGAN.timestamp() + 86_400))
    name, report = ingest()
    assert (name, report.status) == ("Completed", "success")

    name, report = etl()
    assert parts(report) == dict.fromkeys(
        ("data-preparation", "spotify", "musicbrainz", "geographic", "transformation"), "success"
    )
    assert report.status == "success", report.words
    assert rows("SELECT count(*) FROM fact_track_played") == [(4,)]
    heard = rows(
        "SELECT t.title, a.name, a.country_code, count(*) FROM fact_track_played "
        "JOIN dim_track t USING (track_key) JOIN dim_artist a ON a.artist_key = t.artist_key "
        "WHERE t.recording_mbid IS NOT NULL AND a.artist_mbid IS NOT NULL "
        "AND a.spotify_artist_id IS NOT NULL GROUP BY ALL ORDER BY ALL"
    )
    assert heard == [("Track 1", "Artist 1", "PE", 2), ("Track 2", "Artist 2", "IS", 1),
                     ("Track 3", "Artist 3", "PE", 1)]  # fmt: skip
    (first, *_) = cli("music", "top", "artists")
    assert (first["name"], first["plays"]) == ("Artist 1", 2)

    asked, before, build = world.requests, kept(), tables.newest(load_settings())
    name, report = etl()
    assert (name, report.status) == ("NothingToDo", "no_updates"), report.results
    assert world.requests == asked
    assert kept() == before
    assert tables.newest(load_settings()) == build
    name, report = ingest()
    assert (name, report.status) == ("NothingToDo", "no_updates")
    assert kept()["music_plays"] == before["music_plays"]


def ingest() -> tuple[str, MusicReport]:
    from flows.spotify_ingestion import spotify_ingestion

    state: State[Any] = spotify_ingestion(return_state=True)
    found: Any = state.result(raise_on_failure=False)
    assert state.name
    return state.name, found.report if isinstance(found, MusicError) else found


def test_a_night_goes_on_without_one_of_the_services_and_the_next_one_makes_up_for_it(
    world: World, tmp_path: Path, override: Override
) -> None:
    import_songs(tmp_path, 1, 2)
    world.spotify.revoke()
    override(music=world.settings(spotify_refresh_token=SecretStr("this-token")))
    name, report = etl()
    found = parts(report)
    assert (name, report.status) == ("Partial", "partial_success")
    assert found["spotify"] == "failed"
    assert found["transformation"] == "success"
    (fault,) = (part.errors[0] for part in report.failures)
    assert "nightshift music login" in fault.message
    assert "this-token" not in fault.message
    assert rows("SELECT count(*) FROM fact_track_played") == [(2,)]

    override(music=world.settings())
    name, report = etl()
    assert (name, report.status) == ("Completed", "success")
    assert rows("SELECT count(*) FROM dim_track WHERE recording_mbid IS NOT NULL") == [(2,)]


def test_a_night_that_is_killed_leaves_nothing_half_done_and_the_next_one_repeats_nothing(
    world: World, tmp_path: Path, settings: Settings, prefect_server: str, override: Override
) -> None:
    import_songs(tmp_path, 1, 2, 3, 4, 5, 6)
    at_hand = world.musicbrainz
    # The first answers come, then none: the process is killed in the middle.
    given = world.settings(musicbrainz_per_second=20)
    override(music=given)
    shown = {
        name: getattr(value, "get_secret_value", lambda value=value: value)()
        for name, value in given
        if value is not None
    }
    environment = {f"NIGHTSHIFT_MUSIC__{name.upper()}": str(value) for name, value in shown.items()}
    program = "from flows.daily_etl import daily_etl\ndaily_etl(run_id='killed')"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, **environment, "PREFECT_API_URL": prefect_server},
        cwd=PROJECT,
    ) as process:
        until(lambda: len(at_hand.paths) >= 4, "MusicBrainz is being asked", seconds=240)
        process.kill()
    with session() as s:
        killed = music_runs.latest(s, "daily-etl")
        assert killed is not None
        assert (killed.id, killed.status) == ("killed", "running")
    assert tables.newest(load_settings()) is None

    asked = list(at_hand.paths)
    name, report = etl()
    assert (name, report.status) == ("Completed", "success"), report.words
    with session() as s:
        assert music_runs.ends(s, ["killed"])
    # What was answered before the kill is not asked again, but for what was under way then.
    again = [path for path in at_hand.paths[len(asked) :] if path in asked]
    assert len(again) <= 12
    assert rows("SELECT count(*) FROM fact_track_played") == [(6,)]
    assert rows("SELECT count(*) FROM dim_artist WHERE country_code IS NULL") == [(0,)]
