"""Tools die with the process that started them, whatever ends it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from subprocess import Popen
from typing import Any

import psutil
import pytest

from tests.waiting import until_ended
from utils.config import Settings

# A parent that starts ffmpeg through our own door, and tells its pid once it is at work: before
# that the watchdog may not have heard of it.
PARENT = """
import psutil
from pathlib import Path
from utils.media import tools
from utils.processes import child_process

def hear(line):
    if line.startswith("frame="):
        print(*[c.pid for c in psutil.Process().children() if "ffmpeg" in c.name()], flush=True)

command = [tools.find("ffmpeg"), "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=d=600",
           "-progress", "pipe:1", "-f", "null", "-"]
child_process.run(command, Path("x"), hear)
"""


@pytest.fixture
def parent(settings: Settings) -> Iterator[Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("whole_group", [False, True])
def test_ffmpeg_does_not_outlive_a_killed_parent(parent: Popen[str], whole_group: bool) -> None:
    tool = int(parent.stdout.readline())
    assert psutil.pid_exists(tool)
    if whole_group:
        os.killpg(parent.pid, signal.SIGKILL)
    else:
        parent.kill()
    until_ended(tool)


def test_the_watchdog_leaves_with_the_last_tool_and_its_parent(parent: Any) -> None:
    tool = int(parent.stdout.readline())
    watchdogs = [c.pid for c in psutil.Process(parent.pid).children() if "watchdog.py" in
                " ".join(c.cmdline())]  # fmt: skip
    assert len(watchdogs) == 1
    parent.kill()
    until_ended(tool)
    until_ended(watchdogs[0])


def test_a_watchdog_that_was_killed_is_replaced_and_told_of_all(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from utils.processes import watchdog

    monkeypatch.setattr(watchdog, "_watched", set())  # not what this very process watches
    monkeypatch.setattr(watchdog, "_process", None)
    sleepers = [subprocess.Popen(["sleep", "600"], start_new_session=True) for _ in range(2)]
    try:
        watchdog.watch(sleepers[0].pid)
        watchdog._process.kill()
        watchdog._process.wait()
        watchdog.watch(sleepers[1].pid)
        watchdog._process.stdin.close()  # as if we had died
        assert {one.wait(5) for one in sleepers} == {-signal.SIGKILL}
    finally:
        for one in sleepers:
            one.kill()
