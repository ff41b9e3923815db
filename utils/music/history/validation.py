"""What a row of a history must say to be a play, and what is wrong with one that is none.

A service cannot have noted what was played before it began: such moments come from the clocks of
devices (often 1970). Spotify: its company was founded in April 2006. Last.fm and ListenBrainz:
Audioscrobbler began in 2002, and ListenBrainz takes nothing older than October 2002.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from utils.clock import now
from utils.db.plays import UNNAMED
from utils.models.music import Origin, Play, PlayKind, Service
from utils.models.music_import import Reason
from utils.models.sanitize import unmarked
from utils.music import identifiers

# Raised when any rule here or in utils/music/history/duplicates.py changes: `data-preparation`
# then looks at every play again.
RULES_VERSION = 1
BEGAN = {
    Service.SPOTIFY: datetime(2006, 4, 1, tzinfo=UTC),
    Service.LASTFM: datetime(2002, 1, 1, tzinfo=UTC),
    Service.LISTENBRAINZ: datetime(2002, 1, 1, tzinfo=UTC),
}
_AHEAD = timedelta(minutes=10)  # chosen: clocks of devices are not so far off
_LONGEST_MS = 24 * 3600 * 1000  # chosen: longer than any track, book's chapter or live stream
_LONGEST_NAME = 1000
_MOST_PLATFORM = 200
_FORMS = (
    "%Y-%m-%d %H:%M",
    "%d %b %Y %H:%M",
    "%d %b %Y, %H:%M",
    "%d %b %Y %H:%M:%S",
    "%d %b %Y, %H:%M:%S",
)


class Draft(NamedTuple):
    """A row as its file says it, nothing of it checked.

    ``played_at``: ISO 8601, seconds or milliseconds since 1970, or a day and a time in words.
    ``username``: who the row says has listened.
    """

    service: Service
    played_at: object
    track: object
    artist: object = None
    album: object = None
    kind: PlayKind = PlayKind.TRACK
    ms_played: object = None
    spotify_track_id: object = None
    isrc: object = None
    recording_mbid: object = None
    artist_mbid: object = None
    release_mbid: object = None
    country: object = None
    platform: object = None
    skipped: object = None
    username: str | None = None


class Checked(NamedTuple):
    """A play, or why there is none; ``cleaned``: its names were not fit to keep as they were."""

    play: Play | None
    reason: Reason | None = None
    cleaned: bool = False


def checked(draft: Draft, account: str) -> Checked:
    """The play that a row of an export tells of, its names cleaned; or why it is none."""
    played_at, precision = moment(draft.played_at)
    spotify = identifiers.spotify_id(draft.spotify_track_id)
    track, artist, album = _name(draft.track), _name(draft.artist), _name(draft.album)
    length, fault = milliseconds(draft.ms_played)
    if played_at is None:
        return Checked(None, Reason.NO_TIME)
    if not track and not spotify:
        return Checked(None, Reason.NO_TRACK)
    if fault:
        return Checked(None, fault)
    play = Play(
        account=account,
        service=draft.service,
        origin=Origin.EXPORT,
        kind=draft.kind,
        played_at=played_at,
        precision_seconds=precision,
        ms_played=length,
        track=track or f"{UNNAMED}{spotify}",
        artist=artist,
        album=album,
        spotify_track_id=spotify if draft.kind is PlayKind.TRACK else None,
        isrc=identifiers.isrc(draft.isrc),
        recording_mbid=identifiers.mbid(draft.recording_mbid),
        artist_mbid=identifiers.mbid(draft.artist_mbid),
        release_mbid=identifiers.mbid(draft.release_mbid),
        country=_country(draft.country),
        platform=(_name(draft.platform) or "")[:_MOST_PLATFORM] or None,
        skipped=draft.skipped if isinstance(draft.skipped, bool) else None,
    )
    if wrong := fault_of(play.service, play.played_at, play.ms_played, play.track):
        return Checked(None, wrong)
    names = ((draft.track, track), (draft.artist, artist), (draft.album, album))
    return Checked(play, cleaned=any(_is_cleaned(said, kept) for said, kept in names))


def fault_of(
    service: Service, played_at: datetime, ms_played: int | None, track: str
) -> Reason | None:
    """What is wrong with a play, whoever told of it; None for a good one."""
    if wrong := fault_of_moment(service, played_at):
        return wrong
    if ms_played is not None and ms_played > _LONGEST_MS:
        return Reason.ABSURD_LENGTH
    return None if track.strip() else Reason.NO_TRACK


def fault_of_moment(service: Service, played_at: datetime) -> Reason | None:
    """Why nothing can have been played then; None if it can."""
    if played_at > now() + _AHEAD:
        return Reason.IN_THE_FUTURE
    return Reason.BEFORE_THE_SERVICE if played_at < BEGAN[service] else None


def milliseconds(value: object) -> tuple[int | None, Reason | None]:
    """How long something was played; (None, None) where nothing is said."""
    if value is None or value == "":
        return None, None
    try:
        number = float(value) if isinstance(value, (int, float, str)) else float("nan")
    except (ValueError, OverflowError):
        return None, Reason.ABSURD_LENGTH
    if isinstance(value, bool) or not number <= _LONGEST_MS:
        return None, Reason.ABSURD_LENGTH
    return (None, Reason.NEGATIVE_LENGTH) if number < 0 else (int(number), None)


def moment(value: object) -> tuple[datetime | None, int]:
    """A moment in UTC, None where none is told, and to how many seconds it is told."""
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return _since_1970(float(value)), 1
        if not isinstance(value, str):
            return None, 1
        text = value.strip()
        if re.fullmatch(r"-?\d{1,16}(\.\d+)?", text):
            return _since_1970(float(text)), 1
        return _in_words(text)
    except (ValueError, OverflowError, OSError):
        return None, 1


def _since_1970(seconds: float) -> datetime:
    # In ms what as seconds would lie after the year 5138.
    return datetime.fromtimestamp(seconds / 1000 if abs(seconds) >= 1e11 else seconds, UTC)


def _in_words(text: str) -> tuple[datetime | None, int]:
    """A day and a time; without a zone it is UTC, as Spotify and Last.fm write it."""
    text = text.removesuffix(" UTC").removesuffix(" GMT")
    if text[10:11] == "T":
        return _iso(text)
    for form in _FORMS:
        try:
            precision = 1 if form.endswith("%S") else 60
            return datetime.strptime(text, form).replace(tzinfo=UTC), precision
        except ValueError:
            continue
    return _iso(text)


def _iso(text: str) -> tuple[datetime | None, int]:
    if len(text) < len("2020-01-01T00:00"):  # a day alone is no moment
        return None, 1
    read = datetime.fromisoformat(text)
    is_to_the_minute = text.count(":") == 1 and "." not in text and "+" not in text
    aware = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    return aware, 60 if is_to_the_minute else 1


def _name(value: object) -> str | None:
    """A name fit to keep: composed letters, one line, bounded; None where there is none."""
    if not isinstance(value, str) or not value:
        return None
    if value.isascii() and value.isprintable():
        whole = value.strip()
    else:
        whole = " ".join(unicodedata.normalize("NFC", unmarked(value)).split())
    if len(whole) > _LONGEST_NAME:
        whole = whole[: _LONGEST_NAME - 2] + " …"
    return whole or None


def _is_cleaned(said: object, kept: str | None) -> bool:
    """True if something was taken off a name that a reader would see."""
    if not isinstance(said, str) or (said.isascii() and said.isprintable()):
        return isinstance(said, str) and len(said) > _LONGEST_NAME
    plain = " ".join(unicodedata.normalize("NFC", said).split())
    return plain != (kept or "")


def _country(value: object) -> str | None:
    """ISO 3166-1 alpha-2; Spotify writes ZZ where it does not know."""
    known = isinstance(value, str) and re.fullmatch(r"[A-Za-z]{2}", value)
    code = value.upper() if known and isinstance(value, str) else None
    return None if code == "ZZ" else code
