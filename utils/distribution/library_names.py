"""Names of a media library: fit for Windows, SMB and object stores, stable, each item its own."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterator

from utils.distribution import place
from utils.distribution.call import Call
from utils.models.targets import FilesTarget
from utils.storage import remote

_FORBIDDEN = re.compile(r'[/\\*?"<>|]+')
# Names of devices on Windows, with any ending (learn.microsoft.com, "Naming Files").
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(?=\.|$)")
_MOST_BYTES = 150  # of the 255 of a name: year, id, language and ending come to it
_VIRAMA = 9  # its combining class
_JOINING = "\u200c\u200d"


def safe(name: str, otherwise: str) -> str:
    """A title, artist or album as the name of a folder or file; ``otherwise`` if nothing is left.

    Letters of any script stay; a colon becomes a dash, what no system takes a blank. No name ends
    in a dot or a blank, none is that of a device, none is hidden.
    """
    shown = unicodedata.normalize("NFC", name).replace(":", " -")
    kept = "".join(
        character if unicodedata.category(character)[0] != "C" or character in _JOINING else " "
        for character in shown
    )
    plain = _cut(" ".join(_FORBIDDEN.sub(" ", kept).split())).strip(" .").removesuffix(" -")
    plain = plain or otherwise
    return f"_{plain}" if _DEVICES.match(plain) else plain


def chosen(plain: str, item_id: str, former: set[str], is_free: Callable[[str], bool]) -> str:
    """The name that an item has, or gets: the plain one, or with its id where another's has that.

    Args:
        plain: The name as it is wanted.
        item_id: The item.
        former: The names that are its own already, of these two.
        is_free: True if nobody has a name.
    """
    with_id = f"{plain} [{item_id[:10]}]"
    own = next((name for name in (plain, with_id) if name in former), None)
    return own or (plain if is_free(plain) else with_id)


def own_names(call: Call) -> set[str]:
    """The names of all files that lie at the target for the item of a call, or may."""
    kept = {str(one["name"]) for one in call.state.get("files", ())}
    return kept | {one.name for one in call.former}


def names_in(call: Call, target: FilesTarget, folder: str) -> Iterator[str]:
    """The names in a folder below the target, as systems compare them that know no case."""
    place_of = place.opened(call, target)
    path = posixpath.join(place_of.root, folder)
    with remote.translated(place_of.url, f"listing {folder} at {place_of.redacted_url}"):
        place_of.system.invalidate_cache(path)
        try:
            found = place_of.system.ls(path, detail=False)
        except FileNotFoundError:
            found = []
    return (compared(posixpath.basename(str(one).rstrip("/"))) for one in found)


def compared(name: str) -> str:
    """A name as it is compared where upper and lower case are the same."""
    return unicodedata.normalize("NFC", name).casefold()


def _cut(name: str) -> str:
    """So much of a name as fits; no letter loses its marks."""
    if len(name.encode()) <= _MOST_BYTES:
        return name
    cut = name.encode()[:_MOST_BYTES].decode(errors="ignore")
    following = name[len(cut)]
    while cut and (unicodedata.category(following)[0] == "M" or _joins(cut[-1])):
        cut, following = cut[:-1], cut[-1]
    return cut


def _joins(character: str) -> bool:
    """True for what makes one letter of those beside it, such as Khmer's coeng."""
    return character in _JOINING or unicodedata.combining(character) == _VIRAMA
