"""How an item was judged, as markdown: what a person who decides on it is shown elsewhere."""

from __future__ import annotations

from typing import Any

from utils.observability.reports.markdown import cell, table
from utils.observability.reports.rows import duration

_LINES = 6  # of the transcript
_SUMMARY = 600  # characters


def markdown(document: dict[str, Any]) -> str:
    """The page of an item; ``document`` is that of `nightshift show`."""
    item, approval = document["item"], document["approval"] or {}
    length = duration(item["duration_seconds"])
    facts = " · ".join(filter(None, (item["kind"], length, item["language"], item["item_id"][:10])))
    lines = [f"## {cell(item['title'])}", facts]
    if approval:
        by = {"rules": "the rules alone", "critic": "rules and critic"}.get(approval["by"], "")
        score = f" {approval['score']:.2f}" if approval["score"] is not None else ""
        why = f": {cell(approval['reason'])}" if approval["reason"] else ""
        lines.append(f"**{approval['status']}{score}** {by}{why}")
    lines += _scores(document["verdict"], approval.get("critique"))
    lines += [
        f"- House rule broken: {cell(one['rule'])}: {cell(one['reason'])}{_at(one)}"
        for one in approval.get("breaches", ())
    ]
    lines += [
        f"- Would raise it: {cell(one['words'])} {cell(_changed(one['options']))}"
        for one in approval.get("changes", ())
    ]
    return "\n\n".join([*lines, *_content(document)])


def _scores(verdict: dict[str, Any] | None, critique: dict[str, Any] | None) -> list[str]:
    rows = [
        ("rules", one["name"], f"{one['score']:.2f}", one["reason"])
        for one in (verdict or {}).get("criteria", ())
    ]
    for one in (critique or {}).get("criteria", ()):
        evidence = "".join(map(_at, one["evidence"]))
        score = f"{one['score']:.2f}" if one["counts"] else "–"
        rows.append(("critic", one["name"], score, one["reason"] + evidence))
    return [table(("by", "criterion", "score", "why"), rows)] if rows else []


def _content(document: dict[str, Any]) -> list[str]:
    """The summary, and the first lines of what is said."""
    found = []
    if summary := (document["analysis"] or {}).get("summary") or document["item"]["summary"]:
        found.append(f"> {cell(summary[:_SUMMARY])}")
    segments = (document["transcript"] or {}).get("segments", ())
    said = [f"- {duration(one['start_seconds'])} {cell(one['text'])}" for one in segments[:_LINES]]
    if said:
        found.append("\n".join(said))
    if paths := document["item"]["paths"]:
        found.append(f"File: {cell(paths[0])}")
    return found


def _at(one: dict[str, Any]) -> str:
    """Where something is to be seen or heard."""
    at = duration(one["start_seconds"]) if one["start_seconds"] is not None else ""
    quote = f"“{one['quote']}”" if one["quote"] else ""
    words = " ".join(filter(None, (at, quote)))
    return f" ({words})" if words else ""


def _changed(options: dict[str, Any]) -> str:
    named = ", ".join(f"{name}={value}" for name, value in options.items())
    return f"({named})" if named else ""
