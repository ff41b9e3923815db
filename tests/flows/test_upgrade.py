"""A home that 0.1 made (at commit 72ce669) opens: its rows are migrated, nothing is done twice.

The fixture holds a library that was worked through, an item that was damaged, and one whose
process was killed in the middle of a step.
"""

import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.flows.test_shift import ingest, outcomes
from tests.paths import FIXTURES
from utils.config import Settings
from utils.db import failures, ledger, queue, sources
from utils.db.schema import Execution, Item, Lease, Run, Worker
from utils.db.session import session
from utils.housekeeping import recovery
from utils.models.options import PipelineOptions
from utils.models.rendition import Thumbnails
from utils.models.steps import STEPS
from utils.pipeline import fingerprint
from utils.pipeline.planning import _FIRST

pytestmark = pytest.mark.usefixtures("prefect_server")

DAMAGED = "716843792419cb7af6307d151963b3ee27c2f7538e8bfd80a303a288499d4242"
IN_WORK = "5e7f3a8768e016a8217e461e89b647024fd553503f80894201600c40e4e12eec"


@pytest.fixture
def old_home(settings: Settings, tmp_path: Path) -> Any:
    """The home in its place; its media in a folder beside it, which is returned."""
    with tarfile.open(FIXTURES / "home_0.1.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    shutil.copytree(tmp_path / "nightshift", settings.home, dirs_exist_ok=True)
    return tmp_path


def test_what_an_item_stood_for_is_its_status_again_and_a_claim_is_beside_it(old_home: Any) -> None:
    with session() as s:
        rows = s.scalars(select(Item)).all()
        assert sorted(row.status for row in rows) == [
            "done", "done", "done", "pending", "quarantined",
        ]  # fmt: skip
        assert [row.id for row in rows if row.claimed_by] == [IN_WORK]
        assert len(s.scalars(select(Worker)).all()) == 1
        assert len(sources.locations(s)) == 2
        (failure,) = failures.failures(s, failures.Choice())
        assert (failure.item_id, failure.step) == (DAMAGED, "extract_ffprobe")


def test_what_a_killed_process_of_0_1_had_is_free(old_home: Any, settings: Settings) -> None:
    recovered = recovery.recover(settings)
    assert (recovered.items, len(recovered.runs), recovered.executions) == ((IN_WORK,), 1, 1)
    with session() as s:
        assert not s.scalars(select(Lease)).all()
        assert not s.scalars(select(Worker)).all()
        assert s.scalars(select(Run.status).where(Run.flow == "content-ingestion")).all() == [
            "partial", "crashed",
        ]  # fmt: skip
        assert queue.claim(s, "next", queue.waiting(3), 10) == [IN_WORK]


def test_files_of_0_1_are_found_in_a_home_at_another_place(
    old_home: Any, settings: Settings
) -> None:
    with session() as s:
        done = s.scalars(select(Item.id).where(Item.status == "done")).all()
        for item_id in done:
            stills = ledger.latest_result(s, item_id, "generate_thumbnails", Thumbnails)
            assert stills and all(still.path.is_file() for still in stills.images)
            assert all(still.path.is_relative_to(settings.home) for still in stills.images)


@pytest.fixture
def engines_of_then(old_home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The versions of tools that the fixture was made with: what they do to keys is not asked."""
    with session() as s:
        rows = s.execute(select(Execution.step, Execution.inputs))
        then = {step: inputs["fingerprint"] for step, inputs in rows}
    known = {step: then.get(step, "") for step in fingerprint.ENGINES}
    monkeypatch.setattr(fingerprint, "engine_of", lambda step, *_: known.get(step, ""))


def changed_since(rows: Any) -> set[str]:
    """Steps that have another version than in these rows, and those that their results reach."""
    then = dict(rows)
    changed = {step.name for step in STEPS if then.get(step.name) != step.version}
    for step in STEPS:  # in the order in which they run
        if changed & {*step.needs, *step.uses, *_FIRST}:
            changed.add(step.name)
    return changed


def test_no_finished_step_of_0_1_is_executed_again_unless_it_works_otherwise_now(
    old_home: Any, engines_of_then: Any
) -> None:
    with session() as s:
        changed = changed_since(s.execute(select(Execution.step, Execution.version)).all())
    # The file lies elsewhere: these look at it anew.
    changed |= {"generate_checksum", "check_duplicate"}
    options = PipelineOptions().without("generate_embeddings")
    with session() as s:
        last = s.scalar(select(func.max(Execution.id)))
    report, _ = ingest(old_home / "media", options=options)
    assert outcomes(report)["harbour.mp4"][0] == "done"
    with session() as s:
        again = set(s.scalars(select(Execution.step).where(Execution.id > last)))
    assert again <= changed
    report, _ = ingest(old_home / "media", options=options)
    assert report.counts.done == 0
