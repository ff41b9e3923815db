"""What outside services say of tracks, artists, albums and places: asked once, then kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.music_tables import EntityRow
from utils.db.session import chunks, upsert
from utils.models.music import Entity, EntityKind, Source


def kept(s: Session, source: Source, kind: EntityKind, ids: Iterable[str]) -> dict[str, Entity]:
    """What was last known of some ids, also what is to be asked for again."""
    found: dict[str, Entity] = {}
    for some in chunks(sorted(set(ids))):
        rows = s.scalars(
            select(EntityRow).where(
                EntityRow.source == source, EntityRow.kind == kind, EntityRow.id.in_(some)
            )
        )
        found |= {row.id: _entity(row) for row in rows}
    return found


def known(s: Session, source: Source, kind: EntityKind, ids: Iterable[str]) -> dict[str, Entity]:
    """What is known of some ids and has not expired; those that were not found are among it."""
    found: dict[str, Entity] = {}
    for some in chunks(sorted(set(ids))):
        rows = s.scalars(
            select(EntityRow).where(
                EntityRow.source == source, EntityRow.kind == kind, EntityRow.id.in_(some)
            )
        )
        found |= {row.id: _entity(row) for row in rows if not _is_over(row)}
    return found


def unknown(s: Session, source: Source, kind: EntityKind, ids: Iterable[str]) -> list[str]:
    """The ids that are to be asked for, each once, in their order."""
    wanted = list(dict.fromkeys(ids))
    there = known(s, source, kind, wanted)
    return [one for one in wanted if one not in there]


def put(s: Session, entities: Sequence[Entity]) -> None:
    """Keep what a service said; what was kept of the same thing before is replaced."""
    for some in chunks(entities):
        statement = upsert(s)(EntityRow).values([_values(one) for one in some])
        given = {
            column.name: statement.excluded[column.name]
            for column in EntityRow.__table__.columns
            if not column.primary_key
        }
        s.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=given))


def every(s: Session, source: Source, kind: EntityKind) -> Iterator[Entity]:
    """All that is known of a kind, also what has expired."""
    query = select(EntityRow).where(EntityRow.source == source, EntityRow.kind == kind)
    for row in s.scalars(query.execution_options(yield_per=500)):
        yield _entity(row)


_KEY = ["source", "kind", "id"]


def _is_over(row: EntityRow) -> bool:
    return row.expires_at is not None and row.expires_at <= now()


def _values(entity: Entity) -> dict[str, Any]:
    return entity.model_dump(mode="python")


def _entity(row: EntityRow) -> Entity:
    return Entity(
        source=Source(row.source),
        kind=EntityKind(row.kind),
        id=row.id,
        found=row.found,
        document=row.document,
        canonical_id=row.canonical_id,
        fetched_at=row.fetched_at,
        expires_at=row.expires_at,
    )
