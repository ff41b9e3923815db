"""From tracks to recordings, artists and areas: asked in turn, several answers awaited at once.

One thread waits for the next slot and hands it to the look-up that matters most; the answers come
while it waits. What an answer leads to is asked for before the next track, so that the most
played ones are whole when the time is over. Answers are kept as they come: a run that is killed
goes on where it was.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from utils import clock
from utils.config import Settings
from utils.db import music_entities
from utils.db.music_lookups import PlayedTrack
from utils.db.session import session
from utils.errors import PermanentError, RetryableError, SettingsError, ThrottledError
from utils.models.music import Entity, EntityKind, Provider
from utils.music import entities, pacing
from utils.music.musicbrainz import client, documents
from utils.music.musicbrainz.client import Looked
from utils.music.musicbrainz.recording_choice import chosen
from utils.music.musicbrainz.tally import Tally
from utils.music.service import Service

_IN_FLIGHT = 12  # answers awaited at once: at 50 a second those of 240 ms. Chosen.
_TRIES = 4  # of one look-up
_REFUSED_TRIES = 8  # of one that is refused: the real server is too busy for every third request
_DEAD_AFTER = 12  # failures in a row: the service is down, and is left alone
_MOVES = 5  # from an id to the one that it was merged into, and on
_KEPT_EVERY_SECONDS = 0.3  # so much of what was told is lost where the process is killed
_GOES_ON_SECONDS = 0.2  # between two looks at the time, while answers are awaited


class Job(NamedTuple):
    """A look-up to be made; the smallest first: rank of the track, then what came first."""

    rank: int
    number: int
    kind: EntityKind
    id: str
    played: PlayedTrack | None = None
    tries: int = 0
    asked_as: tuple[str, ...] = ()  # ids that were merged into this one


class Walk:
    """Look-ups that wait, that are under way, and what came of them."""

    def __init__(self, settings: Settings, ends_at: float, tally: Tally) -> None:
        self._settings, self._ends_at, self.tally = settings, ends_at, tally
        self._waiting: list[Job] = []
        self._under_way: dict[Future[Looked], Job] = {}
        self._asked: set[tuple[EntityKind, str]] = set()
        self._told: dict[tuple[EntityKind, str], Entity] = {}
        self._kept_at = 0.0
        self._rank = self._number = self._failed_in_a_row = self._beyond_limit = 0

    def add_tracks(self, tracks: Sequence[PlayedTrack], limit: int | None) -> None:
        """Have played tracks looked up, in their order, after all that were added before.

        Args:
            tracks: Those that are not known.
            limit: How many in all of the walk; the others are ``left``.
        """
        self._beyond_limit = 0
        for one in tracks:
            if (one.kind, one.id) in self._asked:
                continue
            if limit is not None and self.tally.tracks >= limit:
                self._beyond_limit += 1
                continue
            self.tally.tracks += 1
            self._rank += 1
            self._add(one.kind, one.id, self._rank, one)

    def add(self, kind: EntityKind, wanted: str) -> None:
        """Have something looked up, after all that was added before."""
        self._rank += 1
        self._add(kind, wanted, self._rank)

    def work(self) -> None:
        """Look everything up, and what it leads to, until there is no more or the time is over.

        Raises:
            SettingsError: MusicBrainz does not want to be asked by us, or is none.
            RetryableError: it does not answer any more.
            StoppedError: the process is to end.
        """
        self.tally.left = self._beyond_limit
        if not self._waiting:
            return
        pace = client.pace(self._settings)
        with client.connected(self._settings) as service:
            pool = ThreadPoolExecutor(_IN_FLIGHT, "musicbrainz")
            try:
                while (self._waiting or self._under_way) and not self.is_over():
                    if self._waiting and len(self._under_way) < _IN_FLIGHT:
                        has_turn = pacing.await_turn(pace, self._ends_at)
                        self._collect(0)
                        if not has_turn:  # nothing can be asked any more before the end
                            self._ends_at = clock.monotonic()
                            break
                        self._begin(pool, service)
                    else:
                        self._collect(_GOES_ON_SECONDS)
                while self._under_way:
                    self._collect(_GOES_ON_SECONDS)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
                self._keep(at_once=True)
                self.tally.left += len(self._waiting) + len(self._under_way)

    def is_over(self) -> bool:
        """True once the time is over."""
        return clock.monotonic() >= self._ends_at

    def _add(
        self, kind: EntityKind, wanted: str, rank: int, played: PlayedTrack | None = None
    ) -> None:
        if (kind, wanted) not in self._asked:
            self._asked.add((kind, wanted))
            self._put(Job(rank, 0, kind, wanted, played))

    def _put(self, job: Job) -> None:
        self._number += 1
        heapq.heappush(self._waiting, job._replace(number=self._number))

    def _begin(self, pool: ThreadPoolExecutor, service: Service) -> None:
        if self._waiting:
            job = heapq.heappop(self._waiting)
            self.tally.requests += 1
            self._under_way[pool.submit(client.look_up, service, job.kind, job.id)] = job

    def _collect(self, seconds: float) -> None:
        """Take the answers that are there, or come within some seconds."""
        done, _ = wait(self._under_way, seconds, FIRST_COMPLETED)
        for one in done:
            told = self._what(self._under_way.pop(one), one)
            self._told |= {(entity.kind, entity.id): entity for entity in told}
        self._keep()

    def _what(self, job: Job, answer: Future[Looked]) -> list[Entity]:
        """The entities of a request that is over; one that failed is noted, or asked again."""
        try:
            told = self._heard(job, answer.result())
            self._failed_in_a_row = 0
            return told
        except ThrottledError as error:
            self.tally.throttled += 1
            pacing.hold(client.pace(self._settings), error.retry_after_seconds, job.tries)
            self._again(job, error, _REFUSED_TRIES)
        except RetryableError as error:
            self._again(job, error, _TRIES)
        except PermanentError as error:  # it would be the same tomorrow: not asked every night
            self.tally.note(f"{job.kind.value} {job.id}", error)
            return self._as_before(job)
        return []

    def _as_before(self, job: Job) -> list[Entity]:
        """Of what can't be asked for: what was known of it before, else that nothing is."""
        ids = (job.id, *job.asked_as)
        with session() as s:
            known = music_entities.kept(s, Provider.MUSICBRAINZ, job.kind, ids)
        return [
            self._entity(job.kind, one, document, known[one].canonical_id)
            if one in known and (document := known[one].document) is not None
            else self._entity(job.kind, one, None)
            for one in ids
        ]

    def _heard(self, job: Job, looked: Looked) -> list[Entity]:
        """What an answer says of the thing, and of all ids that were merged into it."""
        if looked.moved_to:
            self._follow(job, looked.moved_to)
            return []
        if looked.document is None:
            self.tally.not_found += 1
            return [self._entity(job.kind, one, None) for one in (job.id, *job.asked_as)]
        document = self._document(job, looked.document)
        name = documents.id_of(looked.document) if job.kind is not EntityKind.ISRC else job.id
        ids = dict.fromkeys((name or job.id, job.id, *job.asked_as))
        self._asked |= {(job.kind, one) for one in ids}
        self.tally.merged += len(ids) - 1
        self._lead_on(job, document, looked.document)
        told = [self._entity(job.kind, one, document, name if one != name else None) for one in ids]
        return told + self._told_besides(job, looked)

    def _document(self, job: Job, reply: documents.Document) -> documents.Document:
        if job.kind is EntityKind.ISRC:
            document = chosen(documents.recordings(reply), job.played)
            self.tally.several += len(document["recordings"]) > 1
            self.tally.refused += bool(document["refused"])
            return document
        makers = {
            EntityKind.RECORDING: documents.recording,
            EntityKind.ARTIST: documents.artist,
            EntityKind.AREA: documents.area,
        }
        return makers[job.kind](reply)

    def _told_besides(self, job: Job, looked: Looked) -> list[Entity]:
        """Countries that an answer holds in full: kept without a request of their own."""
        told = documents.countries(job.kind, looked.document or {})
        fresh = {one.id: one for one in told if (EntityKind.AREA, one.id) not in self._asked}
        self._asked |= {(EntityKind.AREA, one) for one in fresh}
        return [self._entity(EntityKind.AREA, one.id, one.document) for one in fresh.values()]

    def _lead_on(self, job: Job, document: documents.Document, reply: documents.Document) -> None:
        """Have that looked up which an answer leads to, if it is not known."""
        whole = {(EntityKind.AREA, one.id) for one in documents.countries(job.kind, reply)}
        wanted = [
            one for one in leads(job.kind, document) if one not in whole and one not in self._asked
        ]
        if not wanted:
            return
        with session() as s:
            for kind in dict.fromkeys(kind for kind, _ in wanted):
                ids = [one for its, one in wanted if its is kind]
                for one in music_entities.unknown(s, Provider.MUSICBRAINZ, kind, ids):
                    self._add(kind, one, job.rank)

    def _follow(self, job: Job, moved_to: str) -> None:
        """Ask for the id that another was merged into."""
        if moved_to == job.id:
            raise SettingsError(
                f"MusicBrainz sends {job.id} to another address, which is not followed: set "
                f"{client.SETTING} to the one that it has now."
            )
        if len(job.asked_as) >= _MOVES or moved_to in job.asked_as:
            raise PermanentError(f"MusicBrainz sends {job.id} round in a circle.")
        self._put(job._replace(id=moved_to, asked_as=(job.id, *job.asked_as)))

    def _again(self, job: Job, error: RetryableError, most: int) -> None:
        self._failed_in_a_row += 1
        if job.tries + 1 < most:
            self._put(job._replace(tries=job.tries + 1))
        else:
            self.tally.note(f"{job.kind.value} {job.id}", error)
        if self._failed_in_a_row >= _DEAD_AFTER:
            raise error

    def _entity(
        self,
        kind: EntityKind,
        known: str,
        document: documents.Document | None,
        canonical: str | None = None,
    ) -> Entity:
        return entities.told(Provider.MUSICBRAINZ, kind, known, document, self._settings, canonical)

    def _keep(self, at_once: bool = False) -> None:
        """Write what was told, a part of a second after it was, together with what came since."""
        moment = clock.monotonic()
        if self._told and (at_once or moment - self._kept_at >= _KEPT_EVERY_SECONDS):
            with session() as s:
                music_entities.put(s, list(self._told.values()))
            self.tally.count(list(self._told.values()))
            self._told.clear()
            self._kept_at = moment


def leads(kind: EntityKind, document: documents.Document) -> list[tuple[EntityKind, str]]:
    """What is to be known of a thing besides itself."""
    if kind is EntityKind.ISRC:
        return [(EntityKind.RECORDING, one["id"]) for one in document["recordings"][:1]]
    if kind is EntityKind.RECORDING:
        return [(EntityKind.ARTIST, one["id"]) for one in document["artists"]]
    if kind is EntityKind.ARTIST:
        areas = (document["area_id"], document["begin_area_id"])
        return [(EntityKind.AREA, one) for one in areas if one]
    parent = document.get("parent_id") if kind is EntityKind.AREA else None
    return [(EntityKind.AREA, parent)] if parent and not document["iso_3166_1"] else []
