"""Workflow templates and styles: ours, and those of a person's own folder."""

import json
from pathlib import Path
from typing import Any

import pytest

from utils.config import Settings
from utils.errors import SettingsError
from utils.models.visuals import ComfyuiSettings, VisualOptions
from utils.visuals import generation, template_files

BLANK: dict[str, Any] = json.loads(
    (Path(template_files.__file__).parent / "workflows" / "blank.json").read_text()
)


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a folder of a person's own for workflows and for styles."""
    folder = tmp_path / "own"
    folder.mkdir()
    return settings.model_copy(update={"comfyui": ComfyuiSettings(workflows=folder, styles=folder)})


def write(settings: Settings, name: str, content: str) -> None:
    assert settings.comfyui.workflows
    (settings.comfyui.workflows / name).write_text(content)


def changed(**changes: Any) -> str:
    return json.dumps(BLANK | changes)


def given(kind: str, to: str, **more: Any) -> str:
    """The template with one input more."""
    return changed(inputs=BLANK["inputs"] | {"more": {"type": kind, "to": [to], **more}})


def test_all_of_ours_make_sense_in_every_aspect_ratio(settings: Settings) -> None:
    for workflow in template_files.workflows(settings):
        template = template_files.workflow(workflow, settings)
        for style in template_files.styles(settings):
            read = template_files.style(style, settings)
            generation.require_fitting(VisualOptions(workflow=workflow), template, read)
        for aspect, (width, height) in template.sizes.items():
            across, down = map(int, aspect.split(":"))
            assert width * down == height * across


def test_a_file_of_a_persons_own_comes_before_ours_of_that_name(own: Settings) -> None:
    write(own, "blank.json", changed(description="mine"))
    write(own, "default.yaml", "description: mine\nprompt: [a drawing]\n")
    write(own, ".hidden.json", "{")
    assert template_files.workflow("blank", own).description == "mine"
    assert template_files.style("default", own).prompt == ("a drawing",)
    assert "khmer" in template_files.styles(own)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "can't be read"),
        ("[]", "makes no sense"),
        ('{"a": 1, "a": 2}', "stands twice"),
        (json.dumps({"nodes": [{"id": 1}], "links": []}), r"Export \(API\)"),
        (json.dumps(BLANK["graph"]), "description: Field required"),
        (changed(output="9"), "there is no node '9'"),
        (changed(inputs={"width": {"type": "integer", "to": ["1.width"], "default": 1}}),
         "neither prefix nor seed"),
        (changed(inputs=BLANK["inputs"] | {"prompt": {"type": "integer", "to": ["1.color"]}}),
         "inputs.prompt: it is text, not integer"),
        (given("number", "1.color"), "inputs.more: it needs a default"),
        (given("number", "1.z", default=1), r"inputs.more: the graph has no 1.z \(node.field\)"),
        (given("text", "2.images", default="x"), "2.images is linked to another node"),
        (given("number", "1.color", default=9, max=1), "its default is 9, more than 1"),
        (given("choice", "1.color", default="x"), "a choice needs choices"),
        (changed(graph={"1": {"class_type": "X", "inputs": {"a": ["7", 0]}}}),
         "1.a is linked to a node that is not there"),
        (changed(graph={"1": {"inputs": {}}}), "node 1 has no class_type"),
        (changed(shape="round"), "shape: Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_a_workflow_that_makes_no_sense_is_told_with_its_place(
    own: Settings, content: str, told: str
) -> None:
    write(own, "mine.json", content)
    with pytest.raises(SettingsError, match=told) as caught:
        template_files.workflow("mine", own)
    assert "mine.json" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a: [", "can't be read"),
        ("description: x\nprompt: ['{summary.__class__}']", "in braces stands one of"),
        ("description: x\nprompt: ['{secret}']", "in braces stands one of"),
        ("description: x\nprompt: ['{summary!r}']", "in braces stands one of"),
        ("description: x\nprompt: ['{']", "makes no sense"),
        ("description: x\nprompt: []", "prompt: Tuple should have at least 1 item"),
        ("description: x\nprompt: [a]\ncolours: [red]", "'red' is no colour such as"),
        ("description: x\nprompt: [a]\ninputs: {seed: 1}", "seed is given by the item"),
    ],
)
def test_a_style_that_makes_no_sense_is_told_with_its_place(
    own: Settings, content: str, told: str
) -> None:
    write(own, "mine.yaml", content)
    with pytest.raises(SettingsError, match=told) as caught:
        template_files.style("mine", own)
    assert "mine.yaml" in str(caught.value)


@pytest.mark.parametrize("name", ["nope", "../workflows/blank", "/etc/passwd", ""])
def test_a_name_of_nothing_is_told_with_those_that_there_are(settings: Settings, name: str) -> None:
    with pytest.raises(SettingsError, match="There are blank, image_to_image, text_to_image"):
        template_files.workflow(name, settings)
    with pytest.raises(SettingsError, match="There are default, khmer, minimal, photo"):
        template_files.style(name, settings)


def test_a_folder_that_is_not_there_is_told_with_its_setting(own: Settings) -> None:
    gone = own.comfyui.model_copy(update={"styles": Path("/nowhere/styles")})
    with pytest.raises(SettingsError, match="NIGHTSHIFT_COMFYUI__STYLES: there is no folder"):
        template_files.styles(own.model_copy(update={"comfyui": gone}))


def test_what_a_workflow_can_not_do_is_told_before_a_run(own: Settings) -> None:
    write(own, "wide.json", changed(sizes={"16:9": [64, 36]}))
    write(own, "hot.yaml", "description: x\nprompt: [a]\ninputs: {color: -1, cfg: 3}\n")
    wide = template_files.workflow("wide", own)
    with pytest.raises(SettingsError, match="wide makes no 1:1, 9:16"):
        generation.require_fitting(
            VisualOptions(workflow="wide"), wide, template_files.style("default", own)
        )
    options = VisualOptions(workflow="wide", style="hot", aspects=("16:9",))
    with pytest.raises(SettingsError, match=r"style hot sets color .* -1, less than 0"):
        generation.require_fitting(options, wide, template_files.style("hot", own))
