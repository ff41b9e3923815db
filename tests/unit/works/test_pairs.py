"""Which two files are parts of one work: by what cameras write, and whichever comes first."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from utils.models.item import MediaKind
from utils.models.work import WorkClues, WorkKind
from utils.works import clues, pairs

NOON = datetime(2024, 5, 4, 12, 0, 0)
CANON, PHONE = "canon eos r5", "apple iphone 15"


def file(path: str, **facts: Any) -> WorkClues:
    kind = facts.pop("kind", None) or (
        MediaKind.VIDEO
        if Path(path).suffix.lower() in {".mov", ".mp4", ".mts", ".vob", ".insv", ".ts"}
        else MediaKind.IMAGE
    )
    return WorkClues(item_id=path, kind=kind, places=(clues.place(Path(path), kind),), **facts)


def kind_of(a: WorkClues, b: WorkClues) -> WorkKind | None:
    """What two files are together: from either end, and by keys that both are kept under."""
    one, other = pairs.related(a, b), pairs.related(b, a)
    assert one == other
    if one is None:
        return None
    for first, second in ((a, b), (b, a)):
        wanted = {*pairs.keys(first), *pairs.keys(first, is_search=True)}
        assert wanted & set(pairs.keys(second)), "it would not be looked at"
    return one[0]


def test_a_picture_and_a_film_with_one_content_identifier_are_a_live_photo() -> None:
    still = file("/a/IMG_0001.HEIC", content_id="x1")
    motion = file("/b/renamed.MOV", content_id="x1", is_motion=True)
    assert kind_of(still, motion) is WorkKind.LIVE_PHOTO
    assert kind_of(still, file("/a/IMG_0001.MOV", content_id="x2", is_motion=True)) is None


@pytest.mark.parametrize(
    ("film", "expected"),
    [
        (NOON + timedelta(seconds=2), WorkKind.LIVE_PHOTO),
        (NOON + timedelta(seconds=5), None),
        (datetime(2024, 5, 4, 10, 0, 1, tzinfo=UTC), WorkKind.LIVE_PHOTO),  # noon in Berlin
        (datetime(2024, 5, 4, 12, 0, 1, tzinfo=timezone(timedelta(hours=2))), WorkKind.LIVE_PHOTO),
        (None, None),
    ],
)
def test_without_identifier_name_maker_and_moment_tell_a_live_photo(
    film: datetime | None, expected: WorkKind | None
) -> None:
    still = file("/a/IMG_0001.JPG", camera=PHONE, captured_at=NOON)
    motion = file("/a/IMG_0001.MOV", camera=PHONE, captured_at=film, is_motion=True)
    assert kind_of(still, motion) is expected


def test_a_film_and_a_picture_of_one_name_by_another_maker_are_strangers() -> None:
    still = file("/a/IMG_0001.JPG", camera=CANON, captured_at=NOON)
    assert kind_of(still, file("/a/IMG_0001.MOV", camera=CANON, captured_at=NOON)) is None


@pytest.mark.parametrize(
    ("other", "facts", "expected"),
    [
        ("/a/DSC_1.NEF", {}, WorkKind.RAW_AND_JPEG),
        ("/a/dsc_1.nef", {}, WorkKind.RAW_AND_JPEG),
        ("/b/DSC_1.NEF", {}, None),
        ("/a/DSC_2.NEF", {"captured_at": NOON + timedelta(seconds=9)}, None),
        ("/a/DSC_1.NEF", {"captured_at": NOON + timedelta(days=1)}, None),
        ("/a/DSC_1.NEF", {"camera": "sony"}, None),
        ("/a/DSC_1.TIF", {"is_raw": False}, None),
    ],
)
def test_raw_and_jpeg_share_name_folder_camera_and_moment(
    other: str, facts: dict[str, Any], expected: WorkKind | None
) -> None:
    developed = file("/a/DSC_1.JPG", camera=CANON, captured_at=NOON)
    raw = file(other, **({"camera": CANON, "captured_at": NOON, "is_raw": True} | facts))
    assert kind_of(developed, raw) is expected


def test_shots_a_second_apart_and_one_after_the_other_are_a_burst() -> None:
    first, second, later = (
        file(f"/a/IMG_{number:04}.JPG", camera=CANON, captured_at=NOON + timedelta(seconds=after))
        for number, after in ((9, 0), (10, 0.3), (11, 5))
    )
    assert kind_of(first, second) is WorkKind.BURST
    assert kind_of(second, later) is None
    skipped = file("/a/IMG_0012.JPG", camera=CANON, captured_at=NOON)
    assert kind_of(first, skipped) is None


def test_one_burst_identifier_is_a_burst_wherever_its_shots_lie() -> None:
    assert kind_of(file("/a/x.JPG", burst_id="b"), file("/b/y.JPG", burst_id="b")) is WorkKind.BURST


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("/a/GH010123.MP4", "/a/GH020123.MP4", WorkKind.RECORDING),
        ("/a/GH010123.MP4", "/a/GH110123.MP4", WorkKind.RECORDING),
        ("/a/GX010123.MP4", "/a/GX030123.MP4", WorkKind.RECORDING),
        ("/a/GOPR0123.MP4", "/a/GP010123.MP4", WorkKind.RECORDING),
        ("/a/GOPR0123.MP4", "/a/GOPR0124.MP4", None),
        ("/a/GH010123.MP4", "/a/GH010124.MP4", None),
        ("/a/GH010123.MP4", "/b/GH020123.MP4", None),
        ("/a/GH010123.MP4", "/a/GX020123.MP4", None),
        ("/a/VID_20240504_120000_00_001.insv", "/a/VID_20240504_120000_10_001.insv",
         WorkKind.RECORDING),
        ("/a/VID_20240504_120000_00_001.insv", "/a/VID_20240504_130000_00_001.insv", None),
        ("/a/VTS_01_1.VOB", "/a/VTS_01_3.VOB", WorkKind.RECORDING),
        ("/a/VTS_01_0.VOB", "/a/VTS_01_1.VOB", None),
        ("/a/VTS_01_1.VOB", "/a/VTS_02_1.VOB", None),
    ],
)  # fmt: skip
def test_names_that_cameras_give_to_parts_make_a_recording(
    one: str, other: str, expected: WorkKind | None
) -> None:
    assert kind_of(file(one), file(other)) is expected


def test_parts_with_another_picture_are_another_recording() -> None:
    """Counters begin again: the same number may be last year's."""
    one, other = (
        file(f"/a/GH0{part}0123.MP4", picture=f"hevc {width}x1080")
        for part, width in ((1, 1920), (2, 2704))
    )
    assert kind_of(one, other) is None


