"""Tags of real songs: what is written is read by other programs, and nothing else changes."""

import io
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.media import ffmpeg
from tests.unit.music.recordings.tagging import songs
from tests.unit.music.recordings.tagging.songs import ARTIST, FORMATS, NAMES, RECORDING
from utils.media.probing import exiftool
from utils.music.recordings.tagging import flac, id3, mp4, ogg
from utils.music.recordings.tagging.fields import Field, TagsError, Values
from utils.music.recordings.tagging.writing import packets

MODULES: dict[str, ModuleType] = {"mp3": id3, "flac": flac, "m4a": mp4, "opus": ogg, "ogg": ogg}
IDS: dict[Field, tuple[str, ...]] = {
    "isrc": ("GBAYE0601498",),
    "recording_mbid": (RECORDING,),
    "artist_mbid": (ARTIST,),
}
Song = Callable[[str], Path]


def written(form: str, path: Path, changes: Values) -> Path:
    target = path.with_name(f"new.{form}")
    with path.open("rb") as source, target.open("wb") as file:
        MODULES[form].write(source, file, changes)
    return target


def read(form: str, path: Path) -> dict[str, tuple[str, ...]]:
    with path.open("rb") as file:
        return dict(MODULES[form].read(file))


@pytest.mark.parametrize("form", FORMATS)
def test_ids_are_written_and_all_else_stays(form: str, song: Song) -> None:
    path = song(form)
    new = written(form, path, IDS)
    assert read(form, new).items() >= IDS.items()
    before, after = songs.tags_of(path), songs.tags_of(new)
    assert {name: after[name] for name in before} == before
    assert before.items() >= {name: NAMES[name] for name in ("title", "artist")}.items()
    assert packets(new) == packets(path)
    assert songs.decoded(new) == songs.decoded(path)


@pytest.mark.parametrize("form", FORMATS)
def test_other_programs_read_what_was_written(form: str, song: Song) -> None:
    new = written(form, song(form), IDS | {"title": ("Тень 影",)})
    report = exiftool.report(new).tags
    told = {name.rpartition(":")[2].lower(): report[name] for name in report if "v1:" not in name}
    assert told["title"] == "Тень 影"
    assert told["isrcnumber" if form in {"flac", "opus", "ogg"} else "isrc"] == "GBAYE0601498"
    seen = songs.tags_of(new)
    assert seen["title"] == "Тень 影"
    assert seen["tsrc" if form == "mp3" else "isrc"] == "GBAYE0601498"
    if form == "mp3":  # neither program reads the frame that holds it
        assert b"UFID\x00\x00\x00\x3b\x00\x00http://musicbrainz.org\0" + RECORDING.encode() in (
            new.read_bytes()
        )
    else:
        name = "musicbrainz track id" if form == "m4a" else "musicbrainz_trackid"
        assert seen[name] == RECORDING


@pytest.mark.parametrize("form", FORMATS)
def test_longer_and_shorter_tags_move_the_sound_and_leave_it_whole(form: str, song: Song) -> None:
    path = song(form)
    long = written(form, path, {"album": ("ä" * 100_000,)})
    assert packets(long) == packets(path)
    kept = long.rename(path.with_name(f"long.{form}"))
    short = written(form, kept, {"album": ("Größe",)})
    assert packets(short) == packets(path)
    assert read(form, short) == read(form, path)


