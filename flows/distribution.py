"""All that is approved and wanted at a target is published there."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from pydantic import PositiveInt

from subflows.distribution import publish_due
from tasks import ephemeral_server
from tasks.database import connect
from tasks.flow_runs import run_of
from tasks.tags import NOTHING_TO_DO, PARTIAL
from utils.db import items as library
from utils.db.session import session
from utils.models.publishing import PublishReport


@flow(name="distribution")
def distribution(
    items: list[str] | None = None, to: list[str] | None = None, limit: PositiveInt | None = None
) -> State[dict[str, Any]]:
    """Publish approved items: at nightly targets, by rules, what was scheduled, what failed.

    Returns the numbers (total, success, failed, waiting, …), and what failed and why.

    Args:
        items: These items alone (checksums, beginnings of them, paths); all when not given.
        to: Names of targets. With items: these are meant, nightly or not. All when not given.
        limit: So many publications at most; the rest is due the next time.
    """
    settings = connect()
    ephemeral_server.end_with_us()
    ids = None
    if items is not None:
        with session() as s:
            ids = [library.find(s, one).id for one in items]
    return _concluded(publish_due(settings, run_of(flow_run), limit, item_ids=ids, to=to))


def _concluded(found: PublishReport) -> State[dict[str, Any]]:
    """A state that says what it came to, in red where something failed."""
    numbers = found.counts()
    errors = [one.model_dump(mode="json") for one in found.outcomes if one.error]
    data = {
        **numbers, "errors": errors, "problems": list(found.problems),
        "flawed": [one.model_dump(mode="json") for one in found.flaws],
    }  # fmt: skip
    told = ", ".join(f"{number} {name}" for name, number in numbers.items() if number) or "nothing"
    if numbers["failed"]:
        return Failed(name=PARTIAL if numbers["success"] else "Failed", message=told, data=data)
    if not numbers["total"]:
        return Completed(name=NOTHING_TO_DO, message=told, data=data)
    return Completed(message=told, data=data)


if __name__ == "__main__":
    distribution()
