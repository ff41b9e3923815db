"""Forms with a file (multipart/form-data) as they come: nothing but short fields is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from nightshift.api import bodies
from nightshift.api.problems import problem

_FIELD_BYTES = 1024  # of a field that is no file; chosen
_FIELDS = 20


class File(NamedTuple):
    """A file begins; ``name`` is as the client gave it."""

    name: str


class Content(NamedTuple):
    """The next part of the file's content."""

    data: bytes


class Field(NamedTuple):
    """A field that is no file."""

    name: str
    value: str


Part = File | Content | Field


async def parts(request: Request) -> AsyncIterator[Part]:
    """What a form holds, in its order.

    Raises:
        Problem: 400, it is no form, or is not whole.
        CutError: the client went away.
    """
    form = _Form()
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    try:
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise problem(400, "Bad Request", "multipart/form-data needs a boundary.")
        parser = MultipartParser(options[b"boundary"], form.callbacks())  # type: ignore[arg-type]
        async for block in bodies.blocks(request):
            parser.write(block)
            for part in form.taken():
                yield part
    except FormParserError as error:
        raise problem(400, "Bad Request", f"The form can't be read: {error}") from None
    if not form.is_over:
        raise problem(400, "Bad Request", "The form ends too early: it was cut.")


class _Form:
    """What a parser said of a form."""

    def __init__(self) -> None:
        self.is_over = False
        self._found: list[Part] = []
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = b"", b""
        self._field: str | None = None
        self._text = b""
        self._fields = 0

    def callbacks(self) -> dict[str, object]:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_name,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._add,
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def taken(self) -> list[Part]:
        """What was found since this was asked last."""
        found, self._found = self._found, []
        return found

    def _begin(self) -> None:
        self._headers, self._text, self._field = {}, b"", None
        self._fields += 1
        if self._fields > _FIELDS:
            raise FormParserError(f"it has more than {_FIELDS} fields")

    def _add_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _open(self) -> None:
        told = self._headers.get(b"content-disposition", b"")
        _, options = parse_options_header(told)
        if b"filename" in options:
            self._found.append(File(_text(options[b"filename"])))
        else:
            self._field = _text(options.get(b"name", b""))

    def _add(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self._found.append(Content(data[start:end]))
            return
        self._text += data[start:end]
        if len(self._text) > _FIELD_BYTES:
            raise FormParserError(f"a field has more than {_FIELD_BYTES} bytes")

    def _close(self) -> None:
        if self._field is not None:
            self._found.append(Field(self._field, _text(self._text)))

    def _end(self) -> None:
        self.is_over = True


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
