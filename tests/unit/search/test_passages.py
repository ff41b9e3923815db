"""What of a record can be found, and what a hit jumps to."""

from utils.models.record import ItemRecord, NoteRecord, SegmentRecord
from utils.search.passages import passages


def record(*notes: NoteRecord, **known: object) -> ItemRecord:
    return ItemRecord(item_id="a" * 64, kind="video", title="Film", notes=notes, **known)


def test_what_people_wrote_is_found_by_its_words() -> None:
    found = passages(record(NoteRecord(kind="description", text="A picnic", source="x.xmp"),
                            NoteRecord(kind="comment", text="windy", source="ExifIFD:UserComment"),
                            NoteRecord(kind="person", text="Ada", source="x.xmp"),
                            keywords=("zebra", "Ada")))  # fmt: skip
    assert [(p.kind, p.text) for p in found] == [
        ("summary", "Film"),
        ("keywords", "zebra, Ada"),
        ("summary", "A picnic"),
        ("summary", "windy"),
    ]


def test_subtitles_are_speech_with_its_time_each_file_for_itself() -> None:
    lines = [
        NoteRecord(kind="subtitle", text=text, source=name, start_seconds=at, end_seconds=at + 1)
        for name, at, text in (("a.srt", 1.0, "one"), ("a.srt", 2.0, "two"), ("b.srt", 5.0, "uno"))
    ]
    heard = (SegmentRecord(start_seconds=0.5, end_seconds=1, text="won"),)
    found = [p for p in passages(record(*lines, segments=heard)) if p.kind == "speech"]
    assert [(p.text, p.start_seconds) for p in found] == [
        ("won", 0.5),
        ("one two", 1.0),
        ("uno", 5.0),
    ]
