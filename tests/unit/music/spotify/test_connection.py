"""Whom tokens are sent to, and how much of an answer is read."""

import pytest

from tests.conftest import Override
from tests.servers.loopback import Answer, serving
from utils.config import load_settings
from utils.errors import NightShiftError, PermanentError, RetryableError, SettingsError
from utils.music import service
from utils.music.spotify import connection


def ask(url: str) -> connection.Reply:
    with connection.client() as asking:
        return connection.ask(
            asking, "GET", url, load_settings(), headers={"Authorization": "Bearer BQsecret"}
        )


def test_a_name_that_leads_into_the_local_network_gets_no_token(
    override: Override, monkeypatch: pytest.MonkeyPatch
) -> None:
    override(allow_private_urls=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    found = "127.0.0.2"  # of this machine, but not what is plainly called so
    with serving(lambda _: Answer.of_json({}), host=found) as server:
        with pytest.raises(SettingsError, match="not https"):
            ask(f"http://{found}:{server.port}/v1/me")
        with pytest.raises(SettingsError, match="no public address"):
            ask(f"https://{found}:{server.port}/v1/me")
        assert server.asked == []
        override(allow_private_urls=True)
        assert ask(f"http://{found}:{server.port}/v1/me").status == 200


def test_a_body_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_BYTES", 1000)
    with serving(lambda _: Answer(200, b"[" + b"1," * 4000 + b"1]")) as server:
        with pytest.raises(PermanentError, match="more than"):
            ask(server.url)


def test_a_nested_answer_and_silence_are_told_without_the_token() -> None:
    with serving(lambda _: Answer(200, b"[" * 100_000)) as server:
        with pytest.raises(RetryableError, match="no JSON"):
            ask(server.url)
        url = server.url
    with pytest.raises(NightShiftError, match="ConnectError") as error:
        ask(url)
    assert "BQsecret" not in str(error.value)


def test_what_is_said_is_one_line_of_plain_words() -> None:
    said = connection.Reply(400, {"error": "bad", "error_description": "why"}, None).said
    assert said == "bad: why"
    assert connection.Reply(400, {"error": {"message": "a\nb"}}, None).said == ""
    assert connection.Reply(502, {"error": "<html>"}, None).said == ""
