"""The command line as a person and as a script meet it: a process of its own.

The first run over the samples, Ctrl-C and the full disk have an ephemeral Prefect server each,
as whoever runs `nightshift run` does; other runs share one.
"""

import contextlib
import fcntl
import json
import os
import pty
import re
import resource
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.paths import SAMPLES
from utils.models.shift import Outcome

PROGRAM = Path(sys.executable).with_name("nightshift")


def environment(home: Path, **extra: str) -> dict[str, str]:
    """The variables of a command in this home; what these tests set for Prefect is not in them."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {**ours, "NIGHTSHIFT_HOME": str(home), **extra}


def nightshift(home: Path, *arguments: str, **extra: str) -> CompletedProcess[str]:
    folder = home.parent if home.parent.is_dir() else home.parent.parent
    return subprocess.run(
        [PROGRAM, *arguments], capture_output=True, text=True, env=environment(home, **extra),
        cwd=folder,
    )  # fmt: skip


def document(finished: CompletedProcess[str]) -> Any:
    return json.loads(finished.stdout)


@pytest.fixture
def served(prefect_server: str) -> dict[str, str]:
    """The variables that have a run use the Prefect server that is there."""
    login = os.environ["PREFECT_API_AUTH_STRING"]
    return {"NIGHTSHIFT_PREFECT_API_URL": prefect_server, "PREFECT_API_AUTH_STRING": login}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli") / "home"


@pytest.fixture(scope="module")
def first(home: Path) -> CompletedProcess[str]:
    """The first run over the samples, through the door."""
    return nightshift(home, "run", str(SAMPLES), "--json")


def by_name(report: dict[str, Any]) -> dict[str, Any]:
    return {Path(item["path"]).name: item for item in report["items"]}


def numbers(report: dict[str, Any]) -> dict[str, int]:
    assert set(report["counts"]) == {outcome.value for outcome in Outcome}
    return {outcome: number for outcome, number in report["counts"].items() if number}


def test_run_processes_a_library_and_prints_one_document(first: CompletedProcess[str]) -> None:
    report = document(first)
    assert first.returncode == 1  # one sample is broken
    assert report["status"] == "partial"
    assert numbers(report) == {"done": 6, "skipped": 1, "quarantined": 1}
    assert set(report) == {
        "run_id", "status", "counts", "duration_seconds", "report", "items", "left_out",
        "total", "success",
    }  # fmt: skip
    found = by_name(report)
    assert set(found["coast.jpg"]) == {
        *("item_id", "path", "kind", "outcome", "reason", "step", "verdict", "score", "error"),
        "lacks",
    }
    assert found["the night shift.mp4"]["outcome"] == "done"
    assert found["the night shift.mp4"]["verdict"] == "approve"
    assert "duplicate of" in found["the night shift (copy).mp4"]["reason"]
    assert "moov atom not found" in found["broken camera file.mp4"]["error"]
    assert Path(report["report"]).exists()


def test_a_second_run_does_nothing_in_seconds(home: Path, first: CompletedProcess[str]) -> None:
    before, used = steps(home), cpu_seconds()
    second = nightshift(home, "run", str(SAMPLES), "--json")
    assert cpu_seconds() - used < 10
    report = document(second)
    assert second.returncode == 0
    assert report["status"] == "nothing_to_do"
    assert numbers(report) == {"skipped": 7, "waits_for_you": 1}
    assert steps(home) == before


def cpu_seconds() -> float:
    """What the commands took of a core so far: other work on the machine does not change it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def steps(home: Path) -> tuple[int, int]:
    import sqlite3

    with sqlite3.connect(home / "nightshift.db") as database:
        return database.execute("SELECT count(*), max(id) FROM executions").fetchone()


