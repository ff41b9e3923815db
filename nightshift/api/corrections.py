"""A person's words for an item's speech, over HTTP."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.orm import Session

from nightshift.api.access import Writer
from nightshift.api.listing import ItemId
from nightshift.api.problems import in_work, problem
from utils.db import corrections as table
from utils.db import items
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import PermanentError
from utils.models.base import Frozen
from utils.search import indexing
from utils.speech import corrections

router = APIRouter(tags=["items"])


class Words(Frozen):
    """A person's words; plain text gets the times of what was heard."""

    format: Literal["srt", "vtt", "txt"]
    text: str = Field(min_length=1)


class Corrected(Frozen):
    """Whose words stand, and what was guessed in reading them."""

    item_id: str
    corrected: bool
    told: tuple[str, ...]


@router.put("/items/{item_id}/correction")
def correct_item(request: Request, item_id: ItemId, words: Words, _caller: Writer) -> Corrected:
    """Put a person's words in the place of those that a machine heard.

    409 where they can't be read as what they are called, where they don't fit the item, and while
    a run works on it.
    """
    with session() as s:
        item = _idle(s, item_id)
        name = f"correction.{words.format}"
        try:
            told = corrections.keep(s, item, words.text.encode(errors="replace"), name)
        except PermanentError as error:
            raise problem(409, "Conflict", str(error)) from error
    indexing.renew(item.id, request.app.state.settings)
    return Corrected(item_id=item.id, corrected=True, told=tuple(told))


@router.delete("/items/{item_id}/correction")
def undo_correction(request: Request, item_id: ItemId, _caller: Writer) -> Corrected:
    """Go back to what the machine heard; 404 where nothing is corrected."""
    with session() as s:
        item = _idle(s, item_id)
        if not table.remove(s, item.id):
            raise problem(404, "Not Found", "The item is not corrected: there is nothing to undo.")
    indexing.renew(item.id, request.app.state.settings)
    return Corrected(item_id=item.id, corrected=False, told=())


def _idle(s: Session, item_id: str) -> Item:
    """The item, unless a run has it: what is changed now would be overwritten."""
    item = items.find(s, item_id)
    if item.claimed_by is not None:
        raise in_work()
    return item
