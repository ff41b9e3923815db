"""What a ComfyUI server has, held against a workflow before it is asked to make it.

It is asked anew for each job: it may have been updated since the last one.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from utils.errors import PermanentError
from utils.models.sanitize import visible
from utils.models.visual_templates import Value, WorkflowTemplate
from utils.visuals import comfyui_client
from utils.visuals.comfyui_client import Server

Graph = dict[str, dict[str, Any]]
_NAMED = 8  # of what it has instead, in an error


def missing_classes(server: Server, template: WorkflowTemplate) -> tuple[str, ...]:
    """The classes of nodes that the server lacks."""
    return tuple(name for name in template.classes if comfyui_client.class_of(server, name) is None)


def models(server: Server, template: WorkflowTemplate) -> tuple[str, ...]:
    """The files that the template's input ``model`` can be at this server; sorted."""
    given = template.inputs.get("model")
    if given is None:
        return ()
    node, _, field = given.to[0].partition(".")
    told = comfyui_client.class_of(server, str(template.graph[node]["class_type"]))
    return tuple(sorted(_choices(_spec(told or {}, field)) or ()))


def model(wanted: str | None, server: Server, template: WorkflowTemplate) -> str:
    """The file of the model that is used: the one that is set, else the only one that is there.

    Raises:
        PermanentError: it is not there, or there are several and none is set.
    """
    known = models(server, template)
    if wanted in known:
        return str(wanted)
    if wanted is None and len(known) == 1:
        return known[0]
    has = f"It has {_listed(known)}" if known else "It has none"
    if wanted is None:
        raise PermanentError(
            f"No model is chosen for ComfyUI: set NIGHTSHIFT_COMFYUI__MODEL. {has}; checkpoints "
            "lie in its folder models/checkpoints."
        )
    raise PermanentError(
        f"ComfyUI has no model {wanted!r}. {has}. Put the file into its folder "
        "models/checkpoints, or set NIGHTSHIFT_COMFYUI__MODEL to one that is there."
    )


def fitted(server: Server, graph: Graph) -> Graph:
    """A graph that this server takes: what its classes want by now and have a default for is added.

    Raises:
        PermanentError: it lacks a class, or a value is none that it knows; says what to install.
    """
    fit: Graph = copy.deepcopy(graph)
    told: dict[str, dict[str, Any] | None] = {}
    for node in fit.values():
        name = str(node["class_type"])
        if name not in told:
            told[name] = comfyui_client.class_of(server, name)
    if lacking := [name for name, found in told.items() if found is None]:
        raise PermanentError(
            f"ComfyUI lacks the node {_listed(lacking)}. Install what has it (ComfyUI-Manager, "
            "'Install Missing Custom Nodes'), or update ComfyUI."
        )
    for number, node in fit.items():
        _fit(number, node, told[str(node["class_type"])] or {})
    return fit


def filled(template: WorkflowTemplate, values: Mapping[str, Value]) -> Graph:
    """The template's graph with values in their places.

    Raises:
        PermanentError: one is missing, is no input of it, or out of its bounds.
    """
    graph: Graph = copy.deepcopy(template.graph)
    if unknown := sorted(values.keys() - template.inputs.keys()):
        raise PermanentError(
            f"The workflow has no input {', '.join(unknown)}. It has {', '.join(template.inputs)}."
        )
    for name, given in template.inputs.items():
        value = values.get(name, given.default)
        fault = "is not given" if value is None else given.fault(value)
        if fault:
            raise PermanentError(f"The workflow's input {name} {fault}.")
        for place in given.to:
            node, _, field = place.partition(".")
            graph[node]["inputs"][field] = value
    return graph


def _fit(number: str, node: dict[str, Any], told: Mapping[str, Any]) -> None:
    """Add to a node's inputs what is wanted and has a default; look at what is to be chosen."""
    inputs = node["inputs"]
    for field, spec in _required(told).items():
        value, choices = inputs.get(field), _choices(spec)
        if field not in inputs:
            default = _more(spec).get("default", choices[0] if choices else None)
            if default is not None:
                inputs[field] = default
        elif choices is not None and isinstance(value, str) and value not in choices:
            raise PermanentError(
                f"ComfyUI knows no {field} {visible(value)!r} (node {number}, "
                f"{node['class_type']}). It has {_listed(choices) or 'none'}."
            )


def _required(told: Mapping[str, Any]) -> dict[str, Any]:
    given = told.get("input")
    required = given.get("required") if isinstance(given, dict) else None
    return required if isinstance(required, dict) else {}


def _spec(told: Mapping[str, Any], field: str) -> Any:
    return _required(told).get(field)


def _more(spec: Any) -> dict[str, Any]:
    more = spec[1] if isinstance(spec, list) and len(spec) > 1 else None
    return more if isinstance(more, dict) else {}


def _choices(spec: Any) -> list[str] | None:
    """What a field is chosen of; None where that is free, or a file that may be uploaded.

    Two forms: ``[["a", "b"], {…}]``, and since 2025 ``["COMBO", {"options": […]}]``.
    """
    more = _more(spec)
    if any(name.endswith("_upload") and flag for name, flag in more.items()):
        return None
    kind = spec[0] if isinstance(spec, list) and spec else None
    options = more.get("options") if kind == "COMBO" else kind
    return [str(one) for one in options] if isinstance(options, list) else None


def _listed(names: Any) -> str:
    shown = ", ".join(visible(name) for name in list(names)[:_NAMED])
    return f"{shown}, …" if len(names) > _NAMED else shown
