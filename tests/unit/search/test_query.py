"""Search as a whole: a small library in several languages, the real embedder, real ranks."""

import shutil
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Override
from utils.config import Settings, load_settings
from utils.db import items, ledger, library, queue
from utils.db.items import Seen
from utils.db.session import session
from utils.errors import SettingsError
from utils.models.item import FileStat, MediaKind
from utils.models.record import ItemRecord, SegmentRecord
from utils.models.rendition import Compression, Rendition
from utils.models.search import Rank, SearchFilters
from utils.models.transcript import Segment, Transcript
from utils.search import embedder, vectors
from utils.search import query as find
from utils.search.indexing import reindex
from utils.search.passages import passages

LIBRARY = {
    "Hafen am Abend": ("de", "Abend im Hafen.", "hafen fähre", "Das Schiff verlässt den Hafen."),
    "Tomato soup": ("en", "A recipe.", "tomato soup", "Chop the onions. Serve it with bread."),
    "ភ្លៀង": ("km", "ភ្លៀងធ្លាក់លើទន្លេ", "ភ្លៀង ទន្លេ", "ថ្ងៃនេះមានភ្លៀងធ្លាក់ខ្លាំង"),
    "Budget": ("en", "Next year's costs.", "budget costs", "Cut the travel costs by ten percent."),
    "IMG_1": (None, None, "", ""),
}  # fmt: skip


def add(
    number: int,
    title: str,
    language: str | None,
    summary: str | None,
    keywords: str,
    said: str,
    **facts: Any,
) -> ItemRecord:
    record = ItemRecord(
        item_id=f"{number:064x}",
        kind="audio" if said else "image",
        title=title,
        language=language,
        summary=summary,
        keywords=tuple(keywords.split()),
        segments=(SegmentRecord(start_seconds=7.0, end_seconds=9.0, text=said),) if said else (),
        **facts,
    )
    stat = FileStat(path=Path(f"/x/{title}.mp3"), size_bytes=1, modified_ns=1, inode=1)
    with session() as s:
        items.register(s, Seen(stat, record.item_id, True), MediaKind(record.kind))
        library.save(s, record, passages(record))
        queue.claim_these(s, "a run", [record.item_id])
        queue.settle_done(s, "a run", record.item_id, "key")
    vectors.replace(record.item_id, passages(record), embedder.load(), load_settings())
    return record


