"""What the ledger has under a step's key, with the files of it at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from utils.config import Settings
from utils.db import ledger
from utils.db.session import session
from utils.storage import blobs, relative_paths

Result = TypeVar("Result", bound=BaseModel)


class CachedResult(NamedTuple, Generic[Result]):
    """What the ledger has under a key; ``missing`` is a file of the result that is gone."""

    result: Result | None
    missing: Path | None = None


def recall(key: str, kind: type[Result], settings: Settings) -> CachedResult[Result]:
    """The result kept under ``key``; None if there is none, or a file of it is gone.

    Raises:
        RetryableError: the shared store does not answer.
    """
    shared = blobs.is_set(settings)
    with session() as s:
        row = ledger.done_under(s, key)
        result = ledger.read(s, row, kind)
        if row is None or result is None:
            return CachedResult(None)
        row_id = row.id
        digests = relative_paths.digests(row.result, settings.home)
        files = _files(result, settings.home, digests, shared)
        if not shared or not files:
            missing = next((path for path in files if not path.exists()), None)
            if missing is None:
                ledger.mark_used(s, row_id)
            return CachedResult(None if missing else result, missing)
    missing = blobs.ensure_local(files, settings)  # may take long: outside of a transaction
    if missing is None:
        with session() as s:
            ledger.mark_used(s, row_id)
    return CachedResult(None if missing else result, missing)


def _files(
    result: BaseModel, home: Path, digests: dict[Path, str], shared: bool
) -> dict[Path, str | None]:
    """The files that a cached result needs, each with its SHA-256 where a store holds it.

    With a store, machines see different places: what lies outside of the home is not asked for.
    """
    return {
        path: digests.get(path)
        for path in ledger.output_paths(result)
        if not shared or relative_paths.is_below(path, home)
    }
