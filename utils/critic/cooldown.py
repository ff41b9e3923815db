"""A model that does not answer is not asked again for a while, by any item of this process.

Without it each item of a night would wait for the same silence, or for the hour that a service
named.
"""

from __future__ import annotations

import threading

from utils import clock
from utils.errors import NightShiftError, RetryableError, ThrottledError

# All chosen: a longer named delay is not waited for by the item that meets it; failures in a row
# before a model is not asked; for how long, where it named no delay.
LONGEST_WAIT_SECONDS = 60.0
_FAILURES = 3
_COOLDOWN_SECONDS = 300.0

_guard = threading.Lock()
_failures: dict[str, int] = {}
_until: dict[str, float] = {}


def require_available(name: str) -> None:
    """Go on, unless the model is not to be asked now.

    Raises:
        RetryableError: it is; for a later run.
    """
    with _guard:
        left = _until.get(name, 0.0) - clock.monotonic()
    if left > 0:
        minutes = max(1, round(left / 60))
        raise for_later(
            f"The critic ({name}) did not answer before: it is not asked again for {minutes} min."
        )


def failed(name: str, error: NightShiftError) -> NightShiftError:
    """Count a failure that may pass; the error to raise in its place."""
    named = error.retry_after_seconds if isinstance(error, ThrottledError) else None
    is_long = named is not None and named > LONGEST_WAIT_SECONDS
    with _guard:
        _failures[name] = _failures.get(name, 0) + 1
        is_too_often = _failures[name] >= _FAILURES
        if is_long or is_too_often:
            _until[name] = clock.monotonic() + max(named or 0.0, _COOLDOWN_SECONDS)
    if not (is_long or is_too_often):
        return error
    later = for_later(f"{str(error).rstrip('.')}. It is asked again by a later run.")
    later.billed, later.usage = error.billed, error.usage
    return later


def answered(name: str) -> None:
    """Forget what went wrong before."""
    with _guard:
        _failures.pop(name, None)
        _until.pop(name, None)


def for_later(message: str) -> RetryableError:
    """An error that may pass, but not while this item waits for it."""
    error = RetryableError(message)
    error.is_for_later = True
    return error
