"""The audit log of what is changed over HTTP: one place notes it, for pages and API alike.

Who lets a request in says who asks (`asks`); what the action is called is the route's, or what the
page says in ``request.state.audit = (action, target, detail)``. No body is noted: it may hold
secrets.
"""

from __future__ import annotations

import logging
from typing import Any

from anyio import CancelScope, to_thread
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nightshift.api.csrf import SAFE
from utils.db import audit
from utils.db.audit import Actor
from utils.db.session import session
from utils.errors import NightShiftError
from utils.models.api import PREFIX

# Each part of an upload is one; its beginning and its end are noted. The others change nothing.
_LEFT_OUT = frozenset(
    {"PATCH /uploads/{upload_id}", "POST /uploads/{upload_id}", "POST /items/review",
     "POST /doctor/check"}
)  # fmt: skip
_PREVIEW = ".preview"  # at the end of an action: it was only shown what would be done
_LONGEST_TARGET = 300

_log = logging.getLogger(__name__)


class Audited:
    """An ASGI application whose successful changes are noted before they are answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or scope["method"] in SAFE:
            await self._app(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})

        async def tell(message: Message) -> None:
            is_begin = message["type"] == "http.response.start"
            if is_begin and 200 <= message["status"] < 400 and "actor" in state:
                with CancelScope(shield=True):
                    await to_thread.run_sync(_note, state)
            await send(message)

        await self._app(scope, receive, tell)


def asks(request: Request, actor: Actor) -> None:
    """Say who asks for a change, and by which route."""
    route = request.scope["route"]
    request.state.actor = actor
    request.state.route = f"{request.method} {route.path_format.removeprefix(PREFIX)}"
    request.state.ids = ", ".join(str(one) for one in request.path_params.values())


def _note(state: dict[str, Any]) -> None:
    """What was changed stays changed, if it can't be noted: then the log says so."""
    action, target, detail = state.get("audit") or (state["route"], state["ids"], None)
    if state["route"] in _LEFT_OUT or action.endswith(_PREVIEW):
        return
    try:
        with session() as s:
            audit.note(s, state["actor"], action, (target or "")[:_LONGEST_TARGET], detail)
    except NightShiftError as error:
        _log.error("%s by %s is not in the audit log: %s", action, state["actor"].name, error)
