"""A block that another thread ends: it hears of it at its next question, and in a pause."""

import threading
from contextvars import Context

import pytest

from utils.errors import StoppedError
from utils.processes import deadline


def test_a_pause_and_a_question_end_once_another_thread_says_so() -> None:
    over = threading.Event()
    with deadline.until(over):
        deadline.check("the work")
        deadline.pause(0)
        threading.Timer(0.05, over.set).start()
        with pytest.raises(StoppedError, match="its time is over"):
            deadline.pause(60)
        with pytest.raises(StoppedError, match="the work was ended"):
            deadline.check("the work")
    deadline.check("what comes after it")


def test_other_work_goes_on() -> None:
    over = threading.Event()
    over.set()
    with deadline.until(over):
        Context().run(deadline.check, "of another context")
        with pytest.raises(StoppedError):
            deadline.pause(0)


def test_the_end_of_the_process_ends_every_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "stopping", threading.Event())
    deadline.pause(0)
    deadline.stopping.set()
    for seconds in (0, 60):
        with pytest.raises(StoppedError):
            deadline.pause(seconds)
        with deadline.until(threading.Event()), pytest.raises(StoppedError):
            deadline.pause(seconds)
