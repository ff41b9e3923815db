"""Decisions of people are found again where an item is like theirs, and only while they hold."""

import pytest

from tests.conftest import Override
from utils.clock import now
from utils.config import Settings, load_settings
from utils.critic import memory
from utils.db.review_tables import ReviewRow
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import RetryableError
from utils.models.analysis import Understanding
from utils.models.approval import Subject
from utils.models.review import ReviewSnapshot
from utils.search import embedder, vectors
from utils.search.index_client import connected

RAIN = "Rain on the river · A calm song about rain that falls on a river in the evening."
SOUP = "Tomato soup · A recipe for tomato soup with basil, cooked in twenty minutes."
HARBOUR = "The harbour · Fishing boats leave the harbour at dawn and come back with their catch."


def item(number: int, title: str) -> str:
    item_id = f"{number:064x}"
    with session() as s:
        s.add(Item(id=item_id, kind="audio", title=title, size_bytes=1, status="done"))
    return item_id


def decided(
    item_id: str, text: str, decision: str = "accept", reason: str | None = None, made: int = 1
) -> int:
    known = ReviewSnapshot(text=text).model_dump(mode="json")
    with session() as s:
        row = ReviewRow(item_id=item_id, decision=decision, reason=reason, snapshot=known)
        s.add(row)
        s.flush()
        return row.id


def undo(review_id: int) -> None:
    with session() as s:
        s.get_one(ReviewRow, review_id).undone_at = now()


def like(text: str) -> Subject:
    title, _, summary = text.partition(" · ")
    return Subject(title=title, kind="audio", understanding=Understanding(summary=summary))


def found(item_id: str, text: str, settings: Settings) -> list[tuple[int, str]]:
    precedents = memory.similar(item_id, like(text), settings)
    return [(one.review_id, one.decision) for one in precedents]


def test_the_most_alike_comes_first_with_its_reason(settings: Settings) -> None:
    rain, soup = item(1, "Rain on the river"), item(2, "Tomato soup")
    first = decided(rain, RAIN, "reject", "the singer is off key")
    memory.remember(first, settings)
    memory.remember(decided(soup, SOUP), settings)
    near = memory.similar("f" * 64, like("Drizzle · A song of rain over a quiet stream."), settings)
    assert near[0].review_id == first
    assert (near[0].decision, near[0].reason) == ("reject", "the singer is off key")
    assert (near[0].item_id, near[0].title) == (rain, "Rain on the river")
    assert near[0].similarity > 0.3


def test_an_item_is_not_its_own_precedent(settings: Settings) -> None:
    rain = item(1, "Rain")
    memory.remember(decided(rain, RAIN), settings)
    assert found(rain, RAIN, settings) == []
    assert len(found("f" * 64, RAIN, settings)) == 1


def test_what_was_taken_back_is_found_no_more(settings: Settings) -> None:
    taken = decided(item(1, "Rain"), RAIN)
    memory.remember(taken, settings)
    undo(taken)
    memory.forget(taken, settings)
    assert found("f" * 64, RAIN, settings) == []


def test_of_several_decisions_on_an_item_the_last_holds(settings: Settings) -> None:
    rain = item(1, "Rain")
    before, last = decided(rain, RAIN, "revise"), decided(rain, RAIN, "accept")
    for one in (before, last):
        memory.remember(one, settings)
    assert found("f" * 64, RAIN, settings) == [(last, "accept")]
    undo(last)
    assert found("f" * 64, RAIN, settings) == [(before, "revise")]


def test_many_decisions_on_one_item_hide_no_other(settings: Settings) -> None:
    rain, other = item(1, "Rain"), item(2, "Harbour")
    for number in range(32):  # equal vectors would cut the index's graph in two
        last = decided(
            rain, f"Rain {number * 37} on the river · A song about rain on day {number}."
        )
    farther = decided(other, "Drizzle · A song of rain over a quiet stream.")
    assert memory.rebuild(settings) == 33
    assert {one for one, _ in found("f" * 64, RAIN, settings)} == {last, farther}


def test_an_index_that_differs_from_the_database_is_mended_by_a_question(
    settings: Settings,
) -> None:
    first = decided(item(1, "Rain"), RAIN)  # killed before it was remembered
    assert found("f" * 64, RAIN, settings) == [(first, "accept")]
    second = decided(item(2, "Harbour"), HARBOUR)
    undo(first)  # killed before it was forgotten: as many in the index as there should be
    assert first not in dict(found("f" * 64, RAIN, settings))
    assert found("f" * 64, HARBOUR, settings) == [(second, "accept")]


def test_a_lost_index_is_made_again(settings: Settings) -> None:
    ids = [decided(item(n, text), text) for n, text in enumerate((RAIN, SOUP, HARBOUR))]
    undo(ids[2])
    assert memory.rebuild(settings) == 2
    assert memory.rebuild(settings) == 0


def test_forgetting_an_item_forgets_what_was_decided_on_it(settings: Settings) -> None:
    rain = item(1, "Rain")
    memory.remember(decided(rain, RAIN), settings)
    vectors.forget([rain], settings)
    name = vectors.collection_name("reviews", embedder.name())
    with connected(settings) as client:
        assert client.get_collection(name).count() == 0


def test_decisions_stay_when_former_collections_of_texts_go(settings: Settings) -> None:
    memory.remember(decided(item(1, "Rain"), RAIN), settings)
    vectors.forget_former(settings)
    assert len(found("f" * 64, RAIN, settings)) == 1


def test_without_decisions_no_index_is_opened(settings: Settings) -> None:
    assert memory.similar("f" * 64, like(RAIN), settings) == ()
    assert not (settings.home / "chroma").exists()


def test_a_decision_stands_though_the_index_does_not_answer(override: Override) -> None:
    override(chroma_url="http://127.0.0.1:9")
    settings = load_settings()
    review = decided(item(1, "Rain"), RAIN)
    memory.remember(review, settings)
    memory.forget(review, settings)
    with pytest.raises(RetryableError):
        memory.similar("f" * 64, like(RAIN), settings)
