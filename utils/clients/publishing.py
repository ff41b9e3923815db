"""Files to where others see them: a folder, object storage, SFTP, by any fsspec URL."""

from __future__ import annotations

import mimetypes
import posixpath
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

import fsspec
from fsspec.registry import known_implementations
from fsspec.spec import AbstractFileSystem

from utils.errors import (
    NightShiftError,
    PermanentError,
    RetryableError,
    SettingsError,
    from_os_error,
)
from utils.media import files as local

_SAFE = re.compile(r"[^\w.-]+", re.ASCII)


def upload(files: Sequence[Path], url: str, prefix: str) -> tuple[str, ...]:
    """Publish files below ``url``/``prefix``; returns where each now is, without credentials.

    Names are the SHA-256 of the content, so what is there with the same size stays as it is. A
    file appears whole: object storage shows an upload when it is complete, elsewhere it gets a
    temporary name first and is moved.

    Args:
        files: What to publish.
        url: Any URL that fsspec knows; may hold a user and a password.
        prefix: Folders below it, with ``/`` between them.

    Raises:
        SettingsError: the URL is none, or names a system whose driver is not installed.
        PermanentError: the target refuses.
        RetryableError: the target does not answer.
    """
    shown = redacted(url)
    with _translated(url, f"opening {shown}"):
        system, root = _open(url)
        folder = posixpath.join(root, *_parts(prefix))
        if _moves(system):  # in object storage a folder is a part of a name
            system.makedirs(folder, exist_ok=True)
    base = "/".join((shown.rstrip("/"), *_parts(prefix)))
    published = []
    for path in files:
        name = f"{local.sha256(path)}{_SAFE.sub('', path.suffix.lower())}"
        with _translated(url, f"uploading {path.name} to {shown}"):
            _put(system, path, posixpath.join(folder, name))
        published.append(f"{base}/{name}")
    return tuple(published)


def redacted(url: str) -> str:
    """A URL without user, password, query and fragment: fit for messages and the database."""
    parts = _split(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _split(url: str) -> SplitResult:
    wrong = SettingsError(
        "NIGHTSHIFT_PUBLISH_URL is no URL of one place, such as s3://bucket/folder or "
        "file:///srv/media."
    )
    try:
        parts = urlsplit(url)
    except ValueError:
        raise wrong from None
    if not parts.scheme or "::" in url:
        raise wrong
    return parts


def _open(url: str) -> tuple[AbstractFileSystem, str]:
    scheme = _split(url).scheme
    try:
        system, root = fsspec.core.url_to_fs(url)
    except ImportError:
        hint = known_implementations.get(scheme, {}).get("err", f"No driver for {scheme}")
        raise SettingsError(f"NIGHTSHIFT_PUBLISH_URL begins with {scheme}://. {hint}.") from None
    except ValueError:
        raise SettingsError(
            f"NIGHTSHIFT_PUBLISH_URL begins with {scheme}://, which is not known or not complete."
        ) from None
    return system, root


def _put(system: AbstractFileSystem, path: Path, target: str) -> None:
    with suppress(FileNotFoundError):
        if system.info(target)["size"] == path.stat().st_size:
            return
    if not _moves(system):
        system.put_file(str(path), target, **_content_type(system, path))
        return
    temporary = posixpath.join(posixpath.dirname(target), f".{uuid.uuid4().hex}.part")
    try:
        system.put_file(str(path), temporary)
        system.mv(temporary, target)
    finally:
        with suppress(OSError):
            system.rm_file(temporary)


def _moves(system: AbstractFileSystem) -> bool:
    """True where a move is one operation; fsspec's own ``mv`` copies and deletes."""
    return type(system).mv is not AbstractFileSystem.mv


def _content_type(system: AbstractFileSystem, path: Path) -> dict[str, Any]:
    """What S3 must be told, or browsers download a picture instead of showing it."""
    guess = mimetypes.guess_type(path.name)[0]
    return {"ContentType": guess} if guess and "s3" in system.protocol else {}


def _parts(prefix: str) -> list[str]:
    """A prefix as the names of folders that every system takes, none of which leads up."""
    names = (_SAFE.sub("_", part) for part in prefix.split("/"))
    return [name for name in names if name.strip(".")]


@contextmanager
def _translated(url: str, doing: str) -> Iterator[None]:
    """Errors of any file system as ours; what they say is shown without credentials.

    The original is not chained: a traceback would print it.
    """
    try:
        yield
    except NightShiftError:
        raise
    except PermissionError as error:
        raise PermanentError(f"The target refused {doing}: {_hidden(str(error), url)}") from None
    except (TimeoutError, ConnectionError) as error:
        raise RetryableError(f"No answer while {doing}: {_hidden(str(error), url)}") from None
    except OSError as error:
        kind = type(from_os_error(error, doing))
        raise kind(f"Failed {doing}: {_hidden(str(error), url)}") from None
    except Exception as error:  # noqa: BLE001  each driver has errors of its own, without a base
        said = f"{type(error).__name__}: {_hidden(str(error), url)}"
        raise RetryableError(f"Failed {doing}: {said}") from None


def _hidden(text: str, url: str) -> str:
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    secrets = {url, user, *user.split(":", 1), parts.query, parts.fragment}
    for secret in sorted(secrets | {unquote(s) for s in secrets}, key=len, reverse=True):
        if secret:
            text = text.replace(secret, "***")
    return text
