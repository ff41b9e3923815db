"""A workflow of n8n: its nodes that bring something in as sources, with its triggers' schedules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from utils.sources.definitions import n8n_nodes
from utils.sources.definitions.found import Found
from utils.sources.definitions.n8n_triggers import is_trigger, planned
from utils.sources.definitions.schedules import Planned

_NO_NODES = {"stickyNote"}
_MAX_NODES = 2_000
Node = Mapping[str, Any]


def is_workflow(given: Any) -> bool:
    """True for an export of a workflow."""
    return isinstance(given, Mapping) and isinstance(given.get("nodes"), list)


def read(workflow: Mapping[str, Any]) -> list[Found]:
    """Each node as a source with the schedule that leads to it, or why it can't be one."""
    nodes = [node for node in workflow["nodes"][:_MAX_NODES] if isinstance(node, Mapping)]
    named = {str(node.get("name") or node.get("id")): node for node in nodes}
    before = _before(workflow.get("connections"))
    settings = workflow.get("settings")
    zone = settings.get("timezone") if isinstance(settings, Mapping) else None
    zone = zone if isinstance(zone, str) and zone not in {"", "DEFAULT"} else None
    found, used = [], set[str]()
    for name, node in named.items():
        if type_of(node) in _NO_NODES or (is_plain_trigger(node)):
            continue
        leading = [one for one in _triggers(name, before) if is_on(named.get(one))]
        one, by = _mapped(node, {key: named[key] for key in leading}, zone)
        used |= {by} if by else set()
        inactive = workflow.get("active") is False and one.definition is not None
        notes = (*one.notes, "the workflow was not active: paused") if inactive else one.notes
        title = " ".join(filter(None, (str(workflow.get("name") or ""), name)))
        definition = one.definition and one.definition.model_copy(
            update={"name": n8n_nodes.word_of(title) or "n8n"}
        )
        changes = {
            "name": name, "notes": notes, "definition": definition, "is_paused": inactive
        }  # fmt: skip
        found.append(one.model_copy(update=changes))
    return found + [_unused(name, node) for name, node in named.items()
                    if is_plain_trigger(node) and name not in used]  # fmt: skip


def type_of(node: Node) -> str:
    """The kind of a node without the package that it is of: ``scheduleTrigger``."""
    return str(node.get("type") or "").rpartition(".")[2]


def is_plain_trigger(node: Node) -> bool:
    """True for a node that only says when."""
    return is_trigger(type_of(node))


def is_on(node: Node | None) -> bool:
    """True for a node that begins something, and is not switched off."""
    return node is not None and is_plain_trigger(node) and not node.get("disabled")


def _mapped(node: Node, triggers: Mapping[str, Node], zone: str | None) -> tuple[Found, str | None]:
    name = str(node.get("name"))
    if node.get("disabled"):
        return Found(name=name, why_not="the node is switched off"), None
    make: Callable[..., Found] | None = n8n_nodes.KNOWN.get(type_of(node))
    if make is None:
        return Found(name=name, why_not=n8n_nodes.why_not(type_of(node))), None
    by, when, notes = None, Planned(None), list[str]()
    for trigger, one in triggers.items():
        try:
            found = planned(type_of(one), _parameters(one))
        except ValueError as error:
            notes.append(f"the schedule of {trigger} can't be mapped: {error}")
            continue
        if by is None or (found.schedule and not when.schedule):
            by, when = trigger, found
        elif found.schedule:
            notes.append(f"{trigger} leads to it as well: its schedule is left out")
    if by and when.schedule:
        notes.append(f"by the schedule of {by}")
    elif by:
        notes.append(f"without a schedule: {by} is started from outside")
    made = make(name, _parameters(node), when._replace(timezone=zone))
    credentials = [str(key) for key in node.get("credentials") or {}]
    if credentials and made.definition:
        notes.append(f"credentials are not taken over ({', '.join(credentials)})")
    return made.model_copy(update={"notes": (*made.notes, *when.notes, *notes)}), by


def _unused(name: str, node: Node) -> Found:
    if node.get("disabled"):
        return Found(name=name, why_not="the node is switched off")
    try:
        planned(type_of(node), _parameters(node))
    except ValueError as error:
        return Found(name=name, why_not=f"its schedule can't be mapped: {error}")
    return Found(name=name, why_not="it leads to nothing that is a source")


def _parameters(node: Node) -> Mapping[str, Any]:
    given = node.get("parameters")
    return given if isinstance(given, Mapping) else {}


def _before(connections: Any) -> dict[str, list[str]]:
    """For each node, those whose output leads into it."""
    found: dict[str, list[str]] = {}
    for name, outputs in (connections if isinstance(connections, Mapping) else {}).items():
        main = outputs.get("main") if isinstance(outputs, Mapping) else None
        for targets in main if isinstance(main, list) else []:
            for target in targets if isinstance(targets, list) else []:
                if isinstance(target, Mapping) and isinstance(target.get("node"), str):
                    found.setdefault(target["node"], []).append(str(name))
    return found


def _triggers(name: str, before: Mapping[str, list[str]]) -> list[str]:
    """All that lies before a node, the nearest first."""
    found, to_do = list[str](), list(before.get(name, ()))
    while to_do:
        one = to_do.pop(0)
        if one not in found and one != name:
            found.append(one)
            to_do += before.get(one, ())
    return found
