"""Rows of JSON, one after the other, from files of any size: lists, pages of lists, JSON lines.

Of a list each element is read alone; of an object that holds one (``recenttracks.track``,
``scrobbles``, ``payload.listens``) its elements. What is damaged is left out and told, and reading
goes on at the next object: of a file that is cut, all before the cut is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from utils.music.history import decoding
from utils.music.history.decoding import Readable

_LISTS = {"track", "scrobbles", "listens"}
_HOLDERS = {"recenttracks", "payload"}
_PAGES = {"recenttracks"}
_MOST_FAULTS = 10_000  # then nothing of a history is to be expected behind them. Chosen.
_decode = json.JSONDecoder(parse_constant=lambda _: None).raw_decode
_BLANK = re.compile(r"[\s,]*")
_NEXT = re.compile(r"[\[,\s]\s*(?=\{\s*\")")


class Record(NamedTuple):
    """A row, and the number that it has in its file, from 1.

    ``is_damaged``: here something can't be read, and ``value`` is None. ``is_found``: it was found
    inside or behind that, and may be any part of it. ``beside``: what the object says that holds
    its list.
    """

    number: int
    value: Any
    is_found: bool = False
    beside: dict[str, Any] | None = None
    is_damaged: bool = False


class _Text:
    """The text of a file as far as it is in memory, and where reading stands in it."""

    def __init__(self, file: Readable) -> None:
        self._pieces = decoding.pieces(file)
        self.text, self.at, self.is_whole = "", 0, False

    def more(self) -> bool:
        """Take more text, as much again as is waiting; False at the end, or if it is too much."""
        waiting = len(self.text) - self.at
        if self.is_whole or waiting > decoding.LONGEST:
            return False
        taken, length = [self.text[self.at :]], 0
        for piece in self._pieces:
            taken.append(piece)
            length += len(piece)
            if length >= max(waiting, 1):
                break
        else:
            self.is_whole = True
        self.text, self.at = "".join(taken), 0
        return True

    def next_sign(self) -> str:
        """The next character that is neither blank nor comma, not taken; "" at the end."""
        while True:
            self.at = _BLANK.match(self.text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def value(self) -> Any:
        """The JSON value that begins here.

        Raises:
            ValueError: there is none that is whole.
        """
        while True:
            try:
                value, end = _decode(self.text, self.at)
            except (ValueError, RecursionError) as error:
                if not self.more():
                    raise ValueError(str(error)) from error
                continue
            if end == len(self.text) and not isinstance(value, (dict, list)) and self.more():
                continue  # a number may go on
            self.at = end
            return value

    def after_damage(self) -> bool:
        """Go to the next object behind what can't be read; False if there is none."""
        while True:
            if found := _NEXT.search(self.text, self.at + 1):
                self.at = found.end()
                return True
            self.at = max(len(self.text) - 1, 0)
            if self.is_whole or not self.more():
                return False


def records(file: Readable) -> Iterator[Record]:
    """The rows of a file."""
    text, number, faults = _Text(file), 0, 0
    while sign := text.next_sign():
        try:
            for value, beside in _values(text, sign):
                number += 1
                yield Record(number, value, bool(faults), beside)
        except ValueError:
            faults += 1
            if faults in (1, _MOST_FAULTS):
                number += 1
                yield Record(number, None, is_damaged=True)
            if faults == _MOST_FAULTS or not text.after_damage():
                return


def _values(text: _Text, sign: str) -> Iterator[tuple[Any, dict[str, Any] | None]]:
    """The rows that begin here: of a list, of an object that holds one, or the value itself."""
    if sign == "[":
        text.at += 1
        yield from ((value, None) for value in _elements(text))
    elif sign == "]" or sign == "}":
        text.at += 1  # behind what was damaged
    elif sign == "{":
        yield from _of_object(text)
    else:
        yield text.value(), None


def _elements(text: _Text) -> Iterator[Any]:
    """The values up to the end of a list; lists within it are gone through as well.

    Raises:
        ValueError: the list has no end, or what begins here is no value.
    """
    depth = 1
    while depth:
        sign = text.next_sign()
        if sign in ("[", "]"):
            text.at += 1
            depth += 1 if sign == "[" else -1
        elif sign:
            yield text.value()
        else:
            raise ValueError("The list has no end.")


def _of_object(text: _Text) -> Iterator[tuple[Any, dict[str, Any] | None]]:
    """The rows of an object that holds a list of them; else the object."""
    beside: dict[str, Any] = {}
    has_list = False
    text.at += 1
    while (sign := text.next_sign()) != "}":
        if not sign:
            raise ValueError("The object has no end.")
        name, opening = _name(text)
        if name in _LISTS and opening == "[":
            has_list, text.at = True, text.at + 1
            yield from ((value, beside) for value in _elements(text))
        elif name in _HOLDERS and opening == "{":
            has_list = True
            yield from _of_page(text) if name in _PAGES else _of_object(text)
        else:
            beside[name] = text.value()
    text.at += 1
    if not has_list:
        yield beside, None


def _of_page(text: _Text) -> Iterator[tuple[Any, dict[str, Any] | None]]:
    """A page, whole where it is: what it says of itself stands behind its list."""
    try:
        yield text.value(), None
    except ValueError:
        yield from _of_object(text)


def _name(text: _Text) -> tuple[str, str]:
    """The name of the next part of an object, and the sign that its value begins with."""
    name = text.value()
    if not isinstance(name, str) or text.next_sign() != ":":
        raise ValueError("This is no name.")
    text.at += 1
    return name, text.next_sign()
