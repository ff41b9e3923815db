"""Files to where others see them: a folder, object storage, SFTP, by any fsspec URL."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path

from fsspec.implementations.local import LocalFileSystem
from pydantic import SecretStr

from utils.storage import files as local
from utils.storage import remote

_SAFE = re.compile(r"[^\w.-]+", re.ASCII)
_PUBLISHED = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}/[0-9a-f]{64}[\w.-]*", re.ASCII)


def upload(files: Sequence[Path], url: str, prefix: str) -> tuple[str, ...]:
    """Publish files below ``url``/``prefix``; returns where each now is, without credentials.

    Names are the SHA-256 of the content, so what is there with the same size stays as it is.

    Args:
        files: What to publish.
        url: Any URL that fsspec knows; may hold a user and a password.
        prefix: Folders below it, with ``/`` between them.

    Raises:
        SettingsError: the URL is none, or names a system whose driver is not installed.
        PermanentError: the target refuses.
        RetryableError: the target does not answer.
    """
    target = remote.opened(url, "NIGHTSHIFT_PUBLISH_URL")
    published = []
    for path in files:
        file = f"{local.sha256(path)}{_SAFE.sub('', path.suffix.lower())}"
        name = "/".join((*_parts(prefix), file))
        if isinstance(target.system, LocalFileSystem):
            _put_visibly(target, path, name)
        else:
            remote.put(target, path, name)
        published.append(f"{target.redacted_url.rstrip('/')}/{name}")
    return tuple(published)


def retract(urls: Sequence[str], url: SecretStr | None) -> list[str]:
    """Remove files that ``upload`` published below ``url``; returns those that are elsewhere.

    Raises:
        NightShiftError: the target refuses, or does not answer.
    """
    if url is None or not urls:
        return list(urls)
    target = remote.opened(url.get_secret_value(), "NIGHTSHIFT_PUBLISH_URL")
    start, elsewhere = f"{target.redacted_url.rstrip('/')}/", []
    for one in urls:
        name = one.removeprefix(start)
        if one.startswith(start) and _PUBLISHED.fullmatch(name):
            remote.remove(target, name)
        else:
            elsewhere.append(one)
    return elsewhere


def _put_visibly(target: remote.RemoteFolder, path: Path, name: str) -> None:
    """Into a folder of this machine, for all its users: what we write is ours alone otherwise."""
    place = Path(target.root, name)
    made = [folder for folder in place.parents if not folder.exists()]
    remote.put(target, path, name)
    with contextlib.suppress(PermissionError):  # it lay there already, and is somebody else's
        place.chmod(0o644)
        for folder in made:
            folder.chmod(0o755)


def _parts(prefix: str) -> list[str]:
    """A prefix as the names of folders that every system takes, none of which leads up."""
    names = (_SAFE.sub("_", part) for part in prefix.split("/"))
    return [name for name in names if name.strip(".")]
