"""What is declared to be run and scheduled, in groups, and whether it can be: without Prefect.

It stands in prefect.yaml and, beside this file, in every ``…_deployment.yaml`` (of the same form).
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from utils.errors import SettingsError

# The working copy, or where a wheel was unpacked; prefect.yaml names the flows' files from there.
PROJECT = Path(__file__).parent.parent
PREFECT_YAML = Path(__file__).with_name("prefect.yaml")
_BESIDE = "*_deployment.yaml"
MEDIA, FRAMES, MUSIC = GROUPS = ("media", "frames", "music")


class Flow(NamedTuple):
    """A flow as its file has it: all its parameters, and those that must be given."""

    parameters: frozenset[str]
    required: frozenset[str]


def of_groups(only: Collection[str] = GROUPS) -> dict[str, Any]:
    """The document with the deployments of some groups, out of all files."""
    document = _read(PREFECT_YAML)
    files = (PREFECT_YAML, *sorted(PREFECT_YAML.parent.glob(_BESIDE)))
    declared = [one for path in files for one in _read(path)["deployments"]]
    return {**document, "deployments": [one for one in declared if group_of(one) in only]}


def _read(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise SettingsError(f"{path.name} is no YAML: {said}") from error
    if not isinstance(document, dict) or not isinstance(document.get("deployments"), list):
        raise SettingsError(f"{path.name} has no list of deployments.")
    return document


def group_of(deployment: Mapping[str, Any]) -> str:
    """The group of a deployment: its tag of this name; media where it has none."""
    return next((tag for tag in deployment["tags"] if tag in GROUPS), MEDIA)


def faults(deployment: Mapping[str, Any]) -> Iterator[str]:
    """Why a deployment could not be run: no such flow, or other parameters than it takes."""
    entrypoint = deployment["entrypoint"]
    flow = _flow(entrypoint)
    if flow is None:
        yield f"there is no flow {entrypoint}"
        return
    given = frozenset(deployment.get("parameters") or {})
    if odd := given - flow.parameters:
        yield f"{entrypoint} takes no {', '.join(sorted(odd))}"
    if deployment.get("schedules") and (missing := flow.required - given):
        yield f"{entrypoint} is scheduled without its {', '.join(sorted(missing))}"


def _flow(entrypoint: str) -> Flow | None:
    """The flow of an entrypoint; None if its file has none of this name."""
    path, _, name = entrypoint.partition(":")
    try:
        module = ast.parse((PROJECT / path).read_text(encoding="utf-8"))
    except (OSError, SyntaxError):
        return None
    for node in module.body:
        if not (isinstance(node, ast.FunctionDef) and node.name == name):
            continue
        if any("flow" in ast.unparse(one) for one in node.decorator_list):
            return _signature(node.args)
    return None


def _signature(given: ast.arguments) -> Flow:
    placed = [one.arg for one in given.args]
    named = [one.arg for one in given.kwonlyargs]
    without = placed[: len(placed) - len(given.defaults)]
    without += [n for n, default in zip(named, given.kw_defaults, strict=True) if default is None]
    return Flow(frozenset(placed + named), frozenset(without))
