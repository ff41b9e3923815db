"""What is played at Spotify, as flows: taken, enriched, and their states say what they came to."""

from collections.abc import Iterator
from typing import Any

import pytest
from prefect.client.schemas.objects import State, StateType
from sqlalchemy import select

from flows.spotify_ingestion import spotify_ingestion
from subflows.spotify_enrichment import spotify_enrichment
from tests.conftest import Override
from tests.servers import spotify as server
from tests.servers.spotify import Spotify, identifier
from tests.unit.music.spotify.conftest import configured
from utils.config import Settings
from utils.db.music_tables import EntityRow, MusicRun
from utils.db.session import session
from utils.models.music import Outcome

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def spotify() -> Iterator[Spotify]:
    with server.running() as running:
        for number in range(6):
            song = running.add_song(number)
            running.play(song, running.now() - 9_000 + 200 * number)
        yield running


@pytest.fixture
def music(spotify: Spotify, override: Override) -> Settings:
    return configured(spotify, override)


def ingested() -> State[Any]:
    state: State[Any] = spotify_ingestion(return_state=True)
    return state


def runs() -> list[MusicRun]:
    with session() as s:
        return list(s.scalars(select(MusicRun).order_by(MusicRun.started_at)))


def known(kind: str) -> set[str]:
    with session() as s:
        query = select(EntityRow.id).where(EntityRow.kind == kind, EntityRow.found)
        return set(s.scalars(query))


def test_plays_are_taken_then_enriched_and_a_second_time_nothing_is_asked(
    spotify: Spotify, music: Settings
) -> None:
    state = ingested()
    assert (state.type, state.name) == (StateType.COMPLETED, "Completed")
    assert "6 rows, 6 new" in str(state.message)
    spotify.latency = 0.05
    result = spotify_enrichment()
    assert (result.status, result.metrics["new"]) == (Outcome.SUCCESS, 12)
    assert known("artist") == {identifier("artist", number) for number in range(6)}
    assert known("album") == {identifier("album", number) for number in range(6)}
    assert spotify.most_at_work >= 2  # artists and albums at once
    before = len(spotify.server.asked)
    again = spotify_enrichment()
    assert (again.status, again.metrics["requests"]) == (Outcome.NO_UPDATES, 0)
    assert again.metrics["cache_hits"] == 18
    assert len(spotify.server.asked) == before
    assert ingested().name == "NothingToDo"
    assert [(run.flow, run.status) for run in runs()] == [
        ("spotify-ingestion", "success"), ("spotify-ingestion", "no_updates"),
    ]  # fmt: skip


def test_a_revoked_login_fails_the_run_with_its_remedy(spotify: Spotify, music: Settings) -> None:
    spotify.revoke()
    state = ingested()
    assert state.type is StateType.FAILED
    assert "nightshift music login" in state.message
    (run,) = runs()
    assert run.status == "failed"
    assert run.results[0]["errors"][0]["error_class"] == "RefusedGrantError"


def test_an_enrichment_without_a_login_has_failed_and_says_why(
    spotify: Spotify, music: Settings, override: Override
) -> None:
    spotify_ingestion()
    spotify.revoke()
    configured(spotify, override, spotify_refresh_token=None, account="me", refresh_days=90)
    spotify.end_access()
    result = spotify_enrichment()
    assert result.status is Outcome.FAILED
    assert "nightshift music login" in result.errors[0].message
