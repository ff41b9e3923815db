"""What a run with nothing to do may cost: counted in statements, as times depend on the machine."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import event, update

from tests.conftest import Override
from utils.config import Settings, load_settings
from utils.db import items, runs
from utils.db.items import Seen
from utils.db.schema import Item
from utils.db.session import engine, session
from utils.models.item import MediaKind
from utils.models.options import PipelineOptions
from utils.models.shift import RunStatus, ShiftReport
from utils.pipeline import fingerprint
from utils.scheduling import run_session
from utils.sources import scan
from utils.storage import files

OPTIONS = PipelineOptions()


@pytest.fixture
def statements(settings: Settings) -> list[Any]:
    """All statements that the database of this test is given."""
    said = []
    made = engine(load_settings())
    event.listen(made, "before_cursor_execute", lambda *given: said.append(given[2]))
    return said


def filled(folder: Path, number: int) -> Path:
    folder.mkdir()
    for n in range(number):
        (folder / f"{n}.jpg").write_text(f"{folder.name} {n}")
    return folder


def run_over(folder: Path) -> ShiftReport:
    """What `nightshift run` does where there is nothing to do."""
    run_id = run_session.new_id()
    found = scan.scan(
        [str(folder)], fingerprint.wanted_key(OPTIONS, load_settings()), load_settings()
    )
    with session() as s:
        runs.begin(s, run_id, "content-ingestion")
    run_session.note(run_id, found.outcomes)
    return run_session.close(run_id, load_settings())


def test_a_run_over_more_done_items_asks_the_database_no_more(
    tmp_path: Path, statements: list[Any]
) -> None:
    asked = []
    for number in (110, 190):  # one chunk of files; more than the report shows in full
        folder = filled(tmp_path / f"{number}", number)
        scan.scan([str(folder)], fingerprint.wanted_key(OPTIONS, load_settings()), load_settings())
        with session() as s:
            s.execute(
                update(Item).values(
                    status="done", done_key=fingerprint.done_key(OPTIONS, load_settings())
                )
            )
        statements.clear()
        report = run_over(folder)
        asked.append(len(statements))
        assert (report.status, report.counts.skipped) == (RunStatus.NOTHING_TO_DO, number)
    assert asked[0] == asked[1]


def test_many_new_files_take_no_more_statements_than_few(
    tmp_path: Path, statements: list[Any]
) -> None:
    asked = []
    for number in (3, 150):
        folder = filled(tmp_path / f"{number}", number)
        statements.clear()
        assert (
            len(
                scan.scan(
                    [str(folder)], fingerprint.wanted_key(OPTIONS, load_settings()), load_settings()
                ).pending
            )
            == number
        )
        asked.append(len(statements))
    assert asked[0] == asked[1]


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_copies_registered_at_once_keep_their_order(
    tmp_path: Path, database: str, override: Override, request: pytest.FixtureRequest
) -> None:
    if database == "postgres":
        override(database_url=SecretStr(request.getfixturevalue("postgres_url")))
    found = []
    for name in ("song.mp3", "song (copy).mp3", "a.mp3", "other.mp3"):
        path = tmp_path / name
        path.write_text(name if name == "other.mp3" else "the same")
        found.append((Seen(files.stat(path), files.sha256(path), True), MediaKind.AUDIO))
    with session() as s:
        items.register_all(s, found)
        items.register_all(s, found[1:])  # known files: seen again, and last
        places = items.paths_by_item(s, [found[0][0].item_id, found[3][0].item_id, "unknown"])
    assert [[path.name for path in paths] for paths in places.values()] == [
        ["song.mp3", "song (copy).mp3", "a.mp3"],
        ["other.mp3"],
        [],
    ]
