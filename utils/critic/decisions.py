"""A person decides of an item: by keys, by HTTP, by Prefect's form; all of them come here.

The database is the truth: what is decided is committed first. The memory that a critic asks is
told after that; one that does not answer now is repaired later, and no decision is lost.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from utils.analysis.gemini import prices
from utils.config import Settings
from utils.critic import memory, snapshot
from utils.db import forgotten, items, review_queue, reviews, words
from utils.db.reviews import ReviewDecision
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import NightShiftError, UsageError
from utils.models.approval import Change
from utils.models.options import PipelineOptions, with_changes
from utils.models.sanitize import visible
from utils.speech import weights

MAX_REASON = 2_000  # characters; chosen
_OF_A_RUN = ("only", "force")  # for a run, not for an item

_log = logging.getLogger(__name__)


class Wanted(NamedTuple):
    """What a person decides, why, and which options of the pipeline a revision asks for.

    ``seen``: how the item stood when they looked at it (`review_queue.stand`); None: however.
    """

    decision: ReviewDecision
    reason: str | None = None
    changes: Mapping[str, Any] = {}
    seen: str | None = None


def decide(item_id: str, wanted: Wanted, made_by: str | None, settings: Settings) -> int:
    """Keep a decision and have it be remembered; returns its id.

    Raises:
        UsageError: the item is not there, or a revision asks for nothing that can be.
        PermanentError: a run works on the item, or there is nothing to decide.
    """
    review_id = keep(item_id, wanted, made_by, settings)
    remember([review_id], settings)
    return review_id


def undo(review_id: int, settings: Settings) -> None:
    """Take a decision back, and have it be forgotten.

    Raises:
        UsageError: there is none of this id.
        PermanentError: it was undone already, or a run works on the item.
    """
    take_back(review_id)
    with _repaired_later():
        memory.forget(review_id, settings)


def keep(item_id: str, wanted: Wanted, made_by: str | None, settings: Settings) -> int:
    """The first half of ``decide``: what counts, and takes no model."""
    changes = checked_changes(wanted, settings)
    with session() as s:
        item = reviews.taken(s, item_id)
        if wanted.seen is not None:
            review_queue.require_stand(s, item, wanted.seen)
        known = snapshot.of(s, item_id).model_dump(mode="json")
        review = reviews.decide(
            s,
            item_id,
            wanted.decision,
            _text(wanted.reason, MAX_REASON),
            changes,
            known,
            _text(made_by, 200),
        )
        return review.id


def take_back(review_id: int) -> None:
    """The same of ``undo``."""
    with session() as s:
        reviews.undo(s, review_id)


def remember(review_ids: Sequence[int], settings: Settings) -> None:
    """Have decisions be found by a critic; the first takes seconds, while a model is loaded."""
    with _repaired_later():
        for review_id in review_ids:
            memory.remember(review_id, settings)


def checked_changes(wanted: Wanted, settings: Settings) -> dict[str, Any]:
    """The options that a revision asks for, each of them one that there is.

    Raises:
        UsageError: there are none, or one is no option of an item or no value of it.
    """
    changes = dict(wanted.changes)
    if wanted.decision != "revise":
        if changes:
            raise UsageError("Only a revision changes options: revise it instead.")
        return {}
    if not changes:
        raise UsageError(
            "Say what to change: an option of the pipeline, such as transcription.model=small."
        )
    if of_run := [name for name in _OF_A_RUN if name in changes]:
        raise UsageError(f"{of_run[0]} is for a run, not for an item.")
    try:
        _require_known(with_changes(PipelineOptions(), changes), changes, settings)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return {
        name: words.clean(value) if isinstance(value, str) else value
        for name, value in changes.items()
    }


def _require_known(
    options: PipelineOptions, changes: Mapping[str, Any], settings: Settings
) -> None:
    """Refuse a model that nobody has: it would be found out in the night.

    Raises:
        ValueError: there is one; says which there are.
    """
    speech, gemini = options.transcription.model, options.analysis.gemini_model
    if "transcription.model" in changes and not weights.is_known(speech, settings):
        known = ", ".join(sorted(weights.NAMES))
        raise ValueError(f"{speech} is no whisper model that is known here: {known}")
    if "analysis.gemini_model" in changes and prices.price(gemini, settings.ai_price) is None:
        raise ValueError(f"{gemini} is no model of Gemini that a price is known for")


def from_words(given: Sequence[str]) -> dict[str, str]:
    """Options as people type them: ``transcription.model=small``.

    Raises:
        UsageError: one is not of that form.
    """
    found = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name.strip():
            raise UsageError(f"{one!r} is not like transcription.model=small.")
        found[name.strip()] = value.strip()
    return found


def picked(changes: Sequence[Change], numbers: Sequence[int]) -> dict[str, Any]:
    """The options of those changes that a critic asks for, by their numbers from 1.

    Raises:
        UsageError: there is no such change, or it is one in words alone.
    """
    found: dict[str, Any] = {}
    for number in numbers:
        if not 1 <= number <= len(changes):
            raise UsageError(
                f"There is no change {number}: the critic asks for {len(changes) or 'none'}."
            )
        options = changes[number - 1].options
        if not options:
            raise UsageError(
                f"Change {number} is one in words alone ({changes[number - 1].words}): say which "
                "option would do it."
            )
        found |= options
    return found


def found(s: Session, wanted: str) -> Item:
    """The item that a person means.

    Raises:
        UsageError: none or several are meant; of one that was forgotten it says so.
    """
    try:
        return items.find(s, wanted)
    except UsageError as error:
        if not forgotten.is_meant(s, wanted):
            raise UsageError(f"{error} Meant is a checksum, its beginning, or a path.") from None
        raise UsageError(
            f"{wanted} was forgotten: nothing can be decided of it. `nightshift run --again` takes "
            "it in again."
        ) from None


def found_review(s: Session, wanted: str) -> int:
    """The decision that a person means: by its number, or the last one that stands on an item.

    Raises:
        UsageError: there is none.
    """
    if wanted.isdecimal() and reviews.is_there(s, int(wanted)):
        return int(wanted)
    item = found(s, wanted)
    last = reviews.last_decision(s, item.id)
    if last is None:
        raise UsageError(f"Nobody has decided on {visible(item.title)}: there is nothing to undo.")
    return last.id


def _text(given: str | None, longest: int) -> str | None:
    """Text of a person's on one line, as every database takes it; None for an empty one."""
    return " ".join(words.clean(given or "").split())[:longest] or None


@contextmanager
def _repaired_later() -> Iterator[None]:
    """What the memory of decisions lacks is repaired from the database when it is asked next."""
    try:
        yield
    except NightShiftError as error:
        _log.warning("The memory of decisions is repaired later: %s", error)
