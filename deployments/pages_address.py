"""Where people find the pages, as it is said to them when the server starts."""

from __future__ import annotations

from utils.config import Settings
from utils.db import users
from utils.db.session import session
from utils.errors import NightShiftError
from utils.storage import setup_codes


def told(settings: Settings, base: str, to_person: bool) -> str:
    """The address to open; while there is no user, one that makes the first.

    Args:
        settings: Whose home and database.
        base: The address that is listened on.
        to_person: A person reads it on a terminal: a log may not hold what makes an admin.
    """
    place = base + settings.pages.path_prefix
    try:
        with session() as s:
            is_new = users.count(s) == 0
    except NightShiftError:  # who opens it is told what is wrong
        is_new = False
    if not is_new:
        return f"Night Shift: {place}/"
    if to_person:
        code = setup_codes.make(settings.setup_file)
        return f"Night Shift: {place}/setup?code={code} makes the first account, yours"
    return f"Night Shift: {place}/   first: nightshift user create NAME --role admin"
