"""What a server has, held against a workflow before it is asked to make it."""

import copy

import pytest

from tests.servers.comfyui import CHECKPOINT, Comfy
from utils.config import Settings
from utils.errors import PermanentError
from utils.models.visual_templates import Value
from utils.visuals import comfyui_client, comfyui_nodes, template_files
from utils.visuals.comfyui_nodes import Graph

VALUES: dict[str, Value] = {
    "prompt": "rain", "seed": 7, "width": 64, "height": 64, "model": CHECKPOINT, "prefix": "x",
}  # fmt: skip


def fitted(settings: Settings, **changes: Value) -> Graph:
    template = template_files.workflow("text_to_image", settings)
    with comfyui_client.connected(settings) as server:
        graph = comfyui_nodes.filled(template, VALUES | changes)
        return comfyui_nodes.fitted(server, graph)


def model(settings: Settings, wanted: str | None) -> str:
    template = template_files.workflow("text_to_image", settings)
    with comfyui_client.connected(settings) as server:
        return comfyui_nodes.model(wanted, server, template)


def test_a_class_that_is_not_installed_is_named_before_anything_is_submitted(
    comfy: Comfy, drawing: Settings
) -> None:
    del comfy.info["KSampler"]
    with pytest.raises(PermanentError, match=r"lacks the node KSampler\. Install"):
        fitted(drawing)
    assert comfy.submitted == []


def test_what_a_newer_version_wants_besides_is_given_by_its_own_default(
    comfy: Comfy, drawing: Settings
) -> None:
    before = fitted(drawing)
    wanted = comfy.info["KSampler"]["input"]["required"]
    wanted["noise_device"] = [["cpu", "gpu"], {}]
    wanted["eta"] = ["FLOAT", {"default": 0.5}]
    after = copy.deepcopy(before)
    after["3"]["inputs"] |= {"noise_device": "cpu", "eta": 0.5}
    assert fitted(drawing) == after


def test_a_choice_that_a_version_no_longer_has_is_named_with_those_that_it_has(
    comfy: Comfy, drawing: Settings
) -> None:
    told = r"no sampler_name 'uni_pc' \(node 3, KSampler\)\. It has euler, dpmpp_2m"
    with pytest.raises(PermanentError, match=told):
        fitted(drawing, sampler="uni_pc")
    with pytest.raises(PermanentError, match="no scheduler 'simple'"):  # the newer form of choices
        fitted(drawing, scheduler="simple")


def test_the_model_is_the_one_that_is_set_or_the_only_one_that_is_there(
    comfy: Comfy, drawing: Settings
) -> None:
    assert model(drawing, None) == model(drawing, CHECKPOINT) == CHECKPOINT
    known = comfy.info["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0]
    known.append("a.safetensors")
    with pytest.raises(PermanentError, match=f"It has a.safetensors, {CHECKPOINT}"):
        model(drawing, None)
    with pytest.raises(PermanentError, match=r"no model 'b.ckpt'.*models/checkpoints"):
        model(drawing, "b.ckpt")
    known.clear()
    with pytest.raises(PermanentError, match=r"set NIGHTSHIFT_COMFYUI__MODEL\. It has none"):
        model(drawing, None)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"width": 1}, "width is 1, less than 16"),
        ({"steps": 1000}, "steps is 1000, more than 150"),
        ({"steps": 2.5}, "steps is 2.5, not integer"),
        ({"seed": True}, "seed is True, not integer"),
        ({"sampler": "best"}, "choose of euler"),
        ({"lora": "x"}, "no input lora"),
    ],
)
def test_a_value_that_does_not_fit_is_told(
    settings: Settings, changes: dict[str, Value], told: str
) -> None:
    template = template_files.workflow("text_to_image", settings)
    with pytest.raises(PermanentError, match=told):
        comfyui_nodes.filled(template, VALUES | changes)


def test_what_must_be_given_and_is_not_is_told(settings: Settings) -> None:
    template = template_files.workflow("text_to_image", settings)
    with pytest.raises(PermanentError, match="input prompt is not given"):
        comfyui_nodes.filled(template, {})
