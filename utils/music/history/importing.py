"""The import of histories: files are read row by row, plays kept in batches, the rest told.

What is killed is begun again: a batch is kept whole or not at all, and a play that is known is not
kept twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from utils.db import play_accounts, play_rejects, plays
from utils.db.play_rejects import Reject
from utils.db.session import session
from utils.errors import PermanentError, UsageError
from utils.models import sanitize
from utils.models.music import Origin, Play, PlayKind
from utils.models.music_import import ImportedFile, Reason
from utils.music import validation
from utils.music.history import files, spotify
from utils.music.history.files import Place
from utils.music.history.json_records import Record
from utils.music.history.recognition import Format, Unknown, recognised

BATCH = 10_000  # plays in one transaction, 1–2 s of the database: fewer pages are written twice
MOST_REJECTS = 10_000  # kept of one file; the others are counted
_LONGEST_REJECT = 4000
Tell = Callable[[str, int], None]


class Wanted(NamedTuple):
    """Whose plays they are: ``account``; ``is_named``: a person said so, whatever a file says."""

    account: str
    is_named: bool = False
    dry_run: bool = False


class Found(NamedTuple):
    """The histories among some files, and those that are none."""

    histories: list[tuple[Place, Format]]
    others: list[tuple[Place, str]]


def found(paths: Sequence[Path]) -> Found:
    """Which of the files are histories; nothing is kept of them yet.

    Raises:
        UsageError: none is, or one that was named by itself is none.
    """
    histories, others = [], []
    for place in files.places(list(paths)):
        try:
            with files.opened(place) as file:
                kind = recognised(place, file)
        except PermanentError as error:
            kind = Unknown(f"not to be opened: {error}")
        if isinstance(kind, Unknown):
            others.append((place, kind.found))
        else:
            histories.append((place, kind))
    named = {path.resolve() for path in paths if path.is_file()}
    wrong = [one for one in others if one[0].member is None and one[0].path.resolve() in named]
    if wrong or not histories:
        raise UsageError(_not_known((wrong or others)[:3]))
    return Found(histories, others)


def _not_known(others: Sequence[tuple[Place, str]]) -> str:
    seen = "; ".join(f"{place.name} is {what}" for place, what in others)
    return (
        f"No history of listening was found: {seen or 'there is no file of JSON, CSV or zip'}. "
        "Known are Spotify's streaming history (JSON or its zip), Last.fm's scrobbles (JSON pages, "
        "CSV) and ListenBrainz's listens (zip, JSONL, JSON)."
    )


def take(
    place: Place, kind: Format, wanted: Wanted, tell: Tell, seen: set[int] | None = None
) -> ImportedFile:
    """Read one file and keep what is new of it; ``tell`` is told how many rows were read.

    ``seen``: what a dry run would have kept of the files before.
    """
    reading = _Reading(place, kind, wanted, set() if seen is None else seen)
    with files.opened(place) as file:
        for record in kind.records(file):
            reading.read(record)
            if len(reading.waiting) >= BATCH:
                reading.keep()
                tell(place.name, reading.rows)
        if file.fault:
            reading.cut = f"after row {reading.rows}: {file.fault}"
    reading.keep()
    return reading.result()


class _Reading:
    """One file while it is read: what waits to be kept, and the counts so far."""

    def __init__(self, place: Place, kind: Format, wanted: Wanted, seen: set[int]) -> None:
        self.place, self.kind, self.wanted, self.seen = place, kind, wanted, seen
        self.waiting: list[Play] = []
        self.rejects: list[Reject] = []
        self.taken: list[str] = []
        with session() as s:  # what was in the future then may be none now
            self.refused_since = play_rejects.oldest(s, Reason.IN_THE_FUTURE.value)
        self.rows = self.new = self.known = self.cleaned = self.not_kept = self.episodes = 0
        self.rejected: Counter[Reason] = Counter()
        self.by_account: Counter[str] = Counter()
        self.cut: str | None = None
        self.notes: list[str] = [kind.note] if kind.note else []
        self.accounts: dict[str | None, str] = {None: wanted.account}
        self.moments: list[Any] = []

    def read(self, record: Record) -> None:
        """Take the rows of one record."""
        if record.is_damaged:
            self.rows += 1
            self.cut = f"at row {record.number}: what follows was read as far as it is whole"
            self._reject(record.number, Reason.UNREADABLE, None)
            return
        for row, user in self.kind.rows(record):
            is_row = self.kind.is_row(row)
            if self.kind.is_left_out(row) or (record.is_found and not is_row):
                continue
            self.rows += 1
            if is_row:
                self._row(record.number, row, user)
            else:
                self._reject(record.number, Reason.NO_ROW, row)

    def _row(self, number: int, row: Any, user: str | None) -> None:
        draft = self.kind.draft(row, user)
        named = sanitize.text(draft.username).strip()[:200] if draft.username else None
        account = self._account(named or None)
        one = validation.checked(draft, account)
        if one.play is None:
            self._reject(number, one.reason or Reason.NO_ROW, row, account)
            return
        self.cleaned += one.cleaned
        self.episodes += one.play.kind is PlayKind.EPISODE
        self.by_account[account] += 1
        self.waiting.append(one.play)
        if self.refused_since and one.play.played_at >= self.refused_since:
            self.taken.append(self._of(number, "", row, account).key)

    def _account(self, user: str | None) -> str:
        """The account of a user; who is new is noted, and told where it is not the one wanted."""
        if user not in self.accounts:
            assert user is not None
            self.accounts[user] = self._found_account(user)
        return self.accounts[user]

    def _found_account(self, user: str) -> str:
        service, wanted = self.kind.service.value, self.wanted
        with session() as s:
            plays.alone(s)
            before = play_accounts.user_of(s, service, wanted.account)
            elsewhere = play_accounts.other_of(s, service, user, wanted.account)
            if wanted.is_named:
                if before is None:
                    play_accounts.note(s, service, wanted.account, user)
                account = wanted.account
            else:
                account = play_accounts.account_of(s, service, user, wanted.account)
            if wanted.dry_run:
                s.rollback()
        if before not in (None, user):
            self.notes.append(
                f"its rows name the user {user}, plays of the account {wanted.account} before were "
                f"{before}'s: they are kept as the account {account}"
            )
        elif elsewhere and wanted.is_named:
            self.notes.append(
                f"its rows name the user {user}, whose plays are of the account {elsewhere} too"
            )
        elif account != wanted.account:
            self.notes.append(f"its rows name the user {user}: they are of the account {account}")
        return account

    def _reject(self, number: int, reason: Reason, row: Any, account: str | None = None) -> None:
        self.rejected[reason] += 1
        if sum(self.rejected.values()) > MOST_REJECTS:
            self.not_kept += 1
            return
        self.rejects.append(self._of(number, reason.value, row, account or self.wanted.account))

    def _of(self, number: int, reason: str, row: Any, account: str) -> Reject:
        place = f"{self.place.name}: row {number}"
        kept = fit_to_keep(row) if row is not None else {"place": place}
        return Reject(account, self.kind.service, Origin.EXPORT, place, reason, kept)

    def keep(self) -> None:
        """Write what waits, in one transaction."""
        if self.waiting:
            moments = [*self.moments, *(play.played_at for play in self.waiting)]
            self.moments = [min(moments), max(moments)]
        if self.wanted.dry_run:
            self._count()
        elif self.waiting or self.rejects:
            with session() as s:
                added = plays.add(s, self.waiting)
                play_rejects.taken(s, self.taken)
                play_rejects.reject(s, self.rejects)
            self.new += added.new
            self.known += added.doubled
        self.waiting, self.rejects, self.taken = [], [], []

    def _count(self) -> None:
        """Find out what would be new; nothing is written."""
        keys = [plays.key_of(play) for play in self.waiting]
        with session() as s:
            known = plays.known_keys(s, keys)
        for key in keys:
            short = int(key[:16], 16)
            is_known = key in known or short in self.seen
            self.seen.add(short)
            self.new += not is_known
            self.known += is_known

    def result(self) -> ImportedFile:
        """What the file came to."""
        first, last = self.moments or (None, None)
        return ImportedFile(
            file=self.place.name,
            format=self.kind.words,
            rows=self.rows,
            new=self.new,
            known=self.known,
            rejected=dict(self.rejected),
            not_kept=self.not_kept,
            episodes=self.episodes,
            cleaned=self.cleaned,
            cut=self.cut,
            accounts=dict(self.by_account),
            first=first.isoformat() if first else None,
            last=last.isoformat() if last else None,
            notes=tuple(self.notes),
        )


def fit_to_keep(row: Any) -> Any:
    """A row as it may be kept: bounded, without addresses and devices of who listened."""
    plain = spotify.fit_to_keep(row) if isinstance(row, dict) else row
    kept = sanitize.value(plain)
    text = str(kept)
    return kept if len(text) <= _LONGEST_REJECT else {"cut": text[:_LONGEST_REJECT]}


def each(found: Found, wanted: Wanted, tell: Tell) -> Iterator[ImportedFile]:
    """Take all histories, one after the other."""
    seen: set[int] = set()
    for place, kind in found.histories:
        yield take(place, kind, wanted, tell, seen)
