"""A `nightshift up` of its own: started, talked to, ended."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.paths import PROJECT

BIN = Path(sys.executable).parent
STOP_SECONDS = 90


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Up:
    """How to talk to it: by its API, and by commands in its environment."""

    def __init__(self, home, port, environment):
        self.home, self.url = home, f"http://127.0.0.1:{port}/api"
        self.environment = {**environment, "PREFECT_API_URL": self.url}

    def run(self, *command):
        finished = subprocess.run(
            [BIN / command[0], *command[1:]],
            capture_output=True, text=True, env=self.environment, cwd=PROJECT,
        )  # fmt: skip
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout

    def post(self, path, **query):
        return httpx.post(f"{self.url}{path}", json=query, timeout=30).raise_for_status().json()

    def get(self, path):
        return httpx.get(f"{self.url}{path}", timeout=30).raise_for_status().json()

    def items(self):
        found = json.loads(self.run("nightshift", "items", "--json"))
        return {item["title"]: item["status"] for item in found}


@contextmanager
def started(home, *options, **settings):
    """`nightshift up` with these options and NIGHTSHIFT_ settings: ready, then ended."""
    port = free_port()
    environment = {n: v for n, v in os.environ.items() if not n.startswith("PREFECT_")}
    environment["NIGHTSHIFT_HOME"] = str(home)
    environment |= {f"NIGHTSHIFT_{name.upper()}": str(value) for name, value in settings.items()}
    command = ["up", "--port", str(port), "--chroma-port", str(free_port()), *options]
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
            yield Up(home, port, environment)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=STOP_SECONDS)
    assert process.returncode == 0
    assert not (home / "services.json").exists()
    assert not _answers(port)


def _answers(port):
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=2).is_success
    except httpx.HTTPError:
        return False
