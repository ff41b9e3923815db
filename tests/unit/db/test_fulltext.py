"""Full text: the same queries find the same items on SQLite and on a real Postgres."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from tests.conftest import Override
from utils.db import fulltext, items, library
from utils.db.items import Seen
from utils.db.schema import Item
from utils.db.session import session
from utils.models.item import FileStat, MediaKind
from utils.models.record import ItemRecord, SegmentRecord
from utils.models.search import SearchFilters
from utils.search.passages import passages

KHMER = "បន្ទាប់ពីភ្លៀងធ្លាក់លើទន្លេមេគង្គ"
SPOKEN = {
    "lighthouse": ("The keeper climbs the stairs. " * 15, "He lights the lamp at dusk."),
    "hafen": ("Die Fischer verkaufen Fische am Fluß.", "Über dem Hafen wird es Abend."),
    "rain": (KHMER,),
    "tokyo": ("今日は東京タワーに行きました。",),
    "gym": ("Keep the light weights in the house.",),
}


@pytest.fixture(params=["sqlite", "postgres"], autouse=True)
def library_of_five(request: pytest.FixtureRequest, override: Override) -> None:
    if request.param == "postgres":
        override(database_url=SecretStr(request.getfixturevalue("postgres_url")))
    for number, (title, parts) in enumerate(SPOKEN.items()):
        stat = FileStat(path=Path(f"/x/{title}"), size_bytes=1, modified_ns=1, inode=1)
        segments = tuple(
            SegmentRecord(start_seconds=10.0 * n, end_seconds=10.0 * n + 10, text=part)
            for n, part in enumerate(parts)
        )
        record = ItemRecord(
            item_id=f"{number:064x}", kind="audio", title=title, segments=segments,
            keywords=("lamp",) if title == "gym" else (), language="de" if number == 1 else None,
        )  # fmt: skip
        with session() as s:
            items.register(s, Seen(stat, record.item_id, True), MediaKind.AUDIO)
            library.save(s, record, passages(record))


def found(query: str, limit: int = 10, **filters: str) -> list[str]:
    chosen = select(Item.id).where(*library.conditions(SearchFilters(**filters)))
    with session() as s:
        hits = fulltext.search(s, query, limit, chosen if filters else None)
        return [list(SPOKEN)[int(hit.item_id, 16)] for hit in hits]


def test_case_and_accents_do_not_matter() -> None:
    assert found("FLUSS uber") == ["hafen"]
    assert found("Über dem Hafen") == ["hafen"]


def test_every_word_must_be_there_but_not_in_one_passage() -> None:
    assert found("lighthouse lamp") == ["lighthouse"]
    assert found("lighthouse weights") == []


def test_words_in_quotes_stand_together_in_this_order() -> None:
    assert set(found("the light")) == {"gym"}
    assert found('"the lamp"') == ["lighthouse"]
    assert found('"lamp the"') == []
    assert found('"light weights" house') == ["gym"]


def test_a_star_finds_beginnings() -> None:
    assert found("fisch") == []
    assert found("fisch*") == ["hafen"]


def test_scripts_without_spaces_are_found_by_any_part() -> None:
    assert found("ភ្លៀង") == ["rain"]
    assert found("ទន្លេ ភ្លៀង") == ["rain"]
    assert found("東京") == ["tokyo"]
    assert found("京タワ") == ["tokyo"]
    assert found("東") == ["tokyo"]
    assert found("京東") == []


def test_the_time_is_that_of_the_spoken_passage() -> None:
    with session() as s:
        (hit,) = fulltext.search(s, "hafen abend", 5)
        assert hit.start_seconds == 0.0  # both segments are one passage
        (hit,) = fulltext.search(s, "lighthouse dusk", 5)
        assert "dusk" in hit.spoken
        assert hit.start_seconds == 10.0
        hit, *_ = fulltext.search(s, "gym", 5)
        assert (hit.text, hit.spoken, hit.start_seconds) == ("gym", None, None)


def test_an_item_comes_once_and_the_limit_counts_items() -> None:
    assert sorted(found("the")) == ["gym", "lighthouse"]
    assert len(found("the", limit=1)) == 1


def test_filters_come_before_the_limit() -> None:
    assert found("die*", language="de") == ["hafen"]
    assert found("lamp", language="de") == []


STRANGE = [
    "", " ", '"', '""', "*", "-", "-lamp", 'lamp"', "lamp AND", "NOT", "OR lamp", "NEAR(", "(", ")",
    "lamp)", "words:lamp", "{lamp}", "^lamp", "lamp*x", "la\0mp", "\ud800", "'", "\\", "lamp\\'",
    "a:b", "!", "|", "& |", "<->", "lamp:*", ":*", "%", "_", ";--", "e" * 100_000, "the " * 5_000,
    '"' * 999, "东" * 3_000, "🎉", "\u0301",
]  # fmt: skip


def test_no_query_of_a_stranger_raises() -> None:
    assert all(isinstance(found(query), list) for query in STRANGE)


def test_what_looks_like_an_operator_is_a_word() -> None:
    assert found("lamp -keeper") == ["lighthouse"]
    assert found("(lamp)") == found("lamp")
    assert found("words:lamp") == []
