"""What Spotify says of many tracks, artists or albums: in batches where it may be asked so.

Since 2026 applications in development mode look things up one by one: a batch is answered by 403
(or 404), though a single look-up is not. Which it is, is tried out, kept with the account, and
tried again after some days. Requests go out several at a time; what fails is told and stops
nothing else, until Spotify does not answer at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any, NamedTuple

import httpx

from utils.config import Settings
from utils.db import music_accounts
from utils.db.session import session
from utils.errors import (
    NightShiftError,
    PermanentError,
    RetryableError,
    SettingsError,
    ThrottledError,
)
from utils.models.music import Entity, EntityKind, Fault, Service
from utils.music.identifiers import spotify_id
from utils.music.spotify import documents
from utils.music.spotify.api import Spotify, forbidden
from utils.music.spotify.connection import Reply

EXTENDED, DEVELOPMENT = "extended", "development"
_PATHS = {EntityKind.TRACK: "tracks", EntityKind.ARTIST: "artists", EntityKind.ALBUM: "albums"}
BATCH = {EntityKind.TRACK: 50, EntityKind.ARTIST: 50, EntityKind.ALBUM: 20}  # Spotify's own
AT_ONCE = 8  # chosen; two kinds at once have twice as many
QUOTA_DAYS = 7.0  # chosen: an application is let out of development mode, or put back
_NO_SERVICE = "Service not found"  # what it says of an address that is none of its own
_FAILURES = 3  # requests in a row, each tried several times: then Spotify is away


class Answer(NamedTuple):
    """What came of some ids; ``left`` were not asked for, or in vain."""

    entities: list[Entity]
    faults: list[Fault]
    left: int = 0


def answers(spotify: Spotify, kind: EntityKind, ids: Sequence[str]) -> Iterator[Answer]:
    """What Spotify says of each, in no order, as it comes.

    The last answer tells how many were left, where it broke off, and why.
    """
    wanted = [one for one in dict.fromkeys(ids) if spotify_id(one) == one]
    try:
        batch = BATCH[kind] if len(wanted) > 1 and takes_batches(spotify, kind, wanted) else 1
    except NightShiftError as error:
        yield Answer([], [_fault(f"{len(wanted)} {_PATHS[kind]}", error)], len(wanted))
        return
    chunks = [wanted[at : at + batch] for at in range(0, len(wanted), batch)]
    yield from _all(spotify, kind, chunks)


def takes_batches(spotify: Spotify, kind: EntityKind, wanted: Sequence[str]) -> bool:
    """True if the application may ask for many things at once; found out where it is not known.

    Raises:
        NightShiftError: it may not ask at all, or there is no answer.
    """
    known = quota(spotify.settings)
    if known:
        return known == EXTENDED
    some = ",".join(wanted[:2])
    reply = spotify.ask(f"/{_PATHS[kind]}", {"ids": some})
    if reply.status not in {httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}:
        _note_quota(EXTENDED, spotify.settings)
        return True
    single = spotify.ask(f"/{_PATHS[kind]}/{wanted[0]}")
    if single.status == httpx.codes.FORBIDDEN:  # it is not about batches
        raise forbidden(single)
    _note_quota(DEVELOPMENT, spotify.settings)
    return False


def quota(settings: Settings) -> str | None:
    """What was found out of the application's mode in the last days; None if that is too long."""
    with session() as s:
        row = music_accounts.find(s, Service.SPOTIFY, settings.music.account)
        if row is None or music_accounts.is_past(s, row.quota_at, -QUOTA_DAYS * 86_400):
            return None
        return row.quota


def _note_quota(mode: str, settings: Settings) -> None:
    with session() as s:
        music_accounts.note_quota(s, Service.SPOTIFY, settings.music.account, mode)


