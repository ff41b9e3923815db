"""Decisions in whole runs: Prefect's form, and a revision that does again only what it touches."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from tenacity import retry, stop_after_delay, wait_fixed

from tests.flows.test_shift import executions, ingest, steps, work_a_night
from tests.media import Clips
from tests.unit.critic.test_decisions import item, waiting_item
from utils.config import load_settings
from utils.critic import decisions
from utils.critic.decisions import Wanted

pytestmark = pytest.mark.usefixtures("prefect_server")


def paused(client: SyncPrefectClient, name: str, before: set[UUID | None]) -> Any:
    """The run of this name once it waits, with another form than those of ``before``."""

    @retry(wait=wait_fixed(0.2), stop=stop_after_delay(60), reraise=True)
    def looked() -> Any:
        (run,) = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[name]))
        )
        assert run.state and run.state.is_paused() and run.state.id not in before
        return run

    return looked()


def test_a_form_at_prefect_decides_as_the_command_does() -> None:
    from flows.review_item import review_item

    item_id = waiting_item("the film")
    with ThreadPoolExecutor(1) as pool, get_client(sync_client=True) as client:
        run = pool.submit(copy_context().run, review_item, item_id[:12], poll_seconds=1)
        first = paused(client, f"review {item_id[:12]}", set())
        keyset = first.state.state_details.run_input_keyset
        told = client.read_flow_run_input(first.id, keyset["description"])
        assert "the film" in str(told)
        wrong = {"decision": "revise", "reason": None, "changes": ["colour=red"], "made_by": None}
        client.resume_flow_run(first.id, run_input=wrong)
        second = paused(client, first.name, {first.state.id})
        keyset = second.state.state_details.run_input_keyset
        assert "no option" in str(client.read_flow_run_input(first.id, keyset["description"]))
        right = {"decision": "accept", "reason": "good", "changes": [], "made_by": "ann"}
        client.resume_flow_run(first.id, run_input=right)
        decided: Any = run.result(60)
    assert decided["in_words"].startswith("accepted by ann on ")
    assert item(item_id).approval == "approved"


def test_a_revision_does_again_only_what_it_touches_and_nights_keep_to_it(
    clips: Clips, tmp_path: Path
) -> None:
    path = Path(shutil.copy(clips.tone, tmp_path / "tone.wav"))
    report, _ = ingest(path)
    item_id = report.items[0].item_id
    assert item_id
    machine = item(item_id).approval_reason
    wanted = Wanted("revise", None, {"compression.audio_kbps": "24"})
    revision = decisions.decide(item_id, wanted, "ann", load_settings())
    assert work_a_night().counts.done == 1
    again = {name for name, step in steps(item_id).items() if step.executions > 1}
    assert again <= {"compress_audio", "create_model", "store_item"} and "compress_audio" in again
    assert machine and item(item_id).approval_reason == machine  # its word holds again

    before = executions()
    assert work_a_night().counts.done == 0  # nor does a later night repeat or undo it
    report, _ = ingest(path)
    assert report.items[0].reason == "already done" and executions() == before

    decisions.undo(revision, load_settings())
    assert work_a_night().counts.done == 1
    assert executions() == before  # the former results are recalled
    report, _ = ingest(path)
    assert report.items[0].reason == "already done"
