"""What of a listing a source wants now: the newest, those since a day, no stream that runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from utils.errors import NotTakenError
from utils.models.item import Entry
from utils.models.source import SourceDefinition

# yt-dlp's words for streams of which there is no whole film yet.
_LIVE = {
    "is_live": "it runs live now",
    "is_upcoming": "it is announced, and has not begun",
    "post_live": "the stream is over, and its film is being made",
}
_HIDDEN = {
    "private": "the listing says that it is private",
    "removed": "the listing says that it was removed",
}


class Chosen(NamedTuple):
    """The entries to fetch; those that wait, each with what for; those that nobody may see."""

    entries: list[Entry]
    waiting: list[tuple[Entry, str]]
    hidden: list[tuple[Entry, str]]


def chosen(
    listed: Sequence[Entry],
    definitions: Sequence[SourceDefinition],
    dates: Mapping[str, date],
) -> Chosen:
    """What is wanted of a listing by one of the sources that it is; all that can be had if none.

    Args:
        listed: The entries, as the site lists them: its newest first, where it has an order.
        definitions: The sources at the address.
        dates: Days that entries' own pages have said, by key.
    """
    hidden = [(one, why) for one in listed if (why := _HIDDEN.get(one.availability or ""))]
    out_of_sight = {one.item_id for one, _ in hidden}
    seen = [one for one in listed if one.item_id not in out_of_sight]
    if not definitions:
        return Chosen([one for one in seen if not _runs(one)], _waiting(seen), hidden)
    by_key: dict[str, Entry] = {}
    waiting: dict[str, tuple[Entry, str]] = {}
    for definition in definitions:
        found, later = _of_one(seen, definition, dates)
        by_key |= {one.item_id: one for one in found}
        waiting |= {one.item_id: (one, why) for one, why in later}
    return Chosen(list(by_key.values()), list(waiting.values()), hidden)


def filter_of(entry: Entry, definition: SourceDefinition | None) -> Callable[..., str | None]:
    """yt-dlp's ``match_filter``: what an entry's own page says that its listing did not.

    It raises ``NotTakenError`` for what is not taken now.
    """
    waits = definition.options.wait_for_live if definition else True
    since = definition.since if definition else None

    def look(info: dict[str, Any], *, incomplete: bool = False) -> str | None:
        status = "is_live" if info.get("is_live") else str(info.get("live_status"))
        if status in _LIVE and waits:
            raise NotTakenError(f"{entry.url}: {_LIVE[status]}. It is taken once it is over.")
        if status in _LIVE:
            return "it is a live stream, which has no end"
        day = _day_of(info)
        if since and day and day < since:
            raise NotTakenError(f"{entry.url} is of {day}, before {since}.", published_on=day)
        return None

    return look


def fits(entry: Entry, pattern: str | None) -> bool:
    """True if the title, or the name of the file in the address, is like the pattern."""
    if not pattern:
        return True
    name = unquote(urlsplit(entry.url).path).rpartition("/")[2]
    return any(fnmatchcase(text.lower(), pattern.lower()) for text in (entry.title or "", name))


def _of_one(
    seen: Sequence[Entry], definition: SourceDefinition, dates: Mapping[str, date]
) -> tuple[list[Entry], list[tuple[Entry, str]]]:
    fitting = [one for one in seen if fits(one, definition.pattern)]
    later = _waiting(fitting) if definition.options.wait_for_live else []
    waits = {one.item_id for one, _ in later}
    days = {one.item_id: _day(one, dates) for one in fitting}
    since = definition.since
    found = [
        one
        for one in fitting
        if one.item_id not in waits
        and not (since and (day := days[one.item_id]) is not None and day < since)
    ]
    if definition.keep_last is None:
        return found, later
    if all(days[one.item_id] for one in found):  # a feed may have its oldest first
        found.sort(key=lambda one: _moment(one, days[one.item_id]), reverse=True)
    return found[: definition.keep_last], later


def _runs(entry: Entry) -> bool:
    return entry.live_status in _LIVE


def _waiting(seen: Sequence[Entry]) -> list[tuple[Entry, str]]:
    return [
        (one, f"waits: {_LIVE[one.live_status]}; taken once it is over")
        for one in seen
        if one.live_status in _LIVE
    ]


def _day(entry: Entry, dates: Mapping[str, date]) -> date | None:
    if entry.published_at:
        return entry.published_at.date()
    return next((dates[key] for key in entry.ids if key in dates), None)


def _moment(entry: Entry, day: date | None) -> tuple[date, float]:
    moment = entry.published_at
    of_day = moment.timestamp() if moment and moment.tzinfo else 0.0
    return day or date.min, of_day


def _day_of(info: Mapping[str, Any]) -> date | None:
    """The day that a page says: that of the upload, or of the release."""
    day = info.get("upload_date") or info.get("release_date")
    try:
        return datetime.strptime(day, "%Y%m%d").date() if isinstance(day, str) else None
    except ValueError:
        return None
