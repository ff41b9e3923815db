"""Media servers: the layout of Jellyfin and Kodi, NFO files field by field, names that fit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pysubs2
import pytest
from PIL import Image
from pydantic import SecretStr

from tests import published
from utils.distribution import library_names, media_server, nfo
from utils.errors import PermanentError
from utils.models.publishing import Package, Published
from utils.models.targets import MediaServerTarget


def library(folder: Path, **given: Any) -> MediaServerTarget:
    return MediaServerTarget(**{"kind": "media-server", "url": SecretStr(folder.as_uri()), **given})


def put(packages: list[Package], target: MediaServerTarget, work: Path) -> list[Published]:
    made = [
        media_server.publish(one, target, published.call(work, item_id=one.item_id))
        for one in packages
    ]
    media_server.refresh(list(zip(packages, made, strict=True)), target, published.call(work))
    return made


def film(folder: Path, number: int = 1, **given: Any) -> Package:
    folder.mkdir(parents=True, exist_ok=True)
    moving = published.media(folder, number, ".mp4", "video/mp4")
    defaults: dict[str, Any] = {
        "kind": "video", "width": 1280, "height": 720, "title": "A Film", "files": (moving,)
    }  # fmt: skip
    return published.package(folder, number, **(defaults | given))


def with_cards(one: Package, folder: Path) -> Package:
    cards = (
        published.picture(folder / "tall.png", (108, 192)),
        published.picture(folder / "wide.png", (192, 108)),
    )
    return one.model_copy(update={"files": (*one.files, *cards)})


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_film_lies_as_media_servers_look_for_it(tmp_path: Path) -> None:
    one = with_cards(film(tmp_path / "files"), tmp_path)
    (made,) = put([one], library(tmp_path / "t"), tmp_path / "w")
    base = "Movies/A Film (2024)"
    assert names(tmp_path / "t") == {
        f"{base}/A Film (2024).mp4", f"{base}/A Film (2024).nfo", f"{base}/A Film (2024).en.srt",
        f"{base}/poster.jpg", f"{base}/fanart.jpg", f"{base}/A Film (2024)-thumb.jpg",
    }  # fmt: skip
    assert {one.name for one in made.objects} == names(tmp_path / "t")
    sizes = {"poster": (1000, 1500), "fanart": (1920, 1080), "A Film (2024)-thumb": (1920, 1080)}
    for name, size in sizes.items():
        with Image.open(tmp_path / "t" / base / f"{name}.jpg") as picture:
            assert (picture.format, picture.size) == ("JPEG", size)
    subtitles = pysubs2.load(str(tmp_path / "t" / base / "A Film (2024).en.srt"))
    assert [line.start for line in subtitles] == [500, 2000]


def test_the_facts_of_a_film_are_in_the_fields_that_are_read(tmp_path: Path) -> None:
    one = film(
        tmp_path / "files", title=published.HOSTILE, duration_seconds=5430.4, description=None,
        content_warnings=("blood",), published_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )  # fmt: skip
    root = ElementTree.fromstring(nfo.movie(one))
    assert root.tag == "movie"
    fields = [(field.tag, field.text) for field in root if len(field) == 0]
    assert fields == [
        ("title", "ខ្មែរ & العربية <b>日本語</b> ]]> [31m 🎶 \"Q\" 'q' </title>"
                  "<script>hit()</script>"),
        ("plot", "What is said & shown.\n\nA second <paragraph>."),
        ("outline", "What is said & shown. A second <paragraph>."),
        ("runtime", "91"),  # whole minutes
        ("premiered", "2024-05-06"),  # the form that Jellyfin reads dates in
        ("year", "2024"),
        ("studio", "Sinn Sisamouth"),
        ("tag", "rock"),
        ("tag", "1960s"),
        ("tag", "warning: blood"),
        ("uniqueid", one.item_id),
        ("dateadded", "2026-01-02 03:04:05"),
    ]  # fmt: skip
    identity = root.find("uniqueid")
    assert identity is not None and identity.attrib == {"type": "nightshift", "default": "true"}
    video = root.find("fileinfo/streamdetails/video")
    assert video is not None
    assert {field.tag: field.text for field in video} == {
        "width": "1280", "height": "720", "aspect": "1.78", "durationinseconds": "5430",
    }  # fmt: skip
    assert root.findtext("fileinfo/streamdetails/subtitle/language") == "en"
    # Jellyfin looks for addresses behind the end of the last tag: nothing may stand there.
    assert nfo.movie(one).endswith(b"</movie>\n")


def test_a_song_lies_by_artist_and_album_with_lyrics_and_covers(tmp_path: Path) -> None:
    songs = [published.package(tmp_path / str(n), n, title=f"Song {n}") for n in (1, 2)]
    put(songs, library(tmp_path / "t"), tmp_path / "w")
    album = "Music/Sinn Sisamouth/Golden Songs"
    assert names(tmp_path / "t") - {".nightshift-media-server.json"} == {
        "Music/Sinn Sisamouth/artist.nfo", f"{album}/album.nfo", f"{album}/folder.jpg",
        *(f"{album}/Song {n}{end}" for n in (1, 2) for end in (".m4a", ".lrc", ".jpg")),
    }  # fmt: skip
    lyrics = (tmp_path / "t" / album / "Song 1.lrc").read_text(encoding="utf-8").splitlines()
    assert lyrics[:4] == [
        "[ti:Song 1]", "[ar:Sinn Sisamouth]", "[al:Golden Songs]",
        "[00:00.50]Ann: Welcome to the <show>.",
    ]  # fmt: skip
    root = ElementTree.parse(tmp_path / "t" / album / "album.nfo").getroot()
    assert root.tag == "album"
    assert [root.findtext(name) for name in ("title", "artist", "albumartist", "year")] == [
        "Golden Songs", "Sinn Sisamouth", "Sinn Sisamouth", "2024",
    ]  # fmt: skip
    assert root.findtext("albumArtistCredits/artist") == "Sinn Sisamouth"
    tracks = [(one.findtext("title"), one.findtext("duration")) for one in root.iter("track")]
    assert tracks == [("Song 1", "01:01"), ("Song 2", "01:01")]
    root = ElementTree.parse(tmp_path / "t" / "Music/Sinn Sisamouth/artist.nfo").getroot()
    assert (root.tag, root.findtext("name")) == ("artist", "Sinn Sisamouth")


def test_sound_in_mp4_is_named_as_music_is(tmp_path: Path) -> None:
    sound = published.media(tmp_path, 1, ".mp4", "audio/mp4")
    one = published.package(tmp_path, artist=None, album=None, files=(sound,), segments=())
    (made,) = put([one], library(tmp_path / "t", library="music"), tmp_path / "w")
    assert made.extra["media"] == "Unknown Artist/Singles/Episode 1.m4a"
    assert not list((tmp_path / "t").rglob("*.nfo"))  # nothing is known that could stand there
    assert media_server.verify(made, library(tmp_path / "t"), published.call(tmp_path)) == ()


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ('A/B\\C:D*E?F"G<H>I|J', "A B C -D E F G H I J"),
        ("Ends in dots... ", "Ends in dots"),
        ("..hidden", "hidden"),
        ("Part one:", "Part one"),
        ("CON", "_CON"),
        ("nul.tar", "_nul.tar"),
        ("COM1", "_COM1"),
        ("Concert", "Concert"),
        ("a\x00b\n\tc\u202e", "a b c"),
        ("???", "video"),
        ("ភាសា\u200bខ្មែរ", "ភាសា ខ្មែរ"),
    ],
)
def test_a_name_is_fit_for_every_system(title: str, name: str) -> None:
    assert library_names.safe(title, "video") == name


@pytest.mark.parametrize("letter", ["x", "ខ្មែ", "日", "e\u0301", "🎶"])
def test_a_long_name_is_cut_between_letters(letter: str) -> None:
    cut = library_names.safe(letter * 300, "video")
    assert 100 < len(cut.encode()) <= 150
    assert (letter * 300).startswith(cut) or letter == "e\u0301"
    assert len(cut) % len(letter) == 0 or letter == "e\u0301"
    assert cut == library_names.safe(cut, "video")


def test_two_of_one_name_have_places_of_their_own_that_stay(tmp_path: Path) -> None:
    target = library(tmp_path / "t", library="movies")
    first = film(tmp_path / "1", 1)
    second = film(tmp_path / "2", 2, title="a film")  # the same to Windows
    one, two = put([first, second], target, tmp_path / "w")
    assert one.extra["media"] == "A Film (2024)/A Film (2024).mp4"
    with_id = f"a film (2024) [{second.item_id[:10]}]"
    assert two.extra["media"] == f"{with_id}/{with_id}.mp4"
    media_server.retract(one, target, published.call(tmp_path / "w"))
    call = published.call(tmp_path / "w", item_id=second.item_id, former=two.objects)
    assert media_server.publish(second, target, call) == two
    assert {path.name for path in (tmp_path / "t").iterdir()} == {with_id}


def test_what_was_written_before_its_row_was_lost_is_known_by_its_facts(tmp_path: Path) -> None:
    target, one = library(tmp_path / "t", library="movies"), film(tmp_path / "1")
    (made,) = put([one], target, tmp_path / "w")
    assert put([one], target, tmp_path / "w") == [made]


def test_two_songs_of_one_name_in_an_album_are_two(tmp_path: Path) -> None:
    target = library(tmp_path / "t", library="music")
    songs = [published.package(tmp_path / str(n), n, title="Song") for n in (1, 2)]
    songs.append(published.package(tmp_path / "3", 3, title="Folder"))
    one, two, three = put(songs, target, tmp_path / "w")
    assert one.extra["media"].endswith("/Song.m4a")
    assert two.extra["media"].endswith(f"/Song [{songs[1].item_id[:10]}].m4a")
    assert three.extra["media"].endswith(f"/Folder [{songs[2].item_id[:10]}].m4a")
    for row in (one, two, three):
        assert media_server.verify(row, target, published.call(tmp_path / "w")) == ()


def test_what_is_taken_back_is_ours_alone(tmp_path: Path) -> None:
    target = library(tmp_path / "t", library="music")
    songs = [published.package(tmp_path / str(n), n, title=f"Song {n}") for n in (1, 2)]
    one, two = put(songs, target, tmp_path / "w")
    album = tmp_path / "t/Sinn Sisamouth/Golden Songs"
    (album / "mine.flac").write_bytes(b"a person's")
    call = published.call(tmp_path / "w")
    media_server.retract(one, target, call)
    media_server.refresh([(songs[1], two)], target, call)
    assert "Song 1" not in (album / "album.nfo").read_text()
    media_server.retract(two, target, call)
    media_server.refresh([], target, call)
    assert names(tmp_path / "t") - {".nightshift-media-server.json"} == {
        "Sinn Sisamouth/Golden Songs/mine.flac"
    }


def test_a_persons_own_facts_of_an_album_stay(tmp_path: Path) -> None:
    album = tmp_path / "t/Sinn Sisamouth/Golden Songs"
    album.mkdir(parents=True)
    (album / "album.nfo").write_text("<album><title>Mine</title></album>")
    target = library(tmp_path / "t", library="music")
    (made,) = put([published.package(tmp_path / "1")], target, tmp_path / "w")
    media_server.retract(made, target, published.call(tmp_path / "w"))
    media_server.refresh([], target, published.call(tmp_path / "w"))
    assert (album / "album.nfo").read_text() == "<album><title>Mine</title></album>"


def test_a_list_of_ours_that_names_files_outside_removes_none(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "precious").write_text("x")
    target = library(tmp_path / "t", library="music")
    listed = tmp_path / "t" / ".nightshift-media-server.json"
    listed.write_text('{"files": {"../precious": "", "/etc/x": ""}}')
    media_server.refresh([], target, published.call(tmp_path / "w"))
    assert (tmp_path / "precious").exists()


def test_what_is_wrong_where_it_lies_is_named(tmp_path: Path) -> None:
    target = library(tmp_path / "t", library="movies")
    (made,) = put([film(tmp_path / "1")], target, tmp_path / "w")
    call = published.call(tmp_path / "w")
    assert media_server.verify(made, target, call) == ()
    facts = tmp_path / "t" / made.extra["nfo"]
    facts.write_bytes(facts.read_bytes().replace(made.remote_id.encode(), b"0" * 64))
    assert any("is of another item" in said for said in media_server.verify(made, target, call))
    facts.write_bytes(b"<movie>")
    assert any("is no XML" in said for said in media_server.verify(made, target, call))
    facts.unlink()
    assert f"{made.extra['nfo']} is gone" in media_server.verify(made, target, call)


def test_what_no_library_takes_is_refused(tmp_path: Path) -> None:
    picture = published.picture(tmp_path / "p.png", (20, 20), "media")
    still = published.package(tmp_path, kind="image", files=(picture,))
    call = published.call(tmp_path / "w")
    with pytest.raises(PermanentError, match="neither film nor sound"):
        media_server.publish(still, library(tmp_path / "t"), call)
    for kind, one in (("movies", published.package(tmp_path)), ("music", film(tmp_path))):
        with pytest.raises(PermanentError, match=f"library is {kind}"):
            media_server.publish(one, library(tmp_path / "t", library=kind), call)
