"""Real files beside real media, read by the tools that read them."""

import json
import shutil
from pathlib import Path

import pytest

from tests.media import Clips
from tests.unit.media.probing.test_exiftool import write
from utils.media.probing import beside, exiftool, ffprobe
from utils.metadata import consolidation
from utils.models.metadata import Metadata
from utils.models.sidecars import SidecarReport
from utils.models.tool_reports import ToolReports
from utils.storage import sidecars

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY file SYSTEM "file:///etc/passwd">]><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:source>&b;&file;</dc:source><dc:subject>'
    "<rdf:Bag><rdf:li>zebra</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"
)
ASS = (
    "[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Start, End, Style, Name, "
    "MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\i1}Schöne\\NGrüße\n"
)


@pytest.fixture
def photo(clips: Clips, tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    shutil.copy(clips.image, path)
    return path


def read(path: Path, is_timed: bool = False) -> SidecarReport:
    return beside.read(path, sidecars.beside(path), is_timed)


def known(path: Path) -> Metadata:
    return consolidation.consolidate(
        ToolReports(ffprobe=ffprobe.report(path), exif=exiftool.report(path), sidecars=read(path))
    )


def xmp_beside(path: Path, *arguments: str) -> None:
    blank = path.with_name("blank.xmp")
    blank.write_text("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    write(blank, *arguments)
    blank.rename(path.with_name(f"{path.name}.xmp"))


def test_an_xmp_beside_says_when_where_what_and_how_good(photo: Path) -> None:
    xmp_beside(photo, "-XMP-exif:DateTimeOriginal=2019:07:08 09:10:11+02:00",
               "-XMP-exif:GPSLatitude=48.1", "-XMP-exif:GPSLongitude=-11.5", "-XMP-xmp:Rating=4",
               "-XMP-dc:Subject=zebra", "-XMP-dc:Description=A picnic")  # fmt: skip
    found = known(photo)
    assert found.captured_at.isoformat() == "2019-07-08T09:10:11+02:00"
    assert found.captured_at_source == "photo.jpg.xmp XMP-exif:DateTimeOriginal"
    assert (found.latitude, found.longitude, found.rating) == (48.1, -11.5, 4)
    assert (found.description, found.keywords) == ("A picnic", ("zebra",))
    assert found.sources["rating"] == "photo.jpg.xmp"


def test_an_xmp_corrects_the_date_inside_and_one_that_repeats_it_does_not_lose_the_zone(
    photo: Path,
) -> None:
    write(photo, "-DateTimeOriginal=2001:01:01 10:00:00", "-OffsetTimeOriginal=+03:00")
    xmp_beside(photo, "-XMP-exif:DateTimeOriginal=2001:01:01 10:00:00")
    assert known(photo).captured_at.isoformat() == "2001-01-01T10:00:00+03:00"
    xmp_beside(photo, "-XMP-exif:DateTimeOriginal=1999:12:31 23:00:00")
    assert known(photo).captured_at.isoformat() == "1999-12-31T23:00:00"


def test_when_an_xmp_was_made_is_not_when_the_picture_was_taken(photo: Path) -> None:
    xmp_beside(photo, "-XMP-xmp:CreateDate=2024:01:01 10:00:00", "-XMP-xmp:ModifyDate=2024:01:01")
    assert known(photo).captured_at is None


def test_an_exports_time_stands_behind_the_cameras_own_and_before_that_of_a_copy(
    photo: Path,
) -> None:
    said = {"title": "photo.jpg", "photoTakenTime": {"timestamp": "1562573411"},
            "geoData": {"latitude": 52.5, "longitude": 13.4, "altitude": 0}}  # fmt: skip
    photo.with_name("photo.jpg.supplemental-metadata.json").write_text(json.dumps(said))
    write(photo, "-CreateDate=2021:01:01 10:00:00")
    found = known(photo)
    assert found.captured_at.isoformat() == "2019-07-08T08:10:11+00:00"
    assert (found.latitude, found.longitude) == (52.5, 13.4)
    write(photo, "-DateTimeOriginal=2019:07:08 10:10:11")
    assert known(photo).captured_at_source == "ExifIFD:DateTimeOriginal"


def test_an_xmp_expands_no_entities_and_opens_no_files(photo: Path) -> None:
    photo.with_name("photo.jpg.xmp").write_text(BOMB)
    printed = read(photo).model_dump_json()
    assert "zebra" in printed
    assert "root:" not in printed
    assert "aaaaaaaaaa" not in printed


@pytest.mark.parametrize(
    "content", ["", "{", "[" * 100_000, '{"photoTakenTime": []}', "<x/>", "\0" * 50]
)
def test_what_is_none_of_ours_is_left_out_or_named(photo: Path, content: str) -> None:
    for name in ("photo.jpg.json", "photo.jpg.xmp"):
        photo.with_name(name).write_text(content)
    found = read(photo)
    assert found.files == ()
    assert [line.partition(":")[0] for line in found.unread] == ["photo.jpg.xmp"]


def test_a_link_to_elsewhere_is_not_followed(photo: Path, tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere.json"
    said = {"title": "photo.jpg", "description": "secret", "photoTakenTime": {"timestamp": "1"}}
    secret.write_text(json.dumps(said))
    photo.with_name("photo.jpg.json").symlink_to(secret)
    found = read(photo)
    assert "secret" not in found.model_dump_json()
    assert "photo.jpg.json" in found.unread[0]


@pytest.mark.parametrize(
    ("name", "content"),
    [("film.de.srt", "1\n00:00:01,000 --> 00:00:02,500\nSchöne <i>Grüße</i>\n\n"),
     ("film.de.vtt", "WEBVTT\n\n00:01.000 --> 00:02.500\nSchöne <b>Grüße</b>\n"),
     ("film.de.ass", ASS)],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_subtitles_are_words_with_times_and_a_language(
    tmp_path: Path, name: str, content: str, encoding: str
) -> None:
    (tmp_path / name).write_bytes(content.encode(encoding))
    (file,) = read(tmp_path / "film.mp4", is_timed=True).files
    (note,) = file.notes
    assert (note.kind, note.text, note.source) == ("subtitle", "Schöne Grüße", name)
    assert (note.start_seconds, note.end_seconds, file.language) == (1.0, 2.5, "de")
    assert file.guessed_encoding == (None if encoding == "utf-8" else "cp1252")


def test_subtitles_that_are_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "film.srt").write_bytes(b"\x00\xff nothing")
    report = read(tmp_path / "film.mp4", is_timed=True)
    assert report.files == ()
    assert report.unread[0].startswith("film.srt: ")
