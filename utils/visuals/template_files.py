"""Workflow templates and styles: files of ours, and of a person's own folder, which come first."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from utils.config import Settings
from utils.errors import SettingsError, from_os_error
from utils.models.options import faults
from utils.models.visual_templates import Style, WorkflowTemplate

Model = TypeVar("Model", bound=BaseModel)
_OURS = Path(__file__).parent
_MAX_BYTES = 2**20  # chosen: the largest graphs that people share have some 200 KB
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class _Kind(NamedTuple):
    """A kind of files: what it is called, where ours lie, how they are read."""

    word: str
    folder: str
    suffix: str
    setting: str
    parse: Callable[[str], Any]


# ComfyUI's own exports repeat no key; in one that does, which of them holds would be a guess.
def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in it")
    return found


_WORKFLOW = _Kind("workflow", "workflows", ".json", "NIGHTSHIFT_COMFYUI__WORKFLOWS",
                  partial(json.loads, object_pairs_hook=_without_doubles))  # fmt: skip
_STYLE = _Kind("style", "styles", ".yaml", "NIGHTSHIFT_COMFYUI__STYLES", yaml.safe_load)


def workflows(settings: Settings) -> dict[str, Path]:
    """The files of workflow templates, by their names."""
    return _files(_WORKFLOW, settings.comfyui.workflows)


def styles(settings: Settings) -> dict[str, Path]:
    """The files of styles, by their names."""
    return _files(_STYLE, settings.comfyui.styles)


def workflow(name: str, settings: Settings) -> WorkflowTemplate:
    """A workflow template.

    Raises:
        SettingsError: there is none of the name, or it makes no sense; says what and where.
    """
    return _read(_WORKFLOW, _path(_WORKFLOW, name, workflows(settings)), WorkflowTemplate)


def style(name: str, settings: Settings) -> Style:
    """A style; the same errors."""
    return _read(_STYLE, _path(_STYLE, name, styles(settings)), Style)


def digest(*told: BaseModel) -> str:
    """A hash of what a picture is made by."""
    text = "\n".join(one.model_dump_json() for one in told)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _files(kind: _Kind, own: Path | None) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in (_OURS / kind.folder, own):
        if folder is None:
            continue
        if folder is own and not folder.is_dir():
            raise SettingsError(f"{kind.setting}: there is no folder {folder}.")
        for path in sorted(folder.glob(f"*{kind.suffix}")):
            if _NAME.fullmatch(path.stem):
                found[path.stem] = path
    return found


def _path(kind: _Kind, name: str, known: dict[str, Path]) -> Path:
    if name not in known:
        raise SettingsError(
            f"There is no {kind.word} {name!r}. There are {', '.join(sorted(known))}; more may "
            f"lie in the folder of {kind.setting}."
        )
    return known[name]


def _read(kind: _Kind, path: Path, model: type[Model]) -> Model:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(str(from_os_error(error, f"reading a {kind.word}"))) from error
    if len(content) > _MAX_BYTES:
        raise SettingsError(f"{path} has more than {_MAX_BYTES:,} bytes: that is no {kind.word}.")
    try:
        document = kind.parse(content.decode())
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsError(f"{path} can't be read: {' '.join(str(error).split())}") from error
    try:
        return model.model_validate(_wrapped(document))
    except ValidationError as error:
        raise SettingsError(f"The {kind.word} {path} makes no sense: {faults(error)}") from error


def _wrapped(document: Any) -> Any:
    """A bare export of ComfyUI is told what it lacks, not each of its nodes that is no field."""
    is_graph = isinstance(document, dict) and "graph" not in document
    if is_graph and all(isinstance(one, dict) and "class_type" in one for one in document.values()):
        return {"graph": document}
    if is_graph and isinstance(document.get("nodes"), list):
        return {"graph": document}
    return document
