"""What may be published now, what waits until it may, and what is not gone on with any more."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.distribution import known
from utils import clock
from utils.clock import now
from utils.config import load_settings
from utils.db import publications
from utils.db.publication_tables import PublicationRow
from utils.db.review_tables import ReviewRow
from utils.db.session import session
from utils.distribution import folder as folders
from utils.distribution import packages, requests
from utils.distribution.requests import Order, Watch
from utils.errors import UsageError
from utils.models.publishing import PublicationResult as Result
from utils.models.publishing import PublishReport

pytestmark = pytest.mark.usefixtures("settings")
LATER = timedelta(hours=1)


def publish(*item_ids: str, **more: Any) -> PublishReport:
    return requests.publish(Order(item_ids, ("public",), **more), load_settings())


def results(found: PublishReport) -> list[Result]:
    return [one.result for one in found.outcomes]


def row_of(item_id: str) -> PublicationRow:
    with session() as s:
        (row,) = publications.of_items(s, [item_id])
    return row


def due(by: timedelta = 2 * LATER) -> PublishReport:
    """What comes of a night that is so far from now."""
    later = clock.Clock(lambda: datetime.now(UTC) + by, clock.monotonic, clock.wait)
    with clock.set_to(later):
        return requests.publish_due(load_settings())


@pytest.mark.parametrize("status", ["skipped", "failed", "quarantined", "superseded", "pending"])
def test_what_is_not_done_is_not_published_though_it_is_approved(
    tmp_path: Path, status: str
) -> None:
    folder = known.public(tmp_path, "    nightly: true\n")
    item_id = known.item(tmp_path / "library" / "song.mp3")
    known.became(item_id, status, "No sound in it.")
    (refused,) = publish(item_id).outcomes
    assert refused.result is Result.REFUSED
    assert "not done" in (refused.error or "") and "No sound in it." in (refused.error or "")
    assert requests.publish_due(load_settings()).outcomes == ()
    assert not folder.exists()
    known.became(item_id, "deferred")
    assert results(requests.publish_due(load_settings())) == [Result.PUBLISHED]


def test_what_is_published_and_is_left_out_by_a_rule_now_is_named(tmp_path: Path) -> None:
    folder = known.public(tmp_path)
    ids = [known.item(tmp_path / "library" / f"{n}.mp3") for n in range(3)]
    publish(*ids)
    known.became(ids[0], "skipped")
    known.became(ids[1], "pending")  # at work
    (flaw,) = requests.publish_due(load_settings()).flaws
    assert (flaw.item_id, flaw.flaw) == (ids[0], "published, but a rule leaves it out")
    assert len(list(folder.iterdir())) == 3


def test_what_a_person_took_back_meanwhile_is_not_published(tmp_path: Path) -> None:
    folder = known.public(tmp_path)
    taken, put_off = (known.item(tmp_path / "library" / f"{n}.mp3") for n in "ab")
    publish(taken, put_off, at=now() + LATER)

    def meanwhile(_: int) -> None:
        requests.unpublish([taken], (), load_settings())
        publish(put_off, at=now() + 2 * LATER)

    later = clock.Clock(lambda: datetime.now(UTC) + LATER, clock.monotonic, clock.wait)
    with clock.set_to(later):
        found = requests.publish_due(load_settings(), watch=Watch(meanwhile, lambda _: None))
    assert results(found) == [Result.BUSY, Result.BUSY]
    assert [one.error.rpartition(" ")[2] for one in found.outcomes if one.error] == [
        "retracted", "scheduled",
    ]  # fmt: skip
    assert not folder.exists()
    assert row_of(taken).claimed_by is None


def test_only_what_failed_is_gone_on_with_on_demand(tmp_path: Path) -> None:
    folder = known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    publish(item_id)
    requests.unpublish([item_id], (), load_settings())
    with pytest.raises(UsageError, match="did not fail: it is retracted"):
        requests.retry([row_of(item_id).id], load_settings())
    publish(item_id, at=now() + LATER)
    with pytest.raises(UsageError, match="it is scheduled"):
        requests.retry([row_of(item_id).id], load_settings())
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("approval", ["review", "rejected"])
def test_what_came_due_before_its_acceptance_is_published_after_it(
    tmp_path: Path, approval: str
) -> None:
    folder = known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    publish(item_id, at=now() + LATER)
    known.judged(item_id, approval)
    (one,) = due().outcomes
    assert one.result is (Result.WAITING if approval == "review" else Result.FAILED)
    row = row_of(item_id)
    assert (row.status, row.tries) == ("scheduled" if approval == "review" else "failed", 0)
    assert "nightshift review accept" in (row.error or "")
    assert due().outcomes == ()  # it was said
    known.judged(item_id, "approved")
    assert results(due()) == [Result.PUBLISHED]
    assert known.there(folder)


def test_what_was_forced_and_rejected_by_a_person_since_is_not_sent(tmp_path: Path) -> None:
    folder = known.public(tmp_path)
    song = tmp_path / "library" / "song.mp3"
    item_id = known.item(song, "review")
    rejected(item_id)
    song.rename(tmp_path / "away.mp3")
    assert results(publish(item_id, reason="it is mine")) == [Result.FAILED]  # forced after it
    (tmp_path / "away.mp3").rename(song)
    rejected(item_id)
    (one,) = due().outcomes
    assert one.result is Result.FAILED and "It is rejected" in (one.error or "")
    assert not folder.exists()
    assert row_of(item_id).forced is None
    assert results(publish(item_id, reason="all the same")) == [Result.PUBLISHED]


def rejected(item_id: str) -> None:
    known.judged(item_id, "rejected")
    with session() as s:
        s.add(ReviewRow(item_id=item_id, decision="reject", made_at=now()))


def test_what_kills_its_process_each_time_is_tried_no_more_in_the_end(tmp_path: Path) -> None:
    known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    publish(item_id, at=now() + LATER)
    with session() as s:  # as so many kills leave it
        row = publications.of_items(s, [item_id])[0]
        row.status, row.tries = "publishing", publications.MOST_TRIES
    assert due().outcomes == ()
    row = row_of(item_id)
    assert row.status == "failed" and "killed" in (row.error or "")
    assert results(requests.retry([row.id], load_settings())) == [Result.PUBLISHED]


def test_a_try_is_counted_before_it_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    really, seen = folders.publish, []

    def watched(*given: Any) -> Any:
        seen.append((row_of(item_id).status, row_of(item_id).tries))
        return really(*given)

    monkeypatch.setattr(folders, "publish", watched)
    publish(item_id)
    assert seen == [("publishing", 1)]
    assert row_of(item_id).tries == 0


def test_who_works_on_an_item_while_it_is_sent_is_seen_by_the_next_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = known.public(tmp_path, "    nightly: true\n")
    item_id = known.item(tmp_path / "library" / "song.mp3")
    really: Callable[..., Any] = packages.of

    def then_renamed(*given: Any) -> Any:
        package = really(*given)
        monkeypatch.setattr(packages, "of", really)
        known.renamed(item_id, "another title")
        return package

    monkeypatch.setattr(packages, "of", then_renamed)
    publish(item_id)
    assert results(requests.publish_due(load_settings())) == [Result.PUBLISHED]
    assert next(folder.iterdir()).name.startswith("another_title")


def test_what_others_answer_is_kept_without_signs_that_a_database_refuses(tmp_path: Path) -> None:
    known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    publish(item_id, at=now() + LATER)
    with session() as s:
        number = publications.of_items(s, [item_id])[0].id
        assert publications.claim(s, "me", number) is not None
        publications.change(s, "me", number, error="no\0answer", extra={"a": ["b\0\ud800"]})
    row = row_of(item_id)
    assert (row.error, row.extra) == ("no answer", {"a": ["b ?"]})
