"""A real tool that stays open: a shell that does as it is told."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.waiting import until, until_ended
from utils.errors import PermanentError, RetryableError
from utils.processes import deadline
from utils.processes.open_tool import OpenTool

# Evaluates each line, then prints an empty one.
OBEYS = [
    sys.executable,
    "-I",
    "-c",
    "import sys\nfor line in sys.stdin: exec(line); print(flush=True)",
]
MEMORY = 256 << 20


@pytest.fixture
def tool() -> Iterator[OpenTool]:
    made = OpenTool("Tool", lambda: OBEYS, MEMORY, 1 << 20)
    yield made
    made.close()


def ask(tool: OpenTool, code: str) -> str:
    return tool.ask(f"{code}\n".encode(), b"\n", Path("photo.png")).decode()


def test_it_answers_one_question_after_the_other_from_one_process(tool: OpenTool) -> None:
    code = "import os; print(os.getpid(), end='')"
    assert ask(tool, code) == ask(tool, code) != ""


def test_a_file_that_takes_all_memory_ends_it_for_good_and_the_next_finds_another(
    tool: OpenTool,
) -> None:
    with pytest.raises(PermanentError, match=r"photo\.png, or needs more than 256 MiB"):
        ask(tool, "b'x' * 2**30")
    assert ask(tool, "print(1, end='')") == "1"


def test_what_takes_too_long_is_ended(tool: OpenTool) -> None:
    ask(tool, "pass")
    process = tool.process
    with deadline.within(deadline.Limit(0.1, is_final=True)), pytest.raises(PermanentError):
        ask(tool, "while True: pass")
    assert process.poll() == -signal.SIGKILL


def test_an_answer_without_end_is_refused(tool: OpenTool) -> None:
    with pytest.raises(PermanentError, match="says more than 1 MiB"):
        ask(tool, "while True: print('x' * 1000, end='')")


def test_what_was_killed_from_outside_may_be_tried_again(tool: OpenTool) -> None:
    with pytest.raises(RetryableError, match="ended while it read"):
        ask(tool, "import os; os.kill(os.getpid(), 9)")


def test_it_does_not_outlive_a_parent_that_was_killed_in_the_middle_of_an_answer() -> None:
    program = (
        "import os, sys, threading; from pathlib import Path\n"
        "from utils.processes.open_tool import OpenTool\n"
        f"tool = OpenTool('Tool', lambda: {OBEYS!r}, {MEMORY}, 99)\n"
        "tool.ask(b'pass\\n', b'\\n', Path('x'))\n"
        "print(tool.process.pid, flush=True)\n"
        "threading.Timer(0.2, os.kill, (os.getpid(), 9)).start()\n"
        "tool.ask(b'while True: pass\\n', b'\\n', Path('x'))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
    until_ended(int(done.stdout))


def test_a_forked_child_leaves_it_alone(tool: OpenTool) -> None:
    mine = ask(tool, "import os; print(os.getpid(), end='')")
    child = os.fork()
    if child == 0:
        tool.ask(b"pass\n", b"\n", Path("x"))
        tool.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert ask(tool, "import os; print(os.getpid(), end='')") == mine


def test_a_file_is_not_blamed_for_another_that_takes_all_its_time(tool: OpenTool) -> None:
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(ask, tool, "import time; time.sleep(600)")
        until(lambda: tool._lock.locked() and tool.process, "the other file's turn")
        with deadline.within(deadline.Limit(0.1, is_final=True)):
            with pytest.raises(RetryableError, match="busy with another file"):
                ask(tool, "pass")
        tool.process.kill()
        with pytest.raises(RetryableError):
            other.result()
