"""Pictures for items, in whole runs, by a ComfyUI that has a bad night first."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State

from tests.conftest import Override
from tests.flows.test_shift import QUICK, ingest, steps, told, work_a_night
from tests.media import Clips
from tests.servers.comfyui import comfyui
from utils.config import Settings
from utils.db import reviews, sources, visuals
from utils.db.reviews import ReviewDecision
from utils.db.schema import Item
from utils.db.session import session
from utils.documents.visuals import document
from utils.models.approval import ApprovalStatus
from utils.models.options import PipelineOptions
from utils.models.shift import RunStatus
from utils.models.source import SourceDefinition, SourceKind, SourceOptions
from utils.models.visuals import ComfyuiSettings, VisualOptions, Visuals

pytestmark = pytest.mark.usefixtures("prefect_server")

DRAWING = QUICK.model_copy(
    update={
        "steps": QUICK.steps.model_copy(update={"generate_visuals": True}),
        "visuals": VisualOptions(aspects=("16:9",)),
    }
)


def make_pictures(options: PipelineOptions = DRAWING, **parameters: Any) -> Any:
    from flows.visual_generation import visual_generation

    state: State[Any] = visual_generation(options=options, return_state=True, **parameters)
    return told(state)


def test_what_a_person_decided_and_an_items_own_options_hold_for_its_pictures(
    clips: Clips, tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "disk").mkdir()
    shutil.copy(clips.image, tmp_path / "disk" / "image.jpg")
    own = SourceOptions(pipeline={"thumbnail_count": 2})
    with session() as s:
        where = {"name": "disk", "kind": SourceKind.FOLDER, "url": str(tmp_path / "disk")}
        sources.define(s, SourceDefinition(**where, options=own))
    settings.house_rules_file.write_text("prohibited_topics: [image]\n")  # its title
    (item,) = work_a_night(options=QUICK).items
    before = {name: one.executions for name, one in steps(item.item_id).items()}
    wide = PipelineOptions(visuals=VisualOptions(engine="local", aspects=("16:9",)))

    def decided(decision: ReviewDecision) -> None:
        with session() as s:
            reviews.decide(s, item.item_id, decision, None, {}, {}, "ann")

    def drawn() -> tuple[list[str], list[str]]:
        """Aspects of its pictures, and what it lacks."""
        report = make_pictures(wide, items=[item.item_id])
        with session() as s:
            made = [row.aspect for row in visuals.of_item(s, item.item_id)]
        return made, [lack.reason for lack in report.items[0].lacks]

    nothing: tuple[list[str], list[str]] = ([], ["The item was rejected: nothing is drawn."])
    assert drawn() == nothing  # by the house rules
    decided("accept")
    assert drawn() == (["16:9"], [])
    with session() as s:
        visuals.save(s, Visuals(item_id=item.item_id, visuals=()))
    decided("reject")
    assert drawn() == nothing
    after = {name: one.executions for name, one in steps(item.item_id).items()}
    assert {name for name in after if after[name] != before.get(name)} == {"generate_visuals"}


def test_an_item_lacks_its_pictures_until_the_server_is_well(
    clips: Clips, override: Override, settings: Settings
) -> None:
    with comfyui() as server:
        override(comfyui=ComfyuiSettings(url=server.url, timeout_seconds=0.1))
        server.moods.never_ends = True
        report, _ = ingest(clips.image, options=DRAWING)
        (item,) = report.items
        assert item.outcome.value == "done_with_lacks"
        assert [(lack.step, lack.may_pass) for lack in item.lacks] == [("generate_visuals", True)]
        assert "NIGHTSHIFT_COMFYUI__TIMEOUT_SECONDS" in item.lacks[0].reason
        assert server.interrupted == [one["job"] for one in server.submitted]

        server.moods.never_ends, server.moods.is_black = False, True
        override(comfyui=ComfyuiSettings(url=server.url))
        with session() as s:  # whatever the rules say of so small a picture
            s.get_one(Item, item.item_id).approval = ApprovalStatus.APPROVED.value
        before = {name: one.executions for name, one in steps(item.item_id).items()}
        report = make_pictures()
        assert [one.item_id for one in report.items] == [item.item_id]
        assert "Generated 16:9: it is of one colour" in report.report.read_text()
        after = {name: one.executions for name, one in steps(item.item_id).items()}
        assert {name for name in after if after[name] != before[name]} == {"generate_visuals"}
        with session() as s:
            (made,) = document(s, item.item_id)["visuals"]
        assert (made["kind"], made["aspect"], made["is_there"]) == ("generated", "16:9", True)

        assert make_pictures().status is RunStatus.NOTHING_TO_DO  # all that is approved has some
        count = len(server.submitted)
        make_pictures(items=[item.item_id[:12]])  # named, and recalled
        assert len(server.submitted) == count
    with session() as s:
        assert [row.path.startswith("items/") for row in visuals.of_item(s, item.item_id)] == [True]
