"""A film sent to YouTube in pieces; what was sent is never sent again, nor a second film made.

The session's address is kept, sealed, before the first byte is sent: whoever goes on after kill -9
asks it how far the film got. It gives away the right to send, so it is never shown.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from utils.distribution import youtube_api
from utils.distribution.call import Call
from utils.errors import PermanentError, RetryableError, ThrottledError
from utils.processes import deadline
from utils.storage import files, sealing

CHUNK_BYTES = 8 << 20  # a multiple of 256 KiB, as Google has it. Chosen.
_FAULTS = 5  # in a row, without a byte more. Chosen.
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0
_PURPOSE = "an upload to YouTube"


class _Session(NamedTuple):
    """An upload under way."""

    http: Any
    address: str
    path: Path
    size: int
    mime_type: str


class _Progress(NamedTuple):
    """How far it got: bytes that YouTube has, or the video that came of it."""

    sent: int
    video: dict[str, Any] | None = None


class SessionIsOverError(RetryableError):
    """YouTube knows the session no more; whether it made a video of it must be looked up."""


def send(client: Any, body: Mapping[str, Any], path: Path, call: Call) -> dict[str, Any]:
    """Upload a film, or go on with it; returns the video.

    Raises:
        SessionIsOverError: what was begun can't be gone on with; its state is forgotten.
        NightShiftError: YouTube refuses, or does not answer.
    """
    digest = files.sha256(path)
    mime_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    request = _request(client, body, path, mime_type)
    address = _kept(call, digest)
    is_new = address is None
    if address is None:
        call.quota(youtube_api.INSERT_VIDEO)
        address = _begun(request, path, mime_type)
        sealed = sealing.sealed_secret(address, _PURPOSE, call.settings)
        call.save({**call.state, "upload": {"session": sealed, "sha256": digest}})
    session = _Session(request.http, address, path, path.stat().st_size, mime_type)
    try:
        return _sent(session, _Progress(0) if is_new else None)
    except SessionIsOverError:
        forget(call)
        raise


def is_under_way(call: Call, path: Path) -> bool:
    """True if an upload of this very film was begun."""
    return _kept(call, files.sha256(path)) is not None


def forget(call: Call) -> None:
    """Keep no session any more."""
    call.save({name: value for name, value in call.state.items() if name != "upload"})


def _kept(call: Call, digest: str) -> str | None:
    """The address of the session in which this very film was being sent."""
    upload = call.state.get("upload") or {}
    if upload.get("sha256") != digest:
        return None  # signed or encoded anew: what is there can't be gone on with
    try:
        return sealing.opened_secret(upload["session"], _PURPOSE, call.settings)
    except PermanentError:  # of a home whose key was lost
        return None


def _request(client: Any, body: Mapping[str, Any], path: Path, mime_type: str) -> Any:
    from googleapiclient.http import MediaFileUpload

    media = MediaFileUpload(str(path), mimetype=mime_type, chunksize=CHUNK_BYTES, resumable=True)
    return client.videos().insert(part=",".join(body), body=dict(body), media_body=media)


def _begun(request: Any, path: Path, mime_type: str) -> str:
    """Ask for a session; returns its address."""
    told = {"X-Upload-Content-Type": mime_type, "X-Upload-Content-Length": str(path.stat().st_size)}
    doing = f"the beginning of {path.name}"
    with youtube_api.translated(doing):
        answer, content = request.http.request(
            request.uri,
            method=request.method,
            body=request.body,
            headers={**request.headers, **told},
        )
    if answer.status != 200 or "location" not in answer:
        raise youtube_api.refusal(answer, content, doing)
    return str(answer["location"])


def _sent(session: _Session, at: _Progress | None) -> dict[str, Any]:
    """Send what is missing; after each fault the session is asked how far it got."""
    faults, best = 0, -1
    while True:
        try:
            at = at or _asked(session)
            if at.video is not None:
                return at.video
            if at.sent > best:
                faults, best = 0, at.sent
            at = _next(session, at.sent)
        except RetryableError as error:
            at, faults = None, faults + 1
            if isinstance(error, SessionIsOverError) or faults > _FAULTS:
                raise
            asked = error.retry_after_seconds if isinstance(error, ThrottledError) else None
            wait = asked if asked is not None else _FIRST_WAIT * 2 ** (faults - 1)
            if wait > _LONGEST_WAIT:  # longer than that its row waits, and not this process
                raise
            deadline.pause(wait)


def _next(session: _Session, sent: int) -> _Progress:
    with session.path.open("rb") as file:
        file.seek(sent)
        piece = file.read(CHUNK_BYTES)
    within = f"bytes {sent}-{sent + len(piece) - 1}/{session.size}"
    return _put(session, piece, within)


def _asked(session: _Session) -> _Progress:
    return _put(session, b"", f"bytes */{session.size}")


def _put(session: _Session, piece: bytes, within: str) -> _Progress:
    """Send a piece, or nothing; the bytes go along whole, so that a lost line may repeat them."""
    doing = f"sending {session.path.name}"
    headers = {"Content-Range": within, "Content-Length": str(len(piece))}
    if piece:
        headers["Content-Type"] = session.mime_type
    with youtube_api.translated(doing):
        answer, content = session.http.request(
            session.address, method="PUT", body=piece, headers=headers
        )
        if answer.status in {200, 201}:
            return _Progress(session.size, json.loads(content))
    if answer.status == 308:
        return _Progress(_received(answer.get("range")))
    if answer.status in {404, 410}:
        raise SessionIsOverError(f"YouTube knows the upload of {session.path.name} no more.")
    raise youtube_api.refusal(answer, content, doing)


def _received(told: str | None) -> int:
    """How many bytes are there: ``bytes=0-99`` are a hundred, no header is none."""
    end = (told or "").rpartition("-")[2]
    return int(end) + 1 if end.isdecimal() else 0
