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


def pieces(file: Readable) -> Iterator[str]:
    """The text of a file, piece by piece; bytes that are no text of its encoding become �.

    It is UTF-8 until a piece is none: then in what that piece seems to be.
    """
    piece = file.read(PIECE)
    marked = next((name for mark, name in _MARKS if piece.startswith(mark)), None)
    decoder = codecs.getincrementaldecoder(marked or "utf-8")("replace" if marked else "strict")
    while piece:
        try:
            yield decoder.decode(piece)
        except UnicodeDecodeError:
            waiting = decoder.getstate()[0] + piece
            decoder = codecs.getincrementaldecoder(_guessed(waiting))("replace")
            yield decoder.decode(waiting)
        piece = file.read(PIECE)
    decoder.errors = "replace"
    yield decoder.decode(b"", final=True)


def _guessed(piece: bytes) -> str:
    """The encoding of a piece that is no UTF-8, unless it is, but for a few damaged letters."""
    read = piece.decode("utf-8", "replace")
    damaged = read.count("\ufffd")
    whole = sum(1 for letter in read if letter > "\x7f") - damaged
    return "utf-8" if whole > damaged else text_encoding.of(piece) or "utf-8"


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
