"""Why a site does not give what it lists: what a person has to know to do something about it."""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """A site's reason, as far as its words tell it."""

    PRIVATE = "private"
    MEMBERS_ONLY = "members_only"
    REMOVED = "removed"
    GEO_BLOCKED = "geo_blocked"
    AGE_RESTRICTED = "age_restricted"
    LOGIN = "login"
    NOT_STARTED = "not_started"
    THROTTLED = "throttled"
    BOT_CHECK = "bot_check"

    @property
    def may_return(self) -> bool:
        """True for what a site may give some day without anything being done here."""
        return self not in {Refusal.NOT_STARTED, Refusal.THROTTLED, Refusal.BOT_CHECK}
