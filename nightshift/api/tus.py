"""The words of tus 1.0.0, the protocol of resumable uploads: headers read and written."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import NamedTuple

from fastapi_problem.error import Problem
from starlette.datastructures import Headers

from nightshift.api.problems import problem
from utils.storage.uploads import CHECKSUMS

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
BODY, PLAIN = "application/offset+octet-stream", "application/octet-stream"
_METADATA_BYTES = 4096  # of the header; chosen
_DIGITS = re.compile(r"[0-9]{1,18}")
_DIGEST_BYTES = {"sha1": 20, "sha256": 32}


class Checksum(NamedTuple):
    """What the body of a request must have."""

    kind: str
    digest: bytes


def refusal(status: int, title: str, detail: str, **headers: str) -> Problem:
    """An answer that is no success, in this protocol."""
    return problem(status, title, detail, Tus_Resumable=VERSION, **headers)


def require_version(headers: Headers) -> None:
    """Make sure that a client speaks this version.

    Raises:
        Problem: 412, it does not.
    """
    if headers.get("tus-resumable") != VERSION:
        raise refusal(
            412, "Precondition Failed", f"Say Tus-Resumable: {VERSION}.", Tus_Version=VERSION
        )


def is_body(headers: Headers) -> bool:
    """True if a request says that its body is bytes of a file."""
    return headers.get("content-type", "").split(";")[0].strip().lower() in {BODY, PLAIN}


def number(headers: Headers, name: str) -> int:
    """The number that a header gives.

    Raises:
        Problem: 400, it is missing or no number.
    """
    told = headers.get(name, "")
    if not _DIGITS.fullmatch(told):
        raise refusal(400, "Bad Request", f"{name} is missing, or no number of bytes.")
    return int(told)


def metadata(headers: Headers) -> dict[str, str]:
    """``Upload-Metadata``: names with texts.

    Raises:
        Problem: 400, it can't be read.
    """
    told, found = headers.get("upload-metadata", ""), dict[str, str]()
    if len(told) > _METADATA_BYTES:
        raise refusal(400, "Bad Request", f"Upload-Metadata has more than {_METADATA_BYTES} bytes.")
    for entry in filter(None, (part.strip() for part in told.split(","))):
        name, _, value = entry.partition(" ")
        try:
            found[name] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise refusal(
                400,
                "Bad Request",
                "Upload-Metadata is: a name, a space, UTF-8 in base64; commas.",
            ) from None
    return found


def checksum(headers: Headers) -> Checksum | None:
    """``Upload-Checksum``, if there is one.

    Raises:
        Problem: 400, it can't be read or checked.
    """
    if (told := headers.get("upload-checksum")) is None:
        return None
    kind, _, value = told.partition(" ")
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if kind not in CHECKSUMS or len(digest) != _DIGEST_BYTES[kind]:
        known = " or ".join(CHECKSUMS)
        raise refusal(400, "Bad Request", f"Upload-Checksum is {known}, a space, and base64.")
    return Checksum(kind, digest)


def moment(value: datetime) -> str:
    """A moment as headers have it."""
    return format_datetime(value.astimezone(UTC), usegmt=True)
