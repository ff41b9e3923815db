import os
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.media import Clips
from tests.waiting import PATIENCE_SECONDS, until_ended
from utils.errors import PermanentError, ResourceError, RetryableError, StoppedError
from utils.media import tools
from utils.processes import child_process, deadline, output
from utils.storage import files

ENDLESS = ("-v", "error", "-y", "-re", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=600",
           "-progress", "pipe:1", "-stats_period", "0.1")  # fmt: skip
SPEAKS_ONCE = ("sh", "-c", "echo started; exec sleep 600")


def parent_and_child(folder: Path) -> list[str]:
    """A shell and the `sleep` it started; both write down who they are."""
    return ["sh", "-c", f"echo $$ > {folder}/shell; sleep 600 & echo $! > {folder}/sleep; "
            "echo started; wait"]  # fmt: skip


def both_end(folder: Path) -> None:
    for name in ("shell", "sleep"):
        until_ended(int((folder / name).read_text()))


def test_a_tool_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    with ExitStack() as limit, pytest.raises(RetryableError, match="STEP_TIMEOUT"):

        def started(line: str) -> None:
            limit.enter_context(deadline.within(0))

        child_process.run(parent_and_child(tmp_path), tmp_path, started)
    both_end(tmp_path)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_whatever_interrupts_the_wait_ends_the_whole_group(
    tmp_path: Path, error: type[KeyboardInterrupt] | type[SystemExit] | type[ValueError]
) -> None:
    def hear(line: str) -> None:
        raise error

    with pytest.raises(error):
        child_process.run(parent_and_child(tmp_path), tmp_path, hear)
    both_end(tmp_path)


def test_a_child_that_ignores_sigterm_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_process, "_GRACE_SECONDS", 0.1)

    def hear(line: str) -> None:
        raise KeyboardInterrupt

    stubborn = ["sh", "-c", f"trap '' TERM; echo $$ > {tmp_path}/pid; echo x; "
                "while :; do sleep 600; done"]  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        child_process.run(stubborn, tmp_path, hear)
    until_ended(int((tmp_path / "pid").read_text()))


def test_a_cancelled_ffmpeg_leaves_neither_a_process_nor_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    shares = []

    def tell(share: float) -> None:
        shares.append(share)
        if share > 0:
            raise KeyboardInterrupt

    command: list[str | Path] = [tools.find("ffmpeg"), *ENDLESS, "-f", "mpegts"]
    with pytest.raises(KeyboardInterrupt), files.whole_file(folder / "out.ts") as temporary:
        child_process.run([*command, temporary], tmp_path, child_process.share_of(600, tell))
    assert shares[-1] > 0
    assert not [*folder.iterdir()]
    assert not running_on(folder)


