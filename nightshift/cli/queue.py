"""`nightshift queue`: jobs on demand, for programs that parse what is printed.

Stdout is exactly one line of JSON when a job is queued; every error is one on stderr, with exit
code 1. Nothing else is printed on either.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from utils.errors import NightShiftError, UsageError, from_os_error
from utils.models.job import JobKind, Priority
from utils.privacy.redaction import redacted

NAME = "queue"
VideoId = Annotated[str, typer.Argument(metavar="VIDEO_ID", help="Your name for the video.")]
VideoPath = Annotated[Path, typer.Argument(metavar="VIDEO_PATH", help="The video.")]
DbPath = Annotated[
    Path, typer.Argument(metavar="DB_PATH", help="Its SQLite database; made if missing.")
]
OutputDir = Annotated[Path, typer.Argument(metavar="OUTPUT_DIR", help="Where frames lie as JPEG.")]
How = Annotated[Priority, typer.Option("--priority", help="Somebody waits, or nobody does.")]

queue = typer.Typer(no_args_is_help=False, help="Queue a job: exactly one line of JSON comes back.")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(queue, name=NAME)


def is_meant(arguments: list[str]) -> bool:
    """True if the command line is one of this module's, and asks for no help."""
    words = [word for word in arguments if not word.startswith("-")]
    return words[:1] == [NAME] and not {"-h", "--help"} & set(arguments)


def run(app: typer.Typer) -> int:
    """Run a command of this module; returns the exit code, and prints one line."""
    said, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        warnings.simplefilter("ignore")
        wrong = _what_is_wrong(app)
    line = said.getvalue().strip()
    if wrong is None and line:
        print(line, flush=True)
        return 0
    what = " ".join((wrong or "Nothing was queued.").split())
    print(json.dumps({"error": redacted(what), "status": "failed"}), file=sys.stderr, flush=True)
    return 1


def _what_is_wrong(app: typer.Typer) -> str | None:
    try:
        app(standalone_mode=False)
    except TyperException as error:
        said = getattr(error, "format_message", None)
        return str(said()) if said else str(error)
    except NightShiftError as error:
        return str(error)
    except OSError as error:
        return str(from_os_error(error, "queueing"))
    except KeyboardInterrupt:
        return "It was interrupted; the job may be queued."
    except SystemExit as end:
        return None if end.code in {0, None} else f"It ended with {end.code}."
    return None


@queue.command("full-frames")
def full_frames(
    video_id: VideoId,
    video_path: VideoPath,
    db_path: DbPath,
    output_dir: OutputDir,
    frame_rate: Annotated[float, typer.Option("--frame-rate", help="Frames a second.")] = 0.1,
    priority: How = Priority.INTERACTIVE,
) -> None:
    """Whole frames every few seconds, with the text in them."""
    _queue(
        JobKind.FULL_FRAMES, priority, video_id=video_id, video_path=video_path, db_path=db_path,
        output_dir=output_dir, frame_rate=frame_rate,
    )  # fmt: skip


@queue.command("crop-frames")
def crop_frames(
    video_id: VideoId,
    video_path: VideoPath,
    db_path: DbPath,
    output_dir: OutputDir,
    crop_bounds: Annotated[
        str, typer.Argument(metavar="CROP_BOUNDS_JSON", help="left, top, right, bottom in pixels.")
    ],
    frame_rate: Annotated[float, typer.Option("--frame-rate", help="Frames a second.")] = 10.0,
    version: Annotated[
        int, typer.Option("--crop-bounds-version", help="Which bounds these are.")
    ] = 1,
    priority: How = Priority.INTERACTIVE,
) -> None:
    """A part of each frame."""
    from utils.models.job import bounds_of

    _queue(
        JobKind.CROP_FRAMES, priority, video_id=video_id, video_path=video_path, db_path=db_path,
        output_dir=output_dir, frame_rate=frame_rate, crop_bounds=bounds_of(crop_bounds),
        crop_bounds_version=version,
    )  # fmt: skip


def _queue(kind: JobKind, priority: Priority, **given: Any) -> None:
    """Queue a job and print it."""
    from deployments import queueing
    from utils.config import load_settings
    from utils.models import job as jobs
    from utils.storage import files

    for name in ("video_path", "db_path", "output_dir"):
        given[name] = _absolute(given[name], name)
    job = jobs.of(kind, **given)
    files.stat(job.video_path)
    if not os.access(job.video_path, os.R_OK):
        raise UsageError(f"{job.video_path} may not be read. Change its permissions.")
    if job.db_path.is_dir():
        raise UsageError(f"{job.db_path} is a folder. Name the file of the video's database.")
    if job.output_dir.exists() and not job.output_dir.is_dir():
        raise UsageError(f"{job.output_dir} is no folder. Name one for the frames.")
    queued = queueing.connected(load_settings()).queue(job, priority)
    told = {"flowRunId": queued.flow_run_id, "status": "queued", "priority": queued.priority.value}
    print(json.dumps(told))


def _absolute(path: Path, name: str) -> Path:
    from utils.storage import files

    if not str(path).strip() or "\0" in str(path):
        raise UsageError(f"{name} is empty.")
    return files.absolute(str(path))
