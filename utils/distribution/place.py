"""Files at a target's address: put there whole, looked at, taken away (any URL of fsspec).

A file of our own may be replaced, a stranger's never: ours is what is there with a checksum that
was noted before it was sent (``Call.state``, ``Call.former``). What is there with the right
checksum already is left as it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from fsspec.implementations.local import LocalFileSystem
from pydantic import SecretStr
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from utils.distribution.call import Call
from utils.errors import PermanentError, RetryableError
from utils.models.publishing import Package, PublishedObject
from utils.models.targets import FilesTarget
from utils.processes import deadline
from utils.storage import files, remote

T = TypeVar("T")

_FORBIDDEN = re.compile(r'[/\\:*?"<>|\s]+')
_TITLE_BYTES = 160  # of a name; with the rest below the 255 that file systems take
_TITLE_LENGTH = 67  # with "-" and twelve digits: 80
_VIRAMA = 9  # joins the next letter to the one before it
_KEPT = "files"
_SECONDS = 15.0


def folder_of(package: Package) -> str:
    """The name of an item's folder: ``title-first12ofid``, letters of any script kept."""
    title = unicodedata.normalize("NFC", package.title)
    # Control characters go, and joiners that can't be seen stay only where scripts need them.
    spaced = "".join(" " if unicodedata.category(c)[0] in "CZ" and c not in "\u200c\u200d"
                     else c for c in title)  # fmt: skip
    safe = _cut(_FORBIDDEN.sub(" ", spaced).strip(" .")).strip(" .").replace(" ", "_")
    return f"{safe or package.kind}-{package.item_id[:12]}"


def _cut(title: str) -> str:
    """So much of a title as a name may have; no letter loses its marks, or what hangs below it."""
    end = min(len(title), _TITLE_LENGTH)
    while len(title[:end].encode()) > _TITLE_BYTES:
        end -= 1
    while 0 < end < len(title) and (
        unicodedata.category(title[end])[0] == "M"
        or unicodedata.combining(title[end - 1]) == _VIRAMA
    ):
        end -= 1
    return title[:end]


def put(
    call: Call, target: FilesTarget, path: Path, name: str, mime_type: str | None
) -> PublishedObject:
    """Copy a local file to ``name`` below the target; it appears whole, and once.

    Raises:
        PermanentError: a stranger's file is there, or the target refuses.
        RetryableError: it does not answer.
        ResourceError: it is full or read-only.
    """
    return put_all(call, target, [(path, name, mime_type)])[0]


def put_all(
    call: Call, target: FilesTarget, parts: Iterable[tuple[Path, str, str | None]]
) -> tuple[PublishedObject, ...]:
    """The same for many files with their names and types, which are sent in this order.

    None is sent if a stranger's file is in the way of one.
    """
    folder, known = opened(call, target), _ours(call)
    repaired = {one.name for one in call.former} if call.is_repair else set()
    wanted = [(path, _described(path, name, mime_type)) for path, name, mime_type in parts]
    needed = [
        (path, one)
        for path, one in wanted
        if _patiently(
            partial(_is_needed, known.get(one.name, []), folder, one, one.name in repaired)
        )
    ]
    _note(call, [one for _, one in needed])
    for path, one in needed:
        _patiently(partial(_send, folder, path, one))
    return tuple(one for _, one in wanted)


def put_bytes(
    call: Call, target: FilesTarget, data: bytes, name: str, mime_type: str | None
) -> PublishedObject:
    """The same for what is no file yet, and an index is: whatever is there is replaced."""
    path = call.work / hashlib.sha256(name.encode()).hexdigest()
    path.write_bytes(data)
    made = PublishedObject(
        name=name, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest(),
        mime_type=mime_type,
    )  # fmt: skip
    _note(call, [made])
    _patiently(partial(_send, opened(call, target), path, made))
    path.unlink()
    return made


def remove(call: Call, target: FilesTarget, name: str) -> None:
    """Take a file away, and its folder if that was its last; nothing happens if it is gone."""
    folder = opened(call, target)
    _patiently(partial(remote.remove, folder, name))
    if isinstance(folder.system, LocalFileSystem):
        with contextlib.suppress(OSError):
            parent = Path(folder.root, name).parent
            while parent != Path(folder.root):
                parent.rmdir()
                parent = parent.parent


def check(call: Call, target: FilesTarget, made: PublishedObject) -> str | None:
    """What is wrong with a file where it lies; None: it is there and whole.

    Raises:
        NightShiftError: the target does not answer.
    """
    folder = opened(call, target)
    size = remote.size(folder, made.name)
    if size is None:
        return f"{made.name} is gone"
    if size != made.size_bytes:
        return f"{made.name} has {size:,} bytes, sent were {made.size_bytes:,}"
    if remote.sha256(folder, made.name) != made.sha256:
        return f"{made.name} has another content than was sent"
    return None


