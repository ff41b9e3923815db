"""What is known of an item: saved whole, read back the same, filtered by."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text

from utils.db import items, library
from utils.db.fact_tables import Passage, Segment, Thumbnail, Track
from utils.db.items import Seen
from utils.db.schema import Item
from utils.db.session import session
from utils.models.item import FileStat, MediaKind
from utils.models.record import (
    CriterionRecord,
    ItemRecord,
    NoteRecord,
    SegmentRecord,
    ShotRecord,
    ThumbnailRecord,
    TrackRecord,
)
from utils.models.search import SearchFilters
from utils.models.verdict import Band
from utils.search.passages import passages

CEST = timezone(timedelta(hours=2))

pytestmark = pytest.mark.usefixtures("database")


def add(name: str, **facts: Any) -> str:
    item_id = name.encode().hex().ljust(64, "0")
    stat = FileStat(path=Path(f"/x/{name}"), size_bytes=1, modified_ns=1, inode=1)
    with session() as s:
        items.register(s, Seen(stat, item_id, True), MediaKind.VIDEO)
    record = ItemRecord(item_id=item_id, **({"kind": "video", "title": name} | facts))
    save(record)
    return item_id


def save(record: ItemRecord) -> None:
    with session() as s:
        library.save(s, record, passages(record))


def load(item_id: str) -> ItemRecord:
    with session() as s:
        return library.load(s, item_id)


def passing(**filters: Any) -> set[str]:
    with session() as s:
        chosen = select(Item.title).where(*library.conditions(SearchFilters(**filters)))
        return set(s.scalars(chosen.order_by(*library.newest_first())))


FULL: dict[str, Any] = {
    "duration_seconds": 12.5,
    "language": "de",
    "verdict": "accept",
    "score": 0.8,
    "summary": "Ein Boot.",
    "captured_at": datetime(2023, 6, 1, 23, 30, tzinfo=CEST),
    "captured_at_source": "EXIF:DateTimeOriginal",
    "camera_make": "Canon",
    "camera_model": "EOS R5",
    "lens": "RF 24-70",
    "focal_length_mm": 35.0,
    "width": 1080,
    "height": 1920,
    "frame_rate": 29.97,
    "video_codec": "hevc",
    "audio_codec": "aac",
    "hdr_format": "HLG",
    "latitude": -54.8,
    "longitude": 13.4,
    "rating": 4,
    "tracks": (
        TrackRecord(kind="audio", number=0, codec="aac", language="de", channels=2),
        TrackRecord(kind="audio", number=1, codec="ac3", bit_rate=2**40),
        TrackRecord(kind="subtitle", number=0, codec="srt", embedded=False),
    ),
    "keywords": ("boot", "hafen"),
    "segments": (
        SegmentRecord(start_seconds=0, end_seconds=2, text="Das Boot kommt."),
        SegmentRecord(start_seconds=2, end_seconds=4, text="It lands.", language="en"),
    ),
    "notes": (
        NoteRecord(kind="person", text="Ada", source="boat.xmp"),
        NoteRecord(kind="subtitle", text="Ahoi", source="boat.srt", start_seconds=1, end_seconds=2),
    ),
    "shots": (ShotRecord(start_seconds=0, end_seconds=4, description="Ein Hafen."),),
    "thumbnails": (ThumbnailRecord(path=Path("/t/1.jpg"), time_seconds=2, phash="f0" * 8),),
    "criteria": (CriterionRecord(name="loudness", score=1, reason="-16 LUFS"),),
}


def test_a_record_comes_back_as_it_was_saved() -> None:
    item_id = add("boat", **FULL)
    assert load(item_id) == ItemRecord(item_id=item_id, kind="video", title="boat", **FULL)


def test_saving_again_leaves_nothing_of_what_was_there() -> None:
    item_id = add("boat", **FULL)
    less = load(item_id).model_copy(
        update={
            "segments": FULL["segments"][:1],
            "tracks": (),
            "keywords": (),
            "lens": None,
            "notes": (),
        }
    )
    save(less)
    save(less)
    assert load(item_id) == less
    with session() as s:
        held = [s.scalar(select(func.count()).select_from(t)) for t in (Segment, Track, Passage)]
        indexed = s.scalar(text("SELECT count(*) FROM passage_words"))
    assert held == [1, 0, 2]
    assert indexed == 2


def test_a_still_stays_published_when_its_item_is_saved_again() -> None:
    item_id = add("boat", **FULL)
    with session() as s:
        library.note_urls(s, item_id, {Path("/t/1.jpg"): "memory://x/1.jpg"})
    save(ItemRecord(item_id=item_id, kind="video", title="boat", **FULL))
    assert load(item_id).thumbnails[0].url == "memory://x/1.jpg"
    save(load(item_id).model_copy(update={"thumbnails": (ThumbnailRecord(path=Path("/t/2.jpg")),)}))
    assert load(item_id).thumbnails[0].url is None


def test_all_goes_with_the_item_its_words_too() -> None:
    item_id = add("boat", **FULL)
    with session() as s:
        s.execute(delete(Item).where(Item.id == item_id))
    with session() as s:
        assert s.scalar(select(func.count()).select_from(Thumbnail)) == 0
        assert s.scalar(text("SELECT count(*) FROM passage_words")) == 0


def test_a_failed_save_changes_nothing() -> None:
    item_id = add("boat", **FULL)
    double = TrackRecord(kind="audio", number=0)
    with pytest.raises(Exception, match=r"(?i)unique"):
        save(load(item_id).model_copy(update={"tracks": (double, double), "keywords": ()}))
    assert load(item_id).keywords == ("boot", "hafen")


def test_a_clock_without_a_time_zone_stays_without_one() -> None:
    naive = datetime(2023, 6, 1, 12, 0)
    assert load(add("clock", captured_at=naive)).captured_at == naive


def test_a_date_that_no_calendar_holds_in_utc_is_unknown() -> None:
    assert load(add("old", captured_at=datetime(1, 1, 1, tzinfo=CEST))).captured_at is None
    assert load(add("first", captured_at=datetime(1, 1, 1))).captured_at == datetime(1, 1, 1)


def test_hostile_text_is_stored_without_what_no_database_takes() -> None:
    hostile = "a\0b\ud800'; DROP TABLE items; --"
    item_id = add(
        "evil",
        title=hostile,
        lens=hostile,
        keywords=(hostile,),
        segments=(SegmentRecord(start_seconds=0, end_seconds=1, text=hostile * 100_000),),
        tracks=(TrackRecord(kind="video", number=0, title=hostile, width=2**40),),
    )
    record = load(item_id)
    assert record.title == record.lens == record.keywords[0] == "a b?'; DROP TABLE items; --"


def test_each_filter_keeps_what_it_says() -> None:
    add("song", kind="audio", language="en", duration_seconds=180, verdict="reject")
    add("boat", **FULL)
    add("still", kind="image", camera_make="NIKON", camera_model="Z 100%")
    assert passing() == {"song", "boat", "still"}
    assert passing(kind=MediaKind.IMAGE) == {"still"}
    assert passing(language="DE") == {"boat"}
    assert passing(verdict=Band.REJECT) == {"song"}
    assert passing(camera="canon eos") == {"boat"}
    assert passing(camera="100%") == {"still"}
    assert passing(camera="0_") == set()
    assert passing(min_duration_seconds=13) == {"song"}
    assert passing(max_duration_seconds=13) == {"boat"}
    assert passing(min_duration_seconds=10, max_duration_seconds=13, kind=MediaKind.AUDIO) == set()


def test_a_region_is_a_kind_of_its_language() -> None:
    add("portugal", language="pt-BR")
    add("other", language="ptx")
    assert passing(language="pt") == {"portugal"}


def test_dates_are_of_the_capture_else_of_the_arrival() -> None:
    add("boat", **FULL)  # 21:30 UTC
    add("undated")
    evening = datetime(2023, 6, 1, 21, 30, tzinfo=UTC)
    assert passing(after=evening) == {"boat", "undated"}
    assert passing(before=evening) == set()
    assert passing(before=evening + timedelta(seconds=1)) == {"boat"}
    assert passing(after=evening + timedelta(seconds=1)) == {"undated"}
