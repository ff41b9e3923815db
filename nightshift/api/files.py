"""The files of an item over HTTP: whole or in ranges, asked for again only where they changed."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Lock
from typing import Annotated, Any, BinaryIO
from urllib.parse import quote

import anyio
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.responses import FileResponse, MalformedRangeHeader, RangeNotSatisfiable
from starlette.types import Receive, Send
from starlette.types import Scope as Asked

from nightshift.api.access import Reader
from nightshift.api.problems import problem
from utils.config import Settings
from utils.db import items
from utils.db.session import session
from utils.documents import item_files
from utils.documents.item_files import ItemFile
from utils.models.base import Frozen
from utils.models.item import FileStat
from utils.storage import blobs, opening, relative_paths
from utils.storage.media_types import media_type

router = APIRouter(tags=["files"])

_PLACE = "/items/{wanted}/files/{name}"
# What a browser may show by itself; all else, which it might execute, it is to save.
_SHOWN = re.compile(r"(?:video|audio)/.+|image/(?!svg).+|text/(?:plain|vtt)")
_fetching = Lock()  # of an original out of the store: one at a time
_DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "The file."},
    206: {"content": {"application/octet-stream": {}}, "description": "The ranges of it."},
    304: {"description": "It is as it was."},
    416: {"description": "No such range."},
}


class FileEntry(Frozen):
    """A file of an item."""

    name: str = Field(description="By which it is asked for.")
    kind: str = Field(description="`original`, `thumbnail`, `subtitles`, the kind of a rendition …")
    media_type: str
    size_bytes: int | None = Field(description="Null where it is not on this machine now.")
    url: str


@router.get("/items/{wanted}/files")
def every(wanted: str, request: Request, _caller: Reader) -> list[FileEntry]:
    """List the files of an item: itself, its renditions and pictures, its subtitles."""
    settings: Settings = request.app.state.settings
    with session() as s:
        item = items.find(s, wanted)
        found = item_files.of_item(s, item)
    base = f"{request.url.path.removesuffix('/files').rsplit('/', 1)[0]}/{item.id}/files"
    return [
        FileEntry(
            name=file.name,
            kind=file.kind,
            media_type=media_type(file.path),
            size_bytes=size,
            url=f"{base}/{quote(file.name, safe='')}",
        )
        for file in found
        if (size := _size(file)) is not None or _is_in_store(file, settings)
    ]


@router.head(_PLACE, include_in_schema=False)
@router.get(_PLACE, responses=_DESCRIBED, response_class=FileResponse)
def one(
    wanted: str,
    name: str,
    request: Request,
    _caller: Reader,
    download: Annotated[bool, Query(description="To be saved, and not shown.")] = False,
) -> Response:
    """Send a file of an item, or ranges of it (`Range`, `If-Range`, `If-None-Match`)."""
    settings: Settings = request.app.state.settings
    with session() as s:
        item = items.find(s, wanted)
        file = next((one for one in item_files.of_item(s, item) if one.name == name), None)
        rows = items.files_of(s, item.id)
        seen = {row.path: row for row in rows}.get(str(file.path)) if file else None
        facts = (
            FileStat(path=file.path, size_bytes=seen.size_bytes, modified_ns=seen.modified_ns,
                     inode=int(seen.inode))
            if file and seen
            else None
        )  # fmt: skip
    if file is None:
        raise problem(404, "Not Found", f"{item.title} has no file {name}: ask for the list.")
    opened = _opened(file, item.id, facts, settings)
    headers = {
        "ETag": opening.validator(opened, file.sha256),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }
    if _is_known(request.headers.get("if-none-match"), headers["ETag"]):
        opened.close()
        return Response(status_code=304, headers=headers)
    return _answer(request, opened, file, headers, download)


def _answer(
    request: Request, opened: BinaryIO, file: ItemFile, headers: dict[str, str], download: bool
) -> Response:
    kind = media_type(file.path)
    is_shown = _SHOWN.fullmatch(kind) and not download
    answer = _OpenedFile(
        opened,
        file.name,
        headers=headers,
        media_type=kind,
        filename=file.name,
        content_disposition_type="inline" if is_shown else "attachment",
    )
    try:
        answer.look_at(request)
    except RangeNotSatisfiable as error:
        opened.close()
        raise problem(
            416, "Range Not Satisfiable", f"{file.name} has {error.max_size} bytes.",
            Content_Range=f"bytes */{error.max_size}", ETag=headers["ETag"],
        ) from None  # fmt: skip
    return answer


class _OpenedFile(FileResponse):
    """A response with the content of a file that is open already: its path is not asked again."""

    def __init__(self, opened: BinaryIO, path: str, **more: Any) -> None:
        super().__init__(path, stat_result=os.fstat(opened.fileno()), **more)
        self._opened = opened
        self._ignores_range = False

    def look_at(self, request: Request) -> None:
        """Look at the ranges that are wanted, before anything is answered.

        Raises:
            RangeNotSatisfiable: they lie behind the end.
        """
        wanted, condition = request.headers.get("range"), request.headers.get("if-range")
        if wanted is None or (condition is not None and not self._should_use_range(condition)):
            return
        assert self.stat_result is not None
        try:
            self._parse_range_header(wanted, self.stat_result.st_size)
        except MalformedRangeHeader:  # then there is no range (RFC 9110, 14.2)
            self._ignores_range = True

    async def __call__(self, scope: Asked, receive: Receive, send: Send) -> None:
        """Send it, and close it, whatever happens."""
        if self._ignores_range:
            kept = [(name, value) for name, value in scope["headers"] if name != b"range"]
            scope = {**scope, "headers": kept}
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._opened.close()

    @asynccontextmanager
    async def _open_file(self) -> AsyncIterator[anyio.AsyncFile[bytes]]:
        yield anyio.wrap_file(self._opened)


def _opened(file: ItemFile, item_id: str, seen: FileStat | None, settings: Settings) -> BinaryIO:
    """A file of an item, opened; out of the store where it is not here.

    Raises:
        Problem: 404, it is gone, or is another by now.
    """
    try:
        if file.kind == item_files.ORIGINAL:
            return _original(file, item_id, seen, settings)
        if relative_paths.is_below(file.path, settings.home):
            if blobs.is_set(settings) and not file.path.exists():
                blobs.ensure_local({file.path: file.sha256}, settings)
            return opening.in_home(settings.home, file.path)
        opened = opening.anywhere(file.path)
        if opening.holds(opened, file.sha256):
            return opened
        opened.close()
        raise opening.GoneError(f"{file.path} was changed since it was written: it is not ours.")
    except opening.GoneError as error:
        raise problem(404, "Not Found", str(error)) from None


def _original(file: ItemFile, item_id: str, seen: FileStat | None, settings: Settings) -> BinaryIO:
    try:
        opened = opening.anywhere(file.path)
        if opening.is_as_seen(opened, seen, item_id):
            return opened
        opened.close()
    except opening.GoneError:
        if not blobs.is_set(settings):
            raise
    if not blobs.is_set(settings):
        raise opening.GoneError(f"{file.path} was changed since: run over it, it is another item.")
    with _fetching, blobs.checked_out(item_id, settings):  # what is open stays, if it is removed
        path = blobs.original(item_id, settings)
        if path is None:
            raise opening.GoneError(f"{file.path} vanished, and the store has it not.")
        return opening.anywhere(path)


def _size(file: ItemFile) -> int | None:
    try:
        return file.path.stat().st_size
    except OSError:
        return None


def _is_in_store(file: ItemFile, settings: Settings) -> bool:
    return blobs.is_set(settings) and file.sha256 is not None


def _is_known(condition: str | None, etag: str) -> bool:
    """True if ``If-None-Match`` names what there is."""
    known = [one.strip().removeprefix("W/") for one in (condition or "").split(",")]
    return "*" in known or etag in known
