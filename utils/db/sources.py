"""Sources: the folders, buckets and addresses that shifts look into."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from pydantic import ValidationError
from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.session import chunks
from utils.db.source_tables import Source, SourceFile, SourceFileVersion, SourceLook
from utils.errors import NightShiftError, SettingsError, UsageError
from utils.models.options import faults
from utils.models.source import SourceDefinition, SourceKind
from utils.privacy import redaction
from utils.storage import home
from utils.storage.files import absolute, is_there

_BUCKET = re.compile(r"(s3|s3a|az|abfs|abfss|gs|gcs)://", re.IGNORECASE)
_SAME_SCHEME = {"s3a": "s3", "abfs": "az", "abfss": "az", "gcs": "gs"}
INBOX = "inbox"  # the home's own, in lists
_OWN = (INBOX, "on-demand")  # the other is a deployment of the same flow (prefect.yaml)


def is_url(location: str) -> bool:
    """True for an http(s) address, False for a path or a bucket."""
    return location.lower().startswith(("http://", "https://"))


def is_bucket(location: str) -> bool:
    """True for an address of S3, Azure Blob or Google Cloud Storage."""
    return bool(_BUCKET.match(location))


def is_folder(location: str) -> bool:
    """True for a path."""
    return not is_url(location) and not is_bucket(location)


def kind_of(location: str) -> SourceKind:
    """The kind of source that an address or a path is, as far as it can be told from it."""
    if is_bucket(location):
        return SourceKind.BUCKET
    if not is_url(location):
        return SourceKind.FOLDER
    path = urlsplit(location).path.lower()
    is_feed = path.endswith((".xml", ".rss", ".atom")) or path.rstrip("/").endswith("/feed")
    return SourceKind.FEED if is_feed else SourceKind.YOUTUBE


def add(s: Session, location: str, vocabulary: str | None = None) -> str:
    """Add a folder or an address, named after itself; returns it as it is kept.

    ``vocabulary``: names and places that are spoken of in what it holds; None leaves those that
    it has, an empty text takes them away.

    Raises:
        UsageError: the folder does not exist, or no database could keep its name.
        PermanentError: it is a home.
    """
    kept = _kept(location)
    known = s.scalars(select(Source).where(Source.location == kept).limit(1)).first()
    try:
        wanted = SourceDefinition(name=free_name(s, kept), kind=kind_of(kept), url=kept)
    except ValidationError as error:
        raise UsageError(f"It can't be a source: {faults(error)}") from error
    row = known or _row(s, wanted)
    if vocabulary is not None:
        row.vocabulary = " ".join(vocabulary.split()) or None
    _forget_looks(s, kept)  # added again: what it held before does not count any more
    return kept


def define(s: Session, wanted: SourceDefinition) -> Source:
    """Add a source as it is defined; its secrets are sealed already.

    Raises:
        UsageError: its name is taken, another source looks for the same at the same place, or
            the folder does not exist.
        PermanentError: it is a home.
    """
    kept = _kept(wanted.url)
    _require_free(s, wanted.name)
    _require_alone(s, kept, wanted.pattern)
    return _row(s, wanted.model_copy(update={"url": kept}))


def change(s: Session, row: Source, wanted: SourceDefinition) -> None:
    """Have a source be as ``wanted``; what it has seen stays, unless it looks elsewhere now.

    Raises:
        UsageError: its name is taken, or another source looks for the same at the same place.
        PermanentError: it is a home.
    """
    kept = _kept(wanted.url) if wanted.url != row.location else wanted.url
    if wanted.name != row.name:
        _require_free(s, wanted.name)
    if (kept, wanted.pattern) != (row.location, row.pattern):
        _require_alone(s, kept, wanted.pattern, row.id)
    if kept != row.location:
        _forget_looks(s, row.location)
        for table in (SourceFile, SourceFileVersion):
            s.execute(delete(table).where(table.source_id == row.id))
        row.cursor = None
    _fill(row, wanted.model_copy(update={"url": kept}))


def definition(row: Source) -> SourceDefinition:
    """What a source was defined as; its address has its secrets sealed.

    Raises:
        SettingsError: an older version could define it, and this one can't.
    """
    given = {name: getattr(row, name) for name in _SAME}
    try:
        return SourceDefinition(**given, kind=SourceKind(row.kind), url=row.location)
    except ValidationError as error:
        raise SettingsError(
            f"The source {row.name} has an option that can't be: {faults(error)}. Change it: "
            f"nightshift source update {row.name}, or remove it and define it anew."
        ) from error


_SAME = ("name", "pattern", "schedule", "timezone", "queue", "profile", "options", "keep_last",
         "since", "vocabulary")  # fmt: skip


def _row(s: Session, wanted: SourceDefinition) -> Source:
    row = Source(id=uuid.uuid4().hex)
    _fill(row, wanted)
    s.add(row)
    s.flush()
    return row


def _fill(row: Source, wanted: SourceDefinition) -> None:
    for name in _SAME:
        setattr(row, name, getattr(wanted, name))
    row.options = wanted.options.model_dump(mode="json", exclude_defaults=True)
    row.kind, row.location = wanted.kind.value, wanted.url


def _kept(location: str) -> str:
    """A location as it is kept: a folder's path whole.

    Raises:
        UsageError: the folder does not exist.
        PermanentError: it is a home.
    """
    _require_text(location)
    if not is_folder(location):
        return location
    path = absolute(location)
    if not is_there(path):
        raise UsageError(f"{path} does not exist. Make it first, then add it.")
    home.refuse_as_library(path)
    return str(path)


def _require_text(given: str) -> None:
    """Databases keep no name that is no text: bytes that are no UTF-8 stand in it as half ones."""
    try:
        given.encode()
    except UnicodeEncodeError:
        shown = given.encode(errors="replace").decode()
        raise UsageError(f"{shown} has half a character in its name. Rename it first.") from None


def _require_free(s: Session, name: str) -> None:
    if s.scalar(select(Source.id).where(Source.name == name)):
        raise UsageError(
            f"There is a source {name} already. `nightshift source update {name}` changes it; or "
            "choose another name."
        )
    if name in _OWN:
        raise UsageError(f"Night Shift calls something of its own {name}. Choose another name.")


def _require_alone(
    s: Session, location: str, pattern: str | None, besides: str | None = None
) -> None:
    """Two sources that look for the same would take everything from each other."""
    for row in every(s):
        if row.id == besides:
            continue
        is_same = row.pattern == pattern or not row.pattern or not pattern
        if is_same and one_place(row.location) == one_place(location):
            raise UsageError(
                f"The source {row.name} looks into {redaction.shown(row.location)} already. Change "
                f"it (`nightshift source update {row.name}`), or give both patterns of their own."
            )


def one_place(location: str) -> str:
    """A location in one spelling: a folder wherever links lead, a bucket by its usual scheme."""
    if is_folder(location):
        return os.path.realpath(location)
    if not is_bucket(location):
        return location
    scheme, _, rest = location.partition("://")
    return f"{_SAME_SCHEME.get(scheme.lower(), scheme.lower())}://{rest.rstrip('/')}"


def free_name(s: Session, location: str) -> str:
    """A name for a source after its location, that no other has."""
    parts = urlsplit(redaction.shown(location))
    words = [parts.netloc.rpartition("@")[2], *parts.path.split("/")]
    last = next((word for word in reversed(words) if re.sub(r"[^A-Za-z0-9]", "", word)), "source")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip("-._")[:50] or "source"
    return numbered(s, name)


def numbered(s: Session, name: str) -> str:
    """The name, or the first with a number behind it that no source has."""
    taken = {*_OWN, *s.scalars(select(Source.name).where(Source.name.startswith(name)))}
    others = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (name, *others) if one not in taken)


def named(s: Session, wanted: str) -> Source:
    """The source of a name or an id.

    Raises:
        UsageError: there is none.
    """
    row = s.scalars(select(Source).where(or_(Source.name == wanted, Source.id == wanted))).first()
    if row is None:
        raise UsageError(f"{wanted} is no source. `nightshift source list` lists them.")
    return row


def find(s: Session, wanted: str) -> Source:
    """The source that a person means by its name, its id, or its location as lists show it.

    Raises:
        UsageError: it is none, or several are shown so.
    """
    _require_text(wanted)
    by_name = select(Source).where((Source.name == wanted) | (Source.id == wanted))
    if row := s.scalars(by_name).first():
        return row
    kept = str(absolute(wanted)) if is_folder(wanted) else wanted
    alike = [
        row
        for row in every(s)
        if row.location == kept
        or (redaction.HIDDEN in kept and redaction.shown(row.location) == kept)
    ]
    if len(alike) > 1:
        names = ", ".join(row.name for row in alike)
        raise UsageError(
            f"{kept} may be one of {len(alike)} sources ({names}). Give its name or whole address."
        )
    if not alike:
        raise UsageError(f"{wanted} is no source. `nightshift source list` lists them.")
    return alike[0]


def remove(s: Session, wanted: str) -> Source:
    """Remove a source, named as ``find`` takes it; its items stay. Returns what it was.

    Raises:
        UsageError: it is none, or several are shown so.
    """
    row = find(s, wanted)
    s.delete(row)
    _forget_looks(s, row.location)
    return row


def every(s: Session) -> list[Source]:
    """All sources, first added first."""
    return list(s.scalars(select(Source).order_by(Source.added_at, Source.name)))


def for_shift(s: Session, is_served: bool = False) -> list[Source]:
    """The sources that a shift looks into: none that is paused, or looked into by itself.

    ``is_served``: there is a Prefect server, so that what has a schedule and a deployment there
    needs no shift. Without one nothing but shifts look, whatever schedule a source has.
    """
    rows = (row for row in every(s) if row.paused_at is None)
    return [row for row in rows if not (is_served and row.schedule and row.prefect_deployment_id)]


def locations(s: Session) -> list[str]:
    """Where all sources lie, first added first; each place once."""
    return list(dict.fromkeys(row.location for row in every(s)))


def pause(row: Source, paused: bool) -> None:
    """Have nothing be looked for in a source, or again; since when stays as it was."""
    row.paused_at = (row.paused_at or now()) if paused else None


def at(s: Session, places: Sequence[str]) -> dict[str, list[SourceDefinition]]:
    """The sources at these locations as they were defined, first added first."""
    found: dict[str, list[SourceDefinition]] = {}
    for chunk in chunks(list(places)):
        query = select(Source).where(Source.location.in_(chunk)).order_by(Source.added_at)
        for row in s.scalars(query):
            found.setdefault(row.location, []).append(definition(row))
    return found


def _forget_looks(s: Session, location: str) -> None:
    s.execute(delete(SourceLook).where(SourceLook.location == location))


def note_looks(s: Session, looks: Mapping[str, int | NightShiftError]) -> None:
    """Note, for each source, how many files or entries it held, or why that can't be said."""
    for location, result in looks.items():
        row = s.get(SourceLook, location) or SourceLook(location=location)
        row.looked_at = now()
        if isinstance(result, NightShiftError):
            row.error_class, row.error = type(result).__name__, str(result)[:2000]
            row.failing_since = row.failing_since or now()
        else:
            row.found, row.error_class, row.error, row.failing_since = result, None, None, None
        s.add(row)


def looks(s: Session) -> dict[str, SourceLook]:
    """What each source was like when it was last looked into; nothing of those never seen."""
    return {row.location: row for row in s.scalars(select(SourceLook))}


def failing(s: Session) -> list[SourceLook]:
    """The places, of sources that there still are and that are not paused, of a bad last look."""
    there = select(Source.location).where(Source.paused_at.is_(None))
    query = select(SourceLook).where(SourceLook.location.in_(there))
    return list(s.scalars(query.where(SourceLook.failing_since.is_not(None))))
