import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from utils.config import Settings, load_settings
from utils.errors import SettingsError
from utils.models import running_services
from utils.models.lanes import Lanes
from utils.models.music_settings import MusicSettings
from utils.processes.prefect_environment import prefect_api, prepare_prefect


def test_a_profile_brings_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTSHIFT_PROFILE", "testing")
    settings = Settings()
    assert settings.shift_limit == 10
    assert settings.lanes.transcribe == 1
    assert settings.lanes.probe == Lanes().probe


def test_a_variable_wins_over_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTSHIFT_PROFILE", "testing")
    monkeypatch.setenv("NIGHTSHIFT_SHIFT_LIMIT", "33")
    monkeypatch.setenv("NIGHTSHIFT_LANES__TRANSCRIBE", "4")
    settings = Settings()
    assert settings.shift_limit == 33
    assert settings.lanes.transcribe == 4
    assert settings.lanes.compress == 1


def test_a_lane_of_zero_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTSHIFT_LANES__COMPRESS", "0")
    with pytest.raises(ValueError, match="compress"):
        Settings()


def test_a_wrong_value_is_one_clear_line_without_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTSHIFT_CONCURRENCY", "abc")
    load_settings.cache_clear()
    with pytest.raises(SettingsError, match="NIGHTSHIFT_CONCURRENCY: Input should be"):
        load_settings()


def test_an_unknown_time_zone_is_refused_before_the_night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTSHIFT_TIMEZONE", "Europe/Atlantis")
    with pytest.raises(ValueError, match="no time zone"):
        Settings()


def test_no_secret_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTSHIFT_GEMINI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("NIGHTSHIFT_DATABASE_URL", "postgresql://user:hunter2@host/db")
    settings = Settings()
    assert "very-secret" not in repr(settings)
    assert "hunter2" not in repr(settings)


def test_the_database_lies_in_the_home_unless_one_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings.sqlalchemy_url == f"sqlite:///{settings.home}/nightshift.db"
    monkeypatch.setenv("NIGHTSHIFT_DATABASE_URL", "postgresql://host/db")
    assert Settings().sqlalchemy_url == "postgresql://host/db"


@pytest.mark.parametrize("name", ["HOME", "CACHE_DIR"])
@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_folder_is_not_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"NIGHTSHIFT_{name}", value)
    with pytest.raises(ValueError, match="It is empty"):
        Settings()


