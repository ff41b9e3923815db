"""Why a site refuses: private, gone, not for this country, and so on, told from its words.

Sites say it in sentences, and yt-dlp passes them on. What is not recognised is a refusal without
a reason, with the site's own words.
"""

from __future__ import annotations

import re

from yt_dlp.utils import ExtractorError, GeoRestrictedError, UserNotLive

from utils.errors import NightShiftError, NotTakenError, PermanentError, ThrottledError
from utils.models.refusal import Refusal

# The first that fits counts: "Private video. Sign in …" is private, not a matter of a login.
_WORDS: tuple[tuple[Refusal, str], ...] = (
    (Refusal.BOT_CHECK, r"not a (ro)?bot|captcha|unusual traffic|automated (requests|queries)"),
    (Refusal.THROTTLED, r"rate.?limit|too many requests|try again later"),
    (Refusal.NOT_STARTED, r"premieres? (in|on|at|will|begins)|will begin|has not (yet )?started"
                          r"|not (yet )?started|not currently live|is (not live|upcoming|offline)"),
    (Refusal.MEMBERS_ONLY, r"members.only|channel'?s members|join this channel|subscribers?.only"
                           r"|only (available )?(for|to) (members|subscribers|patrons)"
                           r"|premium (members|users)"),
    (Refusal.PRIVATE, r"\bprivate\b"),
    (Refusal.AGE_RESTRICTED, r"\bage\b.{0,20}restrict|confirm your age|restrict.{0,20}\bage\b"
                             r"|inappropriate for some users|age.?(gate|verif)"),
    (Refusal.GEO_BLOCKED, r"geo.?(restrict|block)|(in|from) your (country|location|region)"
                          r"|blocked in \w+ country"),
    (Refusal.REMOVED, r"(been|was) (removed|deleted|taken down)|no longer (available|exists)"
                      r"|account .{0,40}terminated|does not exist|video unavailable|not found"
                      r"|isn'?t available any ?more"),
    (Refusal.LOGIN, r"log ?in|logged.?in|sign ?in|registered users|authenticat|cookies"),
)  # fmt: skip
_FOUND = tuple((refusal, re.compile(words, re.IGNORECASE)) for refusal, words in _WORDS)
# What an answer without words means, by its status.
_STATUS = {401: Refusal.LOGIN, 403: Refusal.LOGIN, 404: Refusal.REMOVED, 410: Refusal.REMOVED,
           451: Refusal.GEO_BLOCKED}  # fmt: skip

_COMES_BACK = "It is looked at again by itself, and taken once the site gives it."
_COOKIES = "Give its source the cookies of an account that may see it (--option cookies_file=FILE)."
_ADVICE = {
    Refusal.PRIVATE: f"is private: {{said}}. {_COMES_BACK} {_COOKIES}",
    Refusal.MEMBERS_ONLY: f"is for members only: {{said}}. {_COOKIES} {_COMES_BACK}",
    Refusal.REMOVED: f"was removed: {{said}}. {_COMES_BACK}",
    Refusal.GEO_BLOCKED: "is not given to this country: {said}. "
    f"A proxy (https_proxy) elsewhere may help. {_COMES_BACK}",
    Refusal.AGE_RESTRICTED: f"is restricted by age: {{said}}. {_COOKIES} {_COMES_BACK}",
    Refusal.LOGIN: f"wants a login: {{said}}. {_COOKIES} {_COMES_BACK}",
    Refusal.BOT_CHECK: f"is not given: the site takes us for a bot: {{said}}. {_COOKIES} Fewer "
    "requests help too (--option sleep_seconds=30).",
}
# What a site that names no delay means by "later"; a step waits for a part of it (tasks/lanes.py).
_LATER_SECONDS = 3600.0


def reason_of(said: str, cause: BaseException | None = None) -> Refusal | None:
    """Why a site refuses, by what it says; None where that is not recognised."""
    if isinstance(cause, GeoRestrictedError):
        return Refusal.GEO_BLOCKED
    if isinstance(cause, UserNotLive):
        return Refusal.NOT_STARTED
    plain = said.replace("’", "'")
    return next((refusal for refusal, words in _FOUND if words.search(plain)), None)


def by_status(status: int) -> Refusal | None:
    """Why a site answers so, if it says nothing else."""
    return _STATUS.get(status)


def refused(url: str, said: str, cause: ExtractorError) -> NightShiftError:
    """The error of what a site refuses on purpose, with what can be done about it."""
    refusal = reason_of(said, cause)
    said = said.rstrip(". ")
    if refusal is Refusal.NOT_STARTED:
        return NotTakenError(f"{url} has not begun: {said}. It is taken once it is over.")
    if refusal is Refusal.THROTTLED:
        error: NightShiftError = ThrottledError(f"{url} is throttled: {said}.", _LATER_SECONDS)
    elif refusal is None:
        error = PermanentError(f"{url} can't be fetched: {said}")
    else:
        error = PermanentError(f"{url} {_ADVICE[refusal].format(said=said)}")
    error.refusal = refusal
    return error
