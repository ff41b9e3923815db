"""A video's own SQLite database, which another program reads: its frames and how far a job is.

It is none of ours: it is opened for a moment, a lock of its owner is waited for, and what has
another schema is left as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from utils.clock import now
from utils.db.video_tables import (
    CROPS,
    FRAMES,
    LAYOUT,
    MADE,
    STATUS,
    TABLES,
    TEXTS,
    WRITTEN,
    inserted,
)
from utils.errors import NightShiftError, PermanentError, ResourceError, RetryableError
from utils.models.frames import CroppedFrame, FullFrame, TextBox
from utils.models.job import CropBounds, JobKind

_BUSY = {"SQLITE_BUSY", "SQLITE_LOCKED"}
# Its row of processing_status: one a kind of job, the full frames' first.
_ROWS = {JobKind.FULL_FRAMES: 1, JobKind.CROP_FRAMES: 2}
_TABLES_OF = {
    JobKind.FULL_FRAMES: (STATUS, MADE, FRAMES, TEXTS, LAYOUT),
    JobKind.CROP_FRAMES: (STATUS, MADE, CROPS),
}
COMPLETE, ERROR = "processing_complete", "error"


class VideoDatabase(NamedTuple):
    """Where it lies, and how long a lock of another program is waited for."""

    path: Path
    wait_seconds: float

    def prepare(self, kind: JobKind) -> None:
        """Make it, and its tables for a kind of job, where they are missing.

        Raises:
            PermanentError: it is no SQLite database, or has another schema; it is as it was.
            RetryableError: another program has locked it.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PermanentError(f"{self.path.parent} can't be made: {error.strerror}.") from error
        with self._writing() as connection:
            there = {name for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )}  # fmt: skip
            if there and not there & set(TABLES):
                raise PermanentError(
                    f"{self.path} is the database of something else: it has none of the tables "
                    f"{', '.join(_TABLES_OF[kind])}. Name another file, or one that is not there."
                )
            for table in _TABLES_OF[kind]:
                if table in there:
                    self._demand_columns(connection, table)
            for table in _TABLES_OF[kind]:
                if table not in there:
                    connection.execute(TABLES[table])

    def begin(self, kind: JobKind, flow_run_id: str, attempt: int) -> None:
        """Note that a job is in work."""
        moment = _moment()
        first = {"id": _ROWS[kind], "job": kind.value, "flow_run_id": flow_run_id,
                 "status": "extracting_frames", "progress": 0.0, "attempts": attempt,
                 "heartbeat_at": moment, "started_at": moment, "completed_at": None,
                 "error_message": None, "error_details": None}  # fmt: skip
        with self._writing() as connection:
            connection.execute(f"DELETE FROM {STATUS} WHERE id = :id", first)
            connection.execute(inserted(STATUS), first)

    def beat(self, kind: JobKind, status: str, progress: float) -> None:
        """Note how far a job is, 0–1, and that it lives."""
        self._note(kind, status=status, progress=progress, heartbeat_at=_moment())

    def fail(self, kind: JobKind, error: str, details: str) -> None:
        """Note why a job failed."""
        moment = _moment()
        self._note(
            kind, status=ERROR, error_message=error, error_details=details,
            heartbeat_at=moment, completed_at=moment,
        )  # fmt: skip

    def is_made(self, kind: JobKind, made_of: str) -> int | None:
        """How many frames there are that were made of just this; None if that is not all."""
        table = FRAMES if kind is JobKind.FULL_FRAMES else CROPS
        with self._reading() as connection:
            row = connection.execute(
                f"SELECT frame_count FROM {MADE} WHERE job = ? AND made_of = ?",
                (kind.value, made_of),
            ).fetchone()
            (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(row[0]) if row and row[0] == found else None

    def complete(self, kind: JobKind) -> None:
        """Note that a job is done whose frames were there already."""
        moment = _moment()
        self._note(kind, status=COMPLETE, progress=1.0, heartbeat_at=moment, completed_at=moment)

    def replace_full(self, frames: Iterable[FullFrame], made_of: str) -> int:
        """Make these all the frames and texts that it has, in one transaction; returns how many."""
        count, size = 0, (0, 0)
        with self._writing() as connection:
            connection.execute(f"DELETE FROM {TEXTS}")
            connection.execute(f"DELETE FROM {FRAMES}")
            for frame in frames:
                _insert(connection, FRAMES, _picture(frame))
                for number, box in enumerate(frame.texts):
                    of_frame = {"frame_index": frame.frame_index, "box_index": number,
                                "timestamp_seconds": frame.seconds}  # fmt: skip
                    _insert(connection, TEXTS, of_frame | box.model_dump())
                count, size = count + 1, (frame.width, frame.height)
            _lay_out(connection, *size)
            _settle(connection, JobKind.FULL_FRAMES, made_of, count)
        return count

    def replace_crops(
        self, frames: Iterable[CroppedFrame], bounds: CropBounds, version: int, made_of: str
    ) -> int:
        """Make these all the cropped frames that it has, in one transaction; returns how many."""
        cut = {f"crop_{side}": value for side, value in bounds.model_dump().items()}
        cut["crop_bounds_version"] = version
        count = 0
        with self._writing() as connection:
            connection.execute(f"DELETE FROM {CROPS}")
            for frame in frames:
                _insert(connection, CROPS, _picture(frame) | cut)
                count += 1
            _settle(connection, JobKind.CROP_FRAMES, made_of, count)
        return count

    def indexes(self, kind: JobKind) -> dict[int, list[dict[str, Any]]]:
        """The frames that are there by their index, each with its texts."""
        table = FRAMES if kind is JobKind.FULL_FRAMES else CROPS
        with self._reading() as connection:
            rows = connection.execute(f"SELECT frame_index FROM {table} ORDER BY frame_index")
            found: dict[int, list[dict[str, Any]]] = {index: [] for (index,) in rows}
            if kind is JobKind.CROP_FRAMES:
                return found
            names = (*TextBox.model_fields, "timestamp_seconds")
            for index, *values in connection.execute(
                f"SELECT frame_index, {', '.join(names)} FROM {TEXTS} "
                "ORDER BY frame_index, box_index"
            ):
                found.setdefault(index, []).append(dict(zip(names, values, strict=True)))
        return found

    def _note(self, kind: JobKind, **values: Any) -> None:
        parts = ", ".join(f"{name} = :{name}" for name in values)
        with self._writing() as connection:
            connection.execute(
                f"UPDATE {STATUS} SET {parts} WHERE id = :id", {"id": _ROWS[kind], **values}
            )

    def _demand_columns(self, connection: sqlite3.Connection, table: str) -> None:
        columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
        names = {name for _, name, *_ in columns}
        missing = [name for name in WRITTEN[table] if name not in names]
        # What a row must have that we don't know: not null, without a default, no rowid.
        unknown = [name for _, name, _, not_null, default, key in columns
                   if not_null and default is None and not key
                   and name not in WRITTEN[table]]  # fmt: skip
        if missing or unknown:
            what = f"lacks {', '.join(missing)}" if missing else f"demands {', '.join(unknown)}"
            raise PermanentError(
                f"{self.path} has another schema: its table {table} {what}. It was left as it is: "
                "name another file, or drop that table."
            )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, all of it or nothing."""
        with self._opened("rwc") as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._opened("ro") as connection:
            yield connection

    @contextmanager
    def _opened(self, mode: str) -> Iterator[sqlite3.Connection]:
        address = f"{self.path.absolute().as_uri()}?mode={mode}"
        try:
            with closing(
                sqlite3.connect(address, uri=True, timeout=self.wait_seconds, isolation_level=None)
            ) as connection:
                yield connection
        except sqlite3.Error as error:
            raise self._translated(error) from error

    def _translated(self, error: sqlite3.Error) -> NightShiftError:
        name, said = getattr(error, "sqlite_errorname", ""), str(error)
        if name.startswith(tuple(_BUSY)):
            return RetryableError(
                f"The video's database {self.path} is locked: another program has held it for "
                f"{self.wait_seconds:.0f} s. End that, then queue the job again."
            )
        if name.startswith("SQLITE_FULL"):
            return ResourceError(f"The disk is full: {self.path} can't take another frame.")
        if name.startswith("SQLITE_NOTADB"):
            return PermanentError(f"{self.path} is no SQLite database. Name another file.")
        return PermanentError(f"The video's database {self.path} can't be used: {said}.")


def _picture(frame: FullFrame | CroppedFrame) -> dict[str, Any]:
    data = frame.path.read_bytes()
    return {"frame_index": frame.frame_index, "image_data": data, "width": frame.width,
            "height": frame.height, "file_size": len(data), "created_at": _moment()}  # fmt: skip


def _insert(connection: sqlite3.Connection, table: str, values: Mapping[str, Any]) -> None:
    connection.execute(inserted(table), values)


def _lay_out(connection: sqlite3.Connection, width: int, height: int) -> None:
    """One row: the size of the picture; bounds that somebody chose stay."""
    size = {"width": width, "height": height, "moment": _moment()}
    there = connection.execute(f"SELECT count(*) FROM {LAYOUT}").fetchone()[0]
    if there:
        connection.execute(
            f"UPDATE {LAYOUT} SET frame_width = :width, frame_height = :height, "
            "updated_at = :moment WHERE frame_width <> :width OR frame_height <> :height", size,
        )  # fmt: skip
        return
    _insert(connection, LAYOUT, {
        "id": 1, "frame_width": width, "frame_height": height, "crop_left": 0, "crop_top": 0,
        "crop_right": width, "crop_bottom": height, "crop_bounds_version": 1,
        "updated_at": size["moment"],
    })  # fmt: skip


def _settle(connection: sqlite3.Connection, kind: JobKind, made_of: str, count: int) -> None:
    """What was made, and that the job is done: in the transaction of its frames."""
    moment = _moment()
    connection.execute(f"DELETE FROM {MADE} WHERE job = ?", (kind.value,))
    _insert(connection, MADE, {"job": kind.value, "made_of": made_of, "frame_count": count,
                               "made_at": moment})  # fmt: skip
    connection.execute(
        f"UPDATE {STATUS} SET status = ?, progress = 1.0, heartbeat_at = ?, completed_at = ? "
        "WHERE id = ?", (COMPLETE, moment, moment, _ROWS[kind]),
    )  # fmt: skip


def _moment() -> str:
    return now().isoformat(timespec="milliseconds")
