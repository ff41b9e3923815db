"""Pictures for items, in whole runs, by a ComfyUI that has a bad night first."""

from typing import Any

import pytest
from prefect.client.schemas.objects import State

from tests.conftest import Override
from tests.flows.test_shift import QUICK, ingest, steps, told
from tests.media import Clips
from tests.servers.comfyui import comfyui
from utils.config import Settings
from utils.db import visuals
from utils.db.schema import Item
from utils.db.session import session
from utils.documents.visuals import document
from utils.models.approval import ApprovalStatus
from utils.models.shift import RunStatus
from utils.models.visuals import ComfyuiSettings, VisualOptions

pytestmark = pytest.mark.usefixtures("prefect_server")

DRAWING = QUICK.model_copy(
    update={
        "steps": QUICK.steps.model_copy(update={"generate_visuals": True}),
        "visuals": VisualOptions(aspects=("16:9",)),
    }
)


def make_pictures(**parameters: Any) -> Any:
    from flows.visual_generation import visual_generation

    state: State[Any] = visual_generation(options=DRAWING, return_state=True, **parameters)
    return told(state)


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
