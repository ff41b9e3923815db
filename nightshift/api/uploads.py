"""Uploads into the inbox: resumable by tus 1.0.0, or in a form; written to disk as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

import anyio
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool as in_thread

from nightshift.api import bodies, forms, tus
from nightshift.api import upload_document as said
from nightshift.api import upload_states as states
from nightshift.api.access import Caller, Writer
from nightshift.api.bodies import CutError
from nightshift.api.problems import problem
from utils.config import Settings
from utils.db import uploads as rows
from utils.db.session import session
from utils.db.upload_tables import Upload
from utils.sources import received
from utils.sources.received import Told, WrongChecksumError
from utils.storage import uploads as partials
from utils.storage.uploads import Partial

router = APIRouter(tags=["uploads"])

_PLACE = "/uploads/{upload_id}"


@router.options("/uploads", status_code=204)
@router.options(_PLACE, status_code=204, include_in_schema=False)
def abilities(request: Request) -> Response:
    """Say which parts of tus are spoken, and how large an upload may be."""
    settings: Settings = request.app.state.settings
    told = {
        "Tus-Resumable": tus.VERSION,
        "Tus-Version": tus.VERSION,
        "Tus-Extension": tus.EXTENSIONS,
        "Tus-Checksum-Algorithm": ",".join(partials.CHECKSUMS),
        "Tus-Max-Size": str(settings.api.max_upload_bytes),
    }
    return Response(status_code=204, headers=told)


@router.get("/uploads")
def every(
    request: Request, caller: Writer, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[states.UploadState]:
    """List the uploads of this token, the latest first; those of all for an admin."""
    settings: Settings = request.app.state.settings
    with session() as s:
        found = rows.latest(s, states.owner_of(caller), limit)
    return [states.state_of(row, settings) for row in found if states.is_there(row, settings)]


@router.post(
    "/uploads",
    status_code=201,
    response_model=states.UploadState,
    responses=said.REFUSALS,
    openapi_extra=said.FORM,
)
async def create(request: Request, caller: Writer) -> Response:
    """Begin an upload by tus (`Upload-Length`, `Upload-Metadata: filename …`), or send a form.

    The form has a `file` and, before or after it, its `sha256` if you know it.
    """
    if "tus-resumable" in request.headers:
        return await _begin(request, caller)
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await _take_form(request, caller)
    raise problem(
        415,
        "Unsupported Media Type",
        f"Send multipart/form-data with a file, or begin with Tus-Resumable: {tus.VERSION}.",
        Accept_Post=f"multipart/form-data, {tus.BODY}",
    )


@router.get(_PLACE)
def show(upload_id: str, request: Request, caller: Writer) -> states.UploadState:
    """Show how much of an upload came, and where it lies."""
    return states.state_of(states.find(upload_id, caller), request.app.state.settings)


@router.head(_PLACE, include_in_schema=False)
async def offset(upload_id: str, request: Request, caller: Writer) -> Response:
    """Say how much of an upload came (tus)."""
    tus.require_version(request.headers)
    settings: Settings = request.app.state.settings
    upload = await in_thread(states.find, upload_id, caller)
    states.came(upload, settings)
    if upload.completed_at is None and upload.size_bytes is not None:
        try:
            with partials.opened(settings.inbox, upload_id) as partial:
                upload = await in_thread(states.find, upload_id, caller)
                came = await in_thread(received.verified, partial, upload)
                if upload.completed_at is None and came == upload.size_bytes:
                    await _finish(partial, upload, settings)  # it was killed before it could
                    upload = await in_thread(states.find, upload_id, caller)
        except partials.Busy:
            pass  # what is being written counts so far
    return Response(headers=states.headers_of(upload, settings) | {"Cache-Control": "no-store"})


@router.patch(_PLACE, status_code=204, responses=said.REFUSALS, openapi_extra=said.BYTES)
async def append(upload_id: str, request: Request, caller: Writer) -> Response:
    """Go on with an upload (tus): `Upload-Offset`, the bytes from there, perhaps a checksum."""
    await in_thread(states.find, upload_id, caller)
    tus.require_version(request.headers)
    start = tus.number(request.headers, "Upload-Offset")
    if not tus.is_body(request.headers):
        raise tus.refusal(415, "Unsupported Media Type", f"Content-Type is {tus.BODY}.")
    upload = await _append(upload_id, request, caller, start)
    return Response(status_code=204, headers=states.headers_of(upload, request.app.state.settings))


@router.delete(_PLACE, status_code=204)
def terminate(upload_id: str, request: Request, caller: Writer) -> Response:
    """End an upload, and remove what came of it. One that landed is an item's file: it stays."""
    settings: Settings = request.app.state.settings
    upload = states.find(upload_id, caller)
    if upload.completed_at:
        raise tus.refusal(
            409, "Conflict", f"{upload.name} lies in the inbox: have the item forgotten instead."
        )
    try:
        if states.is_there(upload, settings):
            with partials.opened(settings.inbox, upload_id):
                received.discard(upload_id, settings)
        else:
            received.discard(upload_id, settings)
    except partials.Busy as error:
        raise tus.refusal(423, "Locked", str(error), Retry_After="1") from None
    return Response(status_code=204, headers={"Tus-Resumable": tus.VERSION})