def running_on(folder: Path) -> list[Any]:
    """Processes of this machine that name ``folder`` on their command line."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/cmdline") as file:
                if str(folder) in file.read():
                    found.append(entry)
        except OSError:
            continue
    return found


def test_a_thread_is_cancelled_from_outside_as_prefect_does_it(tmp_path: Path) -> None:
    """An exception set by another thread arrives although nothing is printed."""
    import ctypes

    class Cancelled(BaseException):
        pass

    seen, started = [], threading.Event()

    def work() -> None:
        try:
            child_process.run(SPEAKS_ONCE, tmp_path, lambda _line: started.set())
        except Cancelled as error:
            seen.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(PATIENCE_SECONDS)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident), ctypes.py_object(Cancelled)
    )
    thread.join(PATIENCE_SECONDS)
    assert len(seen) == 1


def test_all_tools_end_with_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "stopping", threading.Event())
    failed, started = [], threading.Event()

    def work() -> None:
        try:
            child_process.run(SPEAKS_ONCE, tmp_path, lambda _line: started.set())
        except StoppedError as error:
            failed.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(PATIENCE_SECONDS)
    child_process.end_all()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    assert "together with the run" in failed[0]


def test_output_is_heard_line_by_line_and_its_end_is_kept(tmp_path: Path) -> None:
    lines: list[str] = []
    finished = child_process.run(["seq", "100000"], tmp_path, lines.append)
    assert lines == [str(number) for number in range(1, 100001)]
    assert finished.stdout.endswith("\n100000\n")
    assert len(finished.stdout) < 200_000


def test_what_is_not_listened_to_is_kept_whole(tmp_path: Path) -> None:
    assert child_process.run(["seq", "100000"], tmp_path).stdout.count("\n") == 100000


def test_a_share_is_told_of_lines_that_hold_a_time() -> None:
    told: list[float] = []
    hear = child_process.share_of(10, told.append)
    for line in ("frame=3", "out_time_us=N/A", "out_time_us=-23000", "out_time_us=2500000",
                 "out_time_us=99000000", "progress=end"):  # fmt: skip
        hear(line)
    assert told == [0.25, 1.0]


def test_an_unknown_length_has_no_share() -> None:
    told: list[float] = []
    child_process.share_of(None, told.append)("out_time_us=2500000")
    assert told == []


def test_a_tool_that_was_killed_may_be_tried_again(clips: Clips) -> None:
    with pytest.raises(RetryableError, match="signal 9"):
        child_process.run(["sh", "-c", "kill -9 $$"], clips.video)


def test_a_full_disk_is_named_as_such(clips: Clips) -> None:
    with pytest.raises(ResourceError, match="disk is full"):
        child_process.run(
            ["sh", "-c", "echo 'x: No space left on device' >&2; exit 1"], clips.video
        )


def test_a_tool_that_refuses_a_file_says_why(clips: Clips) -> None:
    with pytest.raises(PermanentError, match=r"gave up: nothing but text"):
        child_process.run(["sh", "-c", "echo '[x @ 0x1] nothing but text' >&2; exit 1"], clips.text)


def test_a_complaint_is_made_of_errors_where_lines_name_their_level() -> None:
    log = (
        "[png @ 0x55] [error] Picture size 30000x30000 is invalid\n"
        "[info] frame=    0 fps=0.0 q=0.0 Lq=0.0 size=       0KiB time=N/A\n"
    )
    assert child_process.complaint(log) == "Picture size 30000x30000 is invalid"


def test_a_tool_that_only_complains_is_ended_for_good_though_it_ignores_sigterm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_process, "_GRACE_SECONDS", 0.1)
    monkeypatch.setattr(output, "LOG_HEAD_BYTES", 1 << 20)
    stubborn = ["sh", "-c", f"trap '' TERM; echo $$ > {tmp_path}/pid; "
                "while :; do yes '[error] bad' | head -c 1000000 >&2; done"]  # fmt: skip
    with pytest.raises(PermanentError, match="1 MiB of messages and got no further"):
        child_process.run(stubborn, tmp_path)
    until_ended(int((tmp_path / "pid").read_text()))


def test_a_tool_that_prints_without_end_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_process, "_MAX_BYTES", 1 << 20)
    with pytest.raises(PermanentError, match="more than 1 MiB"):
        child_process.run(["yes"], tmp_path)


def test_a_limit_that_is_the_files_fault_is_permanent_and_names_its_setting(tmp_path: Path) -> None:
    limit = deadline.Limit(0.1, "NIGHTSHIFT_STILL_TIMEOUT_SECONDS", is_final=True)
    with deadline.within(limit), pytest.raises(PermanentError, match="Raise NIGHTSHIFT_STILL_"):
        child_process.run(SPEAKS_ONCE, tmp_path)


def test_an_output_is_taken_in_pieces(tmp_path: Path) -> None:
    pieces: list[bytes] = []
    child_process.run(["seq", "100000"], tmp_path, take=pieces.append)
    assert b"".join(pieces).count(b"\n") == 100000
