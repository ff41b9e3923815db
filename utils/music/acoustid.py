"""AcoustID: which recordings a fingerprint of a file's sound (Chromaprint) belongs to.

It is asked only where a key is set, and at the rate that it allows all workers together.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, NamedTuple

from utils import clock
from utils.config import Settings
from utils.db import music_entities
from utils.db.session import session
from utils.errors import NightShiftError, PermanentError, SettingsError, ThrottledError
from utils.models.music import EntityKind, Provider
from utils.music import entities, identifiers, pacing, service
from utils.music.musicbrainz import documents
from utils.music.pacing import Pace
from utils.music.service import Reply, Service
from utils.processes import retry_after

NAME, SETTING = "AcoustID", "NIGHTSHIFT_MUSIC__ACOUSTID_URL"
NOT_ASKED = (
    "AcoustID was not asked: there is no key. Get one at acoustid.org/new-application and set "
    "NIGHTSHIFT_MUSIC__ACOUSTID_KEY."
)
_TRIES = 4
_LONGEST_WAIT_SECONDS = 120.0  # for its turn; it may want a rest of half an hour
_MOST_SECONDS = 32767  # what its server takes for the length of a recording
_FINGERPRINT = re.compile(r"[A-Za-z0-9_-]{8,100000}=*")  # base64 for addresses
_WRONG_KEY, _TOO_MANY = {4, 6}, 14  # its own codes of errors
_WRONG_FINGERPRINT = 3


class Match(NamedTuple):
    """A recording that sounds like the file; ``score``: how much, 0 to 1."""

    id: str
    score: float
    title: str | None
    artists: tuple[str, ...]


def is_asked(settings: Settings) -> bool:
    """True if there is a key; else ``NOT_ASKED`` says what to do."""
    key = settings.music.acoustid_key
    return bool(key and key.get_secret_value().strip())


def lookup(fingerprint: str, duration_seconds: float, settings: Settings) -> list[Match]:
    """The recordings of a fingerprint, the most alike first; none if it knows none, or is not
    asked. What it says is kept (``music_entities``), and not asked for again while it holds.

    Args:
        fingerprint: Of Chromaprint, compressed, base64, as ffmpeg's ``-f chromaprint`` gives it.
        duration_seconds: Of the whole file, not only of what was listened to.
        settings: The key, the address, the rate.

    Raises:
        SettingsError: the key is wrong.
        RetryableError: it does not answer, or is too busy.
        PermanentError: the fingerprint is none.
    """
    if not is_asked(settings):
        return []
    if not _FINGERPRINT.fullmatch(fingerprint) or not 1 <= duration_seconds <= _MOST_SECONDS:
        raise PermanentError("This is no fingerprint of Chromaprint, or of no length.")
    name = hashlib.sha256(f"{round(duration_seconds)}:{fingerprint}".encode()).hexdigest()
    with session() as s:
        known = music_entities.known(s, Provider.ACOUSTID, EntityKind.FINGERPRINT, [name])
    if name in known:
        return _matches(known[name].document or {})
    document = {"recordings": _recordings(_asked(fingerprint, duration_seconds, settings))}
    answer = document if document["recordings"] else None
    told = entities.told(Provider.ACOUSTID, EntityKind.FINGERPRINT, name, answer, settings)
    with session() as s:
        music_entities.put(s, [told])
    return _matches(document)


def _asked(fingerprint: str, duration_seconds: float, settings: Settings) -> Any:
    music = settings.music
    key = music.acoustid_key.get_secret_value() if music.acoustid_key else ""
    form = {
        "client": key.strip(),
        "format": "json",
        "duration": str(round(duration_seconds)),
        "fingerprint": fingerprint,
        "meta": "recordings",
    }
    pace = Pace("acoustid", music.acoustid_per_second)
    with service.connected(NAME, SETTING, music.acoustid_url, settings) as acoustid:
        for tries in range(_TRIES):
            if not pacing.await_turn(pace, clock.monotonic() + _LONGEST_WAIT_SECONDS):
                raise ThrottledError("AcoustID was asked too often, and wants a rest. Run again.")
            reply = service.ask(acoustid, "lookup", {}, form)
            error = _error(acoustid, reply, key.strip())
            if error is None:
                return reply.document["results"]
            if not isinstance(error, ThrottledError) or tries == _TRIES - 1:
                raise error
            pacing.hold(pace, error.retry_after_seconds, tries)
    return []


def _error(acoustid: Service, reply: Reply, key: str) -> NightShiftError | None:
    """What is wrong with an answer; None if nothing is. A key never stands in it."""
    document = reply.document if isinstance(reply.document, dict) else {}
    if document.get("status") == "ok" and isinstance(document.get("results"), list):
        return None
    told = document.get("error")
    code = told.get("code") if isinstance(told, dict) else None
    said = reply.said.replace(key, "***") if key else reply.said
    if code == _TOO_MANY or reply.status in {429, 503}:
        named = retry_after.seconds(reply.headers.get("Retry-After"))
        return ThrottledError(f"AcoustID answers {reply.status}: {said}", named)
    if code in _WRONG_KEY:
        return SettingsError(f"AcoustID refuses NIGHTSHIFT_MUSIC__ACOUSTID_KEY: {said}.")
    if code == _WRONG_FINGERPRINT:
        return PermanentError(f"AcoustID can't read the fingerprint: {said}.")
    return service.refused(acoustid, reply)


def _recordings(results: Any) -> list[dict[str, Any]]:
    """The recordings of all results, each once with its best score, the best first."""
    found: dict[str, dict[str, Any]] = {}
    for result in documents.dicts(results):
        score = result.get("score")
        score = float(score) if isinstance(score, (int, float)) and 0 <= score <= 1 else 0.0
        for one in documents.dicts(result.get("recordings")):
            known = identifiers.mbid(one.get("id"))
            if known is None or (known in found and found[known]["score"] >= score):
                continue
            names = (
                documents.text(each.get("name")) for each in documents.dicts(one.get("artists"))
            )
            found[known] = {
                "id": known,
                "score": round(score, 6),
                "title": documents.text(one.get("title")),
                "artists": [name for name in names if name],
            }
    return sorted(found.values(), key=lambda one: (-one["score"], one["id"]))


def _matches(document: dict[str, Any]) -> list[Match]:
    return [
        Match(one["id"], one["score"], one["title"], tuple(one["artists"]))
        for one in document.get("recordings", [])
    ]
