"""Frames of a video every few seconds, with the text in them, into the video's own database."""

from __future__ import annotations

from pathlib import Path

from prefect import flow
from prefect.runtime import flow_run

from tasks.database import connect
from tasks.frames import RETRIES, RETRY_SECONDS, done
from utils.models import job as jobs
from utils.models.job import JobKind


@flow(
    name="full-frames",
    flow_run_name="{video_id}",
    retries=RETRIES,
    retry_delay_seconds=RETRY_SECONDS,
)
def full_frames(
    video_id: str,
    video_path: str,
    db_path: str,
    output_dir: str,
    frame_rate: float = 0.1,
) -> int:
    """Write whole frames and the text in them; returns how many frames there are.

    Args:
        video_id: Whose frames they are, in the words of whoever asks.
        video_path: The video.
        db_path: Its SQLite database; made if it is not there.
        output_dir: Where the frames lie as files, too.
        frame_rate: Frames a second.
    """
    job = jobs.of(
        JobKind.FULL_FRAMES,
        video_id=video_id,
        video_path=Path(video_path),
        db_path=Path(db_path),
        output_dir=Path(output_dir),
        frame_rate=frame_rate,
    )
    return done(job, str(flow_run.id), connect())
