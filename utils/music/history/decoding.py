"""The text of a file that is read in pieces: its encoding by its mark, as UTF-8, else guessed."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Protocol

from utils.metadata import text_encoding

PIECE = 1 << 20  # bytes; also how much of a file is looked at to find out what it is
LONGEST = 1 << 23  # characters of one row: a page of a thousand scrobbles has a million
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Readable(Protocol):
    """What bytes are read from, piece by piece."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes; none at the end."""


def encoding_of(head: bytes) -> str:
    """In which encoding a file is, by its first bytes."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # it may end within a letter
    except UnicodeDecodeError:
        return text_encoding.of(head) or "utf-8"
    return "utf-8"


def pieces(file: Readable, size: int = PIECE) -> Iterator[str]:
    """The text of a file, piece by piece; bytes that are no text of its encoding become �."""
    head = file.read(size)
    decoder = codecs.getincrementaldecoder(encoding_of(head))(errors="replace")
    while head:
        yield decoder.decode(head)
        head = file.read(size)
    yield decoder.decode(b"", final=True)


def lines(file: Readable) -> Iterator[str]:
    """The lines of a file without their ends; of one longer than ``LONGEST`` its beginning.

    Such a one is longer by a character: whoever reads it knows it by that.
    """
    rest = ""
    for piece in pieces(file):
        *whole, last = (rest + piece).split("\n")
        for line in whole:
            yield line[: LONGEST + 1].removesuffix("\r")
        rest = last[: LONGEST + 1]
    if rest:
        yield rest
