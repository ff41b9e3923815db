"""From an entry of a site to a verified file in the store.

It is marked as fetched only after the file was probed, decoded to its end and held against
the declared duration; what fails leaves no file behind and is fetched again, twice at most.
The results of the probe and the decode stand in the ledger: the item's own flow recalls them.
"""

from __future__ import annotations

from pathlib import Path

from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from tasks.context import RunContext
from tasks.extraction import extract_ffprobe
from tasks.ingestion import definition_of, fetch_media
from tasks.signal import analyze_signal
from utils.db import addresses, downloads, forgotten, items, listings, returning, source_files
from utils.db.items import Seen
from utils.db.session import session
from utils.errors import NightShiftError, NotTakenError, PermanentError, RetryableError
from utils.models.item import Entry, Fetched, MediaItem, MediaKind
from utils.models.listing import Listing
from utils.models.probe import ContainerProbe
from utils.models.shift import ADDRESS, ItemOutcome, Outcome
from utils.processes import deadline
from utils.sources import pacing
from utils.sources.objects import key_of_entry
from utils.storage import blobs, files, names, removal

# A site's declared duration is rounded to seconds; more than this is missing content.
_SLACK_SECONDS = 1.5
_SLACK_SHARE = 0.03


class _BadDownload(RetryableError):
    """What arrived is no whole media file; another attempt may bring one."""


@retry(
    retry=retry_if_exception_type(_BadDownload),
    stop=stop_after_attempt(3),
    wait=wait_exponential_jitter(initial=1, max=10),
    sleep=deadline.pause,
    reraise=True,
)
def fetch(context: RunContext, entry: Entry) -> str | None:
    """Fetch, verify, register and mark one entry as fetched; returns the item's id.

    None, and nothing of it is kept, if a person had its content forgotten: met at another address.

    What turns out to be no whole media file is removed. A verified download whose item could not
    be registered (the database was locked) stays where a later run finds it.
    """
    definition = definition_of(entry)
    pause_seconds = definition.options.sleep_seconds if definition else 0.0
    with pacing.paced(entry.source, pause_seconds):
        fetched = fetch_media(context, entry)
    try:
        checksum = files.sha256(fetched.path)
        if _is_forgotten(context, entry, checksum):
            _forget_download(context, entry)
            return None
        item = MediaItem(
            item_id=checksum,
            path=fetched.path,
            kind=MediaKind.VIDEO,
            size_bytes=fetched.path.stat().st_size,
            title=fetched.title,
            source_url=fetched.url,
        )
        probe = _verified(context, item, fetched, is_object=entry.found is not None)
    except (PermanentError, _BadDownload):
        _forget_download(context, entry)
        raise
    _register(context, item, probe, entry, fetched.listing)
    _forget_download(context, entry)
    return item.item_id


def not_taken(entry: Entry, why: NotTakenError) -> ItemOutcome:
    """Note why an entry was not taken, which is no failure of it; returns what to say."""
    with session() as s:
        if why.published_on is not None:
            returning.note_day(s, entry, why.published_on)
        addresses.forget(s, [entry])
    return ItemOutcome(
        item_id=None, path=entry.url, kind=ADDRESS, outcome=Outcome.SKIPPED, reason=str(why)
    )


def _is_forgotten(context: RunContext, entry: Entry, item_id: str) -> bool:
    """True if a person had an item forgotten; then the entry is noted, and not fetched again."""
    with session() as s:
        if not forgotten.since(s, [item_id]):
            return False
        if context.again:
            forgotten.take_again(s, [item_id])
            return False
        forgotten.note_download(s, entry.item_id, item_id)
        addresses.forget(s, [entry])
    return True


def _forget_download(context: RunContext, entry: Entry) -> None:
    settings = context.settings
    removal.remove(settings.home, settings.incoming.name, entry.item_id)


def _verified(
    context: RunContext, item: MediaItem, fetched: Fetched, is_object: bool
) -> ContainerProbe:
    try:
        probe = extract_ffprobe(context, item).container
        signal = analyze_signal(context, item, probe)
    except PermanentError as error:
        if is_object:  # it is as its bucket has it: another download brings the same
            raise
        raise _BadDownload(f"{fetched.url} gave no whole media file: {error}") from error
    # What came out of the decoder, not what the container says: that may be a guess, or a lie.
    declared, found = fetched.declared_seconds, signal.decoded_seconds
    if declared and declared - found > _SLACK_SECONDS + declared * _SLACK_SHARE:
        raise _BadDownload(
            f"{fetched.url} was cut short: {found:.1f} of the declared {declared:.1f} s."
        )
    return probe


def _register(
    context: RunContext,
    item: MediaItem,
    probe: ContainerProbe,
    entry: Entry,
    listing: Listing | None,
) -> None:
    """Give the download its place among the items' files, and note both."""
    original = _place(context, item, entry)
    # Another entry may have brought the same, and be at work on it: that file stays as it is.
    was_there = original.exists() and files.sha256(original) == item.item_id
    if not was_there:
        # A link: until the database knows of it, the download stays where a later run finds it.
        files.linked(item.path, original)
    try:
        blobs.upload_original(item.item_id, original, context.settings)
        with session() as s:
            seen = Seen(files.stat(original), item.item_id, True)
            items.register(s, seen, probe.kind, item.title, entry.url)
            if listing is not None:
                listings.save(s, item.item_id, listing)
            downloads.mark(s, entry, item.item_id)
            addresses.forget(s, [entry])
            if entry.source_id:
                source_files.fetched(s, entry.source_id, key_of_entry(entry), item.item_id)
    except NightShiftError:
        if not was_there:  # no table knows of it
            original.unlink(missing_ok=True)
        raise


def _place(context: RunContext, item: MediaItem, entry: Entry) -> Path:
    """Where the file goes: where its content lies already, if another entry brought it."""
    folder = files.item_folder(context.settings.home, item.item_id)
    with session() as s:
        known = [path for path in items.paths_of(s, item.item_id) if path.parent == folder]
    there = next((path for path in known if path.exists()), None)
    known_as = entry.site_id if entry.site.lower() != "generic" or entry.feed else ""
    name = names.of_fetched(item.title, known_as or entry.item_id[:12], Path(item.path).suffix)
    return there or folder / name
