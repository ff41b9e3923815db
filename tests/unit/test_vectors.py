"""The index, embedded and as a real Chroma server."""

import multiprocessing
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from utils.clients import vectors
from utils.config import load_settings
from utils.errors import RetryableError
from utils.models.embedding import Passage


def passage(item, number, text="words", start=None):
    return Passage(passage_id=f"{item}:{number}", kind="speech", text=text, start_seconds=start)


def axis(number):
    return [1.0 if n == number else 0.0 for n in range(8)]


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).with_name("chroma")
    folder = tmp_path_factory.mktemp("chroma")
    with subprocess.Popen(
        [program, "run", "--path", folder, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                if httpx.get(f"{url}/api/v2/heartbeat").is_success:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url
        process.terminate()


@pytest.fixture(params=["embedded", "server"])
def index(request, override):
    if request.param == "server":
        override(chroma_url=request.getfixturevalue("chroma_server"))
    return load_settings()


def test_the_nearest_passage_comes_first_with_its_time(index):
    found = [passage("a", 0, "north", 1.5), passage("a", 1, "east", 9.0)]
    vectors.replace("a", found, [axis(0), axis(1)], index)
    (item, score, text, start), *_ = vectors.nearest(axis(1), 2, index)
    assert (item, text, start) == ("a", "east", 9.0)
    assert score == pytest.approx(1.0)


def test_what_an_item_no_longer_says_is_no_longer_found(index):
    vectors.replace("b", [passage("b", n) for n in range(3)], [axis(n) for n in range(3)], index)
    vectors.replace("b", [passage("b", 0, "only this")], [axis(0)], index)
    found = [row for row in vectors.nearest(axis(0), 50, index) if row[0] == "b"]
    assert [row[2] for row in found] == ["only this"]


def test_a_lost_server_may_come_back(override):
    override(chroma_url="http://127.0.0.1:1")
    with pytest.raises(RetryableError, match="did not answer"):
        vectors.count(load_settings())


def _write(home: str, name: str) -> None:
    from utils.config import Settings

    settings = Settings(home=Path(home))
    for number in range(8):
        item = f"{name}-{number}"
        vectors.replace(item, [passage(item, 0)], [axis(number)], settings)


def test_several_processes_write_one_embedded_index_without_loss(settings):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(str(settings.home), f"w{n}")) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert vectors.count(settings) == 24
    assert len(vectors.nearest(axis(3), 24, settings)) == 24
