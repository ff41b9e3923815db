"""A person's decision on an item by Prefect's form: the run pauses until it is filled in."""

from __future__ import annotations

from typing import Literal

from prefect import flow
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from prefect.runtime import flow_run
from pydantic import Field, PositiveInt

from tasks.database import connect
from utils.config import Settings
from utils.critic import decisions
from utils.db.review_tables import ReviewRow
from utils.db.session import session
from utils.documents import item as items
from utils.documents import review as documents
from utils.errors import UsageError
from utils.models.sanitize import visible
from utils.observability.reports import markdown, review_page

_TRIES = 3  # of a form in which a revision asks for what is no option


class ReviewForm(RunInput):
    """What a person decides."""

    decision: Literal["accept", "reject", "revise"] = Field(
        description="accept: it may be published; reject: not; revise: do it again with changes."
    )
    reason: str | None = Field(default=None, description="Why; the critic is told of it.")
    changes: list[str] = Field(
        default_factory=list, description="Of a revision, such as transcription.model=small."
    )
    made_by: str | None = Field(default=None, description="Who decides.")


def _run_name() -> str:
    return f"review {visible(str(flow_run.parameters['item'])[:60])}"


@flow(name="review-item", flow_run_name=_run_name)
def review_item(
    item: str, hours: PositiveInt = 24, poll_seconds: PositiveInt = 10
) -> dict[str, object]:
    """Ask a person to decide of an item; returns the decision.

    The run pauses with a form that shows how the item was judged. Resumed, it decides as
    `nightshift review` does. A revision that asks for what is no option is asked for again.

    Args:
        item: A checksum, a unique prefix of one, or a path.
        hours: How long it waits for a person; after that the run fails and nothing is decided.
        poll_seconds: How often it looks whether the form is filled in.
    """
    settings = connect()
    with session() as s:
        row = decisions.found(s, item)
        item_id, told = row.id, review_page.markdown(items.document(s, row))
    given = _asked(told, hours, poll_seconds, settings)
    by = given.made_by or "somebody at Prefect"
    review_id = decisions.decide(item_id, _wanted(given), by, settings)
    with session() as s:
        return documents.decision(s.get_one(ReviewRow, review_id))


def _asked(told: str, hours: int, poll_seconds: int, settings: Settings) -> ReviewForm:
    """The form as a person filled it in, with options that there are or after the last try."""
    complaint = ""
    for _ in range(_TRIES):
        given = pause_flow_run(
            wait_for_input=ReviewForm.with_initial_data(description=complaint + told),
            timeout=hours * 3600,
            poll_interval=poll_seconds,
        )
        try:
            decisions.checked_changes(_wanted(given), settings)
        except UsageError as error:
            complaint = f"**{markdown.cell(str(error))}**\n\n"
        else:
            break
    return given


def _wanted(given: ReviewForm) -> decisions.Wanted:
    return decisions.Wanted(given.decision, given.reason, decisions.from_words(given.changes))
