"""What prefect.yaml declares, by groups, and what `nightshift deploy --validate` says of it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from deployments import declared, validation
from deployments.declared import GROUPS, MEDIA, MUSIC
from nightshift.__main__ import app
from nightshift.cli.deploy import Group
from tests.conftest import Override
from utils.config import Settings, load_settings
from utils.db.music_tables import MusicAccount
from utils.db.session import session
from utils.errors import SettingsError


def names(*groups: str) -> set[str]:
    return {one["name"] for one in declared.of_groups(groups)["deployments"]}


def test_each_deployment_is_of_one_group_and_can_be_run() -> None:
    assert names(MUSIC) == {"spotify-ingestion", "daily-etl"}
    assert names("frames") == {"full-frames", "crop-frames"}
    assert names(MEDIA) == {"nightly", "default", "high-memory", "on-demand"}
    assert [group.value for group in Group] == list(GROUPS)
    for one in declared.of_groups()["deployments"]:
        assert list(declared.faults(one)) == [], one["name"]


def test_the_night_and_the_ingestion_stand_in_files_of_their_own_that_prefect_reads_too() -> None:
    folder = declared.PREFECT_YAML.parent
    for name, wanted in (
        ("nightly", {"flows/night_shift.py:night_shift"}),
        ("ingestion", {"flows/content_ingestion.py:content_ingestion",
                       "flows/run_ingestion.py:run_ingestion"}),
    ):  # fmt: skip
        document = yaml.safe_load((folder / f"{name}_deployment.yaml").read_text())
        assert {one["entrypoint"] for one in document["deployments"]} == wanted
        assert (
            document["prefect-version"]
            == yaml.safe_load(declared.PREFECT_YAML.read_text())["prefect-version"]
        )
        assert all(one in declared.of_groups()["deployments"] for one in document["deployments"])


@pytest.mark.parametrize("text", ["a: [", "deployments: 7", "- 1"])
def test_a_file_of_deployments_that_is_none_is_named(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "prefect.yaml").write_text("deployments: []")
    (tmp_path / "mine_deployment.yaml").write_text(text)
    monkeypatch.setattr(declared, "PREFECT_YAML", tmp_path / "prefect.yaml")
    with pytest.raises(SettingsError, match=r"mine_deployment\.yaml"):
        declared.of_groups()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"entrypoint": "flows/gone.py:gone"}, "there is no flow flows/gone.py:gone"),
        ({"entrypoint": "flows/daily_etl.py:_built"}, "there is no flow flows/daily_etl.py:_built"),
        ({"parameters": {"wide": 1}}, "takes no wide"),
        ({"entrypoint": "flows/run_ingestion.py:run_ingestion"}, "scheduled without its source_id"),
    ],
)
def test_what_could_not_be_run_is_told(facts: dict[str, Any], said: str) -> None:
    (good,) = (d for d in declared.of_groups([MUSIC])["deployments"] if d["name"] == "daily-etl")
    assert not list(declared.faults(good))
    (fault,) = declared.faults({**good, **facts})
    assert said in fault


def checked(*arguments: str) -> tuple[int, dict[str, Any]]:
    load_settings.cache_clear()
    told = CliRunner().invoke(app, ["deploy", "--validate", "--json", *arguments])
    return told.exit_code, json.loads(told.output)


@pytest.mark.empty_home
def test_what_is_missing_is_told_and_nothing_is_made(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTSHIFT_HOME", str(settings.home / "none"))
    code, told = checked()
    problems = {one["name"]: one for one in told["checks"] if one["state"] == "problem"}
    assert (code, told["valid"]) == (1, False)
    assert set(problems) == {"Prefect server", "Spotify", "Spotify login"}
    assert "SPOTIFY_CLIENT_ID" in problems["Spotify"]["found"]
    assert problems["Spotify login"]["remedy"] == "nightshift music login"
    assert not (settings.home / "none").exists()


def test_only_what_a_group_needs_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTSHIFT_PREFECT_API_URL", "http://127.0.0.1:9/api")
    code, told = checked("--only", "media")
    assert (code, told["valid"]) == (0, True)
    assert not any("potify" in one["name"] for one in told["checks"])
    code, told = checked("--only", "media", "--only", "music")
    assert code == 1
    assert CliRunner().invoke(app, ["deploy", "--only", "films"]).exit_code == 2


def test_with_credentials_nothing_is_missing_and_a_strange_environment_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NIGHTSHIFT_PREFECT_API_URL", "http://127.0.0.1:9/api")
    for name in ("SPOTIFY_CLIENT_ID", "SPOTIFY_REFRESH_TOKEN"):
        monkeypatch.setenv(name, "geheim")
    monkeypatch.setenv("ENVIRONMENT", "staging")
    code, told = checked("--only", "music")
    assert (code, told["valid"]) == (0, True)
    assert "ENVIRONMENT=staging" in json.dumps(told)
    assert "geheim" not in json.dumps(told)


def test_a_login_that_is_kept_counts_and_is_only_read(
    settings: Settings, override: Override
) -> None:
    def login(given: Settings) -> str:
        found = {one.name: one.state for one in validation.validate(given, [MUSIC])}
        return found["Spotify login"]

    assert login(settings) == "problem"
    with session() as s:
        s.add(MusicAccount(service="spotify", account="me", refresh_token="sealed"))
    assert login(settings) == "ok"
    other = settings.model_copy(
        update={"music": settings.music.model_copy(update={"account": "you"})}
    )
    assert login(other) == "problem"
    override(home=Path("/nonexistent/home"))
    assert login(load_settings()) == "problem"
