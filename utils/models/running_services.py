"""Whether `nightshift up` runs for a home: what its file there says, and the process behind it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

_MOST_BYTES = 100_000  # more than this is none of ours
_URLS = ("prefect_api_url",)
_PROC = Path("/proc")


def running(services_file: Path) -> dict[str, str]:
    """URLs of the servers that `nightshift up` started for a home and still runs; else empty.

    What the file says counts only if we wrote it, and the very process that it names still runs
    for us: process ids are given again.
    """
    try:
        with services_file.open("rb") as file:
            is_ours = os.fstat(file.fileno()).st_uid == os.geteuid()
            told = json.loads(file.read(_MOST_BYTES))
        urls = {name: told[name] for name in _URLS if name in told}
        pid, identity = told["pid"], told["identity"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return {}
    are_urls = all(isinstance(url, str) for url in urls.values())
    if not (is_ours and urls and are_urls and type(pid) is int):
        return {}
    return urls if identity and identity_of(pid) == identity else {}


def announce(services_file: Path, **urls: str) -> None:
    """Say for the commands of a home which servers this process runs; whole or not at all.

    Raises:
        OSError: it can't be written.
    """
    told = {"pid": os.getpid(), "identity": identity_of(os.getpid()), **urls}
    temporary = services_file.with_name(f".{services_file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            json.dump(told, f)
        temporary.replace(services_file)
    finally:
        temporary.unlink(missing_ok=True)


def identity_of(pid: int) -> str | None:
    """What tells a living process of our user from all that had its id before; None if it is none.

    On Linux its start in ticks since this boot: in seconds it would move with the clock.
    """
    with suppress(OSError, ValueError, IndexError):
        if not 0 < pid < 2**31 or (_PROC / str(pid)).stat().st_uid != os.geteuid():
            return None
        state, *fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return None if state in "ZX" else f"{boot}/{fields[18]}"
    return None if _PROC.joinpath("self").exists() else _elsewhere(pid)


def _elsewhere(pid: int) -> str | None:
    """The same where there is no ``/proc``."""
    import psutil

    try:
        process = psutil.Process(pid)
        if process.uids().effective != os.geteuid() or process.status() == psutil.STATUS_ZOMBIE:
            return None
        return str(process.create_time())
    except (psutil.Error, ValueError, OverflowError):
        return None
