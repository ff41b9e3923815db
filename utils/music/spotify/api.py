"""Spotify's Web API for one account: who it is, what was played, what things are.

A short pause that the service asks for is waited for by all requests of the process; a long one
ends the work, and is remembered for all processes (utils/db/throttles.py).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import httpx

from utils import clock
from utils.config import Settings
from utils.db import music_accounts, throttles
from utils.db.session import session
from utils.errors import (
    PermanentError,
    RetryableError,
    SettingsError,
    ThrottledError,
)
from utils.models.music import Service
from utils.music.spotify import connection, tokens
from utils.music.spotify.connection import Reply
from utils.processes import deadline

THROTTLE = "spotify"  # its name among the lanes
# All chosen.
LONGEST_WAIT_SECONDS = 30.0
_UNNAMED_SECONDS = 5.0
_TRIES = 4
_FIRST_DELAY_SECONDS = 0.5
_LOOK_SECONDS = 0.25


class Spotify:
    """A connection of one account: many threads may ask through it; counts what it asked.

    ``requests`` are all that were sent, ``throttled`` those that were refused for their number.
    """

    def __init__(self, asking: httpx.Client, settings: Settings) -> None:
        self.settings = settings
        self.requests, self.throttled = 0, 0
        self._asking, self._token = asking, ""
        self._open_at = 0.0  # by clock.monotonic(): nothing is sent before
        self._lock, self._renewing = threading.Lock(), threading.Lock()

    def ask(self, path: str, query: Mapping[str, str] | None = None) -> Reply:
        """One question; again after a pause, a fault of the server, or with a newer token.

        Returns:
            200 with its JSON, or another status that says something of what was asked for: 400,
            403, 404.

        Raises:
            ThrottledError: for longer than is waited.
            RetryableError: the service does not answer as it should, also when asked again.
            SettingsError: it takes no token of ours.
        """
        renewed = False
        for attempt in range(1, _TRIES + 1):
            self._wait()
            try:
                token, reply = self._sent(path, query)
            except RetryableError:
                if attempt == _TRIES:
                    raise
                deadline.pause(_FIRST_DELAY_SECONDS * 2 ** (attempt - 1))
                continue
            if reply.status == httpx.codes.UNAUTHORIZED and not renewed:
                renewed = True
                self._renew(token)
            elif reply.status == httpx.codes.TOO_MANY_REQUESTS:
                self._throttle(reply, attempt)
            elif reply.status >= 500 and attempt < _TRIES:
                named = reply.retry_after or 0.0
                delay = max(named, _FIRST_DELAY_SECONDS * 2 ** (attempt - 1))
                deadline.pause(min(delay, LONGEST_WAIT_SECONDS))
            else:
                return _checked(reply)
        raise ThrottledError(f"Spotify wants a pause, {_TRIES} times in a row.", reply.retry_after)

    def connect(self) -> None:
        """Get a token, and make sure that it is of the account whose plays are kept.

        Raises:
            SettingsError: it is another's; nothing is read with it.
            NightShiftError: as ``ask``.
        """
        self._refuse_if_throttled()
        self._token = tokens.access_token(self._asking, self.settings)
        with session() as s:
            row = music_accounts.find(s, Service.SPOTIFY, self.settings.music.account)
        profile = dict(row.profile or {}) if row else {}
        if profile.get("checked"):
            return
        try:
            owner = me(self)
        except (PermanentError, SettingsError):
            if profile.get("ids"):
                raise
            return  # nobody's plays are kept yet; what is wrong is said by what is asked next
        check_owner(profile, owner, self.settings)

    def _sent(self, path: str, query: Mapping[str, str] | None) -> tuple[str, Reply]:
        token = self._token or tokens.access_token(self._asking, self.settings)
        with self._lock:
            self.requests += 1
        base = self.settings.music.spotify_api_url.rstrip("/")
        return token, connection.ask(
            self._asking, "GET", base + path, self.settings, params=query,
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip

    def _renew(self, refused: str) -> None:
        """Get another token than the one that was refused; one thread does it for all."""
        with self._renewing:
            if self._token in {refused, ""}:
                self._token = tokens.access_token(self._asking, self.settings, refused)

    def _wait(self) -> None:
        while (left := self._open_at - clock.monotonic()) > 0:
            if left > LONGEST_WAIT_SECONDS:  # another thread was told so
                raise _throttled(left)
            deadline.pause(min(left, _LOOK_SECONDS))
        deadline.check("asking Spotify")

    def _throttle(self, reply: Reply, attempt: int) -> None:
        """Have all wait as long as the service asks for.

        Raises:
            ThrottledError: that is long; no process asks before it is over.
        """
        named = reply.retry_after
        delay = _UNNAMED_SECONDS * attempt if named is None else named
        with self._lock:
            self.throttled += 1
            self._open_at = max(self._open_at, clock.monotonic() + delay)
        if delay > LONGEST_WAIT_SECONDS:
            error = _throttled(delay)
            with suppress(RetryableError), session() as s:
                throttles.throttle(s, THROTTLE, delay, str(error))
            raise error

    def _refuse_if_throttled(self) -> None:
        with session() as s:
            left = throttles.cooldown(s, THROTTLE)
        if left > LONGEST_WAIT_SECONDS:
            raise _throttled(left)
        self._open_at = clock.monotonic() + left


@contextmanager
def connected(settings: Settings) -> Iterator[Spotify]:
    """Spotify with a token of the account that is set.

    Raises:
        NightShiftError: as ``Spotify.connect``.
    """
    with connection.client() as asking:
        made = Spotify(asking, settings)
        made.connect()
        yield made


def me(spotify: Spotify) -> dict[str, Any]:
    """Whose token it is: ``id``, ``name``.

    Raises:
        NightShiftError: as ``Spotify.ask``; or it may not be asked.
    """
    return owner_of(required(spotify.ask("/me")))


def owner_of(found: Any) -> dict[str, Any]:
    """The same, of an answer.

    ``id``: that which never changes, where the service tells it (since May 2026).
    """
    found = found if isinstance(found, dict) else {}
    known = [one for one in (found.get("id"), found.get("account_id")) if isinstance(one, str)]
    if not known:
        raise RetryableError("Spotify does not say whose account it is.")
    name = found.get("display_name")
    return {"ids": known, "id": known[0], "name": name if isinstance(name, str) else None}


def check_owner(profile: Mapping[str, Any], found: Mapping[str, Any], settings: Settings) -> None:
    """Note whose account it is; refuse tokens of another than the one whose plays are kept.

    Raises:
        SettingsError: they are another's. They are forgotten.
    """
    account = settings.music.account
    try:
        refuse_other(profile, found, settings)
    except SettingsError:
        with session() as s:
            forgotten = {"access_token": None, "refresh_token": None, "access_ends_at": None}
            music_accounts.change(s, Service.SPOTIFY, account, **forgotten)
        raise
    with session() as s:
        music_accounts.note_profile(s, Service.SPOTIFY, account, {**found, "checked": True})


def refuse_other(profile: Mapping[str, Any], found: Mapping[str, Any], settings: Settings) -> None:
    """Refuse an account that is not the one whose plays are kept.

    Raises:
        SettingsError: it is another.
    """
    known, account = profile.get("ids"), settings.music.account
    if known and not set(known) & set(found["ids"]):
        raise SettingsError(
            f"The login is of Spotify's account {found['id']}, but the plays of {account!r} are of "
            f"{profile.get('id')}. Log in as that one (nightshift music login), or keep the other "
            "under a name of its own: NIGHTSHIFT_MUSIC__ACCOUNT."
        )


def recently_played(
    spotify: Spotify, limit: int, after: int | None = None, before: int | None = None
) -> list[Any]:
    """Up to 50 of the last plays, as Spotify tells them: after a moment, or before one (ms).

    Raises:
        NightShiftError: as ``Spotify.ask``; or it may not be asked.
    """
    query = {"limit": str(limit)}
    if after is not None:
        query["after"] = str(after)
    elif before is not None:
        query["before"] = str(before)
    found = required(spotify.ask("/me/player/recently-played", query))
    items = found.get("items") if isinstance(found, dict) else None
    if not isinstance(items, list):
        raise RetryableError("Spotify's answer holds no list of plays.")
    return items


def required(reply: Reply) -> Any:
    """The document of an answer to a question that everybody may ask.

    Raises:
        SettingsError: this account, or this application, may not.
        PermanentError: there is no such thing.
    """
    if reply.status == httpx.codes.OK:
        return reply.document
    said = f"Spotify answered {reply.status}: {reply.said or 'no reason'}."
    if reply.status == httpx.codes.FORBIDDEN:
        raise forbidden(reply)
    raise PermanentError(f"{said} Check NIGHTSHIFT_MUSIC__SPOTIFY_API_URL.")


def forbidden(reply: Reply) -> SettingsError:
    """What a 403 means where the question is open to everybody."""
    return SettingsError(
        f"Spotify answered 403: {reply.said or 'no reason'}. In development mode the application "
        "takes users whom its dashboard lists, of an owner with Premium; a login of before may "
        f"lack the right to read what was played: nightshift music login."
    )


def _checked(reply: Reply) -> Reply:
    said = f"Spotify answered {reply.status}: {reply.said or 'no reason'}"
    if reply.status == httpx.codes.UNAUTHORIZED:
        raise SettingsError(
            f"{said}, also to the token that it has just given. Log in again: nightshift music "
            "login."
        )
    if reply.status >= 500:
        raise RetryableError(f"{said}. Run again later.")
    if reply.status not in {200, 400, 403, 404}:
        raise PermanentError(f"{said}.")
    return reply


def _throttled(seconds: float) -> ThrottledError:
    return ThrottledError(
        f"Spotify wants no request for another {_span(seconds)}. What is left comes in the next "
        "run after that.",
        seconds,
    )


def _span(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 5400 else f"{max(1, seconds / 60):.0f} min"
