"""A folder anywhere, by any URL that fsspec knows: what is put there and got from there is whole.

Messages never show what opens it: user, password, query and fragment of the URL.
"""

from __future__ import annotations

import hashlib
import mimetypes
import posixpath
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

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
from utils.privacy.redaction import bare, hidden
from utils.processes import deadline

_CHUNK_BYTES = 2**20


class RemoteFolder(NamedTuple):
    """An opened folder; ``url`` may hold a password, ``redacted_url`` does not."""

    system: AbstractFileSystem
    root: str
    url: str
    redacted_url: str


def opened(url: str, setting: str, **options: Any) -> RemoteFolder:
    """The folder at a URL, which the setting ``setting`` holds; ``options`` are its driver's.

    Raises:
        SettingsError: the URL is none, or names a system whose driver is not installed.
        RetryableError: it does not answer.
    """
    scheme, redacted_url = _split(url, setting).scheme, shown_url(url, setting)
    with translated(url, f"opening {redacted_url}"):
        try:
            system, root = fsspec.core.url_to_fs(url, **options)
        except ImportError:
            hint = known_implementations.get(scheme, {}).get("err", f"No driver for {scheme}")
            raise SettingsError(f"{setting} begins with {scheme}://. {hint}.") from None
        except ValueError:
            raise SettingsError(
                f"{setting} begins with {scheme}://, which is not known or not complete."
            ) from None
    return RemoteFolder(system, root, url, redacted_url)


def size(remote: RemoteFolder, name: str) -> int | None:
    """The size of a file below the folder in bytes; None if it is not there."""
    with translated(remote.url, f"looking for {name} at {remote.redacted_url}"):
        return _size(remote.system, posixpath.join(remote.root, name))


def put(remote: RemoteFolder, path: Path, name: str) -> None:
    """Copy ``path`` to ``name``, unless a file of its size is there; it appears whole.

    Object storage shows an upload when it is complete, elsewhere it gets a temporary name first
    and is moved.
    """
    target = posixpath.join(remote.root, name)
    with translated(remote.url, f"uploading {path.name} to {remote.redacted_url}"):
        if _size(remote.system, target) == path.stat().st_size:
            return
        _upload(remote.system, path, target, uuid.uuid4().hex)


def replace(remote: RemoteFolder, path: Path, name: str, mime_type: str | None = None) -> None:
    """The same, whatever is there.

    What a kill leaves in the middle has a name of its own, which the next call takes.
    """
    target = posixpath.join(remote.root, name)
    with translated(remote.url, f"uploading {path.name} to {remote.redacted_url}"):
        part = hashlib.sha256(name.encode()).hexdigest()[:24]
        _upload(remote.system, path, target, part, mime_type)


def sha256(remote: RemoteFolder, name: str) -> str:
    """The SHA-256 of a file below the folder, which is read for it."""
    digest = hashlib.sha256()
    with (
        translated(remote.url, f"reading {name} at {remote.redacted_url}"),
        remote.system.open(posixpath.join(remote.root, name), "rb") as file,
    ):
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            deadline.check(f"reading {name}")
    return digest.hexdigest()


def get(remote: RemoteFolder, name: str, target: Path) -> None:
    """Copy ``name`` to the local ``target``; who calls makes it appear whole."""
    with translated(remote.url, f"fetching {name} from {remote.redacted_url}"):
        remote.system.get_file(posixpath.join(remote.root, name), str(target))


def remove(remote: RemoteFolder, name: str) -> None:
    """Remove a file below the folder; nothing happens if it is not there."""
    doing = f"removing {name} from {remote.redacted_url}"
    with translated(remote.url, doing), suppress(FileNotFoundError):
        remote.system.rm_file(posixpath.join(remote.root, name))


def moves(remote: RemoteFolder) -> bool:
    """True where a file gets a temporary name first; False for object storage."""
    return _moves(remote.system)


def shown_url(url: str, setting: str = "The URL") -> str:
    """A URL without user, password, query and fragment: fit for messages and the database."""
    _split(url, setting)
    return bare(url)


def _split(url: str, setting: str) -> SplitResult:
    wrong = SettingsError(
        f"{setting} is no URL of one place, such as s3://bucket/folder or file:///srv/media."
    )
    try:
        parts = urlsplit(url)
    except ValueError:
        raise wrong from None
    if not parts.scheme or "::" in url:
        raise wrong
    return parts


def _size(system: AbstractFileSystem, target: str) -> int | None:
    with suppress(FileNotFoundError):
        return int(system.info(target)["size"])
    return None


def _upload(
    system: AbstractFileSystem, path: Path, target: str, part: str, mime_type: str | None = None
) -> None:
    if not _moves(system):
        system.put_file(str(path), target, **_content_type(system, path, mime_type))
        return
    folder = posixpath.dirname(target)  # in object storage a folder is a part of a name
    system.makedirs(folder, exist_ok=True)
    temporary = posixpath.join(folder, f".{part}.part")
    try:
        system.put_file(str(path), temporary)
        try:
            system.mv(temporary, target)
        except FileExistsError:  # SMB replaces nothing
            system.rm_file(target)
            system.mv(temporary, target)
    finally:
        with suppress(OSError):
            system.rm_file(temporary)


def _moves(system: AbstractFileSystem) -> bool:
    """True where a move is one operation; fsspec's own ``mv`` copies and deletes."""
    return type(system).mv is not AbstractFileSystem.mv


def _content_type(
    system: AbstractFileSystem, path: Path, mime_type: str | None = None
) -> dict[str, Any]:
    """What S3 must be told, or browsers download a picture instead of showing it."""
    guess = mime_type or mimetypes.guess_type(path.name)[0]
    return {"ContentType": guess} if guess and "s3" in system.protocol else {}


@contextmanager
def translated(url: str, doing: str) -> Iterator[None]:
    """Errors of any file system as ours; their messages are shown without credentials.

    The original is not chained: a traceback would print it.
    """
    try:
        yield
    except NightShiftError:
        raise
    except PermissionError as error:
        raise PermanentError(f"The target refused {doing}: {hidden(str(error), url)}") from None
    except (TimeoutError, ConnectionError) as error:
        raise RetryableError(f"No answer while {doing}: {hidden(str(error), url)}") from None
    except OSError as error:
        kind = type(from_os_error(error, doing))
        raise kind(f"Failed {doing}: {hidden(str(error), url)}") from None
    except Exception as error:  # noqa: BLE001  each driver has errors of its own, without a base
        said = f"{type(error).__name__}: {hidden(str(error), url)}"
        raise RetryableError(f"Failed {doing}: {said}") from None
