"""What may be published is published: nightly targets, rules, what was scheduled or failed."""

from __future__ import annotations

from collections.abc import Collection

from prefect import get_run_logger

from utils.config import Settings
from utils.db import runs
from utils.db.session import session
from utils.db.words import clean
from utils.distribution import requests, targets
from utils.errors import NightShiftError, ResourceError, StoppedError
from utils.models.publishing import PublicationOutcome, PublicationResult, PublishReport
from utils.models.sanitize import visible
from utils.models.shift import PublishedCounts
from utils.observability import progress

_BAD = {PublicationResult.FAILED, PublicationResult.REFUSED}


def publish_at_end(settings: Settings, run_id: str) -> None:
    """Publish what is due at the end of a night; whatever goes wrong there is told with the night.

    Nothing is asked where there are no targets.
    """
    try:
        if not targets.load(settings).targets:
            return
        counts = PublishedCounts(**publish_due(settings, run_id).counts())
    except (StoppedError, ResourceError):
        raise
    except NightShiftError as error:
        get_run_logger().error("Nothing was published: %s", visible(str(error)))
        counts = PublishedCounts(error=clean(str(error)))
    except Exception as error:  # noqa: BLE001  a driver's own: the night has ended well but for it
        get_run_logger().exception("Publishing broke off")
        counts = PublishedCounts(error=f"Publishing broke off with {type(error).__name__}")
    with session() as s:
        runs.note_published(s, run_id, counts)


def publish_due(
    settings: Settings,
    run_id: str,
    limit: int | None = None,
    *,
    item_ids: Collection[str] | None = None,
    to: Collection[str] | None = None,
) -> PublishReport:
    """Publish all that is due, one after another; a failure stops no other and has its next try.

    Args:
        settings: The home, the targets.
        run_id: The run that this belongs to.
        limit: So many publications at most; the rest is due the next time.
        item_ids: These items alone; all when not given.
        to: These targets alone; all when not given.

    Raises:
        NightShiftError: targets.yaml makes no sense, or the database can't be used.
    """
    logger = get_run_logger()

    def hear(one: PublicationOutcome) -> None:
        detail = one.address or one.error or ""
        level = logger.warning if one.result in _BAD else logger.info
        level("%s: %s at %s %s", one.result.value, visible(one.title), one.target, visible(detail))
        progress.emit(progress.Settled(one.item_id, one.title, one.result.value, detail))

    def begun(number: int) -> None:
        logger.info("%d publications are due.", number)
        progress.emit(progress.Begun(number))

    found = requests.publish_due(
        settings, run_id, limit, item_ids=item_ids, to=to, watch=requests.Watch(begun, hear)
    )
    for problem in found.problems:
        logger.warning("%s", visible(problem))
    for flaw in found.flaws:
        said = f"{flaw.title} at {flaw.target} ({flaw.publication_id}): {flaw.flaw}"
        logger.warning("%s", visible(said))
    return found
