"""What a browser calls itself, as people call it."""

from __future__ import annotations

# The first that is found: most say that they are others, too.
_PROGRAMS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("CrOS", "ChromeOS"), ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
_LONGEST = 60


def name_of(said: str | None) -> str:
    """Program and system out of a User-Agent; its beginning if neither is known."""
    if not said:
        return "–"
    found = [
        next((name for sign, name in known if sign in said), None)
        for known in (_PROGRAMS, _SYSTEMS)
    ]
    return ", ".join(filter(None, found)) or said[:_LONGEST]
