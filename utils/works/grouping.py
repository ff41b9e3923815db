"""Works as they are kept, read and told: what links connect, in order, each file with its role."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from utils.db import items, works
from utils.db.groups import connect
from utils.models.item import MediaKind
from utils.models.work import Work, WorkClues, WorkKind, WorkLink, WorkMember
from utils.works import pairs


def store(s: Session, clues: WorkClues) -> None:
    """Keep what a file says of itself, and link it with the files that belong to it."""
    keys = pairs.keys(clues)
    works.replace(s, clues, keys)
    searched = sorted({*keys, *pairs.keys(clues, is_search=True)})
    others = works.partners(s, clues.item_id, searched)
    found = {other.item_id: pairs.related(clues, other) for other in others}
    works.link(s, clues.item_id, {one: how for one, how in found.items() if how})


def all_works(s: Session) -> list[Work]:
    """Every work of several files."""
    return _works(s, works.all_links(s))


def of_item(s: Session, item_id: str) -> Work | None:
    """The work that an item is a part of; None if it is one by itself."""
    found = _works(s, works.around(s, item_id))
    return next((work for work in found if item_id in work.item_ids), None)


def in_words(s: Session, item_ids: Sequence[str]) -> dict[str, str]:
    """What those of these items that are parts of works are, by item."""
    if not works.touching(s, item_ids):
        return {}
    wanted = set(item_ids)
    return {
        member.item_id: f"{member.role} of {work.words}"
        for work in all_works(s)
        for member in work.members
        if member.item_id in wanted
    }


def split(s: Session, item_id: str) -> Work | None:
    """Take an item out of its work, for good; returns the work that it was in.

    The others stay together, also those that only this one connected.
    """
    work = of_item(s, item_id)
    if work is None:
        return None
    rest = [other for other in work.item_ids if other != item_id]
    for other in rest:
        works.decide(s, item_id, other, "different")
    left = of_item(s, rest[0])
    for other in rest[1:]:
        if left is None or other not in left.item_ids:
            works.decide(s, rest[0], other, "same", work.kinds[0])
    return work


def join(s: Session, one: str, other: str) -> None:
    """Have two items be parts of one work, whatever is known of them.

    What parted other members of both works is taken back with it.
    """
    found = [(item_id, of_item(s, item_id)) for item_id in (one, other)]
    first, second = (work.item_ids if work else (item_id,) for item_id, work in found)
    works.decide(s, one, other, "same")
    works.take_back(s, first, second)


def _works(s: Session, links: Sequence[WorkLink]) -> list[Work]:
    groups = connect(links)
    ids = sorted({item_id for group in groups for item_id in group})
    rows = {row.id: row for row in items.preload(s, ids)}
    clues, paths = works.clues_of(s, ids), items.paths_by_item(s, ids)
    found = []
    for group in groups:
        inside = [link for link in links if {link.first, link.second} <= set(group)]
        together = [link for link in inside if link.decision != "different"]
        ordered = sorted(group, key=lambda one: _place(clues.get(one), rows[one].title))
        roles = _roles([clues.get(one) for one in ordered], {link.kind for link in together})
        members = (
            WorkMember(
                item_id=one,
                title=rows[one].title,
                path=paths[one][0] if paths[one] else None,
                role=role,
            )
            for one, role in zip(ordered, roles, strict=True)
        )
        found.append(
            Work(
                kinds=tuple(kind for kind in WorkKind if kind in {link.kind for link in together}),
                members=tuple(members),
                evidence=tuple(dict.fromkeys(link.evidence for link in together)),
            )
        )
    return sorted(found, key=lambda work: (work.kinds, work.members[0].title))


def _place(clues: WorkClues | None, title: str) -> tuple[int, bool, str, int, bool, str]:
    """Where a file stands in its work: pictures by moment, then films by their number."""
    if clues is None:
        return 0, False, "", 0, False, title
    place = clues.places[0] if clues.places else None
    part = place.part if place and place.part is not None else 0
    number = place.number if place and place.number is not None else 0
    is_film = clues.kind is not MediaKind.IMAGE
    moment = clues.captured_at.replace(tzinfo=None).isoformat() if clues.captured_at else ""
    return part, is_film, "" if is_film else moment, number, not clues.is_raw, title


def _roles(members: Sequence[WorkClues | None], kinds: set[WorkKind]) -> list[str]:
    """What each file is in its work, in their order."""
    found, number = [], 0
    for clues in members:
        if clues is None or kinds == {WorkKind.JOINED}:
            found.append("file")
        elif WorkKind.RECORDING in kinds and clues.kind is MediaKind.VIDEO:
            number += 1
            found.append(f"part {number}")
        elif clues.kind is MediaKind.VIDEO:
            found.append("motion" if clues.is_motion else "film")
        elif WorkKind.RAW_AND_JPEG in kinds:
            found.append("raw" if clues.is_raw else "developed")
        elif WorkKind.BURST in kinds:
            number += 1
            found.append(f"shot {number}")
        else:
            found.append("still")
    return found
