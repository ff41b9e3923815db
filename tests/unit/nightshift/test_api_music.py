"""The music library over HTTP says what the command line says, to whoever may read."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from nightshift.cli.music import app
from tests.star_schema import Artist, Play, write
from tests.unit.nightshift.test_api import client, token
from utils.config import Settings
from utils.models.api import Scope

API = "/api/v1/music"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DOCUMENTS = (
    ("top?of=artists", "top artists"),
    ("top?of=tracks&details=true&by=minutes", "top tracks --details --by minutes"),
    ("top?since=2026-03-02&place=Japan&limit=1",
     "top artists --since 2026-03-02 --place Japan --limit 1"),
    ("places?by=city", "places --by city"),
    ("places?by=heard", "places --heard"),
    ("timeline?by=day&until=2026-03-04", "timeline --by day --until 2026-03-04"),
    ("habits", "habits"),
    ("new?of=albums", "new albums"),
    ("missing?least=2", "missing --least 2"),
)  # fmt: skip


@pytest.fixture
def asking(settings: Settings) -> TestClient:
    made = client(settings)
    made.headers |= token(Scope.READ)
    return made


@pytest.fixture
def heard(settings: Settings) -> None:
    artists = (
        Artist("宇多田ヒカル", "JP", "Japan", "東京都", (35.7, 139.7), ("j-pop",)),
        Artist("A <b>name</b>", "DE", "Germany", "Köln", (50.9, 7.0), ("rock",)),
        Artist("https://user:secret@example.org/"),
    )
    write(settings, [
        Play(NOON + timedelta(days=n % 5), artists[n % 3], f"song {n % 4}", "album", 61_000,
             heard_in="FR")
        for n in range(30)
    ])  # fmt: skip


@pytest.mark.usefixtures("heard")
def test_the_api_and_the_command_line_say_the_same(asking: TestClient) -> None:
    for query, command in DOCUMENTS:
        answer = asking.get(f"{API}/{query}")
        assert answer.status_code == 200, query
        told = CliRunner().invoke(app, [*command.split(), "--json"])
        assert told.exit_code == 0, command
        assert answer.json() == json.loads(told.stdout), query
        assert answer.json(), "the comparison would hold for nothing, too"
        assert "secret" not in answer.text + told.stdout


@pytest.mark.usefixtures("heard")
def test_the_most_heard_is_a_list_of_names_plays_and_minutes(asking: TestClient) -> None:
    (first,) = asking.get(f"{API}/top?of=genres&limit=1&place=DE").json()
    assert first == {"name": "rock", "plays": 10, "minutes": 10.17}


@pytest.mark.usefixtures("heard")
def test_what_can_not_be_meant_is_refused(asking: TestClient) -> None:
    for query in (
        "top?of=songs", "top?limit=0", "top?limit=1001", "top?since=yesterday", "top?x=1",
        "top?since=2026-01-02&until=2026-01-01", "places?place=%20",
        "timeline?by=day&since=0001-01-03&until=9999-12-29",
    ):  # fmt: skip
        answer = asking.get(f"{API}/{query}")
        assert answer.status_code == 422, query
        assert answer.json()["detail"]


def test_before_the_first_build_it_says_what_to_do(asking: TestClient) -> None:
    answer = asking.get(f"{API}/top")
    assert answer.status_code == 404
    assert "nightshift music build" in answer.json()["detail"]


def test_nobody_asks_without_a_token(settings: Settings) -> None:
    for part in ("top", "places", "timeline", "habits", "new", "missing"):
        assert client(settings).get(f"{API}/{part}").status_code == 401
