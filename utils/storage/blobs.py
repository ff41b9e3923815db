"""The files of all machines in one place, by ``NIGHTSHIFT_STORE_URL``: any URL that fsspec knows.

Machines that share no home put there what others need: originals when they are dispatched or
fetched from a site, outputs when their step is done. A file lies under the SHA-256 of its
content, so it is put there once, is never overwritten, and what comes back is verified. Without
the setting nothing here does anything: the home is shared, or there is one machine.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from utils.config import Settings
from utils.errors import RetryableError, from_os_error
from utils.processes import deadline
from utils.storage import files, relative_paths, remote, scratch, sidecars
from utils.storage.remote import RemoteFolder

T = TypeVar("T")


def is_set(settings: Settings) -> bool:
    """True if files are shared through a store."""
    return settings.store_url is not None


def upload(paths: Iterable[Path], settings: Settings) -> dict[Path, str]:
    """Put outputs into the store; returns the SHA-256 of each. Empty without a store."""
    if not is_set(settings):
        return {}
    home, target = settings.home, _remote(settings)
    ours = sorted({path for path in paths if relative_paths.is_below(path, home) and path.exists()})
    digests = {path: files.sha256(path) for path in ours}
    for path, digest in digests.items():
        _patiently(partial(remote.put, target, path, _blob(digest)))
    return digests


def ensure_local(wanted: Mapping[Path, str | None], settings: Settings) -> Path | None:
    """Have outputs here as they were kept; returns the first that can't be had.

    Args:
        wanted: Each path with the SHA-256 of its content; None where no store holds it.
    """
    for path, digest in wanted.items():
        if digest is None or not is_set(settings):
            if not path.exists():
                return path
        elif not (path.exists() and files.sha256(path) == digest):
            if remote.size(_remote(settings), _blob(digest)) is None:
                return path
            _fetch(digest, path, settings)
    return None


def upload_original(item_id: str, path: Path, settings: Settings) -> None:
    """Put an item's file into the store, with what lies beside it and is no link elsewhere."""
    if not is_set(settings) or not path.exists():
        return
    target = _remote(settings)
    beside = {}
    for sidecar in sidecars.beside(path):
        file = path.with_name(sidecar.name)
        if file.is_symlink():
            continue
        digest = files.sha256(file)
        _patiently(partial(remote.put, target, file, _blob(digest)))
        beside[sidecar.name] = digest
    _patiently(partial(remote.put, target, path, _blob(item_id)))
    note = scratch.folder() / f"{item_id}.json"
    note.write_text(json.dumps({"name": path.name, "beside": beside}))
    _patiently(partial(remote.put, target, note, _note(item_id)))  # last: who finds it finds all
    note.unlink()


def original(item_id: str, settings: Settings) -> Path | None:
    """An item's file as the store has it, in this process's temporary folder; None if not there."""
    if not is_set(settings):
        return None
    folder = _folder(item_id)
    if remote.size(_remote(settings), _note(item_id)) is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        note = folder / ".note.json"
        remote.get(_remote(settings), _note(item_id), note)
        told = json.loads(note.read_text())
    except OSError as error:
        raise from_os_error(error, f"making {folder}") from error
    for name, digest in {**told["beside"], told["name"]: item_id}.items():
        if not (folder / Path(name).name).exists():
            _fetch(digest, folder / Path(name).name, settings)
    return folder / Path(told["name"]).name


def remove(digests: Iterable[str], item_id: str | None, settings: Settings) -> None:
    """Remove outputs from the store, and the original of ``item_id`` if one is given.

    Subtitle files beside the original stay: other items may have the same.
    """
    if not is_set(settings):
        return
    target = _remote(settings)
    names = [_blob(digest) for digest in digests]
    if item_id:
        names += [_note(item_id), _blob(item_id)]
    for name in names:
        remote.remove(target, name)


@contextmanager
def checked_out(item_id: str, settings: Settings) -> Iterator[None]:
    """Remove what ``original`` fetched when the block ends."""
    try:
        yield
    finally:
        if is_set(settings):
            shutil.rmtree(_folder(item_id), ignore_errors=True)


def _fetch(digest: str, target: Path, settings: Settings) -> None:
    source = _remote(settings)

    def fetch() -> None:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise from_os_error(error, f"making {target.parent}") from error
        with files.whole_file(target) as temporary:
            remote.get(source, _blob(digest), temporary)
            if files.sha256(temporary) != digest:
                raise RetryableError(
                    f"{target.name} came damaged from {source.redacted_url}. If it stays so, "
                    f"remove {_blob(digest)} there."
                )

    _patiently(fetch)


def _patiently(call: Callable[[], T]) -> T:
    """Try again for a while if the store does not answer: hours of work depend on it."""
    return Retrying(
        retry=retry_if_exception_type(RetryableError),
        stop=stop_after_attempt(5),
        wait=wait_exponential_jitter(initial=1, max=30),
        sleep=deadline.pause,
        reraise=True,
    )(call)


def _remote(settings: Settings) -> RemoteFolder:
    url = settings.store_url
    assert url is not None  # asked by is_set
    return remote.opened(url.get_secret_value(), "NIGHTSHIFT_STORE_URL")


def _blob(digest: str) -> str:
    return f"blobs/{digest[:2]}/{digest}"


def _note(item_id: str) -> str:
    return f"originals/{item_id[:2]}/{item_id}.json"


def _folder(item_id: str) -> Path:
    return scratch.folder() / "originals" / item_id
