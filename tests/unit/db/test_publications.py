"""Rows of publications: wanted, claimed, settled; quotas: on both databases."""

from datetime import timedelta

import pytest

from utils.clock import now
from utils.db import lying, publication_quota, publications, workers
from utils.db.publications import Placed, Wish
from utils.db.session import session
from utils.errors import DeferredError
from utils.models.publishing import Package, PublicationStatus, Published, PublishedObject

pytestmark = pytest.mark.usefixtures("database")

ITEM = "ab" * 32
PACKAGE = Package(item_id=ITEM, title="A song", kind="audio", published_at=now())
FILE = PublishedObject(name="a/media.mp3", size_bytes=1, sha256="0" * 64)


def want(target: str = "public", hours: float = 0) -> int:
    wish = Wish(ITEM, "A song", target, "folder", now() + timedelta(hours=hours))
    with session() as s:
        return publications.want(s, wish)


def work(name: str) -> str:
    with session() as s:
        workers.register(s, name, None, 120)
    return name


def test_a_row_is_one_workers_at_a_time_and_free_when_that_is_gone() -> None:
    number, one, other = want(), work("one"), work("other")
    with session() as s:
        assert publications.due(s) == [number]
        assert publications.claim(s, one, number) is not None
        assert publications.claim(s, other, number) is None
        assert publications.due(s) == []
    with session() as s:
        workers.unregister(s, one)
        row = publications.claim(s, other, number)
        assert row is not None
        assert not publications.change(s, one, number, status="failed")
        placed = Placed(PACKAGE, Published(address="file:///a", objects=(FILE,)), "k", "t", now())
        assert publications.settle_published(s, other, row, placed)
        assert publications.due(s) == []
        assert publications.untidy(s) == []
        (lies,) = lying.at(s, "public")
        assert Package.model_validate(lies.document) == PACKAGE
        assert publications.published(lies).objects == (FILE,)
        assert lying.keys(s, "public")[0][:2] == (ITEM, "k")


def test_what_is_wanted_again_is_one_row_and_its_moment_is_the_last_one() -> None:
    first = want(hours=1)
    with session() as s:
        assert publications.due(s) == []
    assert want() == first
    with session() as s:
        assert publications.due(s) == [first]
        assert publications.due(s, ["elsewhere"]) == []


def test_what_is_taken_back_belongs_to_no_index_and_is_gone_on_with() -> None:
    number, worker = want(), work("one")
    stale = PublishedObject(name="b/media.mp3", size_bytes=1, sha256="0" * 64)
    with session() as s:
        row = publications.claim(s, worker, number)
        assert row is not None
        made = Published(address="file:///a", objects=(FILE,))
        publications.settle_published(
            s, worker, row, Placed(PACKAGE, made, "k", "t", now(), (stale,))
        )
        assert publications.untidy(s) == [number]
        assert publications.first_published(s, ITEM) is not None
        assert publications.begin_retraction(s, worker, number)
        assert lying.at(s, "public") == []
        publications.release_all(s, worker)
    with session() as s:
        assert publications.due(s) == [number]
        row = publications.claim(s, worker, number)
        assert row is not None
        assert publications.published(row).objects == (FILE, stale)  # all of it goes
        publications.settle_retracted(s, worker, row)
        assert publications.get(s, number).status == PublicationStatus.RETRACTED.value
        assert publications.there_or_due(s, ITEM) == []


def test_a_quota_is_used_up_to_its_end_and_no_further() -> None:
    with session() as s:
        assert publication_quota.reserve(s, "quota:tube:2026-11-26", 60, 100) == 60
    with pytest.raises(DeferredError, match="60 of 100"), session() as s:
        publication_quota.reserve(s, "quota:tube:2026-11-26", 41, 100)
    with session() as s:
        assert publication_quota.reserve(s, "quota:tube:2026-11-26", 40, 100) == 100
        assert publication_quota.reserve(s, "quota:tube:2026-11-27", 40, 100) == 40