@pytest.mark.parametrize("form", FORMATS)
def test_a_song_without_tags_gets_some(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"plain.{form}"
    options = {"mp3": ["-write_xing", "0"], "ogg": ["-c:a", "libvorbis"]}.get(form, [])
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-bitexact", "-map_metadata", "-1", *options, path)
    if form == "mp3":
        plain = path.read_bytes()
        path.write_bytes(plain[plain.index(b"\xff\xfb") :])
    new = written(form, path, IDS | {"title": ("a",)})
    assert read(form, new) == IDS | {"title": ("a",)}
    assert packets(new) == packets(path)


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_tags_stay_byte_for_byte(form: str, song: Song) -> None:
    """A comment of 5 MB with every byte that a text may not have."""
    path = song(form)
    big = b"\x1b[2J\x00\xff" * 900_000
    old = path.read_bytes()
    if form == "mp3":
        path.write_bytes(songs.id3(4, ("COMM", b"\x00eng\x00" + big), ("TIT2", b"\x03x")) + old)
    elif form == "flac":
        block = b"\x06" + (1000).to_bytes(3, "big") + big[:1000]  # before the second block
        path.write_bytes(old[:42] + block + old[42:])
        big = big[:1000]
    elif form == "m4a":
        box = (8 + len(big)).to_bytes(4, "big") + b"skip" + big
        path.write_bytes(old + box)
    else:
        with path.open("rb") as source, path.with_name("big").open("wb") as target:
            ogg.write(source, target, {"album": (big.decode("latin-1"),)})
        path, big = path.with_name("big"), big.decode("latin-1").encode()
    new = written(form, path, IDS | {"title": ("ok",)})
    assert packets(new) == packets(path)
    if form in {"opus", "ogg"}:  # pages divide it
        assert read(form, new)["album"] == read(form, path)["album"]
    else:
        assert big in new.read_bytes()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("share", [0.02, 0.5])
def test_a_cut_file_is_refused_or_its_rest_kept(form: str, share: float, song: Song) -> None:
    path = song(form)
    whole = path.read_bytes()
    path.write_bytes(whole[: max(40, int(len(whole) * share))])
    try:
        new = written(form, path, IDS)
    except TagsError:
        return
    assert new.read_bytes()[-20:] == path.read_bytes()[-20:]


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_of_another_kind_is_refused(form: str) -> None:
    if form == "mp3":  # without a tag anything might be one: who asks looks at the sound first
        return
    for content in (b"", b"RIFF....WAVEfmt ", b"\0" * 100, b"OggS" + b"\xff" * 60):
        with pytest.raises(TagsError):
            MODULES[form].read(io.BytesIO(content))


def test_the_offsets_of_a_film_in_front_of_its_index_stay(song: Song) -> None:
    """Only what lies behind the index moves; 64-bit offsets do too."""
    path = song("m4a")
    slow = path.with_name("slow.m4a")
    ffmpeg("-i", path, "-map", "0:a", "-c", "copy", slow)
    for source in (slow, path):
        new = written("m4a", source, {"album": ("x" * 5000,)})
        assert packets(new) == packets(source)
    assert mp4._moved(
        mp4.Box(b"co64", bytes(4) + (1).to_bytes(4, "big") + (100).to_bytes(8, "big")), 50, 7
    ).data[-8:] == (107).to_bytes(8, "big")


def test_a_fragmented_m4a_and_quicktimes_own_tags_are_refused(song: Song) -> None:
    path = song("m4a")
    pieces, keys = path.with_name("pieces.m4a"), path.with_name("keys.m4a")
    ffmpeg("-i", path, "-map", "0:a", "-c", "copy", "-movflags", "frag_keyframe+empty_moov", pieces)
    ffmpeg("-i", path, "-map", "0:a", "-c", "copy", "-movflags", "use_metadata_tags", keys)
    for refused in (pieces, keys):
        with pytest.raises(TagsError):
            read("m4a", refused)


def test_freeform_tags_of_others_stay_in_an_m4a(song: Song) -> None:
    theirs = mp4.Box(b"----", b"".join(map(mp4._packed, [
        mp4.Box(b"mean", bytes(4) + b"org.example"), mp4.Box(b"name", bytes(4) + b"ISRC"),
        mp4.Box(b"data", bytes(8) + b"theirs"),
    ])))  # fmt: skip
    path = song("m4a")
    place, boxes = mp4._index(io.BytesIO(path.read_bytes()))
    old = path.read_bytes()
    made = mp4._packed(mp4.Box(b"moov", b"".join(
        map(mp4._packed, mp4._with_items(boxes, [*mp4._items(boxes), theirs])))))  # fmt: skip
    other = path.with_name("theirs.m4a")
    other.write_bytes(old[: place.start] + made + old[place.start + place.size :])
    new = written("m4a", other, IDS)
    assert read("m4a", new)["isrc"] == ("GBAYE0601498",)
    assert mp4._packed(theirs) in new.read_bytes()


def test_pages_of_an_ogg_are_numbered_anew_with_right_checksums(song: Song) -> None:
    path = song("opus")
    new = written("opus", path, {"album": ("y" * 300_000,)})
    with new.open("rb") as file:
        pages = list(ogg._each_page(file))  # it refuses wrong checksums
    assert [page.number for page in pages] == list(range(len(pages)))
    with path.open("rb") as file:
        before = list(ogg._each_page(file))
    assert len(pages) > len(before)
    assert [(page.position, page.data) for page in pages[-3:]] == [
        (page.position, page.data) for page in before[-3:]
    ]


@pytest.mark.parametrize(
    ("form", "hostile"),
    [
        ("flac", b"fLaC" + b"\x00\x00\x00\x22" + bytes(34) + b"\x01\x00\x00\x00" * 200_000),
        ("m4a", (8 + 8 * 200_000).to_bytes(4) + b"moov" + b"\x00\x00\x00\x08free" * 200_000),
    ],
)
def test_a_file_of_nothing_but_empty_parts_is_given_up(
    form: str, hostile: bytes, tmp_path: Path
) -> None:
    path = tmp_path / f"hostile.{form}"
    path.write_bytes(hostile)
    with pytest.raises(TagsError, match="number"):
        read(form, path)
