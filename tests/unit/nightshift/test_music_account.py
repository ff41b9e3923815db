"""`nightshift music login|logout|account`, as a person meets them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from typer.testing import CliRunner

from nightshift.__main__ import app
from tests.conftest import Override
from tests.paths import PROJECT
from tests.servers import spotify as server
from tests.servers.spotify import Spotify
from tests.unit.music.spotify.conftest import configured


@pytest.fixture
def spotify() -> Iterator[Spotify]:
    with server.running() as running:
        yield running


def test_a_login_says_whose_account_it_is(spotify: Spotify) -> None:
    environment = {
        **os.environ,
        "NIGHTSHIFT_MUSIC__SPOTIFY_CLIENT_ID": server.CLIENT_ID,
        "NIGHTSHIFT_MUSIC__SPOTIFY_ACCOUNTS_URL": spotify.url,
        "NIGHTSHIFT_MUSIC__SPOTIFY_API_URL": f"{spotify.url}/v1",
    }
    command = [sys.executable, "-m", "nightshift", "music", "login", "--no-browser", "--port", "0"]
    with subprocess.Popen(
        [*command, "--json"], cwd=PROJECT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        address = next(line for line in process.stderr if line.startswith(spotify.url))
        httpx.get(address.strip(), follow_redirects=True)
        out = process.stdout.read()
    assert process.returncode == 0
    assert json.loads(out) == {"spotify_id": "listener", "name": "A Listener"}


def test_account_and_logout_say_where_it_stands(spotify: Spotify, override: Override) -> None:
    configured(spotify, override)
    runner = CliRunner()
    told = runner.invoke(app, ["music", "account"]).stdout
    assert re.search(r"connection\s+a refresh token in the settings", told)
    document = json.loads(runner.invoke(app, ["music", "account", "--json"]).stdout)
    assert (document["connection"], document["plays"]) == ("from settings", 0)
    gone = runner.invoke(app, ["music", "logout", "--json"]).stdout
    assert json.loads(gone) == {"account": "me", "forgotten": False}