def test_show_tells_everything_by_checksum_prefix_and_path(
    home: Path, first: CompletedProcess[str]
) -> None:
    item_id = by_name(document(first))["lighthouse.mp3"]["item_id"]
    shown = document(nightshift(home, "show", item_id[:8], "--json"))
    assert set(shown) >= {
        *("item", "metadata", "transcript", "analysis", "verdict", "renditions", "steps")
    }
    assert shown["transcript"]["language"] == "en"
    assert "lighthouse" in shown["transcript"]["text"].lower()
    assert shown["transcript"]["segments"][0]["end_seconds"] > 1
    assert shown["transcript"]["engine"].startswith("openai-whisper base")
    assert shown["analysis"]["engine"].startswith("local")
    assert "lighthouse" in shown["analysis"]["keywords"]
    assert shown["verdict"]["criteria"][0].keys() >= {"name", "score", "reason"}
    assert {step["step"] for step in shown["steps"]} >= {"transcribe_audio", "store_item"}
    assert {step["executions"] for step in shown["steps"]} == {1}
    assert all(Path(made["path"]).stat().st_size == made["size_bytes"]
               for made in shown["renditions"])  # fmt: skip
    same = nightshift(home, "show", str(SAMPLES / "lighthouse.mp3"), "--json")
    assert document(same)["item"]["item_id"] == item_id


def test_the_song_has_no_text_and_the_image_no_transcript(
    home: Path, first: CompletedProcess[str]
) -> None:
    found = by_name(document(first))
    song = document(nightshift(home, "show", found["evening song.m4a"]["item_id"], "--json"))
    assert song["transcript"]["text"] == ""
    image = document(nightshift(home, "show", found["coast.jpg"]["item_id"], "--json"))
    assert image["transcript"] is None
    assert image["item"]["kind"] == "image"


def test_search_finds_what_was_said_and_when_in_another_language_too(
    home: Path, first: CompletedProcess[str]
) -> None:
    hits = document(nightshift(home, "search", "lamp on the stairs", "--json"))
    assert set(hits[0]) == {
        "item_id", "title", "kind", "path", "score", "snippet", "start_seconds", "why",
        "source_url", "rendition",
    }  # fmt: skip
    assert hits[0]["path"].endswith("lighthouse.mp3")
    assert hits[0]["start_seconds"] < 2
    hits = document(nightshift(home, "search", "a ship leaves the harbour", "--json"))
    assert "Hafen" in hits[0]["snippet"]


def test_items_are_listed_by_status(home: Path, first: CompletedProcess[str]) -> None:
    listed = document(nightshift(home, "items", "--status", "quarantined", "--json"))
    assert [item["title"] for item in listed] == ["broken camera file"]
    assert len(document(nightshift(home, "items", "--json"))) == 7


def test_report_repeats_the_last_run_and_any_other(
    home: Path, first: CompletedProcess[str]
) -> None:
    run_id = document(first)["run_id"]
    assert document(nightshift(home, "report", run_id, "--json"))["run_id"] == run_id
    text = nightshift(home, "report", run_id)
    assert "6 done, 1 quarantined, 1 skipped" in text.stdout


def test_a_requeued_item_is_tried_again_by_the_next_night(
    home: Path, first: CompletedProcess[str], served: dict[str, str]
) -> None:
    item_id = by_name(document(first))["broken camera file.mp4"]["item_id"]
    assert document(nightshift(home, "requeue", item_id, "--json"))["requeued"] == [item_id]
    night = nightshift(home, "night", "--limit", "1", "--json", **served)
    assert night.returncode == 1
    report = document(night)
    assert report["status"] == "failed"
    assert numbers(report) == {"quarantined": 1}


def test_progress_is_plain_lines_where_there_is_no_terminal(
    tmp_path: Path, served: dict[str, str]
) -> None:
    shutil.copy(SAMPLES / "coast.jpg", tmp_path)
    finished = nightshift(tmp_path / "home", "run", "coast.jpg", **served)
    assert finished.returncode == 0
    assert "coast: judging" in finished.stderr
    assert "coast: done approve" in finished.stderr
    assert "\x1b" not in finished.stderr + finished.stdout
    assert "success: 1 done" in finished.stdout
    assert "nightshift search" in finished.stdout


