"""A whole workflow of n8n: what each of its nodes becomes here, and what is to be done for it.

The table is that of the first Night Shift: a trigger is a flow, an HTTP request a task, a filter a
branch, Slack a notification, Postgres the database, a function a task.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from utils.models.base import Frozen
from utils.models.source import SourceDefinition
from utils.privacy import redaction
from utils.sources.definitions import n8n
from utils.sources.definitions.found import Found
from utils.sources.definitions.n8n_services import BY_KIND, FETCHED, Place, at_address, by_command

Becomes = Literal[
    "source", "schedule", "flow", "step", "rule", "notification", "database", "target",
    "not needed", "not mapped",
]  # fmt: skip


class NodeMapping(Frozen):
    """One node: what it ``becomes``, by which name (``what``), and what a person does for it.

    ``definition`` is the source that it becomes; ``notes`` what was guessed or is not taken over.
    """

    name: str
    kind: str
    becomes: Becomes
    what: str
    remedy: str
    notes: tuple[str, ...] = ()
    definition: SourceDefinition | None = None
    is_paused: bool = False


def mapped(workflow: Mapping[str, Any]) -> list[NodeMapping]:
    """Each node of a workflow, in the order of the file; notes on the canvas are left out."""
    found = {one.name: one for one in n8n.read(workflow)}
    nodes = [node for node in workflow["nodes"] if isinstance(node, Mapping)]
    return [
        _mapped(node, found.get(str(node.get("name") or node.get("id"))))
        for node in nodes
        if n8n.type_of(node) != "stickyNote"
    ]


def _mapped(node: n8n.Node, found: Found | None) -> NodeMapping:
    kind, name = n8n.type_of(node), str(node.get("name") or node.get("id"))
    place = _place(kind, _parameters(node))
    if node.get("disabled"):
        off = Place("not needed", "–", "nothing: the node is switched off")
        return _with(name, kind, off)
    if found and found.definition and (place is None or place.becomes == "not mapped"):
        source = found.definition
        when = f"; {source.schedule}" if source.schedule else ""
        at = Place("source", f"{source.kind.value} {source.name}{when}", "nothing: it is added")
        return _with(name, kind, at, found.notes).model_copy(
            update={"definition": source, "is_paused": found.is_paused}
        )
    if place is None:
        why = found.why_not if found and found.why_not else "this kind of node is not known"
        place = Place("not mapped", "–", f"{why}. Or write a step of your own (CONTRIBUTING.md)")
    return _with(name, kind, place, _credentials(node))


def _with(name: str, kind: str, place: Place, notes: tuple[str, ...] = ()) -> NodeMapping:
    return NodeMapping(
        name=name,
        kind=kind,
        becomes=place.becomes,
        what=place.what,
        remedy=place.remedy,
        notes=notes,
    )


def _credentials(node: n8n.Node) -> tuple[str, ...]:
    given = node.get("credentials")
    names = [str(name) for name in given] if isinstance(given, Mapping) else []
    return (f"credentials are not taken over ({', '.join(names)})",) if names else ()


def _place(kind: str, given: Mapping[str, Any]) -> Place | None:
    """Where a node's work is done here; None where only its source may be told, or nothing."""
    if kind == "httpRequest":
        url = str(given.get("url") or "")
        method = str(given.get("method") or given.get("requestMethod") or "GET").upper()
        is_computed = url.startswith("=") or "{{" in url
        place = at_address(_host_and_path(url), method)
        return FETCHED if place is None and is_computed and method == "GET" else place
    if kind == "executeCommand":
        return by_command(str(given.get("command") or ""))
    place = BY_KIND.get(kind)
    if place and place.becomes == "rule":
        return place._replace(remedy=f"{place.remedy}{_conditions(given)}")
    return place


def _host_and_path(url: str) -> str:
    """Of an address what tells its service; nothing of it that may be secret."""
    try:
        parts = urlsplit(redaction.shown(url.removeprefix("=")))
        return f"{parts.hostname or ''}:{parts.port or ''}{parts.path}"
    except ValueError:
        return ""


def _conditions(given: Mapping[str, Any]) -> str:
    """What a filter compares, for whoever writes the rule."""
    compared = sorted(set(_left_sides(given)))[:5]
    return f" (it compares {', '.join(compared)})" if compared else ""


def _left_sides(given: Any) -> list[str]:
    if isinstance(given, Mapping):
        own = [str(given[key])[:60] for key in ("leftValue", "value1") if given.get(key)]
        return own + [text for value in given.values() for text in _left_sides(value)]
    if isinstance(given, list):
        return [text for value in given for text in _left_sides(value)]
    return []


def _parameters(node: n8n.Node) -> Mapping[str, Any]:
    given = node.get("parameters")
    return given if isinstance(given, Mapping) else {}
