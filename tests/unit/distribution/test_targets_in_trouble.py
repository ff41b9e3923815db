"""A target that is full, or goes away in the middle of a file: nothing half, and on it goes."""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem
from prefect.logging import disable_run_logger

from subflows.distribution import publish_at_end
from tests.unit.distribution import known
from utils.config import load_settings
from utils.db import publications, runs
from utils.db.schema import Run
from utils.db.session import session
from utils.distribution import folder as folders
from utils.distribution import requests
from utils.distribution.requests import Order
from utils.errors import StoppedError
from utils.models.publishing import PublicationResult as Result

pytestmark = pytest.mark.usefixtures("settings")


class Brittle(LocalFileSystem):  # type: ignore[misc]
    """A folder by a protocol of its own, that stops in the middle of files of a kind."""

    protocol = "brittle"
    trouble: ClassVar[OSError | None] = None
    after: ClassVar[int] = 0

    def put_file(self, lpath: str, rpath: str, **more: Any) -> None:
        """Half of it, then the trouble, where there is one."""
        if Brittle.trouble is not None and Brittle.after == 0:
            data = Path(lpath).read_bytes()
            Path(rpath).write_bytes(data[: len(data) // 2])
            raise Brittle.trouble
        Brittle.after -= Brittle.trouble is not None
        super().put_file(lpath, rpath, **more)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The target ``public``, in a folder of the brittle system."""
    monkeypatch.setattr("utils.processes.deadline.pause", lambda _: None)
    fsspec.register_implementation("brittle", Brittle, clobber=True)
    public = tmp_path / "public"
    known.targets(f"targets:\n  public: {{kind: folder, url: 'brittle://{public}'}}\n")
    yield public
    Brittle.trouble = None


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (TypeError("of a driver"), "broke off with TypeError"),
    ],
)
def test_an_index_that_can_not_be_made_is_a_problem_of_its_target_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception, said: str
) -> None:
    known.public(tmp_path)
    item_id = known.item(tmp_path / "song.mp3")

    def broken(*_: object) -> None:
        raise trouble

    monkeypatch.setattr(folders, "refresh", broken, raising=False)
    found = requests.publish(Order((item_id,), ("public",)), load_settings())
    (problem,) = found.problems
    assert "The index of public could not be made" in problem and said in problem


def test_what_breaks_off_at_the_end_of_a_night_is_told_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.public(tmp_path)

    def broken(*_: object, **__: object) -> None:
        raise TypeError("of a driver")

    monkeypatch.setattr(requests, "publish_due", broken)
    with session() as s:
        runs.begin(s, "run", "night-shift")
    with disable_run_logger():
        publish_at_end(load_settings(), "run")
    with session() as s:
        noted = s.get_one(Run, "run").metrics
    assert noted["published"]["error"] == "Publishing broke off with TypeError"


def test_an_end_that_is_asked_for_is_no_problem_of_a_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.public(tmp_path)
    item_id = known.item(tmp_path / "song.mp3")

    def stopped(*_: object) -> None:
        raise StoppedError("over")

    monkeypatch.setattr(folders, "refresh", stopped, raising=False)
    with pytest.raises(StoppedError):
        requests.publish(Order((item_id,), ("public",)), load_settings())


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left"),
        (OSError(errno.EROFS, "Read-only file system"), "Read-only"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "No answer"),
    ],
)
def test_nothing_half_is_to_be_seen_and_the_next_call_goes_on(
    folder: Path, tmp_path: Path, trouble: OSError, said: str
) -> None:
    item_id, settings = known.item(tmp_path / "song.mp3"), load_settings()
    order = Order((item_id,), ("public",))
    Brittle.trouble, Brittle.after = trouble, 2
    (failed,) = requests.publish(order, settings).outcomes
    assert failed.result is Result.FAILED
    assert said in (failed.error or "")
    assert len(known.there(folder)) == 2  # what was whole before, and no part of a file
    with session() as s:
        (row,) = publications.of_items(s, [item_id])
    assert (row.status, row.address) == ("failed", None)
    first = {path: path.stat().st_ino for path in folder.rglob("*.*")}
    Brittle.trouble = None
    (done,) = requests.publish(order, settings).outcomes
    assert done.result is Result.PUBLISHED
    assert {path: path.stat().st_ino for path in first} == first
    assert len(known.there(folder)) == 5
