"""The client held against a real ComfyUI, where one is at hand; it needs no model."""

import os
import threading

import pytest

from utils.config import Settings
from utils.errors import PermanentError, StoppedError
from utils.models.visuals import ComfyuiSettings
from utils.processes import deadline
from utils.visuals import checking, comfyui, comfyui_client, template_files

# Read where the tests are collected: a test's own environment has nothing of the user's.
URL = os.environ.get("NIGHTSHIFT_TEST_COMFYUI_URL")
pytestmark = pytest.mark.skipif(not URL, reason="NIGHTSHIFT_TEST_COMFYUI_URL is not set")
SIZE = {"width": 640, "height": 360}


@pytest.fixture
def real(settings: Settings) -> Settings:
    return settings.model_copy(update={"comfyui": ComfyuiSettings(url=URL, timeout_seconds=60)})


def test_it_answers_all_that_a_night_asks_for(real: Settings) -> None:
    found = checking.check(real)
    assert found.version != "unknown"
    missing = {one.name: one.missing for one in found.workflows}
    assert missing["blank"] is None
    assert not any((told or "").startswith("nodes:") for told in missing.values())


def test_the_same_graph_again_comes_as_a_file_of_its_own(real: Settings) -> None:
    blank = template_files.workflow("blank", real)
    with comfyui_client.connected(real) as server:
        shares: list[float] = []
        first = comfyui.generate(server, blank, SIZE, real, shares.append)
        again = comfyui.generate(server, blank, SIZE, real)
    assert first.picture.startswith(b"\x89PNG")
    assert first.values["prefix"] != again.values["prefix"]
    assert max(shares) == 1.0


def test_what_it_refuses_is_told_by_node(real: Settings) -> None:
    blank = template_files.workflow("blank", real)
    graph = blank.graph | {"1": {"class_type": "EmptyImage", "inputs": {"width": -5}}}
    with comfyui_client.connected(real) as server:
        with pytest.raises(PermanentError, match=r"node 1 \(EmptyImage\): .*smaller than min of 1"):
            comfyui_client.submit(server, graph, "a-job", "a-client")


def test_who_stops_leaves_no_job_behind(real: Settings) -> None:
    large = template_files.workflow("blank", real)
    over = threading.Event()
    over.set()
    with comfyui_client.connected(real) as server:
        with deadline.until(over), pytest.raises(StoppedError):
            comfyui.generate(server, large, {"width": 8192, "height": 8192}, real)
        told = comfyui_client.ask(server, "GET", "queue").document
    assert "nightshift/" not in str(told["queue_pending"])
