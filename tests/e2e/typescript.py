"""The client in TypeScript, built; and its example, run against a server."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from tests import ports
from tests.e2e.up import BIN, Up
from tests.paths import PROJECT
from tests.waiting import until

CLIENT = PROJECT / "clients" / "typescript"
_AWAY = ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN", "ECONNRESET", "ENOTCACHED")


def said(folder: Path, *command: str, **environment: str) -> str:
    """What a program prints that succeeds."""
    finished = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment or None
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@contextmanager
def built() -> Iterator[Path]:
    """A built copy of the client; skips the test where there is no Node, or no registry."""
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        pytest.skip("Node and npm are not installed")
    with TemporaryDirectory(prefix="nightshift-client-") as folder:
        copy = Path(folder, "client")
        shutil.copytree(CLIENT, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
        command = [npm, "ci", "--prefer-offline"]
        got = subprocess.run(command, cwd=copy, capture_output=True, text=True)
        if got.returncode and any(word in got.stderr for word in _AWAY):
            pytest.skip("the registry of npm does not answer")
        assert got.returncode == 0, got.stderr
        said(copy, npm, "run", "build")
        yield copy


@contextmanager
def api(up: Up, root: Path) -> Iterator[dict[str, str]]:
    """`nightshift serve` beside ``up``; yields the environment by which the client finds it."""
    token = up.run("nightshift", "token", "create", "web", "--scope", "write").strip()
    environment = up.environment | {"NIGHTSHIFT_API__ROOTS": json.dumps([str(root)])}
    with ports.held() as port:
        command = [str(BIN / "nightshift"), "serve", "--port", str(port)]
        with subprocess.Popen(command, env=environment, cwd=PROJECT) as process:
            address = f"http://127.0.0.1:{port}"

            def answers() -> bool:
                assert process.poll() is None
                try:
                    return httpx.get(f"{address}/api/v1/health").is_success
                except httpx.HTTPError:
                    return False

            try:
                until(answers, "the API")
                yield {"NIGHTSHIFT_API_URL": address, "NIGHTSHIFT_API_TOKEN": token}
            finally:
                process.terminate()


def example(client: Path, film: Path, folder: Path, environment: dict[str, str]) -> dict[str, Any]:
    """What the example prints: it uploads ``film``, and has its frames made in ``folder``."""
    node = shutil.which("node") or "node"
    told = said(client, node, "example/queue.mjs", str(film), str(folder), **environment)
    document: dict[str, Any] = json.loads(told)
    return document
