"""`nightshift watch`: which folders it watches, and how a batch of a source is processed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nightshift.__main__ import app
from nightshift.cli import watching
from utils.db import sources
from utils.db.session import session
from utils.errors import PermanentError, UsageError
from utils.models.source import SourceDefinition, SourceKind, SourceOptions
from utils.sources.watching import Batch

pytestmark = pytest.mark.usefixtures("settings")


def add(name: str, folder: Path, paused: bool = False, **options: object) -> None:
    folder.mkdir()
    with session() as s:
        row = sources.define(
            s,
            SourceDefinition(
                name=name,
                kind=SourceKind.FOLDER,
                url=str(folder),
                pattern="*.mov",
                profile="video",
                options=SourceOptions.model_validate(options),
            ),
        )
        row.paused_at = row.added_at if paused else None


def test_without_a_folder_the_sources_that_say_so_are_watched(tmp_path: Path) -> None:
    add("a", tmp_path / "a", watch=True, settle_seconds=7, poll_seconds=60)
    add("b", tmp_path / "b")
    add("c", tmp_path / "c", paused=True, watch=True)
    (found,) = watching._of_sources(None, None)
    assert found == (tmp_path / "a", 7.0, 60.0, "*.mov", "a")
    assert watching._of_sources(1.0, 2.0)[0][1:3] == (1.0, 2.0)


def test_a_sources_batch_is_processed_with_the_sources_options(tmp_path: Path) -> None:
    add("a", tmp_path / "a", watch=True,
        pipeline={"transcription.model": "small", "steps.transcribe_audio": False})  # fmt: skip
    (found,) = watching._of_sources(None, None)
    batch = Batch(found, [])
    assert watching._options(batch) == ["--profile", "video"]
    assert watching._variables(batch) == {
        "NIGHTSHIFT_PIPELINE__TRANSCRIPTION__MODEL": "small",
        "NIGHTSHIFT_PIPELINE__STEPS__TRANSCRIBE_AUDIO": "false",
    }


def test_what_can_not_be_watched_is_wrong_usage(tmp_path: Path) -> None:
    run = CliRunner().invoke
    with pytest.raises(UsageError, match="No source is to be watched"):
        run(app, ["watch"], catch_exceptions=False)
    with pytest.raises(UsageError, match="no folder"):
        run(app, ["watch", str(tmp_path / "none")], catch_exceptions=False)
    with pytest.raises(PermanentError):
        run(app, ["watch", str(tmp_path / "home")], catch_exceptions=False)
