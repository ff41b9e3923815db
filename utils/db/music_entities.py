"""What outside services say of tracks, artists, albums and places: asked once, then kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.music_tables import EntityRow
from utils.db.session import chunks, upsert
from utils.models.music import Entity, EntityKind, Provider


def kept(s: Session, source: Provider, kind: EntityKind, ids: Iterable[str]) -> dict[str, Entity]:
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


def known(s: Session, source: Provider, kind: EntityKind, ids: Iterable[str]) -> dict[str, Entity]:
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


def unknown(s: Session, source: Provider, kind: EntityKind, ids: Iterable[str]) -> list[str]:
    """The ids that are to be asked for, each once, in their order."""
    wanted = list(dict.fromkeys(ids))
    there: set[str] = set()
    for some in chunks(wanted):
        of = (EntityRow.source == source, EntityRow.kind == kind, EntityRow.id.in_(some))
        is_valid = or_(EntityRow.expires_at.is_(None), EntityRow.expires_at > now())
        there.update(s.scalars(select(EntityRow.id).where(*of, is_valid)))
    return [one for one in wanted if one not in there]


def documents(
    s: Session, source: Provider, kind: EntityKind, ids: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """The documents of those that were found, also where they have expired."""
    found: dict[str, dict[str, Any]] = {}
    for some in chunks(list(dict.fromkeys(ids))):
        of = (EntityRow.source == source, EntityRow.kind == kind, EntityRow.id.in_(some))
        rows = s.execute(select(EntityRow.id, EntityRow.document).where(*of))
        found |= {row.id: row.document for row in rows if row.document}
    return found


def put(s: Session, entities: Sequence[Entity]) -> None:
    """Keep what a service said; what was kept of the same thing before is replaced."""
    # One statement, made once: one with hundreds of rows in it took longer to make than to execute.
    statement = upsert(s)(EntityRow)
    given = {
        column.name: statement.excluded[column.name]
        for column in EntityRow.__table__.columns
        if not column.primary_key
    }
    statement = statement.on_conflict_do_update(index_elements=_KEY, set_=given)
    for some in chunks(entities):
        s.connection().execute(statement, [_values(one) for one in some])


def every(s: Session, source: Provider, kind: EntityKind) -> Iterator[Entity]:
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
        source=Provider(row.source),
        kind=EntityKind(row.kind),
        id=row.id,
        found=row.found,
        document=row.document,
        canonical_id=row.canonical_id,
        fetched_at=row.fetched_at,
        expires_at=row.expires_at,
    )