@pytest.mark.parametrize(
    "arguments",
    [("run",), ("run", "x", "--concurrency", "0"), ("night", "--limit", "many"), ("nonsense",),
     ("items", "--status", "lost"), ("run", "x", "--skip", "generate_checksum"),
     ("plan", "nowhere")],
)  # fmt: skip
def test_wrong_usage_is_exit_2(home: Path, arguments: tuple[str, ...]) -> None:
    assert nightshift(home, *arguments).returncode == 2


def test_a_missing_path_is_wrong_usage_with_a_remedy_and_no_trace(tmp_path: Path) -> None:
    finished = nightshift(tmp_path / "home", "run", "nowhere.mp4", "--json")
    assert finished.returncode == 2
    assert "does not exist. Check the spelling" in document(finished)["error"]
    assert "Traceback" not in finished.stderr


def test_a_missing_path_beside_one_that_is_there_fails(
    home: Path, first: CompletedProcess[str]
) -> None:
    finished = nightshift(home, "run", "nowhere.mp4", str(SAMPLES / "coast.jpg"), "--json")
    assert finished.returncode == 1
    item = by_name(document(finished))["nowhere.mp4"]
    assert "does not exist. Check the spelling" in item["error"]


def test_a_terminal_of_80_columns_gets_a_line_an_item_and_ascii_where_it_takes_nothing_else(
    home: Path, first: CompletedProcess[str]
) -> None:
    shown = on_a_terminal(home, "items", NO_COLOR="1", PYTHONIOENCODING="ascii")
    assert "\x1b[3" not in shown and "?" not in shown
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()
    assert len(lines) == 8  # the heads, and seven items
    assert max(map(len, lines)) <= 80
    assert "\x1b[32m" in on_a_terminal(home, "items")


