"""Jobs as flows: their tries, and what is told of them."""

import sqlite3
import uuid
from pathlib import Path

import pytest

from flows.crop_frames import crop_frames
from tests import drawn
from tests.conftest import Override
from utils.db.job_tables import JobRow
from utils.db.session import session
from utils.errors import NightShiftError
from utils.models.job import CropBounds

pytestmark = pytest.mark.usefixtures("prefect_server")


def run(folder: Path, video: Path) -> object:
    return crop_frames.with_options(retry_delay_seconds=0)(
        video_id=str(uuid.uuid4()), video_path=str(video), db_path=str(folder / "v.db"),
        output_dir=str(folder / "out"), frame_rate=5,
        crop_bounds=CropBounds(left=0, top=0, right=9, bottom=9),
    )  # fmt: skip


def last() -> JobRow:
    with session() as s:
        return s.query(JobRow).order_by(JobRow.created_at.desc()).first()


def test_a_job_runs_and_tells_what_came_of_it(tmp_path: Path) -> None:
    assert run(tmp_path, drawn.counting(tmp_path / "film.mp4", 0.6)) == 3
    row = last()
    assert (row.status, row.progress, row.attempts, row.error) == ("completed", 1.0, 1, None)


def test_what_may_pass_has_three_tries_and_what_is_final_one(
    tmp_path: Path, override: Override
) -> None:
    override(database_wait_seconds=1)
    film = drawn.counting(tmp_path / "film.mp4", 0.2)
    with sqlite3.connect(tmp_path / "v.db", isolation_level=None) as other:
        other.execute("CREATE TABLE processing_status (id INTEGER)")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(NightShiftError, match="locked"):
            run(tmp_path, film)
        assert (last().status, last().attempts) == ("failed", 3)
        other.execute("COMMIT")
    with pytest.raises(NightShiftError, match="another schema"):
        run(tmp_path, film)
    assert (last().status, last().attempts) == ("failed", 1)
