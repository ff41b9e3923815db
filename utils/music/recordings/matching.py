"""Which recording a file is: by its tags, its ISRC, its sound, held against MusicBrainz.

No request is made here: what services said is in ``music_entities``. What they say later changes
the answer, so it is made again from what the file says (``refresh``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from utils.db import music_entities, recordings
from utils.db.music_tables import RecordingRow
from utils.models.music import Entity, EntityKind, Provider
from utils.models.recording import How, Identification, Match, Recording, RecordingTags
from utils.music.names import track_key_name
from utils.music.recordings import agreement

# How sure each way is (chosen): an id that MusicBrainz confirms, one that nobody looked up yet.
CONFIRMED, UNCONFIRMED = 1.0, 0.95
BY_ISRC, ISRC_ALONE, NAMES_ALONE = 0.9, 0.8, 0.5
# Less is not believed of AcoustID's matches: its own taggers take 0.8 and more (chosen).
SURE_SOUND = 0.8


class Answers(NamedTuple):
    """What MusicBrainz is known to say of an ISRC and of recordings, by their ids."""

    isrcs: dict[str, Entity]
    recordings: dict[str, Entity]

    def recording(self, mbid: str) -> dict[str, Any]:
        """The document of a recording, of the one that it was merged into; empty if unknown."""
        entity = self.recordings.get(self.canonical(mbid)) or self.recordings.get(mbid)
        return (entity.document or {}) if entity else {}

    def canonical(self, mbid: str) -> str:
        """The id that a recording goes by now."""
        entity = self.recordings.get(mbid)
        return (entity.canonical_id or mbid) if entity else mbid


def store(s: Session, found: Identification) -> None:
    """Keep what a look at a file found, and which recording follows from it.

    Where we wrote tags into the file ourselves, what it said before does not come back.
    """
    row = recordings.get(s, found.item_id)
    tags = found.tags
    if row is not None and recordings.was_written(s, found.item_id):
        tags = said_of(row)[0]
    _put(s, found.item_id, tags, found.matches)


def replace(s: Session, found: Identification) -> None:
    """Keep what a look at the file as it is now found."""
    _put(s, found.item_id, found.tags, found.matches)


def look_again(s: Session, item_id: str, tags: RecordingTags) -> None:
    """Keep what the file says now; what AcoustID said of its sound stays."""
    row = recordings.get(s, item_id)
    _put(s, item_id, tags, said_of(row)[1] if row else ())


def refresh(s: Session) -> list[str]:
    """Have what services said since then count; returns the items that are known otherwise now."""
    changed = []
    for rows in recordings.pages(s):
        said = [said_of(row) for row in rows]
        known = _answers(s, said)
        for row, (tags, matches) in zip(rows, said, strict=True):
            after = derived(tags, matches, known)
            if row.tags and not recordings.is_said(row, after):  # else others wrote it
                recordings.change(s, row, after, _name_key(after))
                changed.append(row.item_id)
    return changed


def of(s: Session, tags: RecordingTags, matches: Sequence[Match] = ()) -> Recording:
    """Which recording a file with these tags and this sound is, as far as is known now."""
    return derived(tags, matches, _answers(s, [(tags, matches)]))


def facts_of(s: Session, recording_mbid: str) -> dict[str, Any]:
    """What MusicBrainz is known to say of a recording; empty if nothing."""
    found = _entities(s, EntityKind.RECORDING, [recording_mbid])
    return (found[recording_mbid].document or {}) if recording_mbid in found else {}


def derived(tags: RecordingTags, matches: Sequence[Match], known: Answers) -> Recording:
    """The recording that follows from tags, AcoustID's matches and MusicBrainz' answers."""
    doubts = list(tags.faults)
    mbid, how, score = _by_tag(tags, known, doubts)
    isrc, candidates = _by_isrc(tags, known, doubts)
    if mbid is None and (by_isrc := _chosen(tags, candidates, known, doubts)):
        mbid, how, score = by_isrc, How.ISRC, BY_ISRC
    if mbid is None and (match := _by_sound(tags, matches, doubts)):
        mbid, how, score = match.id, How.ACOUSTID, match.score
    if how is None and isrc:
        how, score = How.ISRC, ISRC_ALONE
    facts = known.recording(mbid) if mbid else {}
    heard = next((match for match in matches if match.id == mbid), None)
    names = _artists(facts) or (heard.artists if heard else ())
    title = tags.title or facts.get("title") or (heard.title if heard else None)
    artist = tags.artist or ", ".join(names) or None
    if how is None and title and artist:
        how, score = How.NAMES, NAMES_ALONE
    return Recording(
        title=title,
        artist=artist,
        album=tags.album,
        isrc=isrc,
        recording_mbid=mbid,
        how=how,
        score=score,
        doubts=tuple(doubts),
    )


def _by_tag(
    tags: RecordingTags, known: Answers, doubts: list[str]
) -> tuple[str | None, How | None, float | None]:
    """The recording that the tags name, unless MusicBrainz knows it as something else."""
    told = tags.recording_mbid
    if told is None:
        return None, None, None
    entity = known.recordings.get(told)
    if entity and not entity.found:
        doubts.append(f"MusicBrainz does not know the recording {told} that its tags name")
        return None, None, None
    facts = known.recording(told)
    if _differs(tags, facts):
        doubts.append(f"the recording {told} of its tags is {_called(facts)}: not believed")
        return None, None, None
    now = known.canonical(told)
    if now != told:
        doubts.append(f"MusicBrainz merged the recording {told} of its tags into {now}")
    return now, How.TAGS, CONFIRMED if facts else UNCONFIRMED


def _by_isrc(
    tags: RecordingTags, known: Answers, doubts: list[str]
) -> tuple[str | None, list[dict[str, Any]]]:
    """The ISRC of the tags if it may be right, and the recordings that it stands for."""
    entity = known.isrcs.get(tags.isrc) if tags.isrc else None
    listed = ((entity.document or {}).get("recordings") or []) if entity else []
    told = [one | known.recording(one["id"]) | {"id": known.canonical(one["id"])} for one in listed]
    right = [one for one in told if not _differs(tags, one)]
    if told and not right:
        doubts.append(f"its ISRC {tags.isrc} is that of {_called(told[0])}: not believed")
        return None, []
    return tags.isrc, right


def _chosen(
    tags: RecordingTags, candidates: Sequence[dict[str, Any]], known: Answers, doubts: list[str]
) -> str | None:
    """The one recording that an ISRC stands for; of several the one with the same title."""
    ids = list(dict.fromkeys(one["id"] for one in candidates))
    if len(ids) > 1:
        same = [one["id"] for one in candidates if agreement.titles(tags.title, one.get("title"))]
        ids = list(dict.fromkeys(same)) or ids
    if len(ids) > 1:
        doubts.append(f"its ISRC {tags.isrc} stands for {len(ids)} recordings at MusicBrainz")
    return ids[0] if len(ids) == 1 else None


def _by_sound(tags: RecordingTags, matches: Sequence[Match], doubts: list[str]) -> Match | None:
    """The recording that sounds so, if AcoustID is sure and the tags don't say otherwise."""
    sure = [match for match in matches if match.score >= SURE_SOUND]
    right = [match for match in sure if not _differs(tags, _facts(match))]
    if sure and not right:
        doubts.append(f"AcoustID takes its sound for {_called(_facts(sure[0]))}: not believed")
    if not right:
        return None
    best = max(match.score for match in right)
    first = [match for match in right if match.score == best]
    alike = [one for one in first if agreement.titles(tags.title, one.title)] or first
    if len({one.id for one in alike}) > 1:
        doubts.append(f"AcoustID knows {len(alike)} recordings of this sound: the first is taken")
    return alike[0]


