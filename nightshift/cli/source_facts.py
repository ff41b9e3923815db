"""What a person is shown of sources: a line each, or one whole."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from nightshift.cli.output import console, print_facts, print_paragraph, print_table

if TYPE_CHECKING:
    from utils.config import Settings

_NONE = "–"


def documents(settings: Settings) -> list[dict[str, Any]]:
    """All sources as JSON, the inbox first; ``next_look``: by its schedule, or the next night."""
    from nightshift.cli.server import next_look
    from utils.db import sources
    from utils.db.session import session
    from utils.documents import source
    from utils.processes.prefect_environment import is_served

    inbox = str(settings.inbox)
    with session() as s:
        looks = sources.looks(s)
        found = [
            {"name": sources.INBOX, "kind": "folder", "url": inbox, "vocabulary": None}
            | source.looked_into(inbox, looks.get(inbox)),
            *(source.document(row, looks.get(row.location), settings.timezone)
              for row in sources.every(s)),
        ]  # fmt: skip
    night, served = next_look(settings), is_served(settings)
    return [one | {"next_look": _next(one, night, served)} for one in found]


def _next(document: dict[str, Any], night: str | None, served: bool) -> str | None:
    """When a source is looked into next; None if nobody can say."""
    if document["state"] == "paused":
        return None
    own: str | None = document.get("next_look") if served else None
    return own or night


def print_list(found: list[dict[str, Any]]) -> None:
    """Print a line a source; a pipe also gets where it lies and which words are expected."""
    more = () if console.is_terminal else ("url", "words expected")
    print_table(
        ("source", "kind", "state", "last look", "found", "next look", *more, "last error"),
        [
            (
                one["name"],
                one["kind"],
                one["state"],
                _moment(one["looked_at"]),
                _NONE if one["found"] is None else f"{one['found']:,}",
                _moment(one["next_look"]),
                *((one["url"], one["vocabulary"] or "") if more else ()),
                one["error"] or "",
            )
            for one in found
        ],
        below=("last error",),
    )
    if not any(one["next_look"] for one in found):
        console.print(
            "Next look: with the next shift (nightshift night; nightshift up has a schedule)",
            style="dim",
        )


def print_source(document: dict[str, Any]) -> None:
    """Print one source whole."""
    print_facts(list(_facts(document)), whole=("url",))
    if document["error"]:
        print_paragraph(document["error"])
    if document["runs"]:
        console.print()
        print_table(
            ("run", "began", "status", "outcomes"),
            [
                (one["run_id"][:12], _moment(one["started_at"]), one["status"],
                 ", ".join(f"{number} {name.replace('_', ' ')}"
                           for name, number in one["counts"].items() if number) or "none")
                for one in document["runs"]
            ],
        )  # fmt: skip


def _facts(document: dict[str, Any]) -> list[tuple[str, str]]:
    """What is known of a source; what it does not have is left out."""
    options = dict(document["options"])
    options |= options.pop("pipeline", {})
    schedule = (
        document["schedule"]
        and f"{document['schedule']} ({document['timezone'] or 'time zone of the settings'})"
    )
    facts = {
        "name": document["name"],
        "id": document["id"],
        "kind": document["kind"],
        "url": document["url"],
        "pattern": document["pattern"],
        "schedule": schedule,
        "queue": document["queue"],
        "profile": document["profile"],
        "options": ", ".join(f"{name}={_text(value)}" for name, value in options.items()),
        "keep last": document["keep_last"],
        "since": document["since"],
        "vocabulary": document["vocabulary"],
        "state": document["state"],
        "last look": document["looked_at"] and _moment(document["looked_at"]),
        "found": document["found"],
        "next look": document["next_look"] and _moment(document["next_look"]),
        "files": ", ".join(f"{number:,} {status}" for status, number in document["files"].items()),
        "also there": ", ".join(document["overlaps"]),
        "deployment": document["prefect_deployment_id"],
    }
    return [(name, str(value)) for name, value in facts.items() if value not in (None, "")]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _moment(iso: str | None) -> str:
    return f"{datetime.fromisoformat(iso).astimezone():%m-%d %H:%M}" if iso else _NONE