@pytest.mark.parametrize(
    ("starts", "expected"), [(21.4, WorkKind.RECORDING), (1.4, None), (23.0, None)]
)
def test_avchd_whose_timestamps_go_on_is_one_recording(
    starts: float, expected: WorkKind | None
) -> None:
    first = file("/a/00000.MTS", starts_at_seconds=1.4, duration_seconds=20.0)
    second = file("/a/00001.MTS", starts_at_seconds=starts, duration_seconds=20.0)
    assert kind_of(first, second) is expected


@pytest.mark.parametrize(
    ("names", "size", "gap", "expected"),
    [
        (("DJI_0001.MP4", "DJI_0002.MP4"), 4_294_000_000, 1, WorkKind.RECORDING),
        (("DJI_20240504120000_0001_D.MP4", "DJI_20240504120500_0002_D.MP4"), 4_294_000_000, 0,
         WorkKind.RECORDING),
        (("MVI_0001.MP4", "MVI_0002.MP4"), 4_294_000_000, 60, None),
        (("MVI_0001.MP4", "MVI_0002.MP4"), 300_000_000, 1, None),  # stopped, and begun again
        (("00000.MTS", "00001.MTS"), 300_000_000, 1, WorkKind.RECORDING),
    ],
)  # fmt: skip
def test_a_full_file_and_the_one_that_begins_when_it_ends_are_one_recording(
    names: tuple[str, str], size: int, gap: int, expected: WorkKind | None
) -> None:
    after = NOON + timedelta(seconds=300 + gap)
    first = file(f"/a/{names[0]}", size_bytes=size, duration_seconds=300.0, captured_at=NOON)
    second = file(f"/a/{names[1]}", size_bytes=9, duration_seconds=9.0, captured_at=after)
    assert kind_of(first, second) is expected


def test_a_later_part_and_a_live_photos_film_are_parts_and_the_first_is_not() -> None:
    assert file("/a/GH020123.MP4").is_part
    assert file("/a/IMG_1.MOV", is_motion=True).is_part
    assert not file("/a/GH010123.MP4").is_part
    assert not file("/a/GOPR0123.MP4").is_part
    assert file("/a/GP010123.MP4").is_part
