"""What is said of an upload, and what is asked of it before it is taken."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from fastapi_problem.error import Problem
from pydantic import Field

from nightshift.api import tus
from nightshift.api.access import Caller
from utils.config import Settings
from utils.db import uploads as rows
from utils.db.session import session
from utils.db.upload_tables import Upload
from utils.media import formats
from utils.models.api import Scope
from utils.models.base import Frozen
from utils.storage import names
from utils.storage import uploads as partials

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class UploadState(Frozen):
    """An upload: how much of it came, and where it lies once it is whole."""

    id: str
    name: str = Field(description="As it will be called, made safe.")
    state: str = Field(description="`open`, or `landed` in the inbox.")
    size_bytes: int | None = Field(description="Null where it is not said before the end.")
    offset: int = Field(description="How many bytes of it came.")
    path: str | None = Field(description="Where it lies, once it is whole.")
    item_id: str | None = Field(description="Its SHA-256: what the item in it is called.")
    was_there: bool = Field(description="The inbox had the same content: it was not put twice.")
    created_at: datetime
    expires_at: datetime | None = Field(description="It is removed if nothing comes until then.")


def require_allowed(size_bytes: int, settings: Settings) -> None:
    """Make sure that an upload is not too large.

    Raises:
        Problem: 413, it is.
    """
    most = settings.api.max_upload_bytes
    if size_bytes > most:
        raise tus.refusal(
            413, "Content Too Large",
            f"At most {most:,} bytes are taken (NIGHTSHIFT_API__MAX_UPLOAD_BYTES).",
            Tus_Max_Size=str(most),
        )  # fmt: skip


def too_long(size_bytes: int) -> Problem:
    """More comes than was said."""
    return tus.refusal(
        413, "Content Too Large",
        f"This is more than Upload-Length said ({size_bytes:,} bytes): these bytes are not kept.",
    )  # fmt: skip


def safe_name(given: str) -> str:
    """The name that a file gets in the inbox, if a shift would take it.

    Raises:
        Problem: it has none, or one that is no media's.
    """
    name = names.of_uploaded(given)
    if not given.strip():
        raise tus.refusal(400, "Bad Request", "Say what the file is called (filename).")
    suffix = Path(name).suffix.lower()
    if formats.kind_of(Path(name)) or suffix in formats.BESIDE | {".json"}:
        return name
    raise tus.refusal(
        415, "Unsupported Media Type",
        f"{name} is no video, sound, picture or file beside one, by its suffix.",
    )  # fmt: skip


def sha256(told: str | None) -> str | None:
    """A SHA-256 as a client says it.

    Raises:
        Problem: 400, it is none.
    """
    if told is None:
        return None
    if not _SHA256.fullmatch(told.strip()):
        raise tus.refusal(400, "Bad Request", "sha256 is 64 hexadecimal digits.")
    return told.strip().lower()


def owner_of(caller: Caller) -> str | None:
    """Whose uploads a caller sees; None for everybody's."""
    return None if Scope.ADMIN in caller.scopes else caller.owner


def find(upload_id: str, caller: Caller) -> Upload:
    """An upload of the caller's.

    Raises:
        Problem: 404 there is none, 410 it is gone.
    """
    with session() as s:
        found = rows.find(s, upload_id, owner_of(caller))
    if found is None:
        raise tus.refusal(404, "Not Found", "There is no such upload, or it was ended.")
    return found


def came(upload: Upload, settings: Settings) -> int:
    """How much of an upload came and counts.

    Raises:
        Problem: 410, what came is gone.
    """
    if upload.completed_at:
        return upload.size_bytes or 0
    size = partials.size_bytes(settings.inbox, upload.id)
    if size is None:
        raise tus.refusal(410, "Gone", "What came of it is gone: begin it anew.")
    return size if upload.unverified_from is None else min(size, upload.unverified_from)


def is_there(upload: Upload, settings: Settings) -> bool:
    """False if what came of it was removed by somebody else."""
    return bool(upload.completed_at) or partials.size_bytes(settings.inbox, upload.id) is not None


def state_of(upload: Upload, settings: Settings) -> UploadState:
    """An upload as JSON has it."""
    return UploadState(
        id=upload.id,
        name=upload.name,
        state="landed" if upload.completed_at else "open",
        size_bytes=upload.size_bytes,
        offset=came(upload, settings),
        path=upload.landed if upload.completed_at else None,
        item_id=upload.item_id if upload.completed_at else None,
        was_there=upload.was_there,
        created_at=upload.created_at,
        expires_at=None if upload.completed_at else upload.expires_at,
    )


def headers_of(upload: Upload, settings: Settings) -> dict[str, str]:
    """What headers say of an upload; where it landed stands in its JSON."""
    told = {"Tus-Resumable": tus.VERSION, "Upload-Offset": str(came(upload, settings))}
    if upload.size_bytes is not None:
        told["Upload-Length"] = str(upload.size_bytes)
    if upload.told:
        told["Upload-Metadata"] = upload.told
    if upload.completed_at:
        told["Nightshift-Item"] = upload.item_id or ""
    else:
        told["Upload-Expires"] = tus.moment(upload.expires_at)
    return told
