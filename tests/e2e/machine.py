"""Another machine, as far as Night Shift can tell: a home and a mount namespace of its own."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.e2e.up import BIN, Up
from tests.paths import PROJECT
from tests.waiting import until

# As root, else in a user namespace; where neither is allowed a home of its own must do.
_NAMESPACES = (("unshare", "--mount"), ("unshare", "--map-root-user", "--mount"))


class Machine:
    """Its home, and what of it runs."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def processes(self) -> list[psutil.Process]:
        """The worker, the flow runs that it started, and their tools."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("NIGHTSHIFT_HOME") == str(self.home):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def signal(self, number: signal.Signals) -> None:
        """To all of it at once, as when the power goes."""
        for process in self.processes():
            try:
                process.send_signal(number)
            except psutil.Error:
                continue


@contextmanager
def another(up: Up) -> Iterator[Machine]:
    """A machine with a worker beside those of ``up``: it serves the pool, and is killed at last."""
    machine = Machine(up.home.parent / "another")
    environment = up.environment | {
        "NIGHTSHIFT_HOME": str(machine.home),
        "PREFECT_HOME": str(machine.home.parent / "another-prefect"),
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    }
    worker = [str(BIN / "prefect"), "worker", "start", "--pool", "nightshift", "--type", "process",
              "--limit", "2", "--name", "another"]  # fmt: skip
    log = machine.home.parent / "another.log"
    with open(log, "w") as said, subprocess.Popen(
        [*_namespace(), *worker], env=environment, cwd=PROJECT,
        stdout=said, stderr=subprocess.STDOUT, start_new_session=True,
    ) as process:  # fmt: skip
        try:

            def serves() -> bool:
                assert process.poll() is None, log.read_text()
                known = up.post("/work_pools/nightshift/workers/filter")
                return any(row["name"] == "another" for row in known)

            until(serves, "a worker of another machine", 120, every=1)
            yield machine
        finally:
            machine.signal(signal.SIGKILL)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _namespace() -> tuple[str, ...]:
    for command in _NAMESPACES:
        try:
            if subprocess.run([*command, "true"], capture_output=True).returncode == 0:
                return command
        except FileNotFoundError:
            break
    return ()
