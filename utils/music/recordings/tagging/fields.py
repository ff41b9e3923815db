"""Which tags of a song are read and written, whatever a format calls them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from utils.errors import PermanentError

Field = Literal["title", "artist", "album", "isrc", "recording_mbid", "artist_mbid"]
FIELDS: tuple[Field, ...] = get_args(Field)
# A tag may hold several values: two artists' ids.
Values = Mapping[Field, tuple[str, ...]]
# More than covers in print quality need; what claims more is damaged, or means harm.
MAX_BYTES = 2**26
MOST_PARTS = 100_000  # boxes, blocks, pages before the sound. Chosen.


class TagsError(PermanentError):
    """The tags of a file can't be changed; nothing of it was."""


def sevens(told: bytes) -> int:
    """A number of seven bits a byte, as ID3 has its sizes."""
    number = 0
    for byte in told:
        number = number << 7 | byte & 0x7F
    return number


def require(is_right: bool, what: str) -> None:
    """Refuse a file that is not built as its format says.

    Raises:
        TagsError: it is not.
    """
    if not is_right:
        raise TagsError(f"its tags are damaged ({what})")
