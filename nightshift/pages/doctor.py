"""What is missing or wrong here, and the repairs: what `nightshift doctor` says, as a page."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from nightshift.pages import commands
from nightshift.pages.commands import COMMANDS
from nightshift.pages.login import ours
from nightshift.pages.rendering import is_part, page
from nightshift.pages.viewer import Administering, Editing, Reading, Viewer
from utils import clock
from utils.config import Settings
from utils.errors import UsageError

router = APIRouter()

_FRESH = timedelta(minutes=10)  # for so long nobody is checked again unasked; chosen
_ORDER = ("problem", "warning", "repaired", "ok")
# Where something lies: who only looks needs no paths and addresses of this machine.
_A_PLACE = re.compile(r"(?<![\w./~])(?:[a-zA-Z][a-zA-Z0-9+.-]*:/|~)?/[^\s,;:'\")]+")
# What mends it, by what the remedy of a check says: a command that a page may run.
_REPAIRS = {
    "nightshift doctor --fix": "repair",
    "nightshift reindex": "reindex",
    "nightshift setup": "setup",
    "nightshift deploy": "deploy",
}
# What mends it elsewhere on these pages.
_PLACES = {
    "nightshift resume": "/shift",
    "nightshift failures": "/library?status=quarantined",
    "nightshift source list": "/sources",
}


@router.get("/doctor")
def show(request: Request, viewer: Reading) -> Response:
    """What the last check found; one is begun by the page where that is old."""
    return page(request, "doctor.html.j2", viewer, **_state(request, viewer))


@router.get("/doctor/state")
def show_state(request: Request, viewer: Reading) -> Response:
    """The same as a part of the page, asked for while something runs."""
    return page(request, "doctor_state.html.j2", viewer, **_state(request, viewer))


@router.post("/doctor/check")
def check(request: Request, viewer: Editing) -> Response:
    """Begin a check; what runs already is waited for instead."""
    return _started(request, viewer, "check")


@router.post("/doctor/repairs/{name}")
def repair(request: Request, name: str, viewer: Administering) -> Response:
    """Begin one of the repairs that the command line has."""
    if name not in {*_REPAIRS.values(), "targets"}:
        raise UsageError(f"There is no repair {name}.")
    request.state.audit = (f"doctor.{name}", name, {})
    return _started(request, viewer, name)


def _started(request: Request, viewer: Viewer, name: str) -> Response:
    commands.start(COMMANDS[name], request.app.state.settings)
    if is_part(request):
        return show_state(request, viewer)
    return RedirectResponse(ours(request, "/doctor"), 303)


def _state(request: Request, viewer: Viewer) -> dict[str, Any]:
    settings: Settings = request.app.state.settings
    runs = commands.running(settings)
    told = {name: commands.last(name, settings) for name in COMMANDS}
    newest = max(
        (one for one in (told["check"], told["repair"]) if one),
        key=lambda one: str(one["ended_at"]),
        default=None,
    )
    checks = [_mendable(one) for one in (newest or {}).get("found") or []]
    checks.sort(key=lambda one: _ORDER.index(one["state"]))
    others = {name: told[name] for name in ("targets", "setup", "reindex", "deploy")}
    if not viewer.may_edit:
        newest, checks, others = _without_places([newest, checks, others])
    return {
        "runs": runs,
        "newest": newest,
        "checks": checks,
        "others": others,
        "is_due": viewer.may_edit and runs is None and _is_old(newest),
    }


def _without_places(told: Any) -> Any:
    """The same without the paths and addresses in its texts."""
    if isinstance(told, str):
        return _A_PLACE.sub("…", told)
    if isinstance(told, dict):
        return {
            name: one if name == "place" else _without_places(one) for name, one in told.items()
        }
    return [_without_places(one) for one in told] if isinstance(told, list) else told


def _mendable(check: dict[str, Any]) -> dict[str, Any]:
    """A check with the name of the repair, or the page, that mends what it found."""
    remedy = check["remedy"] if check["state"] in {"problem", "warning"} else ""
    return check | {
        "repair": next((name for text, name in _REPAIRS.items() if text in remedy), None),
        "place": next((place for text, place in _PLACES.items() if text in remedy), None),
    }


def _is_old(told: dict[str, Any] | None) -> bool:
    return told is None or clock.now() - datetime.fromisoformat(told["ended_at"]) > _FRESH
