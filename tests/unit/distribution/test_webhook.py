"""A signed POST: the same id in every try, no redirect followed, no secret told."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from tests.servers.loopback import Answer, Asked, Server, serving
from tests.unit.distribution import known
from utils.config import load_settings
from utils.distribution import requests, webhook
from utils.distribution.requests import Order
from utils.errors import PermanentError
from utils.models.publishing import PublicationResult as Result

KEY = base64.b64encode(b"a key of twenty-four byte").decode()

pytestmark = pytest.mark.usefixtures("settings", "no_waiting")


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two tries."""
    monkeypatch.setattr("utils.processes.deadline.pause", lambda _: None)


def target(server: Server) -> None:
    known.targets(
        f"targets:\n  hook:\n    kind: webhook\n    url: {server.url}/path-token\n"
        f"    secret: whsec_{KEY}\n    headers: {{X-Key: header-token}}\n"
    )


def publish(item_id: str) -> Any:
    (one,) = requests.publish(Order((item_id,), ("hook",)), load_settings()).outcomes
    return one


def is_signed(asked: Asked) -> bool:
    """As a receiver checks it."""
    headers = {name.lower(): value for name, value in asked.headers.items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + asked.body
    made = hmac.new(base64.b64decode(KEY), signed, hashlib.sha256).digest()
    return headers["webhook-signature"] == f"v1,{base64.b64encode(made).decode()}"


def test_it_is_signed_told_once_and_again_when_it_is_taken_back(tmp_path: Path) -> None:
    item_id = known.item(tmp_path / "song.mp3")
    with serving(lambda _: Answer(204)) as server:
        target(server)
        assert publish(item_id).result is Result.PUBLISHED
        assert publish(item_id).result is Result.UNCHANGED
        requests.unpublish([item_id], ("hook",), load_settings())
    told, gone = server.asked
    assert is_signed(told) and is_signed(gone)
    document = json.loads(told.body)
    assert (document["type"], document["data"]["title"]) == ("item.published", "song")
    assert str(tmp_path) not in told.body.decode()
    assert told.headers["X-Key"] == "header-token"
    assert json.loads(gone.body)["data"] == {"item_id": item_id}
    assert gone.headers["webhook-id"] != told.headers["webhook-id"]


def test_tries_after_an_error_have_the_same_id(tmp_path: Path) -> None:
    item_id = known.item(tmp_path / "song.mp3")
    status = 503
    with serving(lambda _: Answer(status)) as server:
        target(server)
        failed = publish(item_id)
        status = 200
        assert publish(item_id).result is Result.PUBLISHED
    assert failed.result is Result.FAILED
    assert "path-token" not in (failed.error or "")
    assert len(server.asked) == 4
    assert len({asked.headers["webhook-id"] for asked in server.asked}) == 1
    assert len({json.loads(asked.body)["timestamp"] for asked in server.asked}) == 1


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    item_id = known.item(tmp_path / "song.mp3")
    with serving(lambda _: Answer(302, headers={"Location": "/elsewhere"})) as server:
        target(server)
        failed = publish(item_id)
    assert [asked.path for asked in server.asked] == ["/path-token"]
    assert "redirects are not followed" in (failed.error or "")
    assert failed.due_at is None  # a person has to look


def test_a_server_that_is_away_is_told_by_its_host_alone(tmp_path: Path) -> None:
    item_id = known.item(tmp_path / "song.mp3")
    with serving(lambda _: Answer(200)) as server:
        target(server)
    failed = publish(item_id)
    assert failed.result is Result.FAILED
    assert "does not answer" in failed.error
    assert "path-token" not in failed.error


def test_a_secret_is_base64_or_as_it_stands() -> None:
    plain = webhook.signature("plain", "msg", 1, b"{}")
    assert plain.startswith("v1,") and plain != webhook.signature("other", "msg", 1, b"{}")
    with pytest.raises(PermanentError, match="base64"):
        webhook.signature("whsec_???", "msg", 1, b"{}")
