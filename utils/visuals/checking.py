"""Whether a ComfyUI server can be used: what it is, what each workflow lacks there, a picture."""

from __future__ import annotations

from typing import NamedTuple

from utils import clock
from utils.config import Settings
from utils.errors import NightShiftError, SettingsError
from utils.privacy.redaction import bare
from utils.visuals import comfyui, comfyui_client, comfyui_nodes, downloaded_image, template_files
from utils.visuals.comfyui_client import Server

_SIZE = (160, 90)


class WorkflowCheck(NamedTuple):
    """A workflow at a server: the ``model`` that it would take, and what is ``missing``."""

    name: str
    model: str | None
    missing: str | None


class Check(NamedTuple):
    """What a server came to: a picture of one colour was made in so many seconds."""

    address: str
    version: str
    seconds: float
    workflows: tuple[WorkflowCheck, ...]


def check(settings: Settings) -> Check:
    """Ask the server of the settings for all that a night asks it for, without a model.

    Raises:
        NightShiftError: it can't be used; says why.
    """
    begun = clock.monotonic()
    with comfyui_client.connected(settings) as server:
        version = comfyui_client.version(server)
        blank = template_files.workflow("blank", settings)
        size = {"width": _SIZE[0], "height": _SIZE[1]}
        made = comfyui.generate(server, blank, size, settings)
        downloaded_image.checked(made.picture, _SIZE)
        seconds = clock.monotonic() - begun
        names = template_files.workflows(settings)
        found = tuple(_of_workflow(name, server, settings) for name in names)
        return Check(bare(server.url), version, seconds, found)


def _of_workflow(name: str, server: Server, settings: Settings) -> WorkflowCheck:
    try:
        template = template_files.workflow(name, settings)
    except SettingsError as error:
        return WorkflowCheck(name, None, str(error))
    if lacking := comfyui_nodes.missing_classes(server, template):
        return WorkflowCheck(name, None, f"nodes: {', '.join(lacking)}")
    if "model" not in template.inputs:
        return WorkflowCheck(name, None, None)
    wanted = settings.comfyui.model or template.inputs["model"].default
    try:
        used = comfyui_nodes.model(str(wanted) if wanted else None, server, template)
    except NightShiftError as error:
        return WorkflowCheck(name, None, str(error))
    return WorkflowCheck(name, used, None)