@pytest.fixture
def small_library(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Embedded once, copied for each test."""
    kept = tmp_path_factory.getbasetemp() / "small library"
    if kept.exists():
        shutil.copytree(kept, settings.home, dirs_exist_ok=True)
        return settings
    for number, (title, facts) in enumerate(LIBRARY.items()):
        add(number, title, *facts)
    shutil.copytree(settings.home, kept)
    return settings


def titles(query: str, settings: Settings, limit: int = 10, **filters: Any) -> list[str]:
    return [hit.title for hit in find.search(query, limit, settings, SearchFilters(**filters))]


def test_meaning_is_found_across_languages(small_library: Settings) -> None:
    assert titles("a ship leaves the harbour", small_library)[0] == "Hafen am Abend"
    assert titles("Zwiebeln schneiden", small_library)[0] == "Tomato soup"
    assert titles("heavy rain today", small_library)[0] == "ភ្លៀង"


def test_a_hit_says_where_it_begins_and_which_list_found_it(small_library: Settings) -> None:
    hit = find.search("Schiff", 1, small_library)[0]
    assert (hit.title, hit.kind, hit.path) == ("Hafen am Abend", "audio", "/x/Hafen am Abend.mp3")
    assert (hit.start_seconds, hit.snippet) == (7.0, "Das Schiff verlässt den Hafen.")
    assert hit.why[0] == Rank(list="full text", rank=1)
    assert {rank.list for rank in hit.why} == {"full text", "summary", "keywords", "speech"}
    weights = find.WEIGHTS
    assert hit.score == pytest.approx(sum(weights[r.list] / (60 + r.rank) for r in hit.why), 1e-3)


def test_a_word_that_stands_there_beats_one_that_is_near(small_library: Settings) -> None:
    assert titles("percent", small_library)[0] == "Budget"
    assert titles("IMG_1", small_library)[0] == "IMG_1"
    assert find.search("IMG_1", 1, small_library)[0].start_seconds is None


def test_the_sum_of_the_lists_is_that_of_the_paper() -> None:
    fused = find.fuse({"full text": ["a"], "summary": ["b", "a"], "keywords": ["b"], "speech": []})
    assert list(fused) == ["a", "b"]
    assert fused["a"][0] == pytest.approx(2.5 / 61 + 1.0 / 62)
    assert fused["b"][0] == pytest.approx(1.0 / 61 + 0.8 / 61)


def test_filters_come_before_the_ranks(small_library: Settings) -> None:
    khmer = SearchFilters(language="km")
    ((hit,), total) = find.page("ship", 1, small_library, khmer, weak=True)
    assert (hit.title, total) == ("ភ្លៀង", 1)
    assert titles("ship", small_library, language="fr") == []
    ((hit,), _) = find.page("soup", 1, small_library, khmer, weak=True)
    assert all(rank.rank == 1 for rank in hit.why)


@pytest.mark.parametrize(
    "nonsense", ["xqzzt blorf", "asdfghjkl", "zzzzzz", "пцукенг", "🎉", "quantum chromodynamics"]
)
def test_nonsense_finds_nothing_unless_weak_hits_are_asked_for(
    small_library: Settings, nonsense: str
) -> None:
    assert find.page(nonsense, 10, small_library) == ([], 0)
    assert find.page(nonsense, 10, small_library, weak=True).total == len(LIBRARY)


def test_a_weak_hit_counts_where_full_text_finds_the_item(small_library: Settings) -> None:
    assert titles("IMG_1", small_library) == ["IMG_1"]


def test_pages_go_on_where_the_last_one_ended_and_say_how_many_there_are(
    small_library: Settings,
) -> None:
    whole = find.page("ship", 10, small_library, weak=True)
    assert whole.total == len(whole.hits) == len(LIBRARY)
    pages = [find.page("ship", 2, small_library, offset=at, weak=True) for at in (0, 2, 4, 6)]
    assert [hit for page in pages for hit in page.hits] == whole.hits
    assert {page.total for page in pages} == {len(LIBRARY)}
    first = find.page("", 1, small_library, SearchFilters(language="en"))
    assert (len(first.hits), first.total) == (1, 2)


def test_a_hit_has_the_address_and_the_rendition_of_its_item(
    small_library: Settings, tmp_path: Path
) -> None:
    item_id, path = f"{0:064x}", tmp_path / "rendition.opus"
    path.write_bytes(b"a rendition")
    made = Compression(
        source_bytes=2, encoded_bytes=1, reason="saves",
        rendition=Rendition(path=path, kind="audio", codec="opus", size_bytes=1),
    )  # fmt: skip
    row = ledger.start(item_id, "compress_audio", ledger.Inputs("key", {"version": 1}), None)
    with session() as s:
        ledger.finish(s, row, made, 1.0)
    hit = find.search("Schiff", 1, small_library)[0]
    assert (hit.rendition, hit.source_url) == (str(path), None)


def test_without_words_the_newest_that_pass_are_listed(small_library: Settings) -> None:
    add(99, "Old", "en", None, "", "Hello.", captured_at=datetime(1999, 1, 1, tzinfo=UTC))
    assert titles("", small_library, language="en") == ["Budget", "Tomato soup", "Old"]
    assert titles(" \0 ", small_library, before=datetime(2000, 1, 1, tzinfo=UTC)) == ["Old"]


def test_no_query_of_a_stranger_raises(small_library: Settings) -> None:
    for query in ('"', "a OR", "*", "\ud800x", "NEAR((", "-ship", "東", "x" * 50_000, "🎉"):
        assert isinstance(find.search(query, 3, small_library), list)


def test_an_index_ahead_of_the_database_answers_with_what_there_is(small_library: Settings) -> None:
    ghost = ItemRecord(item_id="f" * 64, kind="audio", title="ship ship ship")
    vectors.replace(ghost.item_id, passages(ghost), embedder.load(), small_library)
    assert "ship ship ship" not in titles("ship", small_library)


def test_a_lost_index_is_made_again_and_then_nothing_is_embedded(
    small_library: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = vectors.count(small_library)
    shutil.rmtree(small_library.home / "chroma")
    assert set(reindex(small_library)) == set(LIBRARY)
    assert vectors.count(small_library) == before
    monkeypatch.setattr(embedder.load(), "passages", None)  # calling it would raise
    assert set(reindex(small_library)) == set(LIBRARY)


def test_what_was_done_before_there_were_rows_is_made_findable_from_the_ledger(
    settings: Settings,
) -> None:
    item_id = "e" * 64
    stat = FileStat(path=Path("/x/old.mp3"), size_bytes=1, modified_ns=1, inode=1)
    said = Segment(start_seconds=3.0, end_seconds=5.0, text="The boats left before dusk.")
    row = ledger.start(item_id, "transcribe_audio", ledger.Inputs("key", {"version": 1}), None)
    with session() as s:
        items.register(s, Seen(stat, item_id, True), MediaKind.AUDIO)
        ledger.finish(s, row, Transcript(engine="x", segments=(said,)), 1.0)
        queue.claim_these(s, "a run", [item_id])
        queue.settle_done(s, "a run", item_id, "key")
    assert find.search("boats", 1, settings) == []
    assert list(reindex(settings)) == ["old"]
    (hit,) = find.search("boats", 1, settings)
    assert (hit.start_seconds, hit.why[0].list) == (3.0, "full text")
    with session() as s:
        assert library.load(s, item_id).segments[0].text == said.text


def test_an_image_model_that_is_not_there_says_what_to_install(
    small_library: Settings, override: Override
) -> None:
    override(image_model="ViT-B-32 laion2b_s34b_b79k")
    if find_spec("open_clip"):
        pytest.skip("open_clip is installed")
    with pytest.raises(SettingsError, match="open_clip_torch"):
        find.search("ship", 1, load_settings())
