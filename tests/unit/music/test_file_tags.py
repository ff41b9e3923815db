"""What tags say of a recording, as taggers write them and as others spoil them."""

from typing import Any

import pytest

from utils.models.item import MediaKind
from utils.models.probe import ContainerProbe, ExifReport, FfprobeReport
from utils.models.recording import RecordingTags
from utils.music import file_tags
from utils.music.tagging.fields import Values

MBID = "f980fc14-e29b-481d-ad3a-5ed9b4ab6340"
OTHER = "0a1b2c3d-e29b-481d-ad3a-5ed9b4ab6340"


def probed(**tags: Any) -> FfprobeReport:
    container = ContainerProbe(kind=MediaKind.AUDIO, format_names=("mp3",), size_bytes=1)
    return FfprobeReport(container=container, raw={"format": {"tags": tags}, "streams": []})


@pytest.mark.parametrize(
    "tags",
    [
        {"TSRC": "GB-AYE-06-01498", "MusicBrainz Track Id": MBID},
        {"isrc": "gbaye0601498", "MUSICBRAINZ_TRACKID": MBID.upper()},
        {"ISRC": "ISRC GBAYE0601498", "MUSICBRAINZ RECORDING ID": f" {MBID} "},
        {"xid": "Universal:isrc:GBAYE0601498",
         "MusicBrainz Track Id": f"https://musicbrainz.org/recording/{MBID}"},
        {"WM/ISRC": "GBAYE0601498;GBAYE0601498", "MusicBrainz/Track Id": MBID},
    ],
)  # fmt: skip
def test_ids_are_found_however_they_are_called(tags: dict[str, str]) -> None:
    found = file_tags.of_reports(probed(**tags), None)
    assert (found.isrc, found.recording_mbid, found.faults) == ("GBAYE0601498", MBID, ())


def test_the_id_of_a_track_on_a_release_is_not_that_of_its_recording() -> None:
    found = file_tags.of_reports(probed(**{"MusicBrainz Release Track Id": MBID}), None)
    assert found.recording_mbid is None


def test_what_is_no_id_is_said_and_a_second_one_too() -> None:
    tags = {"TSRC": "none", "ISRC": "GBAYE0601498", "MUSICBRAINZ_TRACKID": f"{MBID}; {OTHER}"}
    found = file_tags.of_reports(probed(**tags), None)
    assert (found.isrc, found.recording_mbid) == ("GBAYE0601498", MBID)
    assert found.faults == (
        "the ISRC 'none' in its tags is none",
        f"its tags name another MusicBrainz id, too: {OTHER}",
    )


def test_names_of_all_scripts_come_whole_and_id3v1_last() -> None:
    exif = ExifReport(tags={
        "ID3v1:Title": "Una furtiva lagrima (live at t", "ID3v2_3:Title": "Una furtiva lagrima",
        "ID3v2_3:Artist": ["夜明けの海", "Ø"], "ID3v2_3:Album": "Unknown Album",
        "File:Title": "no tag", "Composite:Title": "no tag",
    })  # fmt: skip
    found = file_tags.of_reports(probed(album="Чёрный ворон"), exif)
    assert (found.title, found.artist) == ("Una furtiva lagrima", "夜明けの海")
    assert found.album == "Чёрный ворон"


def test_hostile_tags_are_cut_and_cleaned() -> None:
    title = "\x1b[31mred‮" + "x" * 5_000_000
    found = file_tags.of_reports(probed(title=title, TSRC="A" * 5_000_000, artist="\0\0"), None)
    assert found.title and len(found.title) == 500
    assert found.title.startswith("[31mredx")
    assert (found.artist, found.isrc) == (None, None)
    assert len(found.faults) == 1
    assert len(found.faults[0]) < 100


def test_the_file_itself_is_asked_first_for_ids_and_last_for_names() -> None:
    inside: Values = {"recording_mbid": (MBID,), "title": ("×åðíûé",), "album": ("only here",)}
    found = file_tags.of_reports(probed(title="Чёрный", MUSICBRAINZ_TRACKID=OTHER), None, inside)
    assert (found.recording_mbid, found.title, found.album) == (MBID, "Чёрный", "only here")


def test_of_several_artists_the_first_is_the_tracks() -> None:
    found = file_tags.of_reports(probed(artist="AC/DC/B"), None, {"artist": ("AC/DC", "B")})
    assert found.artist == "AC/DC"
    assert (
        file_tags.of_reports(probed(artist="AC/DC"), None, {"artist": ("AC/DC",)}).artist == "AC/DC"
    )


def test_a_file_without_tags_says_nothing() -> None:
    assert file_tags.of_reports(probed(), None) == RecordingTags()
