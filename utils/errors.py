"""The errors that Night Shift raises, by what can be done about them.

NightShiftError
├── RetryableError      a time-out, a 5xx, a locked database: the same call may work later
│   └── ThrottledError  the service names the delay
├── PermanentError      corrupt, gone, refused, wrong key: the same call will fail again
│   └── UsageError      what a person named is not there, or can't be meant: nothing was begun
├── DeferredError       does not fit the cost ceiling: neither done nor failed, deferred
│   └── NotTakenError   it runs live, or its source does not want it: nothing is wrong with it
├── LeftOutError        a rule leaves the item out: nothing is to be done with it
├── StoppedError        a person ended the run: the item keeps its status
├── ResourceError       disk or memory: nothing will work until someone makes room
└── SettingsError       a wrong key, a missing tool or model: nothing works until it is set right

Clients and tools translate at their edge; above them nobody sees an httpx, subprocess or
yt-dlp error. Each message says what is wrong and what to do.
"""

from __future__ import annotations

import errno
from datetime import date
from typing import TYPE_CHECKING

from utils.privacy.redaction import redacted

if TYPE_CHECKING:
    from utils.models.analysis import TokenUsage


class NightShiftError(Exception):
    """Base of all errors that are not bugs; what is secret in their addresses is not shown.

    ``billed`` is True where the failed call may have cost money all the same, and ``usage``
    the tokens if the service named them; set by the client (utils/analysis/gemini/client.py).
    ``refusal``: why a site does not give something (``Refusal``); set by utils/sources/refusals.py.
    ``is_for_later``: what may pass, but not while this item waits: a step does not try it again.
    """

    billed: bool = False
    usage: TokenUsage | None = None
    refusal: str | None = None
    is_for_later: bool = False

    def __init__(self, *args: object) -> None:
        # Here, because errors end up in rows, reports, logs and Prefect's states.
        super().__init__(*(redacted(arg) if isinstance(arg, str) else arg for arg in args))


def raised_in(error: BaseException, step: str) -> None:
    """Note the step that raised an error, whatever its class; the innermost is kept."""
    if step_of(error) is None:
        error.__dict__["step"] = step


def step_of(error: BaseException) -> str | None:
    """The step that raised an error; None if it was raised outside of all steps."""
    return error.__dict__.get("step")


class RetryableError(NightShiftError):
    """The same call may succeed later."""


class ThrottledError(RetryableError):
    """The service asked for a pause.

    Args:
        message: What was refused, and by whom.
        retry_after_seconds: The delay that the service named; None when it named none.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class PermanentError(NightShiftError):
    """The same call will fail again until its input or the settings change."""


class UsageError(PermanentError):
    """What a person typed is no item, run, source or path, or several: nothing was begun."""


class DeferredError(NightShiftError):
    """The work does not fit a cost ceiling now: it was not begun, and nothing is wrong with it."""


class LeftOutError(NightShiftError):
    """A rule leaves this item out; nothing is wrong with it."""


class NotTakenError(DeferredError):
    """An entry of a site is not taken: it is no film yet, or its source does not want it.

    Args:
        message: Why, and when it is taken.
        published_on: Its day, where its page has said that it is too old.
    """

    def __init__(self, message: str, published_on: date | None = None) -> None:
        super().__init__(message)
        self.published_on = published_on


class StoppedError(NightShiftError):
    """The run was ended while this was in work; nothing is wrong with it."""


class ResourceError(NightShiftError):
    """The machine lacks something (disk, memory) that every item needs."""


class SettingsError(NightShiftError):
    """Something that a person set, or did not set, stops every item alike."""


def from_os_error(error: OSError, doing: str) -> NightShiftError:
    """Translate an operating system error met while ``doing`` something, with its remedy."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return ResourceError(f"The disk is full while {doing}. Free some space, then run again.")
    if error.errno == errno.EROFS:
        return ResourceError(f"The file system is read-only while {doing}. Remount it writable.")
    if isinstance(error, FileNotFoundError):
        return RetryableError(
            f"{error.filename} vanished while {doing}. Put it back, then run again."
        )
    if isinstance(error, PermissionError):
        return PermanentError(
            f"{error.filename} may not be opened while {doing}. Change its permissions."
        )
    if error.errno == errno.ENAMETOOLONG:
        return PermanentError(f"A name is too long while {doing}. Rename it.")
    return RetryableError(f"{error} while {doing}.")
