"""What is known of an account at Spotify: whose it is, whether it is connected, where it stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from utils.config import Settings
from utils.db import music_accounts, throttles
from utils.db.session import session
from utils.models.music import Service
from utils.music.spotify.api import THROTTLE

_LOGIN_DAYS = 182  # Spotify ends a login after six months (since July 2026)


def of(settings: Settings) -> dict[str, Any]:
    """The state of the account of the settings, without anything secret; no request is made.

    ``connection``: ``connected``, ``refused`` (Spotify took the token back), ``from settings`` (a
    refresh token that is not used yet) or ``none``. Moments are ISO 8601.
    """
    music = settings.music
    with session() as s:
        row = music_accounts.find(s, Service.SPOTIFY, music.account)
        last, number = music_accounts.last_play(s, Service.SPOTIFY, music.account)
        pause = throttles.cooldown(s, THROTTLE)
    profile = dict(row.profile or {}) if row else {}
    return {
        "service": Service.SPOTIFY.value,
        "account": music.account,
        "spotify_id": profile.get("id"),
        "name": profile.get("name"),
        "application": music.spotify_client_id is not None,
        "connection": _connection(row, profile, settings),
        "logged_in_at": profile.get("logged_in_at"),
        "login_ends_at": _login_ends(profile),
        "token_ends_at": _text(row.access_ends_at if row and row.access_token else None),
        "quota": row.quota if row else None,
        "quota_at": _text(row.quota_at if row else None),
        "throttled_seconds": round(pause),
        "cursor_ms": row.cursor_ms if row else None,
        "last_play": _text(last),
        "plays": number,
    }


def _connection(row: Any, profile: dict[str, Any], settings: Settings) -> str:
    if profile.get("refused_at"):
        return "refused"
    if row and row.refresh_token:
        return "connected"
    return "from settings" if settings.music.spotify_refresh_token else "none"


def _login_ends(profile: dict[str, Any]) -> str | None:
    began = profile.get("logged_in_at")
    return _text(datetime.fromisoformat(began) + timedelta(days=_LOGIN_DAYS)) if began else None


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