def on_a_terminal(home: Path, *arguments: str, **extra: str) -> str:
    """What a command writes to a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    terminal = environment(home, TERM="xterm-256color", **extra)
    for name in ("COLUMNS", "NO_COLOR") if "NO_COLOR" not in extra else ("COLUMNS",):
        terminal.pop(name, None)
    with subprocess.Popen(
        [PROGRAM, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=terminal
    ) as process:
        os.close(theirs)
        written = b""
        with contextlib.suppress(OSError):  # how Linux says that nobody writes any more
            while part := os.read(ours, 1 << 16):
                written += part
    os.close(ours)
    assert process.returncode == 0, written
    return written.decode()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_under_what_is_printed_is_one_clear_line(
    home: Path, first: CompletedProcess[str]
) -> None:
    with open("/dev/full", "w") as full:
        finished = subprocess.run(
            [PROGRAM, "items"], stdout=full, stderr=subprocess.PIPE, text=True,
            env=environment(home),
        )  # fmt: skip
    assert finished.returncode == 1
    assert finished.stderr == ("nightshift: The disk is full, also for what was to be printed.\n")


def test_an_unknown_item_is_one_line(home: Path, first: CompletedProcess[str]) -> None:
    finished = nightshift(home, "show", "feedbeef")
    assert finished.returncode == 2
    assert finished.stderr.strip().splitlines() == [
        "nightshift: There is no item feedbeef. `nightshift items` lists them."
    ]


def test_a_home_that_can_not_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    finished = nightshift(tmp_path / "file" / "home", "items")
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr


def test_help_loads_nothing_that_takes_long(home: Path) -> None:
    assert nightshift(home, "--help").returncode == 0
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, nightshift.__main__; print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert not {"prefect", "torch", "chromadb", "sqlalchemy"} & set(loaded)


def test_doctor_says_what_is_there_and_what_is_missing(
    home: Path, first: CompletedProcess[str]
) -> None:
    checks = {check["name"]: check for check in document(nightshift(home, "doctor", "--json"))}
    assert checks["ffmpeg"]["state"] == "ok"
    assert checks["database"]["state"] == "ok"
    broken = nightshift(home, "doctor", "--json", NIGHTSHIFT_FFMPEG="/no/ffmpeg")
    assert broken.returncode == 1
    assert "/no/ffmpeg" in broken.stdout
    lonely = nightshift(home, "doctor", "--json", PREFECT_API_URL="http://127.0.0.1:1/api")
    assert "does not answer" in lonely.stdout


def test_a_full_disk_stops_the_shift_not_the_item_and_leaves_nothing_half_written(
    tmp_path: Path, not_new: Callable[[Path], Path]
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", small], capture_output=True
    )
    if mount.returncode != 0:
        pytest.skip("a small file system can't be mounted here")
    try:
        from tests.media import ffmpeg

        big = tmp_path / "big.mkv"
        ffmpeg("-f", "lavfi", "-i", "color=gray:s=1280x720:d=3,noise=alls=100:allf=t+u",
               "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", big)  # fmt: skip
        finished = nightshift(
            not_new(small / "home"), "run", str(big), str(SAMPLES / "coast.jpg"),
            "--json", "--concurrency", "1",
            NIGHTSHIFT_PIPELINE__COMPRESSION__CRF="1", NIGHTSHIFT_MIN_FREE_BYTES="0",
            NIGHTSHIFT_ROOM_WAIT_SECONDS="2",
        )  # fmt: skip
        report = document(finished)
        found = by_name(report)
        assert found["coast.jpg"]["outcome"] == "done"
        assert found["big.mkv"]["outcome"] == "failed"
        assert "disk is full" in found["big.mkv"]["error"]
        assert "disk is full" in report["reason"]
        assert finished.returncode == 1
        standing = {item["title"]: item for item in document(
            nightshift(small / "home", "items", "--json")
        )}  # fmt: skip
        assert (standing["big"]["status"], standing["big"]["tries"]) == ("pending", 0)
        assert not list((small / "home" / "items").rglob(".*"))
    finally:
        subprocess.run(["umount", small], check=True)


class Terminal:
    """A process on a terminal of its own, as a person has it."""

    def __init__(self, command: list[str], variables: dict[str, str], folder: Path) -> None:
        self._pid, self._end = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            os.execve(command[0], command, variables)
        self._seen = ""

    def read_until(self, wanted: str) -> str:
        """All that it printed until ``wanted`` stands there; to its end where that is empty."""
        while not wanted or wanted not in self._seen:
            try:
                chunk = os.read(self._end, 1 << 16)
            except OSError:  # it has ended
                chunk = b""
            if not chunk:
                assert not wanted, self._seen
                break
            self._seen += chunk.decode(errors="replace")
        return self._seen

    def write(self, keys: str) -> None:
        os.write(self._end, keys.encode())

    def wait(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


def test_ctrl_c_ends_the_encoder_and_gives_the_item_back(
    tmp_path: Path, not_new: Callable[[Path], Path]
) -> None:
    from tests.media import ffmpeg

    film, home = tmp_path / "long film.mp4", not_new(tmp_path / "home")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=25:d=12", "-vf", "noise=alls=20:allf=t",
           "-pix_fmt", "yuv420p", "-preset", "ultrafast", film)  # fmt: skip
    terminal = Terminal([str(PROGRAM), "run", str(film)], environment(home), tmp_path)
    terminal.read_until("compressing")
    terminal.write("\x03")  # to all processes of the terminal's foreground group
    assert "Stopped; 1 item goes on next time." in terminal.read_until("")
    assert terminal.wait() == 130
    report = document(nightshift(home, "report", "--json"))
    assert (report["status"], report["left_over"], report["items"]) == ("stopped", 1, [])
    assert not [name for name in running() if "ffmpeg" in name and str(film) in name]
    assert not list(home.rglob("*.part*"))
    (item,) = document(nightshift(home, "items", "--json"))
    assert (item["status"], item["tries"], item["error"]) == ("pending", 0, None)


def running() -> Iterator[str]:
    """The command lines of this machine's processes."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_text().replace("\0", " ")
        except OSError:
            continue
