"""Sources over HTTP: what is made, changed and refused, without a Prefect server."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from nightshift.api.app import create_app
from nightshift.api.roots import inside
from utils.config import Settings
from utils.db import runs, sources, tokens
from utils.db.schema import Run
from utils.db.session import session
from utils.models.api import ApiSettings, Scope
from utils.storage.sealing import opened

SOURCES = "/api/v1/sources"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A root of the API, with a folder of films."""
    (tmp_path / "library" / "films").mkdir(parents=True)
    return tmp_path / "library"


@pytest.fixture
def client(settings: Settings, library: Path) -> TestClient:
    """Somebody who may write."""
    api = ApiSettings(roots=(library,))
    asking = TestClient(
        create_app(settings.model_copy(update={"api": api})), base_url="http://127.0.0.1"
    )
    asking.headers["Authorization"] = f"Bearer {token(Scope.WRITE)}"
    return asking


def token(*scopes: Scope) -> str:
    with session() as s:
        return tokens.create(s, "test", scopes, None)


def films(library: Path, **facts: Any) -> dict[str, Any]:
    return {"name": "films", "kind": "folder", "url": str(library / "films")} | facts


def test_a_source_is_made_shown_changed_and_forgotten(client: TestClient, library: Path) -> None:
    wanted = films(library, schedule="hourly", options={"settle_seconds": 30}, keep_last=5)
    made = client.post(SOURCES, json=wanted)
    assert (made.status_code, made.headers["location"]) == (201, f"{SOURCES}/films")
    assert any("no Prefect server" in note for note in made.json()["notes"])
    shown = client.get(made.headers["location"]).json()
    assert {name: shown[name] for name in wanted} == wanted
    assert [one["name"] for one in client.get(SOURCES).json()] == ["films"]
    changes = {"keep_last": None, "timezone": "Asia/Tokyo", "name": "movies",
               "options": {"pipeline": {"transcription.model": "small"}}}  # fmt: skip
    changed = client.patch(f"{SOURCES}/films", json=changes).json()
    assert changed["options"] == {"settle_seconds": 30.0, **changes["options"]}  # type: ignore[dict-item]
    assert (changed["keep_last"], changed["timezone"]) == (None, "Asia/Tokyo")
    assert (changed["schedule"], changed["name"]) == ("hourly", "movies")
    back = {"options": {"settle_seconds": None, "pipeline": {"transcription.model": None}}}
    assert client.patch(f"{SOURCES}/movies", json=back).json()["options"] == {}
    bad = {"options": {"pipeline": 3}}
    assert client.patch(f"{SOURCES}/movies", json=bad).status_code == 422
    client.patch(f"{SOURCES}/movies", json={"options": {"settle_seconds": 9}})
    assert client.patch(f"{SOURCES}/movies", json={"options": None}).json()["options"] == {}
    assert client.delete(f"{SOURCES}/movies").status_code == 204
    assert client.get(f"{SOURCES}/movies").status_code == 404


def test_it_is_paused_and_resumed(client: TestClient, library: Path) -> None:
    client.post(SOURCES, json=films(library))
    assert client.post(f"{SOURCES}/films/pause").json()["state"] == "paused"
    assert client.post(f"{SOURCES}/films/resume").json()["state"] == "never looked into"


