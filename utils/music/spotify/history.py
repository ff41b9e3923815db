"""What was played since the last look, as Spotify tells it: it keeps the last 50 plays.

The newest play that is kept already is asked for again: if it comes along, nothing lies between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from utils import clock
from utils.config import Settings
from utils.db import music_accounts, music_entities, play_rejects, plays
from utils.db.music_tables import MusicAccount
from utils.db.play_rejects import Reject
from utils.db.session import session
from utils.models import sanitize
from utils.models.music import (
    Entity,
    Fault,
    Origin,
    Outcome,
    Play,
    Service,
    SubflowResult,
)
from utils.models.music_import import IN_WORDS, Reason
from utils.music.spotify import api, documents
from utils.music.spotify.api import Spotify

NAME = "spotify-ingestion"
MOST = 50  # Spotify's own, of a request and of what it keeps
_REQUESTS = 50  # in one look; there is no end to a list that repeats itself
_FAULTS = 100
_WHOLE = timedelta(days=1)
_SHOWN = ("id", "name", "type", "uri")  # of a track that is none
_AHEAD_MS = 60_000  # this machine's clock may be behind by so much


class _Seen(NamedTuple):
    """What the answers hold: the plays, the tracks that came along, what is no play and why."""

    plays: list[Play]
    tracks: dict[str, Entity]
    rejects: list[tuple[Any, str]]


def take(settings: Settings, limit: int = MOST) -> SubflowResult:
    """Take what was played since the last look into the tables; twice at once does no harm.

    Args:
        settings: Whose.
        limit: Plays in one request, 50 at most.

    Raises:
        NightShiftError: nothing was taken.
    """
    began = clock.monotonic()
    with api.connected(settings) as spotify:
        with session() as s:
            row = music_accounts.find(s, Service.SPOTIFY, settings.music.account)
        cursor, whole = row.cursor_ms if row else None, _is_whole(row)
        items = _since(spotify, None if whole else cursor, min(max(limit, 1), MOST))
    seen = _read(items, settings)
    added, new_tracks, new_rejects = _keep(seen, whole, settings)
    # Those that were told in an earlier look are in the list again until 50 plays have followed.
    faults = [_reject(item, why) for item, why in seen.rejects] if new_rejects else []
    gap = _gap(seen.plays, len(items), cursor)
    faults += [gap] if gap else []
    metrics = Counter(
        rows=len(items), new=added.new, doubled=added.doubled, rejected=new_rejects,
        tracks=new_tracks, gaps=int(gap is not None), requests=spotify.requests,
        throttled=spotify.throttled, errors=len(faults),
    )  # fmt: skip
    status = Outcome.SUCCESS if added.new else Outcome.NO_UPDATES
    return SubflowResult(
        name=NAME, status=Outcome.PARTIAL if faults else status, metrics=dict(metrics),
        errors=tuple(faults[:_FAULTS]), seconds=round(clock.monotonic() - began, 3),
    )  # fmt: skip


def _is_whole(row: MusicAccount | None) -> bool:
    """True once a day, for a look at all that Spotify has: devices tell late what they played."""
    last = (row.profile or {}).get("whole_look_at") if row else None
    return last is None or clock.now() - datetime.fromisoformat(last) > _WHOLE


def _since(spotify: Spotify, start: int | None, limit: int) -> list[Any]:
    """All that Spotify has of what was played from ``start`` on, that play too.

    Whichever end of it Spotify begins with.
    """
    first = api.recently_played(spotify, limit, after=None if start is None else start - 1)
    found = list(first)
    page = first
    while len(page) >= limit and spotify.requests < _REQUESTS and (newest := _edge(found, max)):
        page = _new(api.recently_played(spotify, limit, after=newest), found)
        found += page
    page = first
    while len(page) >= limit and spotify.requests < _REQUESTS and (oldest := _edge(found, min)):
        if start is not None and oldest <= start:
            break
        page = _new(api.recently_played(spotify, limit, before=oldest), found)
        found += page
    return found


def _new(page: Sequence[Any], found: Sequence[Any]) -> list[Any]:
    return [one for one in page if one not in found]


def _edge(found: Sequence[Any], which: Any) -> int | None:
    known = [at for one in found if (at := _at(one)) is not None]
    return which(known) if known else None


def _at(item: Any) -> int | None:
    """The moment of a play in ms; None where it has none that can be."""
    try:
        return documents.milliseconds(documents.moment(item))
    except ValueError:
        return None


def _read(items: Sequence[Any], settings: Settings) -> _Seen:
    seen = _Seen([], {}, [])
    for item in items:
        try:
            seen.plays.append(documents.play(item, settings.music.account))
        except ValueError as error:
            seen.rejects.append((item, str(error)))
            continue
        if track := documents.track_of(item, settings):
            seen.tracks[track.id] = track
    return seen


def _keep(seen: _Seen, whole: bool, settings: Settings) -> tuple[plays.Added, int, int]:
    """Plays, the tracks that came along and the cursor: all of it is written, or nothing.

    Returns:
        How many plays, tracks and rejects were new.
    """
    account = settings.music.account
    newest = max((at for at in map(_when, seen.plays) if at <= _latest()), default=None)
    with session() as s:
        plays.alone(s)  # before the account's row: an import takes them in this order too
        music_accounts.ensure(s, Service.SPOTIFY, account)
        music_accounts.advance(s, Service.SPOTIFY, account, newest)
        if whole:
            told = {"whole_look_at": clock.now().isoformat()}
            music_accounts.note_profile(s, Service.SPOTIFY, account, told)
        added = plays.add(s, seen.plays)
        refused = [_rejected(item, why, account) for item, why in seen.rejects]
        rejected = play_rejects.reject(s, refused)
        new = music_entities.unknown(s, documents.SOURCE, documents.TRACK, seen.tracks)
        music_entities.put(s, [seen.tracks[one] for one in new])
    return added, len(new), rejected


def _when(play: Play) -> int:
    return documents.milliseconds(play.played_at)


def _latest() -> int:
    """The newest moment for a cursor: one in the future would hide what is played until then."""
    return documents.milliseconds(clock.now()) + _AHEAD_MS


def _gap(taken: Sequence[Play], listed: int, cursor: int | None) -> Fault | None:
    """That plays may be missing: Spotify had more of them than it keeps since the last look."""
    moments = list(map(_when, taken))
    if cursor is None or listed < MOST or not moments or min(moments) <= cursor:
        return None
    return Fault(
        what=f"plays before {min(one.played_at for one in taken):%Y-%m-%d %H:%M} UTC",
        error_class="Gap",
        message="Spotify keeps the last 50 plays, and there were 50 or more since the last look: "
        "some may be missing. They come with your export: nightshift music import FILE.",
    )


def _rejected(item: Any, why: str, account: str) -> Reject:
    """What is kept of something that is no play; Spotify says it again at each look."""
    item = item if isinstance(item, dict) else {}
    track = item.get("track") if isinstance(item.get("track"), dict) else {}
    said = {"played_at": item.get("played_at"), **{name: track.get(name) for name in _SHOWN}}
    row = {name: sanitize.text(value) for name, value in said.items() if isinstance(value, str)}
    return Reject(account, Service.SPOTIFY, Origin.API, "recently played", why, row)


def _reject(item: Any, why: str) -> Fault:
    moment = item.get("played_at") if isinstance(item, dict) else None
    what = f"a play of {moment}"[:100] if isinstance(moment, str) else "a play without a time"
    told = f"It is no play: {IN_WORDS[Reason(why)]}."
    return Fault(what=what, error_class="Rejected", message=told)
