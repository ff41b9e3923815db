"""The files of a target that belong to no single item: feeds, indexes, what albums have in common.

They are made anew of all that is published. Which of them are ours stands in a small list beside
them, written before they are: what is no longer wanted goes, and nothing else does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

from utils.distribution import place
from utils.distribution.call import Call
from utils.errors import PermanentError
from utils.models.targets import FilesTarget
from utils.storage import remote

_LARGEST = 64 * 1024 * 1024  # bytes of an index that is read back


class IndexFile(NamedTuple):
    """A file to be written. ``data`` gives its bytes, ``digest`` says whether they are others."""

    data: Callable[[], bytes]
    digest: str
    mime_type: str


def of(data: bytes, mime_type: str) -> IndexFile:
    """A file whose bytes are there."""
    return IndexFile(lambda: data, hashlib.sha256(data).hexdigest(), mime_type)


def replace(
    call: Call, target: FilesTarget, wanted: Mapping[str, IndexFile], may_leave: bool = False
) -> None:
    """Write all of ``wanted`` in its order, each whole at once, and remove what was there before.

    What was written before with the same content, and is there, is left as it is.

    Args:
        call: The call.
        target: Where to.
        wanted: The files by their names below the target.
        may_leave: A stranger's file stays, and ours is not written; else that is an error.

    Raises:
        PermanentError: a stranger's file has the name of one of ours.
    """
    known = _known(call, target)
    if not known and not wanted:
        return
    named = {name for name in wanted if not _is_strangers(call, target, name, known)}
    if not may_leave and (others := set(wanted) - named):
        raise PermanentError(
            f"{min(others)} at {remote.shown_url(target.url.get_secret_value())} is none of ours "
            f"and is not overwritten: give the target {call.name} a folder of its own."
        )
    same = {name for name in named if _is_same(call, target, known.get(name), (name, wanted[name]))}
    # A file that is being written has no digest: after a kill it is written anew.
    before = {name: known[name] if name in same else "" for name in {*known, *named}}
    _keep(call, target, before)
    for name, file in wanted.items():
        if name in named - same:
            place.put_bytes(call, target, file.data(), name, file.mime_type)
    for name in sorted(set(known) - named):
        place.remove(call, target, name)
    _keep(call, target, {name: wanted[name].digest for name in wanted if name in named})


def read(call: Call, target: FilesTarget, name: str) -> bytes | None:
    """What a file below the target holds; None if it is not there or far too large."""
    folder = place.opened(call, target)
    size = remote.size(folder, name)
    if size is None or size > _LARGEST:
        return None
    path = call.work / hashlib.sha256(f"read {name}".encode()).hexdigest()
    remote.get(folder, name, path)
    data = path.read_bytes()
    path.unlink()
    return data


def _list_name(target: FilesTarget) -> str:
    # By its kind: a target that gets another name in targets.yaml finds its files again.
    return f".nightshift-{target.kind}.json"


def _known(call: Call, target: FilesTarget) -> dict[str, str]:
    """The files that we wrote, and their digests.

    Raises:
        PermanentError: the list of them is damaged.
    """
    data = read(call, target, _list_name(target))
    try:
        files = {
            str(name): str(of) for name, of in json.loads(data or b"{}").get("files", {}).items()
        }
    except (ValueError, AttributeError):
        where = remote.shown_url(target.url.get_secret_value())
        raise PermanentError(
            f"{_list_name(target)} at {where}, which says what files of the index are ours, is "
            "damaged. Bring it back, or delete it and the files of the index: they are made anew."
        ) from None
    # Whoever can write there could name any file: none outside of the target is ever removed.
    inside = (name for name in files if ".." not in name.split("/") and not name.startswith("/"))
    return {name: files[name] for name in inside}


def _keep(call: Call, target: FilesTarget, files: Mapping[str, str]) -> None:
    data = json.dumps({"files": dict(sorted(files.items()))}, ensure_ascii=False).encode()
    if data != read(call, target, _list_name(target)):
        place.put_bytes(call, target, data, _list_name(target), "application/json")


def _is_same(
    call: Call, target: FilesTarget, known: str | None, file: tuple[str, IndexFile]
) -> bool:
    """True where the file lies there as it is wanted; what is mended is written in any case."""
    name, wanted = file
    if known != wanted.digest or call.is_repair:
        return False
    return remote.size(place.opened(call, target), name) is not None


def _is_strangers(call: Call, target: FilesTarget, name: str, known: Mapping[str, str]) -> bool:
    return name not in known and remote.size(place.opened(call, target), name) is not None
