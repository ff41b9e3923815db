"""ID3v2 as programs write it, in all its versions."""

import io

import pytest

from tests.unit.music.recordings.tagging.songs import RECORDING, id3, sevens
from utils.music.recordings.tagging import id3 as tags
from utils.music.recordings.tagging.fields import TagsError, Values

SOUND = b"\xff\xfb\x90\x00" + bytes(range(256)) * 4
PICARD = b"http://musicbrainz.org\0" + RECORDING.encode()
OTHERS = b"http://www.cddb.com/id3/taginfo1.html\0" + b"3CD3N"


def written(file: bytes, changes: Values) -> bytes:
    target = io.BytesIO()
    tags.write(io.BytesIO(file), target, changes)
    return target.getvalue()


def read(file: bytes) -> Values:
    return tags.read(io.BytesIO(file))


@pytest.mark.parametrize("version", [2, 3, 4])
def test_all_versions_are_read_written_and_stay_what_they_are(version: int) -> None:
    names = ("TT2", "TRC", "UFI", "PRI") if version == 2 else ("TIT2", "TSRC", "UFID", "PRIV")
    title = b"\x01" + "Ночь".encode("utf-16")
    kept = (names[3], b"\xff\x00\xfe\xe0 private")
    file = id3(version, (names[0], title), (names[2], OTHERS), kept, padding=20) + SOUND
    assert read(file) == {"title": ("Ночь",)}
    new = written(file, {"isrc": ("GBAYE0601498",), "recording_mbid": (RECORDING,),
                         "artist": ("夜 & Ø",)})  # fmt: skip
    assert new[3] == version
    assert read(new) == {
        "title": ("Ночь",), "isrc": ("GBAYE0601498",), "recording_mbid": (RECORDING,),
        "artist": ("夜 & Ø",),
    }  # fmt: skip
    assert title in new
    assert OTHERS in new
    assert kept[1] in new
    assert new.endswith(SOUND)


def test_a_tag_that_fits_into_its_padding_moves_nothing() -> None:
    file = id3(3, ("TIT2", b"\x00a"), padding=500) + SOUND
    assert len(written(file, {"isrc": ("GBAYE0601498",)})) == len(file)


def test_an_id_that_is_there_is_replaced_and_that_of_another_owner_stays() -> None:
    file = id3(4, ("UFID", OTHERS), ("UFID", PICARD), ("TIT2", b"\x03a")) + SOUND
    other = RECORDING.replace("f9", "aa")
    new = written(file, {"recording_mbid": (other,)})
    assert read(new)["recording_mbid"] == (other,)
    assert OTHERS in new
    assert PICARD not in new


def test_an_unsynchronised_tag_is_read_right() -> None:
    picture = b"\x00image/jpeg\0\0\0" + b"\xff\xd8\xff\xe0\xff\x00"
    file = id3(3, ("APIC", picture), ("TIT2", b"\x00a"), flags=0x80) + SOUND
    new = written(file, {"isrc": ("GBAYE0601498",)})
    assert picture in new
    assert not new[5] & 0x80
    assert read(new) == {"title": ("a",), "isrc": ("GBAYE0601498",)}


def test_itunes_sizes_of_2_4_are_understood() -> None:
    data = b"\x03" + b"x" * 200
    frame = b"TIT2" + len(data).to_bytes(4, "big") + b"\0\0" + data
    second = b"TALB" + (3).to_bytes(4, "big") + b"\0\0" + b"\x03ab"
    file = b"ID3\x04\0\0" + sevens(len(frame + second)) + frame + second + SOUND
    new = written(file, {"artist": ("b",)})
    assert read(new) == {"title": ("x" * 200,), "album": ("ab",), "artist": ("b",)}


def test_extended_headers_and_footers_go_and_what_follows_stays() -> None:
    frame = b"TIT2" + sevens(2) + b"\0\0" + b"\x03a"
    extended = sevens(6) + b"\x01\x00"
    body = extended + frame
    foot = b"3DI\x04\0\x50" + sevens(len(body))
    file = b"ID3\x04\0\x50" + sevens(len(body)) + body + foot + SOUND
    new = written(file, {"artist": ("b",)})
    assert read(new) == {"title": ("a",), "artist": ("b",)}
    assert new[5] == 0
    assert new.endswith(SOUND)
    assert b"3DI" not in new


def test_several_values_are_several() -> None:
    file = id3(4, ("TPE1", b"\x03a\0b"), ("TXXX", b"\x03MUSICBRAINZ ARTIST ID\0x\0y")) + SOUND
    assert read(file) == {"artist": ("a", "b"), "artist_mbid": ("x", "y")}
    new = written(file, {"artist_mbid": ("p", "q")})
    assert read(new)["artist_mbid"] == ("p", "q")
    assert read(new)["artist"] == ("a", "b")


@pytest.mark.parametrize(
    "file",
    [
        b"ID3\x05\0\0" + sevens(10) + bytes(10),  # of a version that there is not
        b"ID3\x03\0\0\xff\xff\xff\xff" + bytes(10),  # of no size
        b"ID3\x03\0\0" + sevens(5000) + bytes(10),  # longer than the file
        b"ID3\x03\0\0" + sevens(20) + b"TIT2" + (10**6).to_bytes(4, "big") + bytes(12),
        b"ID3\x03\0\0" + sevens(20) + b"tit2" + bytes(16),
        b"ID3\x03\0\0" + sevens(24) + b"TIT2\0\0\0\1\0\0\0" + b"\0\0\0 text beyond",
        b"ID3\x02\0\x40" + sevens(10) + bytes(10),  # compressed as a whole
    ],
)  # fmt: skip
def test_a_damaged_tag_is_refused(file: bytes) -> None:
    with pytest.raises(TagsError):
        written(file + SOUND, {"title": ("a",)})
