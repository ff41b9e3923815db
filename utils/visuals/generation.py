"""The pictures of one item by ComfyUI: which workflow, with what values, and what came back."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from utils.config import Settings
from utils.errors import PermanentError, SettingsError, from_os_error
from utils.models.item import MediaItem
from utils.models.rendition import Thumbnail
from utils.models.visual_subject import VisualSubject
from utils.models.visual_templates import GIVEN, Style, Value, WorkflowTemplate
from utils.models.visuals import Aspect, VisualOptions
from utils.storage import scratch
from utils.visuals import (
    comfyui,
    comfyui_client,
    comfyui_nodes,
    downloaded_image,
    prompts,
    template_files,
)
from utils.visuals.comfyui_client import Server

Hear = Callable[[float], None]
_WITHOUT_MODEL = frozenset(
    {"EmptyImage", "LoadImage", "SaveImage", "PreviewImage", "ImageScale", "ImageScaleBy",
     "ImageCrop", "ImageInvert"}
)  # fmt: skip


class Generator(NamedTuple):
    """What the pictures of an item are made with: a server, a workflow, values of its inputs.

    ``model``: the file that it was made by; None where the workflow does not say which.
    """

    server: Server
    version: str
    workflow: str
    template: WorkflowTemplate
    values: Mapping[str, Value]
    prompt: str
    model: str | None
    settings: Settings

    @property
    def is_by_model(self) -> bool:
        """True unless all that the workflow does is known to need none."""
        return not _WITHOUT_MODEL.issuperset(self.template.classes)


class Generated(NamedTuple):
    """A picture in a temporary file, and what it was made from."""

    path: Path
    prompt: str | None
    seed: int | None
    inputs: dict[str, Any]
    warnings: tuple[str, ...]


def is_wanted(options: VisualOptions, settings: Settings) -> bool:
    """True if ComfyUI is to be asked.

    Raises:
        SettingsError: it is, and no address is set, or none that can be one.
    """
    if options.engine == "local" or (options.engine == "auto" and not settings.comfyui.url):
        return False
    comfyui_client.address(settings)
    return True


def require_fitting(options: VisualOptions, template: WorkflowTemplate, style: Style) -> None:
    """Make sure that a workflow can do what is asked of it.

    Raises:
        SettingsError: it can't do an aspect ratio, or a style sets what it does not take.
    """
    if lacking := [aspect for aspect in options.aspects if aspect not in template.sizes]:
        raise SettingsError(
            f"The workflow {options.workflow} makes no {', '.join(lacking)}: it has "
            f"{', '.join(template.sizes)} (sizes)."
        )
    for name, value in style.inputs.items():
        if name in template.inputs and (fault := template.inputs[name].fault(value)):
            raise SettingsError(
                f"The style {options.style} sets {name} of the workflow {options.workflow}: "
                f"it {fault}."
            )


@contextmanager
def opened(
    item: MediaItem,
    subject: VisualSubject,
    colours: tuple[str, ...],
    options: VisualOptions,
    settings: Settings,
) -> Iterator[Generator]:
    """All that the pictures of an item have in common; its still is given to the server.

    Raises:
        PermanentError: the server has no such model, or the item no picture that is wanted.
        RetryableError: it does not answer.
    """
    style = template_files.style(options.style, settings)
    template = template_files.workflow(options.workflow, settings)
    prompt = prompts.of_subject(subject, style, colours)
    with comfyui_client.connected(settings) as server:
        version = comfyui_client.version(server)
        values = {name: value for name, value in style.inputs.items() if name in template.inputs}
        model = None
        if "model" in template.inputs:
            wanted = settings.comfyui.model or template.inputs["model"].default
            model = comfyui_nodes.model(str(wanted) if wanted else None, server, template)
        given: dict[str, Value | None] = {
            "prompt": prompt.positive, "negative": prompt.negative, "model": model,
            "seed": seed_of(item.item_id) if options.seed is None else options.seed,
        }  # fmt: skip
        if "image" in template.inputs:
            given["image"] = _uploaded(server, subject)
        values |= {
            name: value
            for name, value in given.items()
            if name in template.inputs and value is not None
        }
        words = prompt.positive if "prompt" in template.inputs else ""
        yield Generator(server, version, options.workflow, template, values, words, model, settings)


@contextmanager
def made(generator: Generator, aspect: Aspect, hear: Hear) -> Iterator[Generated]:
    """A picture of an aspect ratio, in a file that goes with the block.

    Raises:
        PermanentError: the server can't make it, or what it made is no picture.
        RetryableError: it may be able to later.
    """
    template, size = generator.template, generator.template.sizes[aspect]
    values = {
        **generator.values,
        **{name: side for name, side in zip(("width", "height"), size, strict=True)
           if name in template.inputs},
    }  # fmt: skip
    found = comfyui.generate(generator.server, template, values, generator.settings, hear)
    picture, warnings = downloaded_image.checked(found.picture, size)
    path = scratch.folder() / f"{uuid.uuid4().hex}.png"
    try:
        downloaded_image.save(picture, path)
        seed = found.values.get("seed")
        others = {name: value for name, value in found.values.items() if name not in _SAID_APART}
        defaults = {name: one.default for name, one in template.inputs.items()
                    if one.default is not None and name not in GIVEN}  # fmt: skip
        yield Generated(
            path, generator.prompt or None, int(seed) if seed is not None else None,
            defaults | others, warnings,
        )  # fmt: skip
    finally:
        path.unlink(missing_ok=True)


# Of a picture's inputs those that have a field of their own, and the name that only the server has.
_SAID_APART = frozenset({"prompt", "seed", "model", "prefix"})


def seed_of(item_id: str) -> int:
    """An item's own seed, the same each time: below 2⁶³."""
    return int(hashlib.sha256(item_id.encode()).hexdigest()[:15], 16)


def _uploaded(server: Server, subject: VisualSubject) -> str:
    """The item's best still or cover, as the server knows it.

    Raises:
        PermanentError: it has none.
    """
    still = _best(subject.pictures)
    if still is None:
        raise PermanentError(
            "The workflow works on a picture of the item, and this one has none. Take another "
            "workflow, such as text_to_image."
        )
    try:
        content = still.path.read_bytes()
    except OSError as error:
        raise from_os_error(error, f"reading {still.path.name}") from error
    name = hashlib.sha256(content).hexdigest()[:16] + still.path.suffix.lower()
    return comfyui_client.upload(server, name, content)


def _best(pictures: tuple[Thumbnail, ...]) -> Thumbnail | None:
    """The sharpest of the first few; what a model has chosen comes in its order, unmeasured."""
    measured = [one for one in pictures if one.sharpness is not None]
    if measured:
        return max(measured, key=lambda one: one.sharpness or 0.0)
    return pictures[0] if pictures else None
