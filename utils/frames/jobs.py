"""The two jobs: a video's frames, whole or cropped, into its own database and a folder.

Everything is made beside its place first. The rows are replaced in one transaction, then the files
get their names: who kills a job leaves what was there before.
"""

from __future__ import annotations

import json
import shutil
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from utils import clock
from utils.config import Settings
from utils.db.video_database import VideoDatabase
from utils.errors import NightShiftError, PermanentError, RetryableError, from_os_error
from utils.frames import crops, extraction, text
from utils.frames.extraction import Video
from utils.media.probing import ffprobe
from utils.models.item import MediaKind
from utils.models.job import Job, JobKind
from utils.models.probe import FfprobeReport
from utils.privacy.redaction import redacted
from utils.storage import files

Told = Callable[[float], None]
_VERSION = 1  # of what is made of a video: raised when it changes
_BEAT_SECONDS = 2.0
_OLD_SECONDS = 24 * 3600.0
_PLACE = ".nightshift-"


class Outcome(NamedTuple):
    """What came of a job: how many frames there are, whether they were there before, and how."""

    frames: int
    recalled: bool
    way: str


def do(job: Job, flow_run_id: str, attempt: int, settings: Settings, told: Told) -> Outcome:
    """Do a job.

    Args:
        job: What is to be done.
        flow_run_id: Who does it.
        attempt: Which try it is, from 1.
        settings: How long a locked database is waited for.
        told: Is told how far it is, 0–1, every two seconds.

    Raises:
        NightShiftError: it can't be done; where its database can be written, that says so too.
    """
    found = files.stat(job.video_path)
    if job.kind is JobKind.FULL_FRAMES:
        text.require()
    database = VideoDatabase(job.db_path, settings.database_wait_seconds)
    database.prepare(job.kind)
    database.begin(job.kind, flow_run_id, attempt)
    with _failure_noted(database, job.kind):
        made_of = _made_of(job, found.size_bytes, found.modified_ns)
        if (there := _recalled(database, job, made_of)) is not None:
            database.complete(job.kind)
            return Outcome(there, True, "recalled")
        report = _of_video(job.video_path)
        beat = _Beat(database, job.kind, told)
        with _place(job.output_dir, flow_run_id) as place:
            video = Video(job.video_path, report.container, place)
            if job.kind is JobKind.FULL_FRAMES:
                return _full(job, video, database, made_of, beat)
            return _cropped(job, video, report, database, made_of, beat)


def _full(job: Job, video: Video, database: VideoDatabase, made_of: str, beat: _Beat) -> Outcome:
    made = extraction.extract(video, job.rate, beat.part("extracting_frames", 0.0, 0.3))
    read, tell = [], beat.part("running_ocr", 0.3, 0.98)
    for number, frame in enumerate(made.frames, start=1):
        read.append(frame.model_copy(update={"texts": text.read(frame.path)}))
        tell(number / len(made.frames))
    count = database.replace_full(read, made_of)
    _publish((frame.path for frame in made.frames), job.output_dir)
    return Outcome(count, False, made.plan.way)


def _cropped(
    job: Job, video: Video, report: FfprobeReport, database: VideoDatabase, made_of: str,
    beat: _Beat,
) -> Outcome:  # fmt: skip
    assert job.crop_bounds
    bounds = job.crop_bounds.within(*crops.size(report, job.video_path))
    tell = beat.part("extracting_frames", 0.0, 0.98)
    made = crops.extract(video, bounds, job.rate, tell)
    count = database.replace_crops(made, bounds, job.crop_bounds_version, made_of)
    _publish((frame.path for frame in made), job.output_dir)
    return Outcome(count, False, "decode")


class _Beat:
    """Says every two seconds in the video's database, and to who asked, how far a job is."""

    def __init__(self, database: VideoDatabase, kind: JobKind, told: Told) -> None:
        self._database, self._kind, self._told = database, kind, told
        self._last, self._status = clock.monotonic(), ""

    def part(self, status: str, start: float, end: float) -> Told:
        """A listener to the share of a part of the work."""

        def tell(share: float) -> None:
            moment = clock.monotonic()
            if status == self._status and moment - self._last < _BEAT_SECONDS:
                return
            self._last, self._status = moment, status
            progress = round(start + (end - start) * share, 4)
            with suppress(RetryableError):  # a database that is locked now: with the next beat
                self._database.beat(self._kind, status, progress)
            self._told(progress)

        return tell


@contextmanager
def _failure_noted(database: VideoDatabase, kind: JobKind) -> Iterator[None]:
    """Have the video's database say what went wrong, without secrets."""
    try:
        yield
    except BaseException as error:
        said = str(error) if isinstance(error, NightShiftError) else type(error).__name__
        details = "".join(traceback.format_exception_only(error)).strip()
        with suppress(NightShiftError):
            database.fail(kind, redacted(said), redacted(details))
        raise


def _of_video(path: Path) -> FfprobeReport:
    report = ffprobe.report(path)
    if report.container.kind is not MediaKind.VIDEO or report.container.video is None:
        raise PermanentError(f"{path.name} is no video: it has no moving picture.")
    return report


def _made_of(job: Job, size_bytes: int, modified_ns: int) -> str:
    """All that decides what a job makes, as JSON."""
    bounds = job.crop_bounds.model_dump() if job.crop_bounds else None
    return json.dumps(
        {
            "version": _VERSION,
            "size_bytes": size_bytes,
            "modified_ns": modified_ns,
            "frame_rate": str(job.rate),
            "crop_bounds": bounds,
            "crop_bounds_version": job.crop_bounds_version if bounds else None,
            "text": text.engine() if job.kind is JobKind.FULL_FRAMES else None,
        },
        sort_keys=True,
    )


def _recalled(database: VideoDatabase, job: Job, made_of: str) -> int | None:
    """How many frames were made of just this and are still there, rows and files; else None."""
    count = database.is_made(job.kind, made_of)
    if count is None:
        return None
    names = [extraction.file_name(index) for index in database.indexes(job.kind)]
    return count if all((job.output_dir / name).exists() for name in names) else None


@contextmanager
def _place(output_dir: Path, flow_run_id: str) -> Iterator[Path]:
    """A folder in the output folder for what is not whole; gone afterwards.

    What a killed try left goes now: of this job at once, of others when it is a day old.
    """
    place = output_dir / f"{_PLACE}{flow_run_id[:40]}"
    try:
        output_dir.mkdir(parents=True, exist_ok=True)
        for other in output_dir.glob(f"{_PLACE}*"):
            if other == place or clock.now().timestamp() - other.stat().st_mtime > _OLD_SECONDS:
                shutil.rmtree(other, ignore_errors=True)
        place.mkdir()
    except OSError as error:
        raise from_os_error(error, f"making {output_dir}") from error
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _publish(made: Iterable[Path], output_dir: Path) -> None:
    """Give the files their names, and remove those of frames that are no more."""
    try:
        names = set()
        for path in made:
            path.replace(output_dir / path.name)
            names.add(path.name)
        for old in output_dir.glob("frame_??????????.jpg"):
            if old.name not in names:
                old.unlink()
    except OSError as error:
        raise from_os_error(error, f"writing to {output_dir}") from error
