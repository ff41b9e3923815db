"""The settings as they are in force, where each comes from, and the files that people write."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response

from nightshift.pages import commands
from nightshift.pages.rendering import page
from nightshift.pages.viewer import Reading
from utils.config import Settings
from utils.db import sources
from utils.db.session import session
from utils.distribution import checks, targets
from utils.documents.settings import Setting, descriptions, in_force
from utils.errors import NightShiftError
from utils.privacy.redaction import shown, shown_within
from utils.rules import file, house_rules

router = APIRouter()

_PREFIX = "NIGHTSHIFT_"
_LONGEST = 100  # characters that are looked for
# Settings without a part of their own, by the first words of their names; the rest is "general".
_GROUPS = {
    "places": ("HOME", "CACHE_", "FONTS_", "DATABASE_", "CHROMA_", "PREFECT_", "STORE_", "WORK_",
               "FFMPEG", "FFPROBE", "RULES", "HOUSE_RULES", "TARGETS"),
    "night": ("SHIFT_", "WINDOW", "MIN_FREE_", "ROOM_", "PAUSE_", "CONCURRENCY", "DISPATCH",
              "WORKER_", "HIGH_MEMORY_", "MAX_TRIES", "MAX_CRASHES", "LEASE_", "STEP_", "PROBE_",
              "STILL_", "TOOL_", "RETENTION_"),
    "models": ("GEMINI_", "AI_", "IMAGE_MODEL", "OFFICIAL_"),
    "notices": ("PUBLISH_", "NOTIFY_", "METRICS_"),
}  # fmt: skip
_PARTS = (
    "general", "places", "night", "lanes", "pipeline", "models", "critic", "notices", "api",
    "pages", "music", "comfyui", "c2pa",
)  # fmt: skip
_PACKAGES = ("nightshift", "prefect", "fastapi", "sqlalchemy", "chromadb", "yt-dlp")
_TOOLS = ("ffmpeg", "ffprobe", "exiftool")


class Row(NamedTuple):
    """A setting as people see it; ``is_hidden``: only an admin is told the value."""

    name: str
    value: str
    source: str
    by: str
    description: str
    is_hidden: bool


@router.get("/settings")
def show(request: Request, viewer: Reading, q: str = "", changed: bool = False) -> Response:
    """The settings by their groups: all, those that a word is in, or those that were changed."""
    settings: Settings = request.app.state.settings
    wanted = q[:_LONGEST].strip()
    groups = _groups(settings, viewer.is_admin, wanted, changed)
    with session() as s:
        rows = [
            {"name": row.name, "schedule": row.schedule, "zone": row.timezone or settings.timezone,
             "paused": row.paused_at is not None}
            for row in sources.every(s)
        ]  # fmt: skip
    return page(
        request,
        "settings.html.j2",
        viewer,
        profile=settings.profile,
        groups=groups,
        total=sum(len(rows) for _, rows in groups),
        q=wanted,
        changed=changed,
        files=[_rules(settings), _house_rules(settings), _targets(settings, viewer.is_admin)],
        schedules=shown_within(rows),
        window=settings.window,
        zone=settings.timezone,
        versions=_versions(settings),
    )


def _groups(
    settings: Settings, is_admin: bool, wanted: str, changed: bool
) -> list[tuple[str, list[Row]]]:
    told = descriptions()
    found: dict[str, list[Row]] = {part: [] for part in _PARTS}
    for one in in_force(settings):
        if changed and one.source == "default":
            continue
        row = _row(one, told.get(one.name, ""), is_admin)
        if wanted.casefold() in f"{row.name} {row.description} {row.value}".casefold():
            found.setdefault(_group(one.name), []).append(row)
    return [(part, rows) for part, rows in found.items() if rows]


def _group(name: str) -> str:
    rest = name.removeprefix(_PREFIX)
    part, _, more = rest.partition("__")
    if more:
        return part.lower()
    return next((one for one, begins in _GROUPS.items() if rest.startswith(begins)), "general")


def _row(one: Setting, description: str, is_admin: bool) -> Row:
    is_hidden = not is_admin and _is_place(one.value)
    value = "" if is_hidden else _words(shown_within(one.value))
    return Row(one.name, value, one.source, one.by, description, is_hidden)


def _is_place(value: Any) -> bool:
    """True for what says where something lies: a path or an address."""
    if isinstance(value, list):
        return any(map(_is_place, value))
    return isinstance(value, str) and (value.startswith(("/", "~")) or "://" in value)


def _words(value: Any) -> str:
    if value is None or value == []:
        return ""
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _rules(settings: Settings) -> dict[str, Any]:
    def read() -> list[tuple[str, str]]:
        found = file.load(settings)
        return [
            (rule.name, f"{_plain(_dumped(rule.when))} → {_plain(_dumped(rule.then))}")
            for rule in found.rules
        ] + [(f"profile {name}", _plain(_dumped(one))) for name, one in found.profiles.items()]

    return _checked("rules.yaml", settings.rules_file, read)


def _house_rules(settings: Settings) -> dict[str, Any]:
    def read() -> list[tuple[str, str]]:
        found = _dumped(house_rules.load(settings))
        return [(name.replace("_", " "), _plain(value)) for name, value in found.items()]

    return _checked("house_rules.yaml", settings.house_rules_file, read)


def _targets(settings: Settings, is_admin: bool) -> dict[str, Any]:
    def read() -> list[tuple[str, str]]:
        return [
            (name, ", ".join(filter(None, (
                one.kind, checks.place_of(one) if is_admin else "",
                "nightly" if one.nightly else "", one.description,
            ))))
            for name, one in targets.load(settings).targets.items()
        ]  # fmt: skip

    return _checked("targets.yaml", settings.targets_file, read)


def _checked(name: str, path: Path, read: Callable[[], list[tuple[str, str]]]) -> dict[str, Any]:
    """A file of a person's: what is in it, or what is wrong with it."""
    told: dict[str, Any] = {"name": name, "path": str(path), "there": path.exists()}
    try:
        return told | {"rows": shown_within([list(row) for row in read()]), "wrong": None}
    except NightShiftError as error:
        return told | {"rows": [], "wrong": shown(str(error))}


def _dumped(model: Any) -> dict[str, Any]:
    found: dict[str, Any] = model.model_dump(mode="json", exclude_unset=True)
    return found


def _plain(value: Any) -> str:
    """Nested values on one line, as people read them."""
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_plain(one)}" for name, one in value.items() if one is not None)
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)


def _versions(settings: Settings) -> list[tuple[str, str]]:
    """Of Night Shift and what it stands on; of tools as the last check of the doctor found them."""
    found = [("Python", platform.python_version())]
    found += [(name, version(name)) for name in _PACKAGES]
    checked = (commands.last("check", settings) or {}).get("found") or []
    return found + [
        (one["name"], one["found"].partition(" at ")[0]) for one in checked if one["name"] in _TOOLS
    ]
