"""Jobs: rows and files, replaced as a whole; what is wrong is said, and changes nothing."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import drawn
from tests.conftest import Override
from utils.config import Settings, load_settings
from utils.db.video_database import VideoDatabase
from utils.errors import NightShiftError, PermanentError, RetryableError, UsageError
from utils.frames import crops, jobs, text
from utils.models import job as models
from utils.models.frames import TextBox
from utils.models.job import CropBounds, Job, JobKind

Ask = Callable[..., Job]
BOUNDS = CropBounds(left=4, top=4, right=60, bottom=400)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn.counting(tmp_path_factory.mktemp("film") / "film.mp4", 1.2, "25", 10)


@pytest.fixture
def ask(film: Path, tmp_path: Path) -> Ask:
    def ask(kind: JobKind = JobKind.CROP_FRAMES, **changes: Any) -> Job:
        given = {"video_id": "v", "video_path": film, "db_path": tmp_path / "v.db",
                 "output_dir": tmp_path / "out", "frame_rate": 5.0}  # fmt: skip
        if kind is JobKind.CROP_FRAMES:
            given["crop_bounds"] = BOUNDS
        return models.of(kind, **(given | changes))

    return ask


def do(job: Job, attempt: int = 1) -> jobs.Outcome:
    return jobs.do(job, "run", attempt, load_settings(), lambda _: None)


def rows(job: Job, query: str) -> list[Any]:
    with sqlite3.connect(job.db_path) as connection:
        return connection.execute(query).fetchall()


def status(job: Job) -> Any:
    query = "SELECT status, progress, attempts, error_message FROM processing_status"
    (found,) = rows(job, query)
    return found


def test_cropped_frames_have_their_bounds_and_version(ask: Ask) -> None:
    job = ask(crop_bounds_version=7)
    assert do(job) == jobs.Outcome(6, False, "decode")
    cut = "crop_left, crop_top, crop_right, crop_bottom, crop_bounds_version"
    query = f"SELECT frame_index, width, height, length(image_data) = file_size, {cut}"
    query += " FROM cropped_frames"
    assert rows(job, query) == [(n, 56, 44, 1, 4, 4, 60, 48, 7) for n in (0, 2, 4, 6, 8, 10)]
    assert status(job) == ("processing_complete", 1.0, 1, None)
    names = sorted(path.name for path in job.output_dir.iterdir())
    assert names == [f"frame_{n:010d}.jpg" for n in (0, 2, 4, 6, 8, 10)]


def test_the_same_is_recalled_and_what_differs_is_made_again(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    extract = crops.extract

    def counted(*given: Any) -> Any:
        made.append(1)
        return extract(*given)

    monkeypatch.setattr(crops, "extract", counted)
    do(ask())
    assert do(ask()) == jobs.Outcome(6, True, "recalled") and len(made) == 1
    assert status(ask())[0] == "processing_complete"
    do(ask(crop_bounds_version=2))
    do(ask(crop_bounds=CropBounds(left=0, top=0, right=9, bottom=9)))
    assert do(ask(frame_rate=2.5)).frames == 3 and len(made) == 4
    assert len(list(ask().output_dir.iterdir())) == 3
    next(ask().output_dir.iterdir()).unlink()
    assert not do(ask(frame_rate=2.5)).recalled


def test_full_frames_have_texts_and_one_layout(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = (TextBox(text="A", confidence=0.9, x=0.1, y=0.2, width=0.3, height=0.1),) * 2
    monkeypatch.setattr(text, "read", lambda _path: seen)
    job = ask(JobKind.FULL_FRAMES, frame_rate=1.0)
    assert do(job).frames == 2
    query = "SELECT frame_index, box_index, text, x, y, timestamp_seconds FROM full_frame_ocr"
    assert rows(job, query) == [
        (n, box, "A", 0.1, 0.2, n / 10) for n in (0, 10) for box in (0, 1)
    ]  # fmt: skip
    assert rows(job, "SELECT frame_index, width, height FROM full_frames") == [
        (0, 64, 48), (10, 64, 48),
    ]  # fmt: skip
    layout = (
        "SELECT id, frame_width, frame_height, crop_right, crop_bottom FROM video_layout_config"
    )
    assert rows(job, layout) == [(1, 64, 48, 64, 48)]
    rows(job, "UPDATE video_layout_config SET crop_top = 30, crop_bounds_version = 4")
    do(ask(JobKind.FULL_FRAMES, frame_rate=2.0))
    assert rows(job, "SELECT crop_top, crop_bounds_version FROM video_layout_config") == [(30, 4)]
    assert status(job)[:2] == ("processing_complete", 1.0)


def test_a_failed_job_leaves_what_was_there_and_says_why(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask()
    do(job)
    before = rows(job, "SELECT * FROM cropped_frames"), sorted(job.output_dir.iterdir())

    def broken(*_: object) -> None:
        raise PermanentError("It is at https://u:secret@host/x broken.")

    monkeypatch.setattr(crops, "extract", broken)
    with pytest.raises(PermanentError):
        do(ask(crop_bounds_version=2), attempt=3)
    assert (rows(job, "SELECT * FROM cropped_frames"), sorted(job.output_dir.iterdir())) == before
    found = status(job)
    assert found[0] == "error" and found[2] == 3
    assert "broken" in found[3] and "secret" not in found[3]


def test_a_database_of_another_schema_stays_as_it_is(ask: Ask) -> None:
    job = ask()
    for made, why in (
        ("CREATE TABLE cropped_frames (id INTEGER, picture BLOB)", "lacks frame_index"),
        ("CREATE TABLE moz_places (id INTEGER)", "of something else"),
    ):
        job.db_path.unlink(missing_ok=True)
        rows(job, made)
        before = job.db_path.read_bytes()
        with pytest.raises(PermanentError, match=why):
            do(job)
        assert job.db_path.read_bytes() == before
        assert not job.output_dir.exists()
    job.db_path.write_bytes(b"this is no database" * 100)
    with pytest.raises(PermanentError, match="no SQLite database"):
        do(job)


def test_a_table_with_more_columns_is_used(ask: Ask, tmp_path: Path) -> None:
    job = ask()
    VideoDatabase(job.db_path, 1).prepare(JobKind.CROP_FRAMES)
    rows(job, "ALTER TABLE cropped_frames ADD COLUMN note TEXT")
    assert do(job).frames == 6


def test_a_locked_database_is_waited_for(ask: Ask, override: Override) -> None:
    job = ask()
    VideoDatabase(job.db_path, 1).prepare(JobKind.CROP_FRAMES)
    with sqlite3.connect(job.db_path, isolation_level=None, check_same_thread=False) as other:
        other.execute("BEGIN IMMEDIATE")
        override(database_wait_seconds=1)
        with pytest.raises(RetryableError, match="locked"):
            do(job)
        override(database_wait_seconds=60)
        free = threading.Timer(0.3, lambda: other.execute("COMMIT"))
        free.start()
        assert do(job).frames == 6
        free.join()


@pytest.mark.parametrize("what", ["nothing", "text", "sound", "picture"])
def test_what_is_no_video_is_refused(what: str, ask: Ask, clips: Any, tmp_path: Path) -> None:
    path = {"nothing": tmp_path / "none.mp4", "text": clips.text, "sound": clips.tone,
            "picture": clips.image}[what]  # fmt: skip
    with pytest.raises(NightShiftError) as raised:
        do(ask(video_path=path))
    assert path.name in str(raised.value)


@pytest.mark.parametrize(
    "changes",
    [{"frame_rate": 0.0}, {"frame_rate": float("nan")}, {"frame_rate": 25.0}, {"video_id": ""},
     {"video_id": "a\nb"}, {"crop_bounds": None}, {"crop_bounds_version": -1}],
)  # fmt: skip
def test_parameters_that_can_not_be_meant_are_refused(changes: dict[str, Any], ask: Ask) -> None:
    with pytest.raises(UsageError):
        ask(**changes)


def test_what_a_killed_try_left_is_cleared(ask: Ask, settings: Settings) -> None:
    job = ask()
    left = job.output_dir / ".nightshift-run"
    left.mkdir(parents=True)
    (left / "frame_0000009999.jpg").write_bytes(b"x")
    assert do(job).frames == 6
    assert not left.exists()
