"""A `nightshift up` of its own: started, talked to, ended."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from deployments import csrf
from tests import ports
from tests.paths import PROJECT
from tests.waiting import until

BIN = Path(sys.executable).parent
STOP_SECONDS = 90
CLIENT = "tests"


class Up:
    """How to talk to it: by its API, and by commands in its environment."""

    def __init__(self, home: Path, port: int, environment: dict[str, str], said: str = "") -> None:
        self.said = said
        self.home, self.url = home, f"http://127.0.0.1:{port}/api"
        self.login = (home / "prefect-login").read_text().strip()
        user, password = self.login.split(":")
        self.auth = (user, password)
        self.environment = {**environment, "PREFECT_API_URL": self.url,
                            "PREFECT_API_AUTH_STRING": self.login}  # fmt: skip

    def run(self, *command: str) -> str:
        finished = subprocess.run(
            [BIN / command[0], *command[1:]],
            capture_output=True, text=True, env=self.environment, cwd=PROJECT,
        )  # fmt: skip
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout

    def post(self, path: str, **query: Any) -> Any:
        return self._answer("POST", path, json=query)

    def get(self, path: str) -> Any:
        return self._answer("GET", path)

    def _answer(self, method: str, path: str, **content: Any) -> Any:
        """As Prefect's own client asks: a server with too much to do may answer 500 for a while."""

        def ask() -> httpx.Response | None:
            with httpx.Client(auth=self.auth, timeout=30) as client:
                try:
                    token = csrf.headers(client, self.url, CLIENT)
                except httpx.HTTPStatusError as error:
                    assert error.response.is_server_error, error
                    return None
                answer = client.request(method, f"{self.url}{path}", headers=token, **content)
            return None if answer.is_server_error else answer

        return until(ask, f"an answer to {method} {path}", every=1).raise_for_status().json()

    def items(self) -> dict[str, str]:
        found = json.loads(self.run("nightshift", "items", "--json"))
        return {item["title"]: item["status"] for item in found}


@contextmanager
def started(home: Path, workers: int = 1, **settings: Any) -> Iterator[Up]:
    """`nightshift up` with so many workers and NIGHTSHIFT_ settings: ready, then ended."""
    # Prefect's, and one for each worker's health check, that of the jobs' too.
    with ports.held() as port, ports.held(workers + 1) as worker_port:
        yield from _started(home, port, worker_port, workers, settings)


def _started(
    home: Path, port: int, worker_port: int, workers: int, settings: dict[str, Any]
) -> Iterator[Up]:
    environment = {n: v for n, v in os.environ.items() if not n.startswith("PREFECT_")}
    environment["NIGHTSHIFT_HOME"] = str(home)
    environment["NIGHTSHIFT_API__PORT"] = "0"  # several run at once, and most need no pages
    environment |= {f"NIGHTSHIFT_{name.upper()}": str(value) for name, value in settings.items()}
    command = ["up", "--port", str(port), "--worker-port", str(worker_port),
               "--workers", str(workers)]  # fmt: skip
    with subprocess.Popen(
        [BIN / "nightshift", *command],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=PROJECT,
    ) as process:  # fmt: skip
        try:
            said = []
            for line in process.stdout:
                said.append(line)
                if "Ctrl-C" in line:
                    break
            assert process.poll() is None, "".join(said)
            yield Up(home, port, environment, "".join(said))
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=STOP_SECONDS)
    assert process.returncode == 0
    assert not (home / "services.json").exists()
    assert not _answers(port)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=2).is_success
    except httpx.HTTPError:
        return False