def test_our_own_server_is_told_the_login_of_the_home_and_no_other_server(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING"):
        monkeypatch.delenv(name, raising=False)
    url = "http://127.0.0.1:4200/api"
    running_services.announce(settings.services_file, prefect_api_url=url)
    settings.login_file.write_text("nightshift:secret\n")
    load_settings.cache_clear()
    api = prefect_api(load_settings())
    assert api
    assert api.auth
    assert api.auth.get_secret_value() == "nightshift:secret"
    assert "secret" not in repr(api)
    monkeypatch.setenv("PREFECT_API_URL", "http://somewhere.example/api")
    assert prefect_api(load_settings()) == ("http://somewhere.example/api", None)


def test_an_ephemeral_server_has_a_password_that_its_own_process_knows(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING")
    for name in names:
        monkeypatch.setenv(name, "")  # so that monkeypatch puts it back
        monkeypatch.delenv(name)
    prepare_prefect(settings)
    first = os.environ["PREFECT_API_AUTH_STRING"]
    assert len(first) > 30
    assert os.environ["PREFECT_SERVER_API_AUTH_STRING"] == first
    prepare_prefect(settings)  # a command may do so twice
    assert os.environ["PREFECT_API_AUTH_STRING"] == first
    monkeypatch.delenv("PREFECT_API_AUTH_STRING")
    prepare_prefect(settings)
    assert os.environ["PREFECT_API_AUTH_STRING"] != first


@pytest.mark.parametrize("given_by", ["setting", "environment"])
def test_what_opens_a_prefect_server_is_no_part_of_its_address(
    given_by: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://me:p%40ss@host:4200/api"
    settings = settings.model_copy(
        update={"prefect_api_url": url if given_by == "setting" else None}
    )
    monkeypatch.setattr(os, "environ", {"PREFECT_API_URL": url} if given_by != "setting" else {})
    prepare_prefect(settings)
    assert os.environ["PREFECT_API_URL"] == "http://host:4200/api"
    assert os.environ["PREFECT_API_AUTH_STRING"] == "me:p@ss"
    api = prefect_api(settings)
    assert (api.url, api.auth.get_secret_value()) == ("http://host:4200/api", "me:p@ss")


def test_prefect_keeps_its_state_in_the_home(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", "")
    monkeypatch.delenv("PREFECT_HOME")
    prepare_prefect(settings)

    assert Path(os.environ["PREFECT_HOME"]) == settings.home / "prefect"
    monkeypatch.delenv("PREFECT_HOME")


def music(monkeypatch: pytest.MonkeyPatch, **variables: str) -> MusicSettings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Settings().music


LIMIT = "NIGHTSHIFT_MUSIC__SPOTIFY_ARTIST_LIMIT"


@pytest.mark.parametrize(
    ("variables", "limit"),
    [
        ({}, None),
        ({"SPOTIFY_ARTIST_LIMIT": "7"}, 7),
        ({"SPOTIFY_ARTIST_LIMIT": "7", LIMIT: "9"}, 9),
        ({"SPOTIFY_ARTIST_LIMIT": "7", LIMIT: ""}, 7),
        ({"SPOTIFY_ARTIST_LIMIT": " "}, None),
        ({"ENVIRONMENT": "production"}, 200),
        ({"ENVIRONMENT": "Production "}, 200),
        ({"ENVIRONMENT": "production", "NIGHTSHIFT_PROFILE": "testing"}, 10),
        ({"ENVIRONMENT": "production", "SPOTIFY_ARTIST_LIMIT": "7"}, 7),
        ({"ENVIRONMENT": "production", "SPOTIFY_ARTIST_LIMIT": "none"}, None),
        ({"ENVIRONMENT": "production", LIMIT: ""}, 200),
        ({"ENVIRONMENT": "staging"}, None),
        ({"ENVIRONMENT": ""}, None),
        ({"ENVIRONMENT": "testing", "NIGHTSHIFT_MUSIC": '{"spotify_artist_limit": 3}'}, 3),
    ],
)
def test_our_names_win_over_those_of_others_and_those_over_the_profile(
    variables: dict[str, str], limit: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert music(monkeypatch, **variables).spotify_artist_limit == limit


@pytest.mark.parametrize(
    ("profile", "limits"),
    [
        ("development", (None, None, None, None)),
        ("testing", (10, 5, 5, 10)),
        ("production", (200, 100, 50, 100)),
    ],
)
def test_each_environment_has_its_limits(
    profile: str, limits: tuple[int | None, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = music(monkeypatch, ENVIRONMENT=profile)
    assert limits == (found.spotify_artist_limit, found.spotify_album_limit,
                      found.musicbrainz_fetch_limit, found.geographic_limit)  # fmt: skip


def test_dotenv_has_the_names_of_others_too_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(
        "SPOTIFY_CLIENT_ID=of-dotenv\nSPOTIFY_CLIENT_SECRET=kept\nDEFAULT_TIMEOUT=20\n"
        f"MUSICBRAINZ_FETCH_LIMIT=3\n{LIMIT}=4\nSPOTIFY_REFRESH_TOKEN=\nSPOTIFY_ARTIST_LIMIT=8\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(Settings.model_config, "env_file", ".env")
    found = music(monkeypatch, SPOTIFY_CLIENT_ID="of-environment", SPOTIFY_ARTIST_LIMIT="9")
    assert found.spotify_client_id == SecretStr("of-environment")
    assert found.spotify_client_secret == SecretStr("kept")
    assert (found.default_timeout, found.musicbrainz_fetch_limit) == (20, 3)
    assert found.spotify_artist_limit == 4  # ours, wherever it stands
    assert found.spotify_refresh_token is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SPOTIFY_ARTIST_LIMIT", "many"),
        ("MUSICBRAINZ_FETCH_LIMIT", "-5"),
        ("DEFAULT_TIMEOUT", "30s"),
        ("NIGHTSHIFT_MUSIC__SPOTIFY_ALBUM_LIMIT", "0"),
        ("NIGHTSHIFT_MUSIC__MUSICBRAINZ_PER_SECOND", "inf"),
        ("NIGHTSHIFT_MUSIC__MUSICBRAINZ_PER_SECOND", "0"),
        ("NIGHTSHIFT_MUSIC__REFRESH_DAYS", "1.5"),
    ],
)
def test_a_wrong_value_is_told_by_the_variable_that_has_it(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    load_settings.cache_clear()
    with pytest.raises(SettingsError, match=rf"\b{variable}: "):
        load_settings()
