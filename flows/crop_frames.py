"""A part of each frame of a video, into the video's own database."""

from __future__ import annotations

from pathlib import Path

from prefect import flow
from prefect.runtime import flow_run

from tasks.database import connect
from tasks.frames import RETRIES, RETRY_SECONDS, done
from utils.models import job as jobs
from utils.models.job import CropBounds, JobKind


@flow(
    name="crop-frames",
    flow_run_name="{video_id}",
    retries=RETRIES,
    retry_delay_seconds=RETRY_SECONDS,
)
def crop_frames(
    video_id: str,
    video_path: str,
    db_path: str,
    output_dir: str,
    crop_bounds: CropBounds,
    frame_rate: float = 10.0,
    crop_bounds_version: int = 1,
) -> int:
    """Write the part within the bounds of so many frames a second; returns how many there are.

    Args:
        video_id: Whose frames they are, in the words of whoever asks.
        video_path: The video.
        db_path: Its SQLite database; made if it is not there.
        output_dir: Where the frames lie as files, too.
        crop_bounds: In pixels of the picture as it is seen; what lies outside is cut off.
        frame_rate: Frames a second.
        crop_bounds_version: Which bounds these are, in the words of whoever asks.
    """
    job = jobs.of(
        JobKind.CROP_FRAMES,
        video_id=video_id,
        video_path=Path(video_path),
        db_path=Path(db_path),
        output_dir=Path(output_dir),
        frame_rate=frame_rate,
        crop_bounds=crop_bounds,
        crop_bounds_version=crop_bounds_version,
    )
    return done(job, str(flow_run.id), connect())
