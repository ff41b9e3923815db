"""What real files say of the work that they are a part of, as cameras write it."""

import struct
from pathlib import Path

import pytest
from PIL import Image

from tests.media import ffmpeg
from utils.media.probing import exiftool, ffprobe
from utils.models.item import MediaItem, MediaKind
from utils.models.work import WorkClues, WorkKind
from utils.works import clues, pairs

CONTENT = "8F1D2C3B-0A7E-4B6D-9C55-1A2B3C4D5E6F"


def maker_note(tag: int, text: str) -> bytes:
    """What an iPhone writes into a picture: a directory of its own with one entry."""
    value = text.encode() + b"\0"
    at = 14 + 2 + 12 + 4
    entry = struct.pack(">HHHII", 1, tag, 2, len(value), at)
    return b"Apple iOS\0\0\1MM" + entry + b"\0" * 4 + value


def photo(path: Path, tag: int = 0x11, text: str = CONTENT, taken: str = "12:00:00") -> Path:
    picture = Image.new("RGB", (64, 48), "teal")
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Apple", "iPhone 15"
    details = exif.get_ifd(0x8769)
    details[0x9003], details[0x9291] = f"2024:05:04 {taken}", "250"
    details[0x927C] = maker_note(tag, text)
    picture.save(path, exif=exif)
    return path


def film(path: Path, seconds: int = 2, **tags: str) -> Path:
    metadata = [part for name, value in tags.items()
                for part in ("-metadata", f"com.apple.quicktime.{name}={value}")]  # fmt: skip
    metadata = [part.replace("content_id", "content.identifier") for part in metadata]
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=s=64x48:r=10:d={seconds}", *metadata,
           "-movflags", "use_metadata_tags", path)  # fmt: skip
    return path


def of(path: Path, is_beside_picture: bool = False) -> WorkClues:
    probed = ffprobe.report(path)
    item = MediaItem(
        item_id=path.name,
        path=path,
        kind=MediaKind.VIDEO,
        size_bytes=path.stat().st_size,
        title=path.stem,
    )
    return clues.of(item, [path], probed, exiftool.report(path), is_beside_picture)


def test_a_live_photo_is_known_by_the_identifier_that_the_phone_wrote(tmp_path: Path) -> None:
    still = of(photo(tmp_path / "IMG_0001.JPG"))
    motion = of(film(tmp_path / "elsewhere.MOV", content_id=CONTENT))
    assert still.content_id == motion.content_id == CONTENT.lower()
    assert motion.is_motion
    found = pairs.related(still, motion)
    assert found is not None
    assert found[0] is WorkKind.LIVE_PHOTO


def test_a_long_film_with_an_identifier_is_no_live_photos(tmp_path: Path) -> None:
    assert not of(film(tmp_path / "long.MOV", seconds=12, content_id=CONTENT)).is_motion


def test_shots_of_one_burst_are_known_by_the_phones_identifier(tmp_path: Path) -> None:
    shots = [of(photo(tmp_path / f"{name}.JPG", tag=0x0B, text="burst-1")) for name in "ab"]
    found = pairs.related(shots[0], shots[1])
    assert found is not None
    assert found[0] is WorkKind.BURST


def test_the_fraction_of_a_second_is_read(tmp_path: Path) -> None:
    moment = of(photo(tmp_path / "a.JPG")).captured_at
    assert moment is not None
    assert moment.microsecond == 250_000


def test_without_identifier_maker_and_moment_of_both_are_read(tmp_path: Path) -> None:
    still = of(photo(tmp_path / "IMG_0002.JPG", tag=0x04, text="x"))
    path = film(tmp_path / "IMG_0002.MOV", make="Apple", model="iPhone 15",
                creationdate="2024-05-04T12:00:01+0200")  # fmt: skip
    motion = of(path, is_beside_picture=True)
    assert motion.is_motion
    found = pairs.related(still, motion)
    assert found is not None
    assert found[0] is WorkKind.LIVE_PHOTO


@pytest.mark.parametrize("kind", ["MPEG-TS that goes on", "another"])
def test_the_first_timestamp_tells_whether_a_part_goes_on(tmp_path: Path, kind: str) -> None:
    for number, offset in enumerate((0, 4 if kind != "another" else 0)):
        ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=4", "-output_ts_offset", str(offset),
               "-f", "mpegts", tmp_path / f"{number:05}.MTS")  # fmt: skip
    first, second = (of(tmp_path / f"{number:05}.MTS") for number in (0, 1))
    found = pairs.related(first, second)
    assert (found is not None) is (kind != "another")
