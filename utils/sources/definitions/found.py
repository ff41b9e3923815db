"""One thing that a file describes: a source, or why it is none here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import ValidationError

from utils.db.sources import is_folder, kind_of
from utils.models.base import Frozen
from utils.models.source import SourceDefinition, SourceKind, SourceOptions
from utils.privacy import redaction
from utils.storage.files import absolute

_SITES = re.compile(r"https?://([\w-]+\.)*(youtube\.com|youtu\.be|vimeo\.com|twitch\.tv)/", re.I)
# Parts of a path that are the same at every site.
_SAY_NOTHING = {"", "videos", "streams", "shorts", "channel", "playlist", "watch", "user", "c"}
_HANDLE = re.compile(r"@[\w.-]{3,60}")
_CHANNEL, _PLAYLIST = re.compile(r"UC[\w-]{22}"), re.compile(r"(PL|UU|FL|OL|RD)[\w-]{10,60}")
_FEED = re.compile(
    r"https?://(?:www\.)?youtube\.com/feeds/videos\.xml\?(?:.*&)?(channel_id|playlist_id|user)=([\w-]+)"
)


class Found(Frozen):
    """What a file says of one source; ``why_not`` where it can't be one here.

    ``notes``: what was guessed, changed or left out, for people. ``is_paused``: nothing was looked
    for there before, either.
    """

    name: str
    definition: SourceDefinition | None = None
    why_not: str | None = None
    notes: tuple[str, ...] = ()
    is_paused: bool = False


def mapped(
    name: str,
    url: str,
    kind: SourceKind | None = None,
    notes: Sequence[str] = (),
    is_paused: bool = False,
    **fields: Any,
) -> Found:
    """A source as a file describes it, or what is wrong with the description."""
    given = {field: value for field, value in fields.items() if value is not None}
    try:
        definition = SourceDefinition(
            name=word_of(name) or name_at(url),
            kind=kind or kind_at(url),
            url=str(absolute(url)) if is_folder(url) else url,
            **given,
        )
    except (ValidationError, ValueError) as error:
        return Found(name=name or url, why_not=in_words(error))
    return Found(name=name or url, definition=definition, notes=tuple(notes), is_paused=is_paused)


def options_of(given: dict[str, Any]) -> SourceOptions:
    """A source's own options; what is none of them is an option of the pipeline.

    Raises:
        ValidationError: a value is none.
    """
    own = {name: value for name, value in given.items() if name in SourceOptions.model_fields}
    pipeline = dict(own.pop("pipeline", None) or {})
    pipeline |= {name: value for name, value in given.items() if name not in own | {"pipeline": 0}}
    return SourceOptions.model_validate(own | {"pipeline": pipeline})


def in_words(error: Exception) -> str:
    """What is wrong with a description, without its values: there may be secrets among them."""
    if isinstance(error, ValidationError):
        faults = error.errors(include_input=False, include_url=False)
        return "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'it'}: "
            f"{fault['msg'].removeprefix('Value error, ')}"
            for fault in faults
        )
    return str(error)


def word_of(text: str) -> str:
    """A name as sources may have it: letters, digits, dots and dashes."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:50].strip("-._")


def name_at(url: str) -> str:
    """A name for what lies at an address or a path: nothing of it that may be secret."""
    parts = urlsplit(redaction.shown(url))
    listed = parse_qs(parts.query).get("list", [""])[0]
    steps = [step for step in parts.path.split("/") if step.lower() not in _SAY_NOTHING]
    host = (parts.hostname or "").removeprefix("www.")
    last = listed or (steps[-1] if steps else "")
    is_telling = listed or _SITES.match(url) or not host
    return word_of(last if is_telling and last else f"{host} {last}") or "source"


def kind_at(url: str) -> SourceKind:
    """What an address is, as far as it can be told from it."""
    return SourceKind.YOUTUBE if _SITES.match(url) and not _FEED.match(url) else kind_of(url)


def page_of(text: str) -> str:
    """A channel's or playlist's page for YouTube's feed of it, its id or handle; else as it is."""
    text = text.strip()
    if feed := _FEED.match(text):
        what, name = feed.groups()
        path = {"channel_id": "channel/", "playlist_id": "playlist?list=", "user": "user/"}[what]
        return f"https://www.youtube.com/{path}{name}"
    if _CHANNEL.fullmatch(text):
        return f"https://www.youtube.com/channel/{text}"
    if _PLAYLIST.fullmatch(text):
        return f"https://www.youtube.com/playlist?list={text}"
    if _HANDLE.fullmatch(text):
        return f"https://www.youtube.com/{text}"
    return text
