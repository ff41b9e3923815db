"""The settings in force, and where each comes from."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from nightshift.__main__ import app
from tests.conftest import Override
from utils.config import Settings, load_settings
from utils.documents.settings import HIDDEN, Setting, in_force
from utils.models import running_services


@pytest.fixture
def dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(Settings.model_config, "env_file", ".env")
    return tmp_path / ".env"


def found() -> dict[str, Setting]:
    load_settings.cache_clear()
    return {one.name.removeprefix("NIGHTSHIFT_"): one for one in in_force(load_settings())}


def origin(one: Setting) -> tuple[object, str, str]:
    return one.value, one.source, one.by


def test_each_setting_says_where_it_comes_from(
    dotenv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv.write_text("NIGHTSHIFT_SHIFT_LIMIT=7\nSPOTIFY_ARTIST_LIMIT=5\nNIGHTSHIFT_WINDOW=22-23\n")
    for name, value in {
        "ENVIRONMENT": "testing", "MUSICBRAINZ_FETCH_LIMIT": "77", "NIGHTSHIFT_CONCURRENCY": "3",
        "NIGHTSHIFT_WINDOW": "22:00-06:00", "NIGHTSHIFT_API": '{"port": 8080}',
        "NIGHTSHIFT_MUSIC__ACCOUNT": " ",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    told = found()
    assert origin(told["PROFILE"]) == ("testing", "environment", "ENVIRONMENT")
    assert origin(told["SHIFT_LIMIT"]) == (7, ".env", "NIGHTSHIFT_SHIFT_LIMIT")
    assert origin(told["CONCURRENCY"]) == (3, "environment", "NIGHTSHIFT_CONCURRENCY")
    assert origin(told["WINDOW"]) == ("22:00-06:00", "environment", "NIGHTSHIFT_WINDOW")
    assert origin(told["API__PORT"]) == (8080, "environment", "NIGHTSHIFT_API")
    assert told["API__ROOTS"].source == "default"
    assert origin(told["STEP_TIMEOUT_SECONDS"]) == (300, "profile", "testing")
    assert origin(told["LANES__TRANSCRIBE"]) == (1, "profile", "testing")
    assert told["LANES__PROBE"].source == "default"
    assert origin(told["MUSIC__SPOTIFY_ARTIST_LIMIT"]) == (5, ".env", "SPOTIFY_ARTIST_LIMIT")
    assert origin(told["MUSIC__SPOTIFY_ALBUM_LIMIT"]) == (5, "profile", "testing")
    limit = told["MUSIC__MUSICBRAINZ_FETCH_LIMIT"]
    assert origin(limit) == (77, "environment", "MUSICBRAINZ_FETCH_LIMIT")
    assert origin(told["MUSIC__ACCOUNT"]) == ("me", "default", "")


def test_what_runs_here_and_what_a_block_says_are_origins_too(
    settings: Settings, override: Override
) -> None:
    running_services.announce(settings.services_file, prefect_api_url="http://127.0.0.1:4200/api")
    told = found()
    assert origin(told["PREFECT_API_URL"])[1:] == ("services", "nightshift up")
    override(database_url=SecretStr("postgresql://a:b@c/d"))
    assert origin(found()["DATABASE_URL"]) == (HIDDEN, "block", "NIGHTSHIFT_DATABASE_BLOCK")


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN",
                 "NIGHTSHIFT_MUSIC__ACOUSTID_KEY", "NIGHTSHIFT_GEMINI_API_KEY",
                 "NIGHTSHIFT_CHROMA_TOKEN", "NIGHTSHIFT_SECRET_KEY"):  # fmt: skip
        monkeypatch.setenv(name, "geheim-1")
    for name in ("DATABASE_URL", "STORE_URL", "PUBLISH_URL", "PREFECT_API_URL", "CHROMA_URL",
                 "GEMINI_BASE_URL", "NOTIFY_URLS", "MUSIC__MUSICBRAINZ_URL"):  # fmt: skip
        monkeypatch.setenv(f"NIGHTSHIFT_{name}", "sqlite://me:geheim-2@host/x?token=geheim-3")
    load_settings.cache_clear()
    told = CliRunner().invoke(app, ["settings", "--json"])
    assert told.exit_code == 0, told.output
    assert "geheim" not in told.output
    rows = {row["name"]: row for row in json.loads(told.output)["settings"]}
    assert rows["NIGHTSHIFT_MUSIC__SPOTIFY_CLIENT_ID"]["value"] == HIDDEN
    assert rows["NIGHTSHIFT_NOTIFY_URLS"]["value"] == [HIDDEN]
    load_settings.cache_clear()
    assert "geheim" not in CliRunner().invoke(app, ["settings"]).output


def test_every_setting_is_told_once() -> None:
    names = [one.name for one in in_force(load_settings())]
    assert len(names) == len(set(names)) > 60
