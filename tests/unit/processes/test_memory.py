import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from utils.errors import PermanentError
from utils.media import tools
from utils.processes import child_process, memory
from utils.processes.memory import Bound

TIGHT = Bound(100 * 10**6, "NIGHTSHIFT_STILL_MEMORY_MB")
linux = pytest.mark.skipif(sys.platform != "linux", reason="there are no such bounds")


def large_frame(size: str = "8000x8000") -> Sequence[str | Path]:
    source = ("-v", "error", "-f", "lavfi", "-i", f"color=s={size},format=gbrp16")
    return (tools.find("ffmpeg"), *source, "-frames:v", "1", "-f", "null", "-")


@linux
def test_a_tool_that_needs_more_memory_than_it_may_take_fails_for_good(tmp_path: Path) -> None:
    says = "ffmpeg on .* needs more than 95 MiB of memory.*Raise NIGHTSHIFT_STILL_MEMORY_MB"
    with memory.within(TIGHT), pytest.raises(PermanentError, match=says):
        child_process.run(large_frame(), tmp_path)


def test_a_tool_without_a_bound_takes_what_it_needs(tmp_path: Path) -> None:
    with memory.within(TIGHT):
        pass
    child_process.run(large_frame("4000x4000"), tmp_path)


@linux
def test_a_tool_that_goes_on_after_it_was_refused_memory_has_failed_all_the_same(
    tmp_path: Path,
) -> None:
    goes_on = ("sh", "-c", "echo '[dec:png @ 0x1] [error] Cannot allocate memory' >&2")
    with memory.within(TIGHT), pytest.raises(PermanentError, match="more than 95 MiB"):
        child_process.run(goes_on, tmp_path)


def test_a_film_may_be_called_as_the_error_is(tmp_path: Path) -> None:
    title = "[info]     title           : Cannot allocate memory"
    with memory.within(TIGHT):
        child_process.run(("sh", "-c", f"echo '{title}' >&2"), tmp_path)


def test_a_tool_has_few_heaps_unless_a_person_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = ("sh", "-c", "echo $MALLOC_ARENA_MAX")
    assert child_process.run(asks, tmp_path).stdout == "2\n"
    monkeypatch.setenv("MALLOC_ARENA_MAX", "8")
    assert child_process.run(asks, tmp_path).stdout == "8\n"
