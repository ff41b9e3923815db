"""Pauses between two downloads of one source."""

import threading

import pytest

from utils import clock
from utils.errors import StoppedError
from utils.processes import deadline
from utils.sources.pacing import paced


def test_downloads_of_one_source_come_one_after_another_with_a_pause_between_them() -> None:
    spans: list[tuple[float, float]] = []

    def fetch() -> None:
        with paced("https://x/pause", 0.2):
            begun = clock.monotonic()
            spans.append((begun, clock.monotonic()))

    threads = [threading.Thread(target=fetch) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spans.sort()
    assert len(spans) == 3
    assert all(spans[n + 1][0] - spans[n][1] >= 0.2 for n in range(2))


def test_no_pause_is_made_where_none_is_asked_for() -> None:
    with paced("https://x/none", 0), paced("https://x/none", 0), paced(None, 3600):
        pass


def test_the_end_of_the_run_ends_a_pause() -> None:
    with paced("https://x/end", 3600):
        pass
    deadline.stopping.set()
    try:
        with pytest.raises(StoppedError), paced("https://x/end", 3600):
            pass
    finally:
        deadline.stopping.clear()