def seen_wrongly(target: FilesTarget, made: PublishedObject) -> str | None:
    """What is wrong with a file as others see it (``public_url``); None: nothing, or not known.

    Raises:
        RetryableError: nobody answers, or says that it can't now: that is no damage.
    """
    if not target.public_url:
        return None
    url = address(target, made.name)
    try:
        # Uncompressed: a server that packs texts says how long they are packed.
        headers = {"accept-encoding": "identity"}
        answer = httpx.head(url, timeout=_SECONDS, follow_redirects=True, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise RetryableError(f"{url} does not answer: {type(error).__name__}") from error
    length = answer.headers.get("content-length", "")
    if answer.status_code in {405, 501}:  # it takes no HEAD: nothing is known
        return None
    if answer.status_code == 429 or answer.status_code >= 500:
        raise RetryableError(f"{url} answers {answer.status_code}")
    if not answer.is_success:
        return f"{url} answers {answer.status_code}"
    if length.isdecimal() and int(length) != made.size_bytes:
        return f"{url} has {int(length):,} bytes, sent were {made.size_bytes:,}"
    return None


def address(target: FilesTarget, name: str) -> str:
    """Where a person sees a file below the target: no credentials in it."""
    start = target.public_url or remote.shown_url(target.url.get_secret_value())
    return f"{start.rstrip('/')}/{quote(name)}"


def opened(call: Call, target: FilesTarget) -> remote.RemoteFolder:
    """The target's folder."""
    options: dict[str, Any] = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in target.options.items()
    }
    return remote.opened(target.url.get_secret_value(), f"The url of {call.name}", **options)


def _patiently(call: Callable[[], T]) -> T:
    """Try again at once what did not answer; what takes longer has its row's next try."""
    return Retrying(
        retry=retry_if_exception_type(RetryableError),
        stop=stop_after_attempt(3),
        wait=wait_exponential_jitter(initial=0.5, max=5),
        sleep=deadline.pause,
        reraise=True,
    )(call)


def _described(path: Path, name: str, mime_type: str | None) -> PublishedObject:
    size = path.stat().st_size
    return PublishedObject(
        name=name, size_bytes=size, sha256=files.sha256(path), mime_type=mime_type
    )


def _is_needed(
    ours: Sequence[PublishedObject], folder: remote.RemoteFolder, wanted: PublishedObject,
    is_repair: bool,
) -> bool:  # fmt: skip
    """False if the file is there already; ``ours`` are those of its name that we have sent.

    ``is_repair``: it is our own that was seen damaged, whatever is in it now.

    Raises:
        PermanentError: a stranger's is.
    """
    size = remote.size(folder, wanted.name)
    if size is None:
        return True
    known = {(one.size_bytes, one.sha256) for one in ours}
    if size == wanted.size_bytes or size in {of for of, _ in known}:
        found = size, remote.sha256(folder, wanted.name)
        if found == (wanted.size_bytes, wanted.sha256):
            return False
        if found in known:
            return True
    if is_repair:
        return True
    raise PermanentError(
        f"Another file named {wanted.name} is at {folder.redacted_url}, which is none of ours: it "
        "is not overwritten. Move it away, or give the target a folder of its own."
    )


def _ours(call: Call) -> dict[str, list[PublishedObject]]:
    """What we have sent, or were about to, by names."""
    found: dict[str, list[PublishedObject]] = {}
    kept = (PublishedObject.model_validate(one) for one in call.state.get(_KEPT, ()))
    for one in (*call.former, *kept):
        found.setdefault(one.name, []).append(one)
    return found


def _note(call: Call, wanted: Sequence[PublishedObject]) -> None:
    """Keep, before they are sent, that files are ours: whoever goes on after us may replace them.

    In one go: what is kept is written whole each time.
    """
    if not call.item_id:
        return
    known = _ours(call)
    new = [one for one in wanted if one not in known.get(one.name, ())]
    if new:
        kept = [*call.state.get(_KEPT, ()), *(one.model_dump(mode="json") for one in new)]
        call.save({**call.state, _KEPT: kept})


def _send(folder: remote.RemoteFolder, path: Path, wanted: PublishedObject) -> None:
    if isinstance(folder.system, LocalFileSystem):
        _send_visibly(folder, path, wanted)
    else:
        remote.replace(folder, path, wanted.name, wanted.mime_type)
    if not remote.moves(folder):  # object storage has looked at its checksum
        return
    size = remote.size(folder, wanted.name)
    if size != wanted.size_bytes:
        raise RetryableError(
            f"{wanted.name} did not arrive whole at {folder.redacted_url}: {size or 0:,} of "
            f"{wanted.size_bytes:,} bytes."
        )


def _send_visibly(folder: remote.RemoteFolder, path: Path, wanted: PublishedObject) -> None:
    """Into a folder of this machine, for all its users: what we write is ours alone otherwise."""
    place = Path(folder.root, wanted.name)
    made = [parent for parent in place.parents if not parent.exists()]
    remote.replace(folder, path, posixpath.normpath(wanted.name), wanted.mime_type)
    with contextlib.suppress(PermissionError):
        place.chmod(0o644)
        for parent in made:
            parent.chmod(0o755)
