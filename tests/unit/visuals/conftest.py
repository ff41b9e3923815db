"""One ComfyUI on loopback for all tests of this folder, in its senses at the start of each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Override
from tests.servers.comfyui import Comfy, Moods, comfyui, object_info
from utils.config import Settings, load_settings
from utils.models.visuals import ComfyuiSettings
from utils.processes import deadline


@pytest.fixture(scope="session")
def _server() -> Iterator[Comfy]:
    with comfyui() as server:
        yield server


@pytest.fixture
def comfy(_server: Comfy) -> Comfy:
    """The server, as if it had just been started."""
    url = _server.url
    _server.__init__()  # type: ignore[misc]
    _server.url, _server.moods, _server.info = url, Moods(), object_info()
    return _server


@pytest.fixture
def drawing(comfy: Comfy, override: Override, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with that server; nobody waits between two questions to it."""
    monkeypatch.setattr(deadline, "pause", lambda _seconds: deadline.check("waiting"))
    override(comfyui=ComfyuiSettings(url=comfy.url))
    return load_settings()
