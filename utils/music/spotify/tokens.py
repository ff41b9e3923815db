"""The access token of an account: renewed by one process at a time, kept sealed.

The answer to a renewal may hold a new refresh token, which is the only one from then on. It is
written before anything else is done. A process that is killed between the answer and the write
loses it: that is seen (`refreshing_by` is left behind) and said when the old one is refused.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import httpx

from utils import clock
from utils.config import Settings
from utils.db import music_accounts
from utils.db.music_tables import MusicAccount
from utils.db.session import session
from utils.db.workers import shared_now
from utils.errors import NightShiftError, RetryableError, SettingsError
from utils.models.music import Service
from utils.music.spotify import oauth
from utils.music.spotify.oauth import RefusedGrantError, Tokens
from utils.processes import deadline
from utils.storage import sealing

# All chosen. A renewal is one request, which may take 30 s, and a write.
_RENEWAL_SECONDS = 60.0
_LOOK_SECONDS = 0.1
_SPARE_SECONDS = 60.0  # a token that ends sooner is renewed first
_WRITES = 3


def purpose(settings: Settings) -> str:
    """What a token is sealed for: it opens for this service alone."""
    return f"the login at {settings.music.spotify_accounts_url.rstrip('/')}"


def access_token(asking: httpx.Client, settings: Settings, refused: str | None = None) -> str:
    """A token that is good for a minute more.

    Args:
        asking: Sends the renewal, if there must be one.
        settings: Whose account it is.
        refused: A token that the API did not take: another is needed, however long it was to last.

    Raises:
        RefusedGrantError: Spotify takes none of the refresh tokens.
        SettingsError: nobody has logged in.
        RetryableError: another process does not come to an end with it, or there is no answer.
    """
    who, end = uuid.uuid4().hex, clock.monotonic() + 2 * _RENEWAL_SECONDS
    while True:
        with session() as s:
            row = music_accounts.find(s, Service.SPOTIFY, settings.music.account)
            found = _current(row, settings) if row and not _is_over(s, row) else None
            if found and found != refused:
                return found
            left_behind = bool(row and row.refreshing_by)
            is_mine = music_accounts.take_renewal(
                s, Service.SPOTIFY, settings.music.account, who, _RENEWAL_SECONDS
            )
        if is_mine:
            return _renewed(asking, who, refused, left_behind, settings)
        if clock.monotonic() > end:
            raise RetryableError(
                "Another process has been renewing Spotify's token for two minutes. Run again."
            )
        deadline.pause(_LOOK_SECONDS)


def columns(tokens: Tokens, refresh_token: str, settings: Settings, s: Any) -> dict[str, Any]:
    """The columns of an account that hold these tokens, sealed."""
    ends = shared_now(s) + timedelta(seconds=tokens.expires_seconds)
    return {
        "access_token": sealing.sealed_secret(tokens.access_token, purpose(settings), settings),
        "access_ends_at": ends,
        "refresh_token": sealing.sealed_secret(refresh_token, purpose(settings), settings),
    }


def _renewed(
    asking: httpx.Client, who: str, refused: str | None, left_behind: bool, settings: Settings
) -> str:
    """Renew the token; this process alone does it now."""
    account = settings.music.account
    try:
        with session() as s:  # who had it before has just done it?
            row = music_accounts.find(s, Service.SPOTIFY, account)
            found = _current(row, settings) if row and not _is_over(s, row) else None
        if found and found != refused:
            _give_back(who, settings)
            return found
        known = _refresh_tokens(row, settings)
        tokens, used = _granted(asking, known, left_behind, settings)
    except BaseException as error:
        _give_back(who, settings, refused=isinstance(error, RefusedGrantError))
        raise
    is_kept = bool(row and row.refresh_token) and used == known[0]
    _write(who, tokens, tokens.refresh_token or used, settings, is_kept)
    return tokens.access_token


def _granted(
    asking: httpx.Client, known: list[str], left_behind: bool, settings: Settings
) -> tuple[Tokens, str]:
    """Tokens by the first refresh token that Spotify takes: the kept one, then the settings'."""
    if not known:
        raise SettingsError(
            "Spotify is not connected: run `nightshift music login`, or set "
            "NIGHTSHIFT_MUSIC__SPOTIFY_REFRESH_TOKEN."
        )
    last: RefusedGrantError | None = None
    for token in known:
        try:
            return oauth.refresh(asking, token, settings), token
        except RefusedGrantError as error:
            last = error
    assert last is not None
    if left_behind:
        raise RefusedGrantError(
            f"{last} A process was killed while it renewed the token before, and may have taken "
            "the new one with it."
        ) from None
    raise last


def _refresh_tokens(row: MusicAccount | None, settings: Settings) -> list[str]:
    found = []
    if row and row.refresh_token:
        found.append(sealing.opened_secret(row.refresh_token, purpose(settings), settings))
    if given := settings.music.spotify_refresh_token:
        found.append(given.get_secret_value().strip())
    return [token for token in dict.fromkeys(found) if token]


def _write(who: str, tokens: Tokens, refresh_token: str, settings: Settings, is_kept: bool) -> None:
    """Write new tokens at once, and again if the database is held by another just now.

    Whose those of the settings are is not known yet (``checked``).
    """
    facts = {"refused_at": None} if is_kept else {"refused_at": None, "checked": None}
    for attempt in range(_WRITES):
        try:
            with session() as s:
                kept = columns(tokens, refresh_token, settings, s)
                music_accounts.end_renewal(s, Service.SPOTIFY, settings.music.account, who, kept)
                music_accounts.note_profile(s, Service.SPOTIFY, settings.music.account, facts)
            return
        except RetryableError:
            if attempt == _WRITES - 1:
                raise


def _give_back(who: str, settings: Settings, refused: bool = False) -> None:
    try:
        with session() as s:
            account = settings.music.account
            music_accounts.end_renewal(s, Service.SPOTIFY, account, who)
            if refused:
                told = {"refused_at": clock.now().isoformat()}
                music_accounts.note_profile(s, Service.SPOTIFY, account, told)
    except NightShiftError:
        return  # it ends by itself, after its seconds


def _current(row: MusicAccount, settings: Settings) -> str | None:
    if not row.access_token:
        return None
    return sealing.opened_secret(row.access_token, purpose(settings), settings)


def _is_over(s: Any, row: MusicAccount) -> bool:
    return music_accounts.is_past(s, row.access_ends_at, _SPARE_SECONDS)