@router.post(_PLACE, include_in_schema=False)
async def override(
    upload_id: str,
    request: Request,
    caller: Writer,
    x_http_method_override: Annotated[str, Header()] = "",
) -> Response:
    """Do as the method says that a client can't send (tus)."""
    methods: dict[str, Callable[..., Awaitable[Response]]] = {"PATCH": append, "HEAD": offset}
    wanted = x_http_method_override.upper()
    if wanted == "DELETE":
        return await in_thread(terminate, upload_id, request, caller)
    if wanted not in methods:
        raise problem(405, "Method Not Allowed", "Send PATCH.", Allow="GET, HEAD, PATCH, DELETE")
    return await methods[wanted](upload_id, request, caller)


async def _begin(request: Request, caller: Caller) -> Response:
    """Creation, perhaps with the first bytes."""
    settings: Settings = request.app.state.settings
    tus.require_version(request.headers)
    size = tus.number(request.headers, "Upload-Length")
    if size == 0:
        raise tus.refusal(400, "Bad Request", "Upload-Length is 0: an empty file holds nothing.")
    states.require_allowed(size, settings)
    metadata = tus.metadata(request.headers)
    told = Told(
        states.safe_name(metadata.get("filename") or metadata.get("name") or ""),
        size,
        states.sha256(metadata.get("sha256")),
        request.headers.get("upload-metadata", ""),
    )
    upload_id = await in_thread(received.begin, caller.owner, told, settings)
    if tus.is_body(request.headers):
        upload = await _append(upload_id, request, caller, 0)
    else:
        upload = await in_thread(states.find, upload_id, caller)
    place = {"Location": f"{request.url.path.rstrip('/')}/{upload_id}"}
    return Response(status_code=201, headers=states.headers_of(upload, settings) | place)


async def _append(upload_id: str, request: Request, caller: Caller, start: int) -> Upload:
    """Write a request's body at the end of an upload; finish it if it is whole then."""
    settings: Settings = request.app.state.settings
    upload = await in_thread(states.find, upload_id, caller)
    if upload.size_bytes is None or upload.completed_at:
        raise tus.refusal(409, "Conflict", "Nothing can be added to this upload.")
    states.came(upload, settings)
    checksum = tus.checksum(request.headers)
    try:
        with partials.opened(settings.inbox, upload_id) as partial:
            upload = await in_thread(states.find, upload_id, caller)  # nobody else changes it now
            if upload.size_bytes is None or upload.completed_at:  # it landed meanwhile
                raise tus.refusal(409, "Conflict", "Nothing can be added to this upload.")
            here = await in_thread(received.verified, partial, upload)
            if start != here:
                raise tus.refusal(
                    409, "Conflict", f"{here} bytes of it came: go on there.",
                    Upload_Offset=str(here),
                )  # fmt: skip
            left = upload.size_bytes - here
            if (bodies.declared_bytes(request) or 0) > left:
                raise states.too_long(upload.size_bytes)
            await in_thread(partials.require_room, settings.inbox, left, settings.min_free_bytes)
            await _keep_open(upload_id, settings, here if checksum else None)
            await _write(request, partial, upload, checksum)
            await _keep_open(upload_id, settings, None)
            if partial.size_bytes == upload.size_bytes:
                await _finish(partial, upload, settings)
    except partials.Busy as error:
        raise tus.refusal(423, "Locked", str(error), Retry_After="1") from None
    return await in_thread(states.find, upload_id, caller)


