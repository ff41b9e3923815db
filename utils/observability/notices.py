"""Messages about runs, by apprise: mail, chat, push and a hundred other services.

A service that is slow, dead or misspelt costs a run a few seconds and a line in the log,
nothing else. Addresses hold passwords: no log, report or error names more of one than its
scheme and its place in the list.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence
from typing import NamedTuple

import humanize
from pydantic import SecretStr

from utils import clock
from utils.config import Settings
from utils.distribution import delivery
from utils.models.music_report import MusicReport
from utils.models.notice import Event, Notice
from utils.models.sanitize import visible
from utils.models.shift import ItemOutcome, Outcome, RunStatus, ShiftReport
from utils.privacy.redaction import redacted

SECONDS = 15.0  # for all addresses together (chosen); apprise waits 4 s for an answer
_FAILURES = 5  # that a message names
_WORDS = 200  # characters of an error
_BROKEN = {Outcome.FAILED, Outcome.QUARANTINED}
_BY_HAND = {
    "daily-etl": "nightshift music etl",
    "spotify-ingestion": "nightshift music ingest",
}
_log = logging.getLogger(__name__)


class Delivery(NamedTuple):
    """What became of a message at one address: ``error`` is None if it was taken."""

    address: str
    error: str | None


def notify(report: ShiftReport, settings: Settings) -> None:
    """Tell of a run what the settings ask for; what can't be delivered is logged."""
    if settings.notify_urls and events(report) & set(settings.notify_on):
        _send_and_log(notice(report), settings)


def notify_music(report: MusicReport, before: str | None, settings: Settings) -> None:
    """The same of a run of a music flow; ``before``: the status of the one that ended before it."""
    if settings.notify_urls and music_events(report, before) & set(settings.notify_on):
        _send_and_log(music_notice(report), settings)


def music_events(report: MusicReport, before: str | None = None) -> set[Event]:
    """What a run of a music flow gives reason to tell; ``partial``: a part of it failed.

    What runs every half hour tells of the first failure in a row, and of nothing else.
    """
    is_nightly = report.flow == "daily-etl"
    told = {
        Event.FINISHED: is_nightly and report.status != "no_updates",
        Event.PARTIAL: bool(report.failures) and (is_nightly or before != "failed"),
    }
    return {event for event, happened in told.items() if happened}


def _send_and_log(message: Notice, settings: Settings) -> None:
    for one in send(message, settings.notify_urls):
        if one.error:
            _log.warning("No notification by %s: %s.", one.address, one.error)


def music_notice(report: MusicReport) -> Notice:
    """The message about a run of a music flow: what each part came to, and why one failed."""
    lines = [f"In {humanize.precisedelta(report.seconds, format='%.0f')}: {report.words}."]
    whys = [fault.message for part in report.failures for fault in part.errors[:1]]
    lines += [f"- {_line(why)}" for why in whys]
    if report.failures:
        lines.append(
            f"What was found is kept, the next run goes on. By hand: {_BY_HAND[report.flow]}"
        )
    return Notice(
        title=f"Night Shift: {report.flow} {report.status.replace('_', ' ')}",
        text=redacted("\n".join(lines)),
        bad=bool(report.failures),
    )


def events(report: ShiftReport) -> set[Event]:
    """What a run gives reason to tell."""
    told = {
        Event.FINISHED: report.status is not RunStatus.NOTHING_TO_DO,
        Event.PARTIAL: report.failures > 0,
        Event.QUARANTINED: report.counts.quarantined > 0,
        Event.WINDOW_MISSED: report.left_over > 0,
        Event.BUDGET_REACHED: report.counts.deferred > 0,
    }
    return {event for event, happened in told.items() if happened}


def notice(report: ShiftReport) -> Notice:
    """The message about a run: counts, reasons, the first failures, where the report lies."""
    counts = report.counts
    told = report.words
    lines = [f"{told} in {humanize.precisedelta(report.duration_seconds, format='%.0f')}."]
    if counts.quarantined or counts.waits_for_you:
        lines.append("What waits for you, and why: nightshift failures")
    if report.published and report.published.failures + report.published.flaws:
        lines.append("What is published, and what not: nightshift publications list")
    if counts.deferred:
        lines.append(f"{counts.deferred} deferred: the cost ceiling is reached.")
    if report.left_over:
        lines.append(f"{report.left_over} left over: {report.reason or 'no reason is known'}")
    failures = [one for one in report.items if one.outcome in _BROKEN]
    lines += [f"- {_failure(one)}" for one in failures[:_FAILURES]]
    if len(failures) > _FAILURES:
        lines.append(f"- and {len(failures) - _FAILURES} more")
    lines.append(f"Report: {report.report}" if report.report else f"Run: {report.run_id}")
    return Notice(
        title=f"Night Shift: {report.status.value.replace('_', ' ')}, {told}",
        text=redacted("\n".join(lines)),
        bad=report.failures > 0 or report.left_over > 0,
    )


def send(message: Notice, urls: Sequence[SecretStr], seconds: float = SECONDS) -> list[Delivery]:
    """Send a message to all addresses at once; who has not taken it in time is not waited for."""
    results: list[Delivery | None] = [None] * len(urls)

    def deliver(place: int) -> None:
        named = address(urls[place], place)
        results[place] = Delivery(named, delivery.deliver(message, urls[place]))

    # Daemons: a service that never answers must not hold the process when it ends.
    threads = [
        threading.Thread(target=deliver, args=(place,), daemon=True) for place in range(len(urls))
    ]
    end = clock.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(end - clock.monotonic(), 0))
    late = f"no answer within {seconds:g} s"
    return [
        done or Delivery(address(url, place), late)
        for place, (url, done) in enumerate(zip(urls, results, strict=True))
    ]


def understood(url: SecretStr) -> bool:
    """True if apprise knows a service for the address; nothing is sent."""
    return delivery.is_understood(url)


def address(url: SecretStr, place: int) -> str:
    """How an address is called where others may read it."""
    scheme = re.match(r"[a-zA-Z][a-zA-Z0-9+.-]{0,19}(?=://)", url.get_secret_value())
    return f"notify_urls[{place}] ({scheme[0] if scheme else '?'}://…)"


def _failure(outcome: ItemOutcome) -> str:
    name = outcome.path.rsplit("/", 1)[-1]
    why = outcome.error or outcome.reason or "it is not known why"
    return _line(why if why.startswith(name) else f"{name}: {why}")


def _line(text: str) -> str:
    """Text from strangers on one short line."""
    flat = " ".join(visible(text).split())
    return flat if len(flat) <= _WORDS else flat[:_WORDS].rstrip() + " …"
