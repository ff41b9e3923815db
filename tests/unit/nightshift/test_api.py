"""The HTTP API: who may ask, and how what is wrong is said."""

from datetime import timedelta

from fastapi.testclient import TestClient
from pydantic import SecretStr

from nightshift.api.app import create_app
from tests.conftest import Override
from utils.clock import now
from utils.config import Settings
from utils.db import tokens
from utils.db.session import session
from utils.models.api import ApiSettings, Scope

PATH = "/api/v1/items/0123456789"
LOCAL = ("127.0.0.1", 50_000)


def client(settings: Settings, **changes: object) -> TestClient:
    app = create_app(settings.model_copy(update=changes))
    return TestClient(app, base_url="http://127.0.0.1", client=LOCAL)


def token(*scopes: Scope, lasts: timedelta | None = None) -> dict[str, str]:
    with session() as s:
        made = tokens.create(s, "test", scopes, now() + lasts if lasts else None)
    return {"Authorization": f"Bearer {made}"}


def test_nobody_reads_without_a_token_unless_it_is_set_so(settings: Settings) -> None:
    answer = client(settings).get(PATH)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    is_open = ApiSettings(open_reading=True)
    assert client(settings, api=is_open).get(PATH).status_code == 404
    app = create_app(settings.model_copy(update={"api": is_open}), on_loopback=False)
    off_loopback = TestClient(app, base_url="http://127.0.0.1", client=LOCAL)
    assert off_loopback.get(PATH).status_code == 401


def test_a_token_opens_until_it_expires_or_is_revoked(settings: Settings) -> None:
    asking = client(settings)
    valid, expired = token(Scope.READ), token(Scope.READ, lasts=timedelta(seconds=-1))
    assert asking.get(PATH, headers=valid).status_code == 404
    assert asking.get(PATH, headers=expired).status_code == 401
    forged = {"Authorization": valid["Authorization"][:-1] + "~"}
    assert asking.get(PATH, headers=forged).status_code == 401
    with session() as s:
        row = next(row for row in tokens.every(s) if row.last_used_at)
        assert valid["Authorization"].removeprefix("Bearer ") not in str(vars(row))
        tokens.revoke(s, row.id)
    assert asking.get(PATH, headers=valid).status_code == 401


def test_what_is_not_there_is_a_problem_in_json(settings: Settings) -> None:
    answer = client(settings).get(PATH, headers=token(Scope.ADMIN))
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404 and "no item" in answer.json()["detail"]
    assert client(settings).get("/api/v1/nothing").json()["status"] == 404


def test_it_is_asked_by_its_own_name_alone(settings: Settings) -> None:
    stranger = TestClient(create_app(settings), base_url="http://evil.example", client=LOCAL)
    assert stranger.get("/api/v1/health").status_code == 403


def test_a_database_that_is_away_is_a_503_that_says_when_to_come_again(
    settings: Settings, override: Override
) -> None:
    asking = client(settings)
    override(database_url=SecretStr("postgresql+psycopg://u:hunter2@127.0.0.1:1/x"))
    answer = asking.get("/api/v1/ready")
    assert answer.status_code == 503 and int(answer.headers["retry-after"]) > 0
    assert "hunter2" not in answer.text
