"""Tools die with the process that started them, whatever ends it."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

# A parent that starts ffmpeg through our own door, tells its pid, and waits for it.
PARENT = """
import sys, threading, psutil, time
from pathlib import Path
from utils.media import tools
from utils.processes import child_process

command = [tools.find("ffmpeg"), "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=d=600",
           "-f", "null", "-"]
threading.Thread(target=child_process.run, args=(command, Path("x"))).start()
while True:
    tools_of_mine = [c for c in psutil.Process().children() if "ffmpeg" in c.name()]
    if tools_of_mine:
        print(tools_of_mine[0].pid, flush=True)
        break
    time.sleep(0.05)
time.sleep(600)
"""


def gone(pid, seconds=5.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def parent(settings):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("whole_group", [False, True])
def test_ffmpeg_does_not_outlive_a_killed_parent(parent, whole_group):
    tool = int(parent.stdout.readline())
    assert psutil.pid_exists(tool)
    if whole_group:
        os.killpg(parent.pid, signal.SIGKILL)
    else:
        parent.kill()
    assert gone(tool)


def test_the_watchdog_leaves_with_the_last_tool_and_its_parent(parent):
    tool = int(parent.stdout.readline())
    watchdogs = [c.pid for c in psutil.Process(parent.pid).children() if "watchdog.py" in
                " ".join(c.cmdline())]  # fmt: skip
    assert len(watchdogs) == 1
    parent.kill()
    assert gone(tool)
    assert gone(watchdogs[0])


def test_a_watchdog_that_was_killed_is_replaced_and_told_of_all(settings, monkeypatch):
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
