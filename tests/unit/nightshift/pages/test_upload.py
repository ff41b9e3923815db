"""Forms with files, and addresses: who may send what, and what they are told."""

from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from nightshift.api import csrf
from nightshift.api.logins import COOKIE
from tests.pages import client, cookie_of, post
from utils.config import Settings
from utils.models.page_settings import Role


def sent(asking: TestClient, token: str | None, *names: str) -> Any:
    """A form as a browser without scripts sends it: the token first, then the files."""
    files = [("csrf", (None, token.encode()))] if token is not None else []
    made = [("file", (name, b"content of it", "video/mp4")) for name in names]
    return asking.post("/upload", files=[*files, *made])


def landed(settings: Settings) -> list[Path]:
    return [path for path in settings.inbox.rglob("*") if path.is_file()]


def test_a_form_is_taken_from_editors_pages_alone_and_says_what_became_of_each_file(
    settings: Settings,
) -> None:
    asking = client(settings, Role.VIEWER)
    assert asking.get("/upload").status_code == 403
    assert sent(asking, csrf.token(asking.cookies[COOKIE]), "a.mp4").status_code == 403
    asking.cookies.set(COOKIE, cookie_of(Role.EDITOR))
    token = csrf.token(asking.cookies[COOKIE])
    assert sent(asking, None, "a.mp4").status_code == 403
    assert sent(asking, "x.y", "a.mp4").status_code == 403
    assert landed(settings) == []
    answer = sent(asking, token, "a.mp4", "../../b <i>.mp4", "virus.exe")
    assert answer.status_code == 422 and "virus.exe is no video" in answer.text
    assert "2 files came" in answer.text
    assert [path.parent for path in landed(settings)] == [settings.inbox]  # the same content, once
    assert "<i>" not in answer.text and "lies in the inbox already" in answer.text
    assert "waits in the inbox" in asking.get("/upload").text


def test_addresses_are_looked_at_before_a_worker_gets_them(settings: Settings) -> None:
    asking = client(settings, Role.EDITOR)
    wrong = post(asking, "/upload/addresses", {"addresses": "https://a.example\n/etc/passwd <b>"})
    assert wrong.status_code == 422 and "/etc/passwd &lt;b&gt;" in wrong.text
    assert post(asking, "/upload/addresses", {"addresses": " "}).status_code == 422
    away = post(asking, "/upload/addresses", {"addresses": "https://a.example/?token=geheim0815"})
    assert away.status_code == 422 and "There is no Prefect server" in away.text
    assert "https://a.example/" in away.text  # it need not be typed again
    assert post(asking, "/upload/process").status_code == 422
