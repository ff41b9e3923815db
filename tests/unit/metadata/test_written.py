"""What people wrote into a file, told apart from what cameras write in the same places."""

from datetime import UTC, datetime
from typing import Any

import pytest

from utils.metadata import exports, written


def texts(kind: str, tags: dict[str, Any]) -> tuple[str, ...]:
    return written.texts(written.of_tags(tags), kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tags", "keywords"),
    [({"XMP-dc:Subject": ["quokka", "wombat"], "IPTC:Keywords": "Quokka"}, ("quokka", "wombat")),
     ({"IFD0:XPKeywords": "sea; sand"}, ("sea", "sand")),
     ({"Keys:Keywords": "sea, sand"}, ("sea", "sand")),
     ({"XMP-lr:HierarchicalSubject": "Places|Europe|Rome"}, ("Places", "Europe", "Rome")),
     ({"XMP-digiKam:TagsList": ["People/Ada"]}, ("People", "Ada")),
     ({"IPTC:Keywords": "Smith, John"}, ("Smith, John",)),
     ({"IPTC:Keywords": 2019}, ("2019",))],
)  # fmt: skip
def test_keywords_come_from_all_who_write_them_once_each(
    tags: dict[str, Any], keywords: tuple[str, ...]
) -> None:
    assert texts("keyword", tags) == keywords


def test_people_are_named_by_the_picture_and_by_its_faces_only() -> None:
    tags = {
        "XMP-iptcExt:PersonInImage": "Ada Lovelace",
        "XMP-mwg-rs:RegionName": ["Grace Hopper", "Rex"],
        "XMP-mwg-rs:RegionType": ["Face", "Pet"],
        "XMP-MP:RegionPersonDisplayName": "Ada Lovelace",
    }
    assert texts("person", tags) == ("Ada Lovelace", "Grace Hopper")


@pytest.mark.parametrize(
    "said", ["OLYMPUS DIGITAL CAMERA", "SONY DSC", "DCIM100MEDIA", "", "   ", "---", "default"]
)
def test_what_a_camera_writes_is_no_description(said: str) -> None:
    assert texts("description", {"IFD0:ImageDescription": said}) == ()


def test_captions_comments_and_lyrics_keep_their_source() -> None:
    notes = written.of_tags(
        {"IPTC:Caption-Abstract": "A lighthouse", "XMP-dc:Description": "a lighthouse",
         "ExifIFD:UserComment": "windy", "ID3v2_3:Lyrics": "la la"}
    )  # fmt: skip
    assert [(n.kind, n.text, n.source) for n in notes] == [
        ("description", "a lighthouse", "XMP-dc:Description"),
        ("comment", "windy", "ExifIFD:UserComment"),
        ("lyrics", "la la", "ID3v2_3:Lyrics"),
    ]


def test_what_ffprobe_could_not_read_is_left_out() -> None:
    notes = written.of_container(
        {"comment": "Caf\ufffd", "description": "fine", "lyrics-eng": "la"}
    )
    assert [note.text for note in notes] == ["fine", "la"]


@pytest.mark.parametrize(
    ("tags", "stars"),
    [({"XMP-xmp:Rating": 4}, 4), ({"XMP-xmp:Rating": 0}, None), ({"XMP-xmp:Rating": -1}, -1),
     ({"IFD0:Rating": 99}, None), ({}, None)],
)  # fmt: skip
def test_stars_are_one_to_five_or_rejected(tags: dict[str, Any], stars: int | None) -> None:
    assert written.rating(tags) == stars


# The JSON of exports

EXPORT = {
    "title": "IMG_1.jpg",
    "description": "tulips",
    "photoTakenTime": {"timestamp": "1562573411", "formatted": "…"},
    "geoData": {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0},
    "geoDataExif": {"latitude": 52.5, "longitude": 13.4, "altitude": 30.0},
    "people": [{"name": "Grace Hopper"}, {}, 5],
}


def test_an_export_says_when_where_who_and_what() -> None:
    found = exports.of_document(EXPORT, "IMG_1.jpg.json", "IMG_1(1).jpg")
    assert found is not None
    assert found.captured.at == datetime(2019, 7, 8, 8, 10, 11, tzinfo=UTC)
    assert (found.place.latitude, found.place.longitude) == (52.5, 13.4)
    assert [(n.kind, n.text) for n in found.notes] == [
        ("description", "tulips"),
        ("person", "Grace Hopper"),
    ]


@pytest.mark.parametrize(
    "document",
    [{}, [], 5, None, {"title": "IMG_1.jpg"}, {**EXPORT, "title": "OTHER.jpg"},
     {**EXPORT, "title": None}, {**EXPORT, "photoTakenTime": "yesterday"}],
)  # fmt: skip
def test_other_json_says_nothing(document: Any) -> None:
    assert exports.of_document(document, "IMG_1.jpg.json", "IMG_1.jpg") is None


@pytest.mark.parametrize("stamp", ["", None, "0", "1e400", "soon", 10**30])
def test_a_time_that_is_none_is_unknown(stamp: Any) -> None:
    document = {**EXPORT, "photoTakenTime": {"timestamp": stamp}, "geoData": "here", "people": 1}
    found = exports.of_document(document, "IMG_1.jpg.json", "IMG_1.jpg")
    assert found is not None
    assert found.captured is None