def test_secrets_are_sealed_and_never_shown(client: TestClient, settings: Settings) -> None:
    secret = "http://me:hunter2@minio:9000"
    wanted = {"name": "trips", "kind": "bucket", "url": "s3://key:hunter2@bucket/trips",
              "options": {"endpoint_url": secret}}  # fmt: skip
    texts = [client.post(SOURCES, json=wanted).text, client.get(f"{SOURCES}/trips").text]
    texts += [client.get(SOURCES).text, client.patch(f"{SOURCES}/trips", json={}).text]
    for text in texts:
        assert "hunter2" not in text and "sealed~" not in text and "minio:9000" in text
    with session() as s:
        assert opened(sources.named(s, "trips").options["endpoint_url"], settings) == secret


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"name": "a/b"}, 422, ""),
        ({"schedule": "0 0 31 2 *"}, 422, ""),
        ({"kind": "bucket"}, 422, ""),
        ({"url": "/etc"}, 422, "NIGHTSHIFT_API__ROOTS"),
        ({"kind": "http", "url": "https://site/\0"}, 422, ""),
        ({"keep_last": 10**12}, 422, ""),
        ({"url": "films"}, 422, "NIGHTSHIFT_API__ROOTS"),
        ({"url": "/f\0"}, 422, ""),
        ({"options": {"pipeline": {"modle": 1}}}, 422, ""),
        ({"kind": "http", "url": "https://s/", "options": {"cookies_file": "/etc/passwd"}}, 422,
         "NIGHTSHIFT_API__ROOTS"),
        ({"name": "there"}, 409, "There is a source there already"),
        ({"name": "again", "url": "there"}, 409, "The source there looks into"),
        ({"name": "inbox"}, 409, "of its own inbox"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused_and_nothing_is_kept(
    client: TestClient, library: Path, changes: dict[str, Any], status: int, said: str
) -> None:
    (library / "there").mkdir()
    assert client.post(SOURCES, json=films(library, name="there",
                       url=str(library / "there"))).status_code == 201  # fmt: skip
    if changes.get("url") == "there":
        changes = changes | {"url": str(library / "there")}
    answer = client.post(SOURCES, json=films(library) | changes)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.text
    assert [one["name"] for one in client.get(SOURCES).json()] == ["there"]


def test_a_change_may_not_lead_outside_the_roots_and_leaves_alone_what_a_person_added_there(
    client: TestClient, library: Path, tmp_path: Path
) -> None:
    client.post(SOURCES, json=films(library))
    assert client.patch(f"{SOURCES}/films", json={"url": str(tmp_path)}).status_code == 422
    with session() as s:
        name = sources.named(s, "films").name
        elsewhere = sources.add(s, str(tmp_path))
        other = next(row.name for row in sources.every(s) if row.location == elsewhere)
    assert name == "films"
    assert client.patch(f"{SOURCES}/{other}", json={"keep_last": 3}).json()["keep_last"] == 3
    assert client.patch(f"{SOURCES}/films", json={"schedule": "never"}).status_code == 422
    assert client.patch(f"{SOURCES}/films", json={"name": other}).status_code == 409


def test_reading_needs_one_scope_and_writing_another(client: TestClient, library: Path) -> None:
    client.post(SOURCES, json=films(library))
    client.headers["Authorization"] = f"Bearer {token(Scope.READ)}"
    for path in ("", "/films", "/films/runs"):
        assert client.get(SOURCES + path).status_code == 200
    one = f"{SOURCES}/films"
    refused = [
        client.post(SOURCES, json=films(library, name="more")),
        client.patch(one, json={}),
        client.delete(one),
        *(client.post(f"{one}/{what}") for what in ("pause", "resume", "trigger")),
    ]
    assert {answer.status_code for answer in refused} == {403}


def test_its_runs_are_listed_and_those_of_others_are_not(client: TestClient, library: Path) -> None:
    source_id = client.post(SOURCES, json=films(library)).json()["id"]
    with session() as s:
        for run_id, of in (("mine", source_id), ("another", None)):
            runs.begin(s, run_id, "run-ingestion")
            s.get_one(Run, run_id).source_id = of
    assert [one["run_id"] for one in client.get(f"{SOURCES}/films/runs").json()] == ["mine"]


def test_without_a_prefect_server_a_trigger_is_told_to_come_back(
    client: TestClient, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(SOURCES, json=films(library))
    for url in (None, "http://127.0.0.1:1/api"):
        if url:
            monkeypatch.setenv("PREFECT_API_URL", url)
        answer = client.post(f"{SOURCES}/films/trigger")
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "nightshift up" in answer.json()["detail"]
    assert client.post(f"{SOURCES}/nothing/trigger").status_code == 404


def test_a_path_is_inside_where_its_links_lead(settings: Settings, tmp_path: Path) -> None:
    known = settings.model_copy(update={"api": ApiSettings(roots=(tmp_path / "root",))})
    (tmp_path / "root").mkdir()
    (tmp_path / "root-2").mkdir()
    (tmp_path / "root" / "out").symlink_to(tmp_path / "root-2")
    (tmp_path / "in").symlink_to(tmp_path / "root")
    within: list[Path | str] = [settings.inbox, settings.inbox / "a.mp4", tmp_path / "in" / "a"]
    outside: list[Path | str] = [tmp_path / "root-2", tmp_path / "root" / "out" / "a", "root",
                                 tmp_path / "root" / ".." / "a", settings.home, "/x\0y",
                                 "/" + "a/" * 3000]  # fmt: skip
    assert [path for path in within if not inside(path, known)] == []
    assert [path for path in outside if inside(path, known)] == []
