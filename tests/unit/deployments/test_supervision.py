"""Real processes that die, and the one who starts them again."""

import os
import signal
import time

import psutil
import pytest

from deployments import processes, supervision
from deployments.services import Service
from utils.errors import PermanentError

SLEEPER = Service("sleeper", ("sleep", "600"), {})


@pytest.fixture
def kept(settings):
    (settings.home / "logs").mkdir()
    said = []
    with supervision._kept(settings, said.append, None) as kept:
        kept.said = said
        yield kept


def pid(kept):
    return kept._running["sleeper"][1].pid


def looked_until(kept, happens):
    end = time.monotonic() + 30
    while not happens():
        assert time.monotonic() < end
        kept.look()


def test_what_dies_is_started_again_and_said(kept):
    kept.start(SLEEPER)
    first = pid(kept)
    os.kill(first, signal.SIGKILL)
    looked_until(kept, lambda: pid(kept) != first)
    assert psutil.pid_exists(pid(kept))
    assert "sleeper ended (killed by signal 9)" in kept.said[0]
    assert "1 of 5 times within 10 min" in kept.said[0]


def test_what_dies_again_and_again_is_given_up_with_its_log(kept, monkeypatch):
    monkeypatch.setattr(supervision, "MOST_RESTARTS", 2)
    kept.start(Service("sleeper", ("sh", "-c", "echo no such database; exit 3"), {}))
    with pytest.raises(PermanentError, match="3rd time within 10 min") as caught:
        looked_until(kept, lambda: False)
    assert "exit code 3" in str(caught.value)
    assert "no such database" in str(caught.value)


def test_a_service_ends_with_what_it_started_though_it_died_itself(settings):
    (settings.home / "logs").mkdir()
    parent = Service("parent", ("sh", "-c", "sleep 601 & sleep 600"), {})
    process = processes.start(parent, settings)
    while len(children := psutil.Process(process.pid).children()) < 2:
        pass
    os.kill(process.pid, signal.SIGKILL)
    processes.end(process)
    assert not [child for child in children if child.is_running() and child.status() != "zombie"]
