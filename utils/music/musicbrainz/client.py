"""MusicBrainz's web service, version 2: one look-up of one thing.

Facts of its server's code (2026): `/isrc` gives recordings without releases, whatever is asked
for; an id that was merged into another is answered with the other, under its own id; what is not
there is 404, a refused rate is 503.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx

from utils.config import Settings
from utils.errors import PermanentError, ThrottledError
from utils.models.music import EntityKind
from utils.music import identifiers, service
from utils.music.pacing import Pace
from utils.music.service import Reply, Service
from utils.processes import retry_after

NAME, SETTING = "MusicBrainz", "NIGHTSHIFT_MUSIC__MUSICBRAINZ_URL"
# What is asked for besides the thing itself; blanks become the + that it wants.
_INCLUDED = {
    EntityKind.ISRC: "artists artist-credits isrcs",
    EntityKind.RECORDING: "artists artist-credits isrcs releases release-groups",
    EntityKind.ARTIST: "aliases tags genres",
    EntityKind.AREA: "area-rels",
}


class Looked(NamedTuple):
    """What a look-up gave; None for a thing that is not there.

    ``moved_to``: the id that a redirect names, which is to be asked for instead.
    """

    document: dict[str, Any] | None
    moved_to: str | None = None


def pace(settings: Settings) -> Pace:
    """How often MusicBrainz may be asked, by all workers together."""
    return Pace("musicbrainz", settings.music.musicbrainz_per_second)


@contextmanager
def connected(settings: Settings) -> Iterator[Service]:
    """MusicBrainz, for ``look_up``.

    Raises:
        SettingsError: its address is none.
    """
    with service.connected(NAME, SETTING, settings.music.musicbrainz_url, settings) as opened:
        yield opened


def look_up(musicbrainz: Service, kind: EntityKind, wanted: str) -> Looked:
    """What MusicBrainz says of one thing. The caller has waited for its turn.

    Raises:
        ThrottledError: it was asked too often, or is too busy.
        RetryableError: it does not answer, or with nonsense.
        SettingsError: it does not want to be asked by us.
        PermanentError: it does not know what is meant.
    """
    checked = identifiers.isrc(wanted) if kind is EntityKind.ISRC else identifiers.mbid(wanted)
    if checked is None:
        raise PermanentError(f"{wanted[:80]!r} is no id of MusicBrainz's.")
    params = {"inc": _INCLUDED[kind], "fmt": "json"}
    reply = service.ask(musicbrainz, f"{kind.value}/{checked}", params)
    if reply.status == httpx.codes.NOT_FOUND and isinstance(reply.document, dict):
        return Looked(None)
    if reply.status in {httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.TOO_MANY_REQUESTS}:
        raise ThrottledError(
            f"MusicBrainz answers {reply.status}: {reply.said}",
            retry_after.seconds(reply.headers.get("Retry-After")),
        )
    if moved := _moved_to(reply):
        return Looked(None, moved)
    if reply.status != httpx.codes.OK or not isinstance(reply.document, dict):
        raise service.refused(musicbrainz, reply)
    return Looked(reply.document)


def _moved_to(reply: Reply) -> str | None:
    """The id in the address that a redirect names, wherever that leads: only the id is used."""
    if not 300 <= reply.status < 400:
        return None
    try:
        path = httpx.URL(reply.headers.get("Location", "")).path
    except httpx.InvalidURL:
        return None
    return identifiers.mbid(path.rstrip("/").rpartition("/")[2])
