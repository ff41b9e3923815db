"""The login: a person agrees on Spotify's page, which leads back to this machine with a code.

The listener takes connections of this machine alone, and one answer: that with the state of this
login (RFC 8252, RFC 7636). Other paths, and other states, are refused and change nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from utils import clock
from utils.config import Settings
from utils.db import music_accounts
from utils.db.session import session
from utils.errors import PermanentError, SettingsError, UsageError
from utils.models.music import Service
from utils.music.spotify import api, connection, oauth, tokens
from utils.processes import deadline
from utils.storage import sealing

WAIT_SECONDS = 300.0
_PATH = "/callback"
_LOOK_SECONDS = 0.25
_CLIENT_SECONDS = 5.0  # for one request: a browser's answer is a single line
_PAGE = (
    "<!doctype html><meta charset=utf-8><title>Night Shift</title>"
    "<p>{}</p><p>This window can be closed.</p>"
)


class _Back(NamedTuple):
    """What Spotify's page sent back: a code, or what is wrong."""

    code: str | None
    error: str | None


def log_in(
    settings: Settings, port: int, show: Callable[[str], None], seconds: float = WAIT_SECONDS
) -> dict[str, Any]:
    """Have a person agree, and keep the tokens; returns whose account it is (``id``, ``name``).

    Args:
        settings: The application, and which account of ours it is for.
        port: Of this machine, that the page leads back to; 0 for any.
        show: Is given the page's address.
        seconds: For the person.

    Raises:
        UsageError: the port is taken.
        PermanentError: the person did not agree, or not in time.
        SettingsError: the login is of another account than that whose plays are kept.
        NightShiftError: Spotify does not answer.
    """
    sealing.sealed_secret("", tokens.purpose(settings), settings)  # fails now if it must
    made = oauth.new_challenge()
    with _listening(port, made.state) as listener:
        redirect_uri = f"http://127.0.0.1:{listener.server_port}{_PATH}"
        show(oauth.authorize_url(made, redirect_uri, settings))
        back = _answer(listener, seconds)
    if back.code is None:
        raise PermanentError(_refused(back.error))
    with connection.client() as asking:
        given = oauth.exchange(asking, back.code, made.verifier, redirect_uri, settings)
        return _kept(given, asking, settings)


def log_out(settings: Settings, forget: bool = False) -> bool:
    """Forget the tokens; with ``forget`` also whose account it was and where reading goes on.

    Returns:
        False if nothing was kept.
    """
    gone: dict[str, Any] = {"access_token": None, "refresh_token": None, "access_ends_at": None}
    if forget:
        gone |= {"cursor_ms": None, "profile": None, "quota": None, "quota_at": None}
    with session() as s:
        row = music_accounts.find(s, Service.SPOTIFY, settings.music.account)
        if row is None:
            return False
        had = bool(row.refresh_token)
        music_accounts.change(s, Service.SPOTIFY, settings.music.account, **gone)
        return had or (forget and bool(row.profile or row.cursor_ms))


def _kept(given: oauth.Tokens, asking: Any, settings: Settings) -> dict[str, Any]:
    """Keep new tokens, if they are of the account whose plays are kept; returns whose they are."""
    if given.refresh_token is None:
        raise SettingsError("Spotify gave no token that lasts. Log in again.")
    if given.scope is not None and oauth.SCOPE not in given.scope.split():
        raise PermanentError(
            "The right to read what was played was not given. Log in again, and agree to it."
        )
    base = settings.music.spotify_api_url.rstrip("/")
    headers = {"Authorization": f"Bearer {given.access_token}"}
    reply = connection.ask(asking, "GET", f"{base}/me", settings, headers=headers)
    owner = api.owner_of(api.required(reply))
    account = settings.music.account
    with session() as s:
        row = music_accounts.find(s, Service.SPOTIFY, account)
        api.refuse_other(dict(row.profile or {}) if row else {}, owner, settings)
        kept = tokens.columns(given, given.refresh_token, settings, s)
        music_accounts.change(s, Service.SPOTIFY, account, **kept)
        facts = {"checked": True, "logged_in_at": clock.now().isoformat(), "refused_at": None}
        music_accounts.note_profile(s, Service.SPOTIFY, account, {**owner, **facts})
    return owner


def _refused(error: str | None) -> str:
    if error == "access_denied":
        return "Spotify's page says that you did not agree. Nothing was changed."
    if error is not None:
        return f"Spotify's page says {error!r}. Nothing was changed."
    return (
        "Nobody came back from Spotify's page in time. Is the redirect URI in your application's "
        "settings the one in the address, and the browser on this machine? Nothing was changed."
    )


class _Listener(HTTPServer):
    """A server for one answer; ``back`` is it."""

    back: _Back | None = None


@contextmanager
def _listening(port: int, state: str) -> Iterator[_Listener]:
    class Request(BaseHTTPRequestHandler):
        timeout = _CLIENT_SECONDS

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            if parts.path != _PATH:
                self._tell(404, "There is nothing here.")
            elif not hmac.compare_digest(query.get("state", "").encode(), state.encode()):
                self._tell(400, "This is the answer to another login.")
            elif listener.back is not None:
                self._tell(410, "The login is over.")
            else:
                listener.back = _Back(query.get("code"), _word(query.get("error")))
                ok = "Night Shift has heard from Spotify; the rest is said where you began."
                self._tell(200, ok)

        def _tell(self, status: int, text: str) -> None:
            body = _PAGE.format(text).encode()
            self.send_response(status)
            for name, value in {
                "Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body)),
                "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
                "Connection": "close",
            }.items():  # fmt: skip
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass  # the path holds the code

    try:
        listener = _Listener(("127.0.0.1", port), Request)
    except OSError as error:
        raise UsageError(
            f"Port {port} of this machine can't be listened at ({error.strerror}). Choose another: "
            "--port, and the same in the redirect URI of your application."
        ) from error
    with listener:
        listener.timeout = _LOOK_SECONDS
        yield listener


def _answer(listener: _Listener, seconds: float) -> _Back:
    end = clock.monotonic() + seconds
    while listener.back is None and clock.monotonic() < end:
        deadline.check("the login")
        listener.handle_request()
    return listener.back or _Back(None, None)


def _word(text: str | None) -> str | None:
    """What went wrong, in the one word that the protocol has for it."""
    if text is None:
        return None
    return text if text.isascii() and text.isidentifier() and len(text) < 60 else "an error"
