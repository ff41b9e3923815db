"""Folders that are watched: what comes, once it grows no more, each file once."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import waiting
from utils import clock
from utils.clock import Clock
from utils.config import Settings
from utils.db import items
from utils.db.items import Seen
from utils.db.session import session
from utils.models.item import MediaKind
from utils.sources import filesystem
from utils.sources.settling import Settling
from utils.sources.watching import Batch, Watched, batches, polled
from utils.storage import files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


class Time:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Iterator[Time]:
    made = Time()
    with clock.set_to(Clock(clock.now, made.monotonic, clock.wait)):
        yield made


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_a_file_that_grows_waits_and_what_comes_with_it_comes_in_one_batch(
    folder: Path, settings: Settings, time: Time
) -> None:
    settling = Settling(folder, 5, settings)
    (folder / "a.mp4").write_bytes(b"1")
    (folder / "b.mp4").write_bytes(b"1")
    settling.search()
    time.seconds += 5.1
    (folder / "b.mp4").write_bytes(b"12")
    assert settling.ready(time.seconds) == []
    time.seconds += 5.1
    assert names(settling.ready(time.seconds)) == ["a.mp4", "b.mp4"]
    settling.search()
    time.seconds += 60
    assert settling.ready(time.seconds) == []  # each once
    (folder / "a.mp4").write_bytes(b"new")
    settling.note(folder / "a.mp4")
    time.seconds += 5.1
    assert names(settling.ready(time.seconds)) == ["a.mp4"]


def test_what_has_settled_waits_a_minute_at_most_for_what_goes_on_growing(
    folder: Path, settings: Settings, time: Time
) -> None:
    settling = Settling(folder, 5, settings)
    (folder / "a.mp4").write_bytes(b"1")
    recording = folder / "b.mp4"
    recording.write_bytes(b"0")
    found = []
    for second in range(0, 80, 4):
        settling.search()
        time.seconds += 6
        recording.write_bytes(b"1" * (second + 1))
        found += names(settling.ready(time.seconds))
    assert found == ["a.mp4"]


def test_unfinished_empty_hidden_and_other_files_are_not_given(
    folder: Path, settings: Settings, time: Time
) -> None:
    for name in ("a.mp4.part", "b.crdownload", "c.mp4~", "~d.mp4", ".e.mp4", "f.temp.mp4", "g.txt",
                 ".hidden/h.mp4", "@eaDir/i.mp4", "j.part.mov"):  # fmt: skip
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"1")
    (folder / "empty.mp4").touch()
    settling = Settling(folder, 0, settings)
    for path in folder.rglob("*"):
        settling.note(path)
    settling.search()
    assert settling.ready(time.seconds) == []
    (folder / "a.mp4.part").rename(folder / "a.mp4")
    settling.note(folder / "a.mp4.part")
    settling.note(folder / "a.mp4")
    assert names(settling.ready(time.seconds + 1)) == ["a.mp4"]


def test_a_home_below_a_watched_folder_is_not_looked_into(
    tmp_path: Path, settings: Settings, time: Time
) -> None:
    inside = settings.home / "items" / "a.mp4"
    inside.parent.mkdir(parents=True)
    inside.write_bytes(b"1")
    settling = Settling(tmp_path, 0, settings)
    settling.note(inside)
    settling.note(settings.home)
    settling.search()
    assert settling.ready(time.seconds) == []


def test_what_a_run_could_not_take_in_comes_twice_more_and_then_never(
    folder: Path, settings: Settings, time: Time
) -> None:
    (folder / "a.mp4").write_bytes(b"1")
    settling = Settling(folder, 0, settings)
    settling.search()
    times = 0
    for _ in range(20):
        ready = settling.ready(time.seconds)
        times += len(ready)
        settling.again(ready, time.seconds)
        time.seconds += 400
    assert times == 3


def test_only_files_that_are_like_the_pattern_are_given(
    folder: Path, settings: Settings, time: Time
) -> None:
    for name in ("2024/05/a.mov", "2024/b.mov", "2023/c.mov", "2024/d.mp4"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"1")
    settling = Settling(folder, 0, settings, "2024/**/*.mov")
    settling.search()
    assert names(settling.ready(time.seconds)) == ["a.mov", "b.mov"]


MOUNTS = """22 1 8:1 / / rw - ext4 /dev/sda1 rw
40 22 0:40 / /mnt/my\\040share rw,relatime - nfs4 server:/x rw
41 22 0:41 / /mnt/usb rw - vfat /dev/sdb1 rw
42 22 0:42 / /mnt/far rw - fuse.sshfs me@far: rw
"""


@pytest.mark.parametrize(
    ("folder", "kind", "network"),
    [
        ("/mnt/my share/films", "nfs4", True),
        ("/mnt/my", "ext4", False),
        ("/mnt/usb", "vfat", False),
        ("/mnt/far/a", "fuse.sshfs", True),
    ],
)
def test_a_network_share_is_told_by_its_file_system(
    tmp_path: Path, folder: str, kind: str, network: bool
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    found = filesystem.kind_of(Path(folder), mounts)
    assert (found, filesystem.is_network(found)) == (kind, network)
    assert filesystem.kind_of(Path(folder), tmp_path / "none") is None
    assert polled(Watched(tmp_path)).poll_seconds is None


class Watch:
    """A watch in a thread of its own; each batch is registered as a run would do it."""

    def __init__(self, wanted: Watched, settings: Settings) -> None:
        self.found: list[Batch] = []
        self.told: list[str] = []
        self.stop = threading.Event()
        self._arguments = ([wanted], settings, self.stop, self.told.append)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        for batch in batches(*self._arguments):
            with session() as s:
                for path in batch.paths:
                    seen = Seen(files.stat(path), files.sha256(path), True)
                    items.register(s, seen, MediaKind.VIDEO, path.name, None)
            self.found.append(batch)

    def names(self) -> list[str]:
        return [name for batch in self.found for name in names(batch.paths)]


@pytest.fixture(params=["heard", "polled"])
def watch(request: pytest.FixtureRequest, folder: Path, settings: Settings) -> Iterator[Watch]:
    poll = 0.2 if request.param == "polled" else None
    (folder / "known.mp4").write_bytes(b"known")
    with session() as s:
        path = folder / "known.mp4"
        seen = Seen(files.stat(path), files.sha256(path), True)
        items.register(s, seen, MediaKind.VIDEO, "known", None)
    (folder / "before.mp4").write_bytes(b"before")
    watched = Watch(Watched(folder, 0.3, poll), settings)
    yield watched
    watched.stop.set()
    watched.thread.join()


def test_what_came_before_comes_now_and_is_moved_in_is_given_and_what_is_known_is_not(
    watch: Watch, folder: Path, tmp_path: Path
) -> None:
    waiting.until(lambda: watch.names() == ["before.mp4"], "what lay there before")
    moved = tmp_path / "moved"
    moved.mkdir()
    (moved / "a.mp4").write_bytes(b"a")
    moved.rename(folder / "moved")
    waiting.until(lambda: watch.names() == ["before.mp4", "a.mp4"], "what was moved in")


def test_a_folder_that_went_is_waited_for(watch: Watch, folder: Path) -> None:
    waiting.until(lambda: watch.names() == ["before.mp4"], "what lay there before")
    shutil.rmtree(folder)
    waiting.until(lambda: any("waited for" in text for text in watch.told), "the word of it")
    folder.mkdir()
    (folder / "after.mp4").write_bytes(b"after")
    waiting.until(lambda: "after.mp4" in watch.names(), "what came after")
    assert any("there again" in text for text in watch.told)
