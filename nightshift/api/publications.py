"""Publications over HTTP: listed, made, taken back, looked at where they lie."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from pydantic import Field, model_validator

from nightshift.api.access import Admin, Reader, Writer
from nightshift.api.listing import MOST, GivenId, Moment
from nightshift.api.problems import problem
from utils.config import Settings
from utils.db import publications
from utils.db.session import session
from utils.distribution import requests, targets
from utils.distribution.checks import place_of
from utils.documents import publication
from utils.models.base import Frozen
from utils.models.publishing import PublicationStatus
from utils.privacy.redaction import shown_within

router = APIRouter(tags=["publications"])
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="Of a target.")]

Number = Annotated[
    int, InPath(ge=1, le=publications.MOST_NUMBER, description="The publication's number.")
]


class ListedPublication(Frozen):
    """An item at a target."""

    publication_id: int
    item_id: str
    title: str
    target: str
    kind: str
    status: PublicationStatus
    address: str | None = Field(description="Where a person sees it, if it lies there.")
    tries: int
    error: str | None
    flaws: tuple[str, ...] = Field(description="What is not as it should be there.")
    forced: str | None = Field(description="Why it is published though it was not approved.")
    made_by: str | None
    due_at: datetime | None
    created_at: datetime | None
    published_at: datetime | None
    compared_at: datetime | None
    verified_at: datetime | None
    retracted_at: datetime | None


class ShownPublication(ListedPublication):
    """The same, with what lies there."""

    remote_id: str | None
    objects: tuple[dict[str, Any], ...]
    extra: dict[str, Any]


class Publications(Frozen):
    """Some publications, by their numbers."""

    publications: tuple[ListedPublication, ...]
    next_after: int | None = Field(description="`after` of the next page; null behind the last.")


class PublicationQuery(Frozen):
    """Which publications."""

    target: Name | None = None
    status: PublicationStatus | None = None
    after: int = Field(
        0, ge=0, le=publications.MOST_NUMBER, description="Those with higher numbers."
    )
    limit: int = Field(50, ge=1, le=MOST)


class Wanted(Frozen):
    """What is to be published where."""

    items: tuple[GivenId, ...] = Field(min_length=1, max_length=100)
    to: tuple[Name, ...] = Field(min_length=1, max_length=20)
    at: Moment | None = Field(None, description="When; now if it is left out.")
    force: bool = Field(False, description="Though it is not approved; say why.")
    reason: str | None = Field(None, min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _is_said(self) -> Wanted:
        if self.force != bool(self.reason):
            raise ValueError("force needs a reason, and a reason is for force")
        return self


class Done(Frozen):
    """What came of it, with its numbers."""

    total: int
    success: int
    failed: int
    waiting: int
    published: int
    retracted: int
    unchanged: int
    outcomes: tuple[dict[str, Any], ...]
    problems: tuple[str, ...]
    flaws: tuple[dict[str, Any], ...]


class Looked(Frozen):
    """What was seen of a publication where it lies."""

    publication_id: int
    whole: bool
    wrong: tuple[str, ...]


class ShownTarget(Frozen):
    """Where items may be published."""

    name: str
    kind: str
    place: str = Field(description="Without what is secret.")
    nightly: bool
    description: str | None


@router.get("/targets")
def list_targets(request: Request, _caller: Reader) -> tuple[ShownTarget, ...]:
    """List where items may be published."""
    settings: Settings = request.app.state.settings
    return tuple(
        ShownTarget(
            name=name, kind=one.kind, place=place_of(one), nightly=one.nightly,
            description=one.description,
        )
        for name, one in targets.load(settings).targets.items()
    )  # fmt: skip


@router.get("/publications")
def list_publications(
    wanted: Annotated[PublicationQuery, Query()], _caller: Reader
) -> Publications:
    """List what is published where, what waits, what failed."""
    with session() as s:
        rows = publications.listed(s, wanted.target, wanted.status, wanted.after, wanted.limit + 1)
        records = publication.records(s, rows[: wanted.limit])
    more = len(rows) > wanted.limit
    return Publications(
        publications=tuple(ListedPublication(**shown_within(one)) for one in records),
        next_after=rows[wanted.limit - 1].id if more else None,
    )


@router.get("/publications/{number}")
def show_publication(number: Number, _caller: Reader) -> ShownPublication:
    """Show one publication, with what lies there."""
    with session() as s:
        document = publication.document(s, publications.get(s, number))
    return ShownPublication(**shown_within(document))


@router.post("/publications")
def publish_items(request: Request, wanted: Wanted, caller: Writer) -> Done:
    """Publish items at targets; what lies there already is not sent again.

    With `at` it is noted alone. What failed is in the answer, and has its next try.
    """
    order = requests.Order(
        wanted.items, tuple(dict.fromkeys(wanted.to)), wanted.at, wanted.reason,
        f"API, {caller.name}",
    )  # fmt: skip
    return _done(requests.publish(order, request.app.state.settings))


@router.delete("/publications/{number}")
def unpublish_item(request: Request, number: Number, _caller: Admin) -> Done:
    """Take an item back from a target; what was scheduled is not done."""
    with session() as s:
        row = publications.get(s, number)
    if row.status == PublicationStatus.RETRACTED.value:
        raise problem(409, "Conflict", "It is taken back already.")
    return _done(requests.take_back([number], request.app.state.settings))


@router.post("/publications/{number}/verify")
def verify_publication(request: Request, number: Number, _caller: Writer) -> Looked:
    """Look at what lies there: gone, cut, another content."""
    with session() as s:
        publications.get(s, number)
    (seen,) = requests.verify([number], request.app.state.settings)
    wrong = (*seen.wrong, *filter(None, [seen.error]))
    return Looked(publication_id=number, whole=not wrong, wrong=tuple(shown_within(list(wrong))))


def _done(found: Any) -> Done:
    told = shown_within(publication.report(found))
    return Done(**{name: told[name] for name in Done.model_fields})