def _differs(tags: RecordingTags, facts: dict[str, Any]) -> bool:
    """True if title or artist of a recording are plainly others than those of the tags."""
    title = agreement.titles(tags.title, facts.get("title"))
    return title is False or agreement.artists(tags.artist, _artists(facts)) is False


def _facts(match: Match) -> dict[str, Any]:
    return {"title": match.title, "artists": [{"name": name} for name in match.artists]}


def _artists(facts: dict[str, Any]) -> tuple[str, ...]:
    """The artists of a recording; of one that is known by its ISRC alone the credit as printed."""
    names = tuple(one["name"] for one in facts.get("artists") or () if one.get("name"))
    return names or tuple(filter(None, (facts.get("artist"),)))


def _called(facts: dict[str, Any]) -> str:
    names = ", ".join(_artists(facts))
    return f"“{facts.get('title')}”" + (f" by {names}" if names else "")


def _answers(s: Session, said: Sequence[tuple[RecordingTags, Sequence[Match]]]) -> Answers:
    """What MusicBrainz is known to say of the ids of some files, and of what they lead to."""
    isrcs = _entities(s, EntityKind.ISRC, [one for tags, _ in said if (one := tags.isrc)])
    ids = [match.id for _, matches in said for match in matches]
    ids += [one for tags, _ in said if (one := tags.recording_mbid)]
    for entity in isrcs.values():
        ids += [one["id"] for one in (entity.document or {}).get("recordings") or ()]
    found = _entities(s, EntityKind.RECORDING, ids)
    merged = [one.canonical_id for one in found.values() if one.canonical_id]
    return Answers(isrcs, found | _entities(s, EntityKind.RECORDING, merged))


def _entities(s: Session, kind: EntityKind, ids: Iterable[str]) -> dict[str, Entity]:
    wanted = list(ids)
    return music_entities.kept(s, Provider.MUSICBRAINZ, kind, wanted) if wanted else {}


def _put(s: Session, item_id: str, tags: RecordingTags, matches: Sequence[Match]) -> None:
    found = of(s, tags, matches)
    recordings.put(s, Identification(item_id=item_id, tags=tags, matches=tuple(matches)), found,
                   _name_key(found))  # fmt: skip


def _name_key(found: Recording) -> str | None:
    return track_key_name(found.title, found.artist) if found.title and found.artist else None


def said_of(row: RecordingRow) -> tuple[RecordingTags, tuple[Match, ...]]:
    """What a file says of itself, and AcoustID of its sound."""
    found = tuple(Match.model_validate(one) for one in row.matches)
    return RecordingTags.model_validate(row.tags), found
