"""Spotify on loopback, once for a file of tests; each test finds it as new."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from tests.conftest import Override
from tests.servers import spotify as server
from utils.config import Settings, load_settings
from utils.music.spotify import api


@pytest.fixture(scope="module")
def _running() -> Iterator[server.Spotify]:
    with server.running() as running:
        yield running


@pytest.fixture
def spotify(_running: server.Spotify) -> server.Spotify:
    _running.server.asked.clear()
    _running.reset()
    return _running


@pytest.fixture
def music(spotify: server.Spotify, override: Override, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an account with a refresh token; nothing waits long before it asks again."""
    monkeypatch.setattr(api, "_FIRST_DELAY_SECONDS", 0.001)
    return configured(spotify, override)


def configured(spotify: server.Spotify, override: Override, **changes: object) -> Settings:
    given = {
        "spotify_client_id": SecretStr(server.CLIENT_ID),
        "spotify_refresh_token": SecretStr(spotify.grant()),
        "spotify_accounts_url": spotify.url,
        "spotify_api_url": f"{spotify.url}/v1",
    }
    override(music=load_settings().music.model_copy(update=given | changes))
    return load_settings()
