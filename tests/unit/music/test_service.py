"""Services of music are asked at the address of the settings, and nowhere else."""

from __future__ import annotations

import pytest

from tests.conftest import Override
from tests.servers.loopback import Answer, serving
from utils.config import load_settings
from utils.errors import SettingsError
from utils.music import service


def test_a_name_that_leads_into_the_local_network_is_not_asked(
    override: Override, monkeypatch: pytest.MonkeyPatch
) -> None:
    override(allow_private_urls=False)
    for name in ("http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    found = "127.0.0.2"  # of this machine, but not what is plainly called so
    with serving(lambda _: Answer.of_json({"id": 1}), host=found) as server:
        url = f"http://{found}:{server.port}"
        with (
            service.connected("Mirror", "the setting", url, load_settings()) as mirror,
            pytest.raises(SettingsError, match="no public address"),
        ):
            service.ask(mirror, "artist", {})
        assert server.asked == []
        override(allow_private_urls=True)
        with service.connected("Mirror", "the setting", url, load_settings()) as mirror:
            assert service.ask(mirror, "artist", {}).document == {"id": 1}


def test_who_asks_is_told_with_what_is_set() -> None:
    assert service.user_agent("me@example.org").endswith("(me@example.org)")
    assert service.user_agent("bad\r\nX-Evil: 1 (a)").isprintable()
    assert "no contact set" in service.user_agent(None)
