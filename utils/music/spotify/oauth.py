"""Spotify's accounts service: the page where a person agrees, and tokens for what it gives.

Authorization code with PKCE (RFC 7636): the client's secret is not needed, and is sent where it is
set. A refresh token may be replaced by each answer; since 2026 it ends six months after the login.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any, NamedTuple, TypeGuard
from urllib.parse import urlencode

import httpx

from utils.config import Settings
from utils.errors import RetryableError, SettingsError, ThrottledError
from utils.models.music_settings import LOGIN_PORT
from utils.music.spotify import connection
from utils.music.spotify.connection import Reply

SCOPE = "user-read-recently-played"
_LONGEST_TOKEN = 4096
_LOGIN = "Log in again: nightshift music login."


class RefusedGrantError(SettingsError):
    """The code or the refresh token is none, or is no more."""


class Tokens(NamedTuple):
    """What the service gives; ``refresh_token`` is None where the one before stays valid."""

    access_token: str
    refresh_token: str | None
    expires_seconds: float
    scope: str | None


class Challenge(NamedTuple):
    """What proves at the end of a login that the same program began it."""

    verifier: str
    challenge: str
    state: str


def new_challenge() -> Challenge:
    """One for one login."""
    verifier = secrets.token_urlsafe(64)
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return Challenge(verifier, challenge, secrets.token_urlsafe(24))


def client_id(settings: Settings) -> str:
    """The application's id.

    Raises:
        SettingsError: none is set.
    """
    given = settings.music.spotify_client_id
    if given is None or not given.get_secret_value().strip():
        raise SettingsError(
            "Spotify needs an application of yours: make one at "
            "https://developer.spotify.com/dashboard with the redirect URI "
            f"http://127.0.0.1:{LOGIN_PORT}/callback, and set NIGHTSHIFT_MUSIC__SPOTIFY_CLIENT_ID."
        )
    return given.get_secret_value().strip()


def authorize_url(made: Challenge, redirect_uri: str, settings: Settings) -> str:
    """The page where a person agrees; it leads back to ``redirect_uri`` with a code."""
    asked = {
        "response_type": "code",
        "client_id": client_id(settings),
        "scope": SCOPE,
        "redirect_uri": redirect_uri,
        "state": made.state,
        "code_challenge_method": "S256",
        "code_challenge": made.challenge,
    }
    return f"{_base(settings)}/authorize?{urlencode(asked)}"


def exchange(
    asking: httpx.Client, code: str, verifier: str, redirect_uri: str, settings: Settings
) -> Tokens:
    """The tokens for a code.

    Raises:
        RefusedGrantError: the code is none, or of another login.
        NightShiftError: as ``refresh``.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    return _tokens(asking, form, settings)


def refresh(asking: httpx.Client, refresh_token: str, settings: Settings) -> Tokens:
    """A new access token, and maybe a new refresh token that takes the old one's place.

    Raises:
        RefusedGrantError: the token was revoked, or is older than six months.
        SettingsError: the application is not known.
        ThrottledError, RetryableError: not now.
    """
    return _tokens(
        asking, {"grant_type": "refresh_token", "refresh_token": refresh_token}, settings
    )


def _tokens(asking: httpx.Client, form: dict[str, str], settings: Settings) -> Tokens:
    secret = settings.music.spotify_client_secret
    named = client_id(settings)
    auth = (named, secret.get_secret_value()) if secret else None
    sent = {**form, "client_id": named}
    reply = connection.ask(
        asking, "POST", f"{_base(settings)}/api/token", settings, data=sent, auth=auth
    )
    if reply.status != httpx.codes.OK:
        raise _refused(reply)
    return _read(reply.document)


def _refused(reply: Reply) -> Exception:
    said = f"Spotify's accounts service answered {reply.status}: {reply.said or 'no reason'}"
    error = reply.document.get("error") if isinstance(reply.document, dict) else None
    if reply.status == httpx.codes.TOO_MANY_REQUESTS:
        return ThrottledError(said, reply.retry_after)
    if reply.status >= 500 or reply.status == httpx.codes.REQUEST_TIMEOUT:
        return RetryableError(f"{said}. Run again later.")
    if error == "invalid_grant":
        return RefusedGrantError(
            f"{said}. The login was revoked, or it is older than six months. {_LOGIN}"
        )
    if error in {"invalid_client", "unauthorized_client"}:
        return SettingsError(
            f"{said}. Check NIGHTSHIFT_MUSIC__SPOTIFY_CLIENT_ID and …_CLIENT_SECRET."
        )
    return SettingsError(f"{said}. {_LOGIN}")


def _read(document: Any) -> Tokens:
    """The tokens of an answer.

    Raises:
        RetryableError: they are not in it, or not as tokens are.
    """
    found = document if isinstance(document, dict) else {}
    access, again = found.get("access_token"), found.get("refresh_token")
    seconds = found.get("expires_in")
    if not is_token(access) or not (again is None or is_token(again)):
        raise RetryableError("Spotify's accounts service answered without a token.")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
        seconds = 3600
    scope = found.get("scope")
    given = scope if isinstance(scope, str) else None
    return Tokens(access, again, min(float(seconds), 86_400), given)


def is_token(value: object) -> TypeGuard[str]:
    """True for what may stand in a header."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= _LONGEST_TOKEN
        and value.isascii()
        and value.isprintable()
        and " " not in value
    )


def _base(settings: Settings) -> str:
    return settings.music.spotify_accounts_url.rstrip("/")