def _all(spotify: Spotify, kind: EntityKind, chunks: Sequence[Sequence[str]]) -> Iterator[Answer]:
    """The answers of all chunks, several at a time, until one says that no other would be had."""
    waiting, at_work = list(reversed(chunks)), dict[Future[Answer], Sequence[str]]()
    in_a_row, stop = 0, None
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="spotify") as pool:
        while waiting or at_work:
            # As many again wait in the pool: no thread is idle while answers are written.
            while waiting and stop is None and len(at_work) < 2 * AT_ONCE:
                chunk = waiting.pop()
                at_work[pool.submit(copy_context().run, _one, spotify, kind, chunk)] = chunk
            if not at_work:
                break
            for one in wait(at_work, return_when=FIRST_COMPLETED).done:
                chunk = at_work.pop(one)
                try:
                    yield one.result()
                    in_a_row = 0
                except NightShiftError as error:
                    in_a_row += 1
                    if _is_of_all(error) or in_a_row >= _FAILURES:
                        stop = stop or error
                        waiting += [chunk, *_cancelled(at_work)]
                    else:
                        yield Answer([], [_fault(",".join(chunk), error)], len(chunk))
    if left := sum(map(len, waiting)):
        assert stop is not None
        yield Answer([], [_fault(f"{left} {_PATHS[kind]}", stop)], left)


def _cancelled(at_work: dict[Future[Answer], Sequence[str]]) -> list[Sequence[str]]:
    """The chunks that had not begun; they are at work no more."""
    gone = [one for one in at_work if one.cancel()]
    return [at_work.pop(one) for one in gone]


def _one(spotify: Spotify, kind: EntityKind, chunk: Sequence[str]) -> Answer:
    """What Spotify says of a chunk of ids, asked for together or, if it is one, alone."""
    if len(chunk) == 1:
        return _single(spotify, kind, chunk[0])
    reply = spotify.ask(f"/{_PATHS[kind]}", {"ids": ",".join(chunk)})
    if reply.status in {httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}:
        _note_quota(DEVELOPMENT, spotify.settings)  # since it was found out, it has changed
    if reply.status != httpx.codes.OK:
        parts = [_single(spotify, kind, one) for one in chunk]
        return Answer(
            [one for part in parts for one in part.entities],
            [one for part in parts for one in part.faults],
            sum(part.left for part in parts),
        )
    found = reply.document.get(_PATHS[kind]) if isinstance(reply.document, dict) else None
    if not isinstance(found, list) or len(found) != len(chunk):
        raise RetryableError(f"Spotify's answer is no list of {len(chunk)} {_PATHS[kind]}.")
    return _read(spotify.settings, kind, list(zip(chunk, found, strict=True)))


def _single(spotify: Spotify, kind: EntityKind, asked: str) -> Answer:
    reply = spotify.ask(f"/{_PATHS[kind]}/{asked}")
    if reply.status == httpx.codes.FORBIDDEN:
        raise forbidden(reply)
    if reply.status == httpx.codes.OK and reply.document is None:
        raise RetryableError(f"Spotify's answer of {kind} {asked} is empty.")
    if reply.status == httpx.codes.NOT_FOUND and _is_no_api(reply):
        raise SettingsError(
            f"Spotify's API is not at its address (404 {reply.said}). Check "
            "NIGHTSHIFT_MUSIC__SPOTIFY_API_URL."
        )
    # 400 is what it says of an id that it can't have given; 404 of one that is no more.
    found = reply.document if reply.status == httpx.codes.OK else None
    return _read(spotify.settings, kind, [(asked, found)])


def _is_no_api(reply: Reply) -> bool:
    """True for a 404 that speaks of the address and not of the thing that was asked for."""
    error = reply.document.get("error") if isinstance(reply.document, dict) else None
    return not isinstance(error, dict) or reply.said.startswith(_NO_SERVICE)


def _read(settings: Settings, kind: EntityKind, pairs: Sequence[tuple[str, Any]]) -> Answer:
    """The entities of objects, in the order asked for; null is one that Spotify does not know."""
    entities, faults = [], []
    for asked, found in pairs:
        if found is None:
            entities.append(documents.not_found(kind, asked, settings))
        elif made := documents.entity(kind, asked, found, settings):
            entities.append(made)
        else:
            wrong = PermanentError(f"Spotify answered with something else than {kind} {asked}.")
            faults.append(_fault(asked, wrong))
    return Answer(entities, faults, len(faults))


def _is_of_all(error: NightShiftError) -> bool:
    """True for an error that the next question would meet as well."""
    return isinstance(error, (SettingsError, ThrottledError)) or not isinstance(
        error, (RetryableError, PermanentError)
    )


def _fault(what: str, error: NightShiftError) -> Fault:
    return Fault(what=what, error_class=type(error).__name__, message=str(error))
