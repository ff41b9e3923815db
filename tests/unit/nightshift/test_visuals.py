"""`nightshift visuals`: what it says of styles, of a server, of an item's pictures."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nightshift.__main__ import app
from tests.conftest import Override
from tests.servers.comfyui import CHECKPOINT, comfyui
from utils.config import Settings
from utils.db import items, visuals
from utils.db.schema import Item
from utils.db.session import session
from utils.models.approval import ApprovalStatus
from utils.models.item import ItemStatus, MediaKind
from utils.models.visuals import ComfyuiSettings, Visual, Visuals
from utils.storage import files


def ask(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["visuals", *arguments])


def told(*arguments: str) -> Any:
    return json.loads(ask(*arguments, "--json").stdout)


@pytest.fixture
def item(tmp_path: Path) -> str:
    path = tmp_path / "rain.jpg"
    path.write_bytes(b"rain")
    with session() as s:
        seen = items.Seen(files.stat(path), "ab" * 32, True)
        items.register(s, seen, MediaKind.IMAGE)
    return "ab" * 32


def picture(settings: Settings) -> Visual:
    return Visual(
        kind="generated", path=settings.home / "items" / "x.png", sha256="0" * 64, size_bytes=1,
        width=1280, height=720, aspect="16:9", engine="ComfyUI 0.8.0", by_model=True,
        model=CHECKPOINT, workflow="text_to_image", prompt="rain [bold]on[/] a river",
        seed=2**63 - 1, inputs={"steps": 25}, warnings=("it is of one colour",),
    )  # fmt: skip


def test_styles_and_workflows_are_listed_with_their_inputs() -> None:
    found = told("styles")
    assert {one["name"] for one in found["styles"]} >= {"default", "khmer"}
    blank = next(one for one in found["workflows"] if one["name"] == "blank")
    assert blank["nodes"] == ["EmptyImage", "SaveImage"]
    assert blank["inputs"]["width"]["max"] == 16384
    assert "AOKhmer" in ask("styles").stdout


def test_a_server_is_tried_without_a_model(override: Override) -> None:
    with comfyui() as server:
        override(comfyui=ComfyuiSettings(url=server.url, model="other.ckpt"))
        del server.info["ImageScale"]
        found = told("check")
    assert found["version"] == "0.8.0"
    missing = {one["name"]: one["missing"] for one in found["workflows"]}
    assert missing["blank"] is None
    assert missing["image_to_image"] == "nodes: ImageScale"
    assert CHECKPOINT in missing["text_to_image"]
    assert [one["prompt"]["1"]["class_type"] for one in server.submitted] == ["EmptyImage"]


def test_without_a_server_it_is_said_what_to_set(override: Override) -> None:
    assert "NIGHTSHIFT_COMFYUI__URL" in str(ask("check").exception)
    override(comfyui=ComfyuiSettings(url="http://127.0.0.1:9"))
    assert "does not answer at http://127.0.0.1:9" in str(ask("check").exception)


def test_a_picture_is_shown_with_what_it_was_made_from(settings: Settings, item: str) -> None:
    assert "visuals make" in ask("list", item).stdout
    with session() as s:
        visuals.save(s, Visuals(item_id=item, visuals=(picture(settings),)))
    shown = ask("list", item[:8]).stdout
    assert "rain [bold]on[/] a river" in shown
    assert f"ComfyUI 0.8.0, {CHECKPOINT}" in shown
    assert "! generated 16:9: it is of one colour" in shown
    assert "(gone)" in shown
    (one,) = told("list", item)["visuals"]
    assert (one["seed"], one["inputs"], one["is_there"]) == (str(2**63 - 1), {"steps": 25}, False)
    whole = CliRunner().invoke(app, ["show", item]).stdout
    assert "Pictures for it" in whole


def test_what_is_approved_and_has_no_pictures_waits_for_them(settings: Settings, item: str) -> None:
    with session() as s:
        assert visuals.approved_without(s, 9) == []
        row = s.get_one(Item, item)
        row.status, row.approval = ItemStatus.DONE.value, ApprovalStatus.APPROVED.value
        s.flush()
        assert visuals.approved_without(s, 9) == [item]
        visuals.save(s, Visuals(item_id=item, visuals=(picture(settings),)))
        assert visuals.approved_without(s, 9) == []
