"""Real processes that die, and the one who starts them again."""

import os
import signal
import socket
from collections.abc import Callable, Iterator

import psutil
import pytest

from deployments import pages_address, processes, supervision
from deployments.services import Service
from deployments.supervision import _Supervised
from tests.waiting import has_ended, until
from utils.config import Settings
from utils.db import users
from utils.db.session import session
from utils.errors import PermanentError
from utils.models.api import ApiSettings
from utils.models.page_settings import Role
from utils.storage import setup_codes

SLEEPER = Service("sleeper", ("sleep", "600"), {})


@pytest.fixture
def said() -> list[str]:
    """What the keeper says."""
    return []


@pytest.fixture
def kept(settings: Settings, said: list[str]) -> Iterator[_Supervised]:
    (settings.home / "logs").mkdir()
    with supervision._kept(settings, said.append, None) as kept:
        yield kept


def pid(kept: _Supervised) -> int:
    return kept._running["sleeper"][1].pid


def looked_until(kept: _Supervised, happens: Callable[[], bool], what: str) -> None:
    def looks() -> bool:
        kept.look()
        return happens()

    until(looks, what)


def test_what_dies_is_started_again_and_said(kept: _Supervised, said: list[str]) -> None:
    kept.start(SLEEPER)
    first = pid(kept)
    os.kill(first, signal.SIGKILL)
    looked_until(kept, lambda: pid(kept) != first, "another start")
    assert psutil.pid_exists(pid(kept))
    assert "sleeper ended (killed by signal 9)" in said[0]
    assert "1 of 5 times within 10 min" in said[0]


def test_what_dies_again_and_again_is_given_up_with_its_log(
    kept: _Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "MOST_RESTARTS", 2)
    kept.start(Service("sleeper", ("sh", "-c", "echo no such database; exit 3"), {}))
    with pytest.raises(PermanentError, match="3rd time within 10 min") as caught:
        looked_until(kept, lambda: False, "giving it up")
    assert "exit code 3" in str(caught.value)
    assert "no such database" in str(caught.value)


def test_a_service_ends_with_what_it_started_though_it_died_itself(settings: Settings) -> None:
    (settings.home / "logs").mkdir()
    parent = Service("parent", ("sh", "-c", "sleep 601 & sleep 600"), {})
    process = processes.start(parent, settings)
    shell = psutil.Process(process.pid)
    until(lambda: len(shell.children()) == 2, "the start of both children")
    children = shell.children()
    os.kill(process.pid, signal.SIGKILL)
    processes.end(process)
    assert all(has_ended(child.pid) for child in children)


def test_a_port_that_nobody_chose_may_be_taken_and_one_that_was_chosen_may_not(
    settings: Settings, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def chosen(port: int | None) -> Settings:
        return settings.model_copy(update={"api": ApiSettings(port=port)})

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(supervision, "API_PORT", port)
        assert supervision._api_port(chosen(None), said.append) is None
        assert "NIGHTSHIFT_API__PORT" in said[0]
        with pytest.raises(PermanentError, match="NIGHTSHIFT_API__PORT"):
            supervision._check_free(port)
    assert supervision._api_port(chosen(None), said.append) == port
    assert supervision._api_port(chosen(0), said.append) is None
    assert len(said) == 1


def test_the_code_that_makes_an_admin_is_told_to_people_and_not_to_logs(settings: Settings) -> None:
    base = "http://127.0.0.1:4280"
    logged = pages_address.told(settings, base, to_person=False)
    assert "code=" not in logged and "nightshift user create" in logged
    code = pages_address.told(settings, base, to_person=True).split("code=")[1].split()[0]
    assert setup_codes.is_valid(settings.setup_file, code)
    with session() as s:
        users.create(s, "Ada", None, Role.ADMIN)
    assert pages_address.told(settings, base, to_person=True) == f"Night Shift: {base}/"
