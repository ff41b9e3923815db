"""Whether a target can be reached and written to; nothing is left there."""

from __future__ import annotations

import uuid
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from utils.config import Settings
from utils.distribution import calls, delivery, place, quota, youtube_api
from utils.errors import NightShiftError, RetryableError
from utils.models.publishing import PublishedObject
from utils.models.targets import FilesTarget, MessageTarget, Target, WebhookTarget, YoutubeTarget
from utils.storage import remote

_SECONDS = 10.0


class Checked(NamedTuple):
    """What was found, in words."""

    ok: bool
    found: str
    is_written: bool = False  # whatever others see of it

    @property
    def state(self) -> str:
        """As a table has it."""
        return "ok" if self.ok else "not to be seen" if self.is_written else "problem"


def place_of(target: Target) -> str:
    """Where a target is, without what is secret."""
    if isinstance(target, FilesTarget):
        return remote.shown_url(target.url.get_secret_value())
    if isinstance(target, YoutubeTarget):
        return target.api_url
    parts = urlsplit(target.url.get_secret_value())
    host = parts.hostname if isinstance(target, WebhookTarget) else None  # paths are secrets
    return f"{parts.scheme}://{host or ''}…"


def check(name: str, target: Target, settings: Settings) -> Checked:
    """Look at a target."""
    try:
        if isinstance(target, FilesTarget):
            return _files(name, target, settings)
        if isinstance(target, MessageTarget):
            ok = delivery.is_understood(target.url)
            return Checked(ok, "apprise knows it" if ok else "apprise does not understand the url")
        if isinstance(target, WebhookTarget):
            return _web(target.url.get_secret_value(), place_of(target))
        quota.of(name, settings)(youtube_api.LIST)
        return Checked(True, f"logged in: the channel is {youtube_api.channel(target)}")
    except NightShiftError as error:
        return Checked(False, str(error))


def _files(name: str, target: FilesTarget, settings: Settings) -> Checked:
    """Put a file there, look at it, take it away."""
    probe = f".nightshift-{uuid.uuid4().hex[:12]}"
    with calls.of_index(name, settings) as call:
        made = place.put_bytes(call, target, b"nightshift", probe, "text/plain")
        wrong = place.check(call, target, made)
        public = None if wrong else _seen(target, made)
        place.remove(call, target, probe)
    if wrong:
        return Checked(False, wrong)
    if public:
        return Checked(False, f"written; but {public}", is_written=True)
    return Checked(True, "written, read and removed", is_written=True)


def _seen(target: FilesTarget, made: PublishedObject) -> str | None:
    """What is wrong with the ``public_url``; None: nothing."""
    try:
        wrong = place.seen_wrongly(target, made)
    except RetryableError:
        return f"public_url {target.public_url} does not answer: is it served yet?"
    return f"not to be seen by its public_url: {wrong}" if wrong else None


def _web(url: str, shown: str) -> Checked:
    """Whether somebody answers; what it says to a question that it does not expect is no matter."""
    try:
        status = httpx.head(url, timeout=_SECONDS, follow_redirects=False).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Checked(False, f"{shown} does not answer: {type(error).__name__}")
    return Checked(status < 500, f"answers ({status})")
