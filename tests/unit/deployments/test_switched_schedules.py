"""Schedules are on where they have something to do: with a login, with a target."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from deployments.switched_schedules import PUBLICATIONS, SPOTIFY, bring_together
from nightshift.cli import music_checks
from tests.conftest import Override
from tests.servers.loopback import Answer, Asked, Server, serving
from utils.config import load_settings
from utils.db.music_tables import MusicAccount
from utils.db.session import session
from utils.models.music_settings import MusicSettings

APP = MusicSettings(spotify_client_id=SecretStr("an-application"))


class Prefect:
    """A server that knows the deployment, or not, and how its schedule is."""

    def __init__(self) -> None:
        self.is_registered, self.is_on = True, False

    def __call__(self, asked: Asked) -> Answer:
        path = asked.path.removeprefix("/api")
        if asked.method == "PATCH" and path == "/deployments/d1/schedules/s1":
            self.is_on = json.loads(asked.body)["active"]
            return Answer(204)
        if path.startswith("/deployments/name/") and self.is_registered:
            known: dict[str, Any] = {"id": "d1", "schedules": [{"id": "s1", "active": self.is_on}]}
            return Answer.of_json(known)
        return Answer.of_json({"detail": "Not Found"}, 404)


@pytest.fixture
def prefect(override: Override) -> Iterator[Prefect]:
    known = Prefect()
    with serving(known) as server:
        assert isinstance(server, Server)
        override(prefect_api_url=f"{server.url}/api", music=APP)
        yield known


def log_in(account: str = "me") -> None:
    with session() as s:
        s.add(MusicAccount(service="spotify", account=account, refresh_token="sealed"))


def checked() -> list[tuple[str, str]]:
    return [(one.state, one.found) for one in music_checks.schedule(load_settings())]


def test_it_stays_off_until_somebody_is_logged_in_and_goes_off_with_the_login(
    prefect: Prefect, override: Override
) -> None:
    assert "off until there is a login" in bring_together(SPOTIFY, load_settings())
    assert not prefect.is_on
    log_in("another-account")
    bring_together(SPOTIFY, load_settings())
    assert not prefect.is_on
    log_in()
    assert "is on, every 30 minutes" in bring_together(SPOTIFY, load_settings())
    assert prefect.is_on
    override(music=MusicSettings())  # the application is gone
    bring_together(SPOTIFY, load_settings())
    assert not prefect.is_on


def test_publications_are_looked_at_only_where_there_is_a_target(prefect: Prefect) -> None:
    settings = load_settings()
    assert "off until there is a target" in bring_together(PUBLICATIONS, settings)
    settings.targets_file.write_text(
        "targets: {shelf: {kind: folder, url: 'file:///srv/media'}}", encoding="utf-8"
    )
    assert "is on, every 15 minutes" in bring_together(PUBLICATIONS, settings)
    assert prefect.is_on


def test_a_refresh_token_of_the_settings_is_a_login(prefect: Prefect, override: Override) -> None:
    override(music=APP.model_copy(update={"spotify_refresh_token": SecretStr("given")}))
    bring_together(SPOTIFY, load_settings())
    assert prefect.is_on


def test_the_doctor_finds_a_schedule_that_is_not_as_the_login_and_mends_it(
    prefect: Prefect,
) -> None:
    assert checked() == [("ok", "not asked: nobody is logged in")]
    assert list(music_checks.repair(load_settings())) == []
    log_in()
    (found,) = checked()
    assert found == ("warning", "logged in, but the schedule of spotify-ingestion is off")
    (mended,) = music_checks.repair(load_settings())
    assert (mended.state, prefect.is_on) == ("repaired", True)
    assert checked() == [("ok", "asked every 30 minutes")]


def test_a_deployment_that_is_not_registered_is_told_where_it_is_wanted(prefect: Prefect) -> None:
    prefect.is_registered = False
    assert checked() == []
    assert bring_together(SPOTIFY, load_settings()) == "spotify-ingestion is not registered"
    log_in()
    ((state, found),) = checked()
    assert (state, "not registered" in found) == ("warning", True)


def test_a_server_that_does_not_answer_is_a_problem_and_no_crash(override: Override) -> None:
    override(prefect_api_url="http://127.0.0.1:9/api", music=APP)
    (found,) = music_checks.repair(load_settings())
    assert found.state == "problem"
