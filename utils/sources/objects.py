"""What a source holds, as pages of objects: a folder's files, a bucket's objects.

Nothing is opened or fetched for it, and never more than a page is in memory. A key is a name
within its source, as the source spells it: no path is made of it, but below the folder that it
was found in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from stat import S_ISDIR
from typing import NamedTuple

from utils.config import Settings
from utils.media import formats
from utils.models.found_object import FoundObject
from utils.models.item import Entry
from utils.models.sanitize import visible
from utils.models.source import SourceDefinition, SourceKind
from utils.privacy import redaction
from utils.sources import folders
from utils.sources.patterns import matches

PAGE = 1000
_MOST_UNFIT = 1000  # that are complained of, of one source in one run
_BUCKET = "Bucket"  # as the site of an entry


class Unfit(NamedTuple):
    """What a listing leaves out: names that no database keeps, how many files are no media.

    ``unreadable``: folders and files that may not be looked at. A listing with some is not whole:
    nobody knows what lies behind them.
    """

    names: list[Path]
    unreadable: list[Path]
    left_out: Counter[str]


class Page(NamedTuple):
    """Objects, and the last key of a bucket that was seen for it: it may be none of them."""

    objects: list[FoundObject]
    last: str | None = None


class Told(NamedTuple):
    """What a bucket told by itself: objects that are there, keys that are not.

    ``acknowledge`` is called when both were recorded.
    """

    objects: list[FoundObject]
    removed: list[str]
    acknowledge: Callable[[], None]


def pages(
    definition: SourceDefinition, settings: Settings, after: str | None, unfit: Unfit
) -> Iterator[Page]:
    """The objects of a folder or a bucket that are media and that its pattern means.

    Args:
        definition: The source.
        settings: For the home, which is no media, and for access to buckets.
        after: The last key that was seen, where a listing of a bucket goes on.
        unfit: Is told what is left out.

    Raises:
        RetryableError, PermanentError: it can't be listed, or not to its end.
    """
    if definition.kind is SourceKind.FOLDER:
        return _paged(_files(Path(definition.url), definition.pattern, settings, unfit))
    return _of_bucket(definition, settings, after, unfit)


def told(definition: SourceDefinition, settings: Settings, unfit: Unfit) -> Iterator[Told]:
    """What a bucket's notifications say, until there are no more; as ``pages`` has the objects.

    Raises:
        RetryableError, PermanentError: its queue can't be read.
    """
    from utils.sources import bucket_events  # its libraries are an extra, and take a second

    for batch in bucket_events.received(definition, settings):
        taken = [one for one in batch.found if _is_taken(one, definition.pattern, unfit)]
        yield Told(taken, batch.removed, batch.acknowledge)


def path_of(location: str, key: str) -> Path:
    """Where the object of a folder lies; a source may be one file, too."""
    folder = Path(location)
    return folder.parent / key if key == folder.name and not folder.is_dir() else folder / key


def key_of_entry(entry: Entry) -> str:
    """By what a source knows an entry of a site: a feed's guid, a site's id, else its key."""
    if entry.feed is not None or entry.found is not None:
        return entry.site_id
    if entry.place is not None or entry.site.lower() == "generic":
        return entry.item_id
    number = f"#{entry.number}" if entry.number else ""
    return f"{entry.site}:{entry.site_id}{number}"


def entry_of(source_id: str, location: str, found: FoundObject) -> Entry:
    """An object of a bucket as something to fetch; another content is another entry."""
    moment = found.modified_at.isoformat() if found.modified_at else ""
    version = found.etag or moment
    name = PurePosixPath(found.key.replace("\\", "/")).name
    return Entry(
        url=f"{redaction.shown(location).rstrip('/')}/{visible(found.key)}",
        site=_BUCKET,
        site_id=found.key,
        title=visible(Path(name).stem) or "untitled",
        place=f"{source_id}\n{found.key}\n{found.size_bytes}\n{version}",
        source=location,
        source_id=source_id,
        found=found,
    )


def _paged(found: Iterable[FoundObject]) -> Iterator[Page]:
    page: list[FoundObject] = []
    for one in found:
        page.append(one)
        if len(page) == PAGE:
            yield Page(page)
            page = []
    if page:
        yield Page(page)


def _files(
    location: Path, pattern: str | None, settings: Settings, unfit: Unfit
) -> Iterator[FoundObject]:
    is_one = not location.is_dir()
    for path in folders.expanded([str(location)], settings, left_out=unfit.left_out):
        key = path.name if is_one else str(path.relative_to(location))
        if matches(key, pattern) and (found := _file(path, key, unfit)):
            yield found


def _file(path: Path, key: str, unfit: Unfit) -> FoundObject | None:
    """A file as an object: its etag is its inode and its time to the nanosecond."""
    try:
        key.encode()
        found = path.stat()
    except FileNotFoundError:  # it was there a moment ago, or is a link to nowhere
        return None
    except UnicodeEncodeError:
        _complain(path, unfit.names)
        return None
    except OSError:
        _complain(path, unfit.unreadable)
        return None
    if S_ISDIR(found.st_mode):
        _complain(path, unfit.unreadable)
        return None
    return FoundObject(
        key=key,
        size_bytes=found.st_size,
        etag=f"{found.st_ino:x}-{found.st_mtime_ns:x}",
        modified_at=_moment(found.st_mtime),
    )


def _complain(path: Path, among: list[Path]) -> None:
    if len(among) < _MOST_UNFIT:
        among.append(path)


def _moment(stamp: float) -> datetime | None:
    """A file's time; None where no calendar has it."""
    try:
        return datetime.fromtimestamp(stamp, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _of_bucket(
    definition: SourceDefinition, settings: Settings, after: str | None, unfit: Unfit
) -> Iterator[Page]:
    from utils.sources import buckets  # its libraries are an extra, and take a second

    for page in buckets.list_pages(definition, settings, after):
        taken = [one for one in page if _is_taken(one, definition.pattern, unfit)]
        yield Page(taken, page[-1].key if page else after)


def _is_taken(one: FoundObject, pattern: str | None, unfit: Unfit) -> bool:
    """True for media of the pattern; hidden ones, markers of folders and the rest are left out."""
    parts = one.key.split("/")
    if not parts[-1] or any(part.startswith(".") and part != ".." for part in parts):
        return False
    if formats.kind_of(Path(parts[-1])) is None:
        suffix = Path(parts[-1]).suffix.lower()
        unfit.left_out[suffix if suffix.isascii() and suffix.isprintable() and suffix else
                       folders.OTHER] += 1  # fmt: skip
        return False
    return "\0" not in one.key and matches(one.key, pattern)
