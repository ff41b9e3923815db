import pytest

from utils import clock
from utils.processes import output
from utils.processes.output import HeadAndTail, Motion


def test_an_output_that_fits_is_kept_whole() -> None:
    kept = HeadAndTail(4, 4)
    for chunk in (b"ab", b"cde", b"fgh"):
        kept.add(chunk)
    assert kept.text() == "abcdefgh"


def test_of_a_longer_one_head_and_tail_are_kept_and_the_gap_is_said() -> None:
    kept = HeadAndTail(4, 4)
    for _ in range(1000):
        kept.add(b"0123456789")
    assert kept.text() == "0123\n… 9,992 bytes left out …\n6789"
    assert kept.total == 10_000


def test_a_tool_that_gets_on_may_complain_as_long_as_it_wants(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(output, "LOG_HEAD_BYTES", 100)
    motion = Motion(is_told=True)
    for frame in range(10):
        motion.complained(90)
        motion.reported(f"frame={frame}\nout_time_us=N/A\n".encode())
        assert motion.fault() is None


def test_a_tool_that_complains_and_gets_no_further_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(output, "LOG_HEAD_BYTES", 100)
    motion = Motion(is_told=True)
    for _ in range(10):
        motion.complained(90)
        motion.reported(b"frame=0\nout_time_us=N/A\n")
    assert "got no further" in str(motion.fault())


def test_a_tool_that_stands_still_is_found_out_where_it_tells_its_place() -> None:
    seconds = iter((0.0, 0.0, 1.0, output.STALL_SECONDS + 2))
    real = clock._clock
    with clock.set_to(real._replace(monotonic=lambda: next(seconds))):
        told, untold = Motion(is_told=True), Motion(is_told=False)
        told.reported(b"frame=7\n")
        assert "for 600 s" in str(told.fault())
        assert untold.fault() is None
