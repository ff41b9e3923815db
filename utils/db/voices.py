"""Whose a voice is: names that people gave, kept with the voice, so that no number decides.

Voiceprints are biometric data: those of an item lie in the ledger's result of its step, those of
names in rows of their own. Both go with the item, and with ``forget``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from utils.db import ledger
from utils.db.schema import Execution
from utils.db.speech_tables import VoiceName
from utils.db.words import clean
from utils.errors import UsageError
from utils.models.speakers import Speakers, Voice

STEP = "identify_speakers"
# The least cosine of one voice in two runs over an item, and in two items. People compared over
# 15 s: themselves 0.90 to 0.98, others 0.49 to 0.74 (docs/decisions/0031).
SAME_ITEM = 0.75
RECOGNISED = 0.82
RECOGNISED_SECONDS = 6.0  # of either voice: less says too little
MAX_NAME = 100  # characters


def speakers_of(s: Session, item_id: str) -> Speakers | None:
    """The speakers of an item by their names; None where nobody looked for them."""
    found = ledger.latest_result(s, item_id, STEP, Speakers)
    return named(s, item_id, found) if found else None


def named(s: Session, item_id: str, speakers: Speakers) -> Speakers:
    """The same with the names that the voices of this item have; those by a person count first."""
    rows = s.scalars(
        select(VoiceName)
        .where(VoiceName.item_id == item_id)
        .order_by(VoiceName.similarity.is_not(None), VoiceName.id.desc())
    ).all()
    known = {voice.number: voice for voice in speakers.voices}
    for row in rows:
        free = [voice for voice in known.values() if voice.name is None]
        best = max(free, key=lambda voice: cosine(voice.voiceprint, row.voiceprint), default=None)
        if best and cosine(best.voiceprint, row.voiceprint) >= SAME_ITEM:
            update = {"name": row.name, "similarity": row.similarity}
            known[best.number] = best.model_copy(update=update)
    return speakers.model_copy(update={"voices": tuple(known.values())})


def cosine(first: Sequence[float], second: Sequence[float]) -> float:
    """The cosine of two voiceprints; 0 where one was removed."""
    if len(first) != len(second) or not first:
        return 0.0
    length = math.hypot(*first) * math.hypot(*second)
    return sum(a * b for a, b in zip(first, second, strict=True)) / length if length else 0.0


def name(s: Session, item_id: str, number: int, given: str) -> None:
    """Give a voice of an item a name, in the place of the one that it has.

    Raises:
        UsageError: there is no such voice, its voiceprint was removed, or that is no name.
    """
    given = " ".join(clean(given).split())
    if not given or len(given) > MAX_NAME or not given.isprintable():
        raise UsageError(f"A name has 1 to {MAX_NAME} characters, none of them for control.")
    speakers = speakers_of(s, item_id)
    voices = {voice.number: voice for voice in speakers.voices} if speakers else {}
    if number not in voices:
        there = f"They are 1 to {len(voices)}." if voices else "None was found in it."
        raise UsageError(f"There is no speaker {number} in this item. {there}")
    if not voices[number].voiceprint:
        raise UsageError(
            f"The voiceprint of speaker {number} was removed. Make it again: nightshift run "
            f"--only {STEP} --force PATH"
        )
    _drop(s, item_id, voices[number])
    _add(s, item_id, voices[number], given, None)


def recognise(s: Session, item_id: str) -> list[Voice]:
    """Call voices of an item by names that people gave in other items; returns those.

    A voice is the one it is likest to, by at least ``RECOGNISED``; one that a person named in this
    item keeps its name. It is said that it was recognised.
    """
    speakers = speakers_of(s, item_id)
    s.execute(
        delete(VoiceName).where(VoiceName.item_id == item_id, VoiceName.similarity.is_not(None))
    )
    by_person = select(VoiceName).where(
        VoiceName.similarity.is_(None),
        VoiceName.item_id != item_id,
        VoiceName.seconds >= RECOGNISED_SECONDS,
    )
    rows = s.scalars(by_person).all()
    found: list[Voice] = []
    for voice in speakers.voices if speakers else ():
        given_here = voice.name is not None and voice.similarity is None
        if given_here or voice.seconds < RECOGNISED_SECONDS:
            continue
        best = max(rows, key=lambda r: cosine(voice.voiceprint, r.voiceprint), default=None)
        alike = round(cosine(voice.voiceprint, best.voiceprint), 3) if best else 0.0
        if best and alike >= RECOGNISED:
            _add(s, item_id, voice, best.name, alike)
            found.append(voice.model_copy(update={"name": best.name, "similarity": alike}))
    return found


def known(s: Session) -> list[tuple[str, int]]:
    """The names that people gave, each with the number of its items."""
    rows = s.execute(
        select(VoiceName.name, func.count(VoiceName.item_id.distinct()))
        .where(VoiceName.similarity.is_(None))
        .group_by(VoiceName.name)
        .order_by(VoiceName.name)
    )
    return [(row[0], row[1]) for row in rows]


def forget(s: Session, forgotten: str) -> list[str]:
    """Remove a name and its voiceprints, also from the ledger; returns the items that had any.

    In the ledger those of all voices go that would be recognised as this one, or that had its name.

    Raises:
        UsageError: nobody has that name.
    """
    rows = s.scalars(select(VoiceName).where(VoiceName.name == forgotten)).all()
    if not rows:
        raise UsageError(f"No voice is called {forgotten}. `nightshift speakers` lists the names.")
    prints = [tuple(row.voiceprint) for row in rows]
    by_item = {row.item_id: tuple(row.voiceprint) for row in rows}
    touched = set(by_item)
    for execution in s.scalars(select(Execution).where(Execution.step == STEP)):
        own = by_item.get(execution.item_id)
        if _strip(execution, prints, own):
            touched.add(execution.item_id)
    s.execute(delete(VoiceName).where(VoiceName.name == forgotten))
    return sorted(touched)


def _strip(
    execution: Execution, prints: Sequence[Sequence[float]], own: Sequence[float] | None
) -> bool:
    """Remove these voiceprints from a result of the step; False if it has none of them."""
    result = execution.result
    if not isinstance(result, dict):
        return False
    voices, changed = [], False
    for voice in result.get("voices", ()):
        held = voice.get("voiceprint") or ()
        is_theirs = any(cosine(held, one) >= RECOGNISED for one in prints) or (
            own is not None and cosine(held, own) >= SAME_ITEM
        )
        voices.append({**voice, "voiceprint": []} if is_theirs and held else voice)
        changed |= bool(is_theirs and held)
    if changed:
        execution.result = {**result, "voices": voices}
    return changed


def _add(s: Session, item_id: str, voice: Voice, given: str, similarity: float | None) -> None:
    s.add(
        VoiceName(
            item_id=item_id,
            name=given,
            voiceprint=list(voice.voiceprint),
            seconds=voice.seconds,
            similarity=similarity,
        )
    )
    s.flush()


def _drop(s: Session, item_id: str, voice: Voice) -> None:
    """Remove the names of a voice in its item."""
    for row in s.scalars(select(VoiceName).where(VoiceName.item_id == item_id)):
        if row.name == voice.name and cosine(row.voiceprint, voice.voiceprint) >= SAME_ITEM:
            s.delete(row)
    s.flush()
