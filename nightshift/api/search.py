"""Search over HTTP: what was said or is seen, and when."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from threading import BoundedSemaphore
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from nightshift.api.access import Reader
from nightshift.api.listing import MOST, Filters, answer
from nightshift.api.read_limiter import limited_read
from utils.config import Settings
from utils.errors import NightShiftError, RetryableError
from utils.models.base import Frozen
from utils.models.search import SearchFilters, SearchHit
from utils.privacy.redaction import shown_within
from utils.search import index_client, query

router = APIRouter(tags=["search"])

# A question's vector takes 10 to 40 ms of a core: one at a time, or lists would wait for searches;
# in a thread that is none of the turns' (nightshift/api/read_limiter.py).
_understanding = BoundedSemaphore(1)
_PATIENCE_SECONDS = 30.0  # of who wants nothing but that. Chosen.


class SearchQuery(Filters):
    """What is looked for; without words: the newest items that pass."""

    q: str = Field("", max_length=1_000, description='Words in any language, "phrases", begin*.')
    weak: bool = Field(False, description="Also what is hardly nearer than anything else.")
    meaning: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Look for what means the same, too. `auto`: unless others keep it busy; then "
        "the words alone are looked for, and the answer says so.",
    )
    limit: int = Field(10, ge=1, le=MOST)
    offset: int = Field(0, ge=0, le=10_000, description="Leave out so many better ones.")


class Hits(Frozen):
    """The best answers, and how many there are as far as was looked."""

    hits: tuple[SearchHit, ...]
    total: int
    by_meaning: bool = Field(description="Whether it was looked for what means the same, too.")


@router.get("/search", response_model=Hits)
async def search_items(
    request: Request, wanted: Annotated[SearchQuery, Query()], _caller: Reader
) -> Response:
    """Find what was said, is summarised or is seen, and when."""
    found, by_meaning = await find(wanted, wanted.chosen(), request.app.state.settings)
    hits = [shown_within(hit.model_dump()) for hit in found.hits]
    return answer({"hits": hits, "total": found.total, "by_meaning": by_meaning})


async def find(
    wanted: SearchQuery, filters: SearchFilters, settings: Settings
) -> tuple[query.Page, bool]:
    """What answers a question, and whether it was looked for what means the same, too.

    Raises:
        RetryableError: that alone is wanted, and others keep it busy.
    """
    async with _turn(wanted.meaning) as is_mine:
        if is_mine:
            return await run_in_threadpool(_by_meaning, wanted, filters, settings), True
        return await _by_words(wanted, filters), False


def _by_meaning(wanted: SearchQuery, filters: SearchFilters, settings: Settings) -> query.Page:
    return query.page(wanted.q, wanted.limit, settings, filters, wanted.offset, wanted.weak)


@limited_read
def _by_words(wanted: SearchQuery, filters: SearchFilters) -> query.Page:
    return query.by_words(wanted.q, wanted.limit, filters, wanted.offset)


@asynccontextmanager
async def _turn(meaning: str) -> AsyncIterator[bool]:
    """Whether it is this question's turn to be looked for by its meaning."""
    if meaning == "never":
        yield False
        return
    is_mine = _understanding.acquire(blocking=False)
    if not is_mine and meaning == "always":
        is_mine = await run_in_threadpool(_understanding.acquire, timeout=_PATIENCE_SECONDS)
    if not is_mine and meaning == "always":
        raise RetryableError("Too many questions are asked at once. Ask again later.")
    try:
        yield is_mine
    finally:
        if is_mine:
            _understanding.release()


def warm_up(settings: Settings) -> None:
    """Load the model and the index now, and not with the first question."""
    index_client.keep_open(settings)
    with _understanding, suppress(NightShiftError):
        query.page("warm", 1, settings)
