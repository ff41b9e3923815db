"""Gemini's Files API: a file is sent in pieces, waited for, and deleted when it was used.

The name is ours from the beginning, so that a file whose upload was confirmed by nobody is
deleted too. What nobody deletes Gemini keeps for 48 hours.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from google import genai
from google.genai import errors, types
from httpx2 import HTTPError
from tenacity import RetryError, Retrying, retry_if_result
from tenacity.stop import stop_after_delay
from tenacity.wait import wait_exponential

from utils.analysis.gemini.client import translated
from utils.config import Settings
from utils.errors import PermanentError, RetryableError, from_os_error
from utils.processes import deadline

# Chosen: a processed hour of a small proxy is a matter of seconds to a few minutes.
_PROCESSING_SECONDS = 900.0
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 15.0
_DELETE_MS = 30_000
_NOT_THERE = {400, 401, 403, 404}  # 403 is what it answers for a file that is not there
_log = logging.getLogger(__name__)


@contextmanager
def uploaded(
    client: genai.Client, path: Path, mime_type: str, settings: Settings
) -> Iterator[types.File]:
    """A file at Gemini's, ready for use while the block lasts.

    Raises:
        PermanentError: Gemini can't process it.
        RetryableError: the upload was lost, or its processing takes too long.
    """
    name = f"files/nightshift-{uuid.uuid4().hex[:24]}"  # at most 40 characters
    try:
        yield _ready(client, _sent(client, path, name, mime_type, settings), path, settings)
    finally:
        _delete(client, name)


def _sent(
    client: genai.Client, path: Path, name: str, mime_type: str, settings: Settings
) -> types.File:
    """Send a file, in pieces of 8 MiB, under ``name``; its own name stays here."""
    lost = RetryableError(f"{path.name}: its upload to Gemini was lost.")
    try:
        with path.open("rb") as stream, translated(settings, missing=lost):
            return client.files.upload(
                file=stream, config=types.UploadFileConfig(name=name, mime_type=mime_type)
            )
    except OSError as error:
        raise from_os_error(error, "sending it to Gemini") from error


def _ready(client: genai.Client, file: types.File, path: Path, settings: Settings) -> types.File:
    """Wait until a file is processed, asking ever more rarely."""

    gone = RetryableError(f"{path.name}: Gemini has lost it.")

    def look() -> types.File:
        deadline.check(f"The processing of {path.name} by Gemini")
        with translated(settings, missing=gone):
            return client.files.get(name=file.name or "")

    polling = Retrying(
        retry=retry_if_result(_is_processing),
        wait=wait_exponential(multiplier=_FIRST_WAIT_SECONDS, max=_LONGEST_WAIT_SECONDS),
        stop=stop_after_delay(min(_PROCESSING_SECONDS, deadline.left() or _PROCESSING_SECONDS)),
        sleep=deadline.pause,
    )
    try:
        found = polling(look) if _is_processing(file) else file
    except RetryError as error:
        raise RetryableError(
            f"{path.name}: Gemini was not ready with it after {_PROCESSING_SECONDS:.0f} s."
        ) from error
    if found.state is types.FileState.FAILED:
        why = found.error.message if found.error and found.error.message else "no reason given"
        raise PermanentError(f"{path.name}: Gemini can't process it ({why}).")
    return found


def _is_processing(file: types.File) -> bool:
    return file.state is types.FileState.PROCESSING


def _delete(client: genai.Client, name: str) -> None:
    """Delete a file, if it ever came to be; a failure is noted and hides nothing."""
    quick = types.DeleteFileConfig(http_options=types.HttpOptions(timeout=_DELETE_MS))
    try:
        client.files.delete(name=name, config=quick)
    except (errors.APIError, HTTPError, ValueError) as error:
        code = getattr(error, "code", None)
        if code not in _NOT_THERE:
            said = code or type(error).__name__
            _log.warning("%s stays at Gemini's for up to 48 hours: %s.", name, said)
