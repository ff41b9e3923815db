"""Chroma behind its token: a real `chroma run` with ours before it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from pydantic import SecretStr

from deployments.services import CHROMA, filled
from tests import ports
from tests.conftest import Override
from tests.waiting import has_ended, until
from utils.config import Settings
from utils.search import vectors

TOKEN = "a-token-of-the-tests"
OURS = {"Authorization": f"Bearer {TOKEN}"}
COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"


def command(port: int, home: Path) -> list[str]:
    """As a container runs it, but on loopback."""
    service = filled(CHROMA, {
        "bind": "127.0.0.1", "home": str(home), "chroma_host": "chroma", "chroma_port": str(port),
        "chroma_token": TOKEN,
    })  # fmt: skip
    return [sys.executable, *service.command[1:]]


@contextmanager
def started(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    with ports.held() as port, subprocess.Popen(
        command(port, home), env={**os.environ, "NIGHTSHIFT_CHROMA_TOKEN": TOKEN},
        stdout=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        url = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            assert process.poll() is None, process.returncode
            try:
                return httpx.get(f"{url}/api/v2/heartbeat").is_success
            except httpx.HTTPError:
                return False

        try:
            until(answers, "Chroma's first answer", every=0.1)
            yield url, psutil.Process(process.pid)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with started(tmp_path_factory.mktemp("chroma")) as (url, _):
        yield url


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"},
                                     {"Authorization": f"Basic {TOKEN}"}])  # fmt: skip
def test_without_the_token_nothing_is_read_or_written(server: str, headers: dict[str, str]) -> None:
    assert httpx.get(f"{server}{COLLECTIONS}", headers=headers).status_code == 401
    made = httpx.post(f"{server}{COLLECTIONS}", headers=headers, json={"name": "stranger"})
    assert made.status_code == 401
    assert httpx.get(f"{server}{COLLECTIONS}", headers=OURS).json() == []


@pytest.mark.parametrize("foreign", [{"Origin": "http://evil.example"}, {"Host": "evil.example"}])
def test_a_foreign_origin_or_host_is_refused_even_with_the_token(
    server: str, foreign: dict[str, str]
) -> None:
    answer = httpx.get(f"{server}{COLLECTIONS}", headers={**OURS, **foreign})
    assert answer.status_code == 403


def test_our_client_works_through_it(server: str, override: Override, settings: Settings) -> None:
    from tests.unit.search.test_vectors import Axes
    from utils.models.embedding import Passage

    override(chroma_url=server, chroma_token=SecretStr(TOKEN))
    from utils.config import load_settings

    served = load_settings()
    passage = Passage(passage_id="item:speech:1", kind="speech", text="1", start_seconds=2.0)
    assert vectors.replace("item", [passage], Axes(), served) == 1
    (near,) = vectors.nearest("1", 3, Axes(), served)["speech"]
    assert (near.item_id, near.start_seconds) == ("item", 2.0)


def test_without_a_token_it_does_not_start(tmp_path: Path) -> None:
    ours = {n: v for n, v in os.environ.items() if n != "NIGHTSHIFT_CHROMA_TOKEN"}
    started = subprocess.run(
        command(1, tmp_path), env=ours, capture_output=True, text=True, check=False
    )
    assert started.returncode == 1
    assert "NIGHTSHIFT_CHROMA_TOKEN is not set" in started.stderr


def test_it_ends_with_chroma(tmp_path: Path) -> None:
    with started(tmp_path) as (_, process):
        (chroma,) = (one for one in process.children() if "chroma" in " ".join(one.cmdline()))
        chroma.kill()
        until(lambda: has_ended(process.pid), "the end of what stood before it")
