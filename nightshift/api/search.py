"""Search over HTTP: what was said or is seen, and when."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field

from nightshift.api.access import Reader
from nightshift.api.listing import MOST, Filters
from utils.models.base import Frozen
from utils.models.search import SearchHit
from utils.privacy.redaction import shown_within
from utils.search import query

router = APIRouter(tags=["search"])


class SearchQuery(Filters):
    """What is looked for; without words: the newest items that pass."""

    q: str = Field("", max_length=1_000, description='Words in any language, "phrases", begin*.')
    weak: bool = Field(False, description="Also what is hardly nearer than anything else.")
    limit: int = Field(10, ge=1, le=MOST)
    offset: int = Field(0, ge=0, le=10_000, description="Leave out so many better ones.")


class Hits(Frozen):
    """The best answers, and how many there are as far as was looked."""

    hits: tuple[SearchHit, ...]
    total: int


@router.get("/search")
def search_items(
    request: Request, wanted: Annotated[SearchQuery, Query()], _caller: Reader
) -> Hits:
    """Find what was said, is summarised or is seen, and when."""
    settings, filters = request.app.state.settings, wanted.chosen()
    found = query.page(wanted.q, wanted.limit, settings, filters, wanted.offset, wanted.weak)
    hits = [SearchHit(**shown_within(hit.model_dump())) for hit in found.hits]
    return Hits(hits=tuple(hits), total=found.total)