async def _write(
    request: Request, partial: Partial, upload: Upload, checksum: tus.Checksum | None
) -> None:
    """Append a body. What is cut stays, unless a checksum was to prove it."""
    assert upload.size_bytes is not None
    start = partial.size_bytes
    try:
        async for block in bodies.blocks(request):
            if partial.size_bytes + len(block) > upload.size_bytes:
                await in_thread(partial.keep, start)
                raise states.too_long(upload.size_bytes)
            await in_thread(partial.write, block)
    except CutError:
        await in_thread(partial.keep, start if checksum else None)
        raise tus.refusal(
            408, "Request Timeout", "The body was cut: ask for the offset, and go on there."
        ) from None
    if checksum and await in_thread(partial.checksum, checksum.kind, start) != checksum.digest:
        await in_thread(partial.keep, start)
        raise tus.refusal(460, "Checksum Mismatch", "These bytes came damaged: send them again.")
    await in_thread(partial.keep)


async def _finish(partial: Partial, upload: Upload, settings: Settings) -> None:
    try:
        await in_thread(received.finish, partial, upload, settings)
    except WrongChecksumError as error:
        raise tus.refusal(460, "Checksum Mismatch", str(error)) from None


async def _take_form(request: Request, caller: Caller) -> Response:
    """A form as a whole: nothing of it stays unless it came so."""
    settings: Settings = request.app.state.settings
    wanted = bodies.declared_bytes(request) or 0
    states.require_allowed(wanted - bodies.BLOCK_BYTES, settings)  # a form is longer than its file
    parts = forms.parts(request)
    digest, file = await _until_file(parts)
    told = Told(states.safe_name(file.name), None, digest)
    upload_id = await in_thread(received.begin, caller.owner, told, settings, wanted)
    try:
        with partials.opened(settings.inbox, upload_id) as partial:
            digest = await _rest(parts, partial, settings) or digest
            await in_thread(partial.keep)
            upload = await in_thread(states.find, upload_id, caller)
            upload.sha256 = digest
            await in_thread(received.finish, partial, upload, settings)
    except WrongChecksumError as error:
        raise problem(409, "Conflict", str(error)) from None
    except BaseException:  # whatever it was: what came of it can't be gone on with
        with anyio.CancelScope(shield=True):
            await in_thread(received.discard, upload_id, settings)
        raise
    state = states.state_of(await in_thread(states.find, upload_id, caller), settings)
    place = {"Location": f"{request.url.path.rstrip('/')}/{upload_id}"}
    return JSONResponse(state.model_dump(mode="json"), 201, place)


async def _until_file(parts: AsyncIterator[forms.Part]) -> tuple[str | None, forms.File]:
    digest = None
    try:
        async for part in parts:
            if isinstance(part, forms.File):
                return digest, part
            if isinstance(part, forms.Field) and part.name == "sha256":
                digest = states.sha256(part.value)
    except CutError:
        raise problem(408, "Request Timeout", "The form was cut.") from None
    raise problem(400, "Bad Request", "The form has no file.")


async def _rest(
    parts: AsyncIterator[forms.Part], partial: Partial, settings: Settings
) -> str | None:
    """Write the file; returns the checksum that stands behind it, if one does."""
    digest, written = None, 0
    try:
        async for part in parts:
            if isinstance(part, forms.File):
                raise problem(400, "Bad Request", "One form, one file: send the other by itself.")
            if isinstance(part, forms.Field):
                digest = states.sha256(part.value) if part.name == "sha256" else digest
                continue
            written += len(part.data)
            states.require_allowed(written, settings)
            await in_thread(_write_part, part.data, partial, settings)
    except CutError:
        raise problem(408, "Request Timeout", "The form was cut: nothing of it is kept.") from None
    if written == 0:
        raise problem(400, "Bad Request", "The file is empty (0 bytes).")
    return digest


def _write_part(data: bytes, partial: Partial, settings: Settings) -> None:
    partials.require_room(settings.inbox, len(data), settings.min_free_bytes)
    partial.write(data)


async def _keep_open(upload_id: str, settings: Settings, unverified_from: int | None) -> None:
    def keep() -> None:
        with session() as s:
            rows.keep_open(s, upload_id, settings.api.upload_hours, unverified_from)

    await in_thread(keep)
