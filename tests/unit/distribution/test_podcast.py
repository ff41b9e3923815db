"""Podcasts: what two readers' parsers and the specifications say of the feed."""

from __future__ import annotations

import functools
import http.server
import io
import json
import re
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import podcastparser
import pysubs2
import pytest
from PIL import Image
from pydantic import SecretStr

from tests import published
from utils.distribution import feed_check, place, podcast, podcast_feed
from utils.errors import PermanentError, SettingsError
from utils.models.publishing import Chapter, Package, Published
from utils.models.targets import PodcastTarget

ITUNES, PODCAST = f"{{{podcast_feed.ITUNES}}}", f"{{{podcast_feed.PODCAST}}}"
ATOM = "{http://www.w3.org/2005/Atom}"


def show(folder: Path, **given: Any) -> PodcastTarget:
    defaults: dict[str, Any] = {
        "kind": "podcast",
        "url": SecretStr(folder.as_uri()),
        "public_url": "https://media.example.org/show",
        "title": "Songs & more",
        "author": "Ann <Author>",
        "email": "ann@example.org",
        "summary": "All the songs.",
    }
    return PodcastTarget(**(defaults | given))


def put(packages: list[Package], target: PodcastTarget, work: Path) -> list[Published]:
    """Publish packages and write the feed; what was made of each."""
    made = [
        podcast.publish(one, target, published.call(work / one.item_id[:9], item_id=one.item_id))
        for one in packages
    ]
    podcast.refresh(list(zip(packages, made, strict=True)), target, published.call(work / "index"))
    return made


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PodcastTarget, list[Package]]:
    """A podcast of three items: plain, hostile, a video without anything else."""
    folder = tmp_path_factory.mktemp("podcast")
    target = show(folder / "target")
    film = published.media(folder, 7, ".mp4", "video/mp4")
    packages = [
        published.package(folder / "3", 3, title=published.HOSTILE, content_warnings=("blood",)),
        published.package(folder / "2", 2),
        published.package(
            folder / "1", 1, kind="video", files=(film,), segments=(), chapters=(), artist=None,
            summary=None, source_url=None,
        ),
    ]  # fmt: skip
    put(packages, target, folder / "work")
    return folder / "target", target, packages


def test_feedparser_reads_every_field(
    shown: tuple[Path, PodcastTarget, list[Package]],
) -> None:
    folder, target, packages = shown
    feed = feedparser.parse((folder / "feed.xml").read_bytes())
    assert not feed.bozo
    assert feed.version == "rss20"
    assert feed.feed.title == "Songs & more"
    assert feed.feed.link == "https://media.example.org/show/"
    assert feed.feed.language == "en"
    assert feed.feed.author == "Ann <Author>"
    assert feed.feed.image.href.startswith("https://media.example.org/show/artwork-")
    assert [one.id for one in feed.entries] == [one.item_id for one in packages]
    entry = feed.entries[1]
    assert entry.title == "Episode 2"
    assert entry.guidislink is False
    assert entry.published_parsed[:6] == packages[1].published_at.timetuple()[:6]
    assert entry.link == "https://example.org/watch?v=1&list=2"
    assert entry.summary == "<p>What is said &amp; shown.</p><p>A second &lt;paragraph&gt;.</p>"
    assert entry.itunes_duration == "61"
    assert [tag.term for tag in entry.tags] == ["rock", "1960s"]
    (enclosure,) = entry.enclosures
    lies = folder / urllib.parse.unquote(enclosure.href.removeprefix(f"{target.public_url}/"))
    assert lies.read_bytes() == packages[1].files[0].path.read_bytes()
    assert (enclosure.length, enclosure.type) == (str(lies.stat().st_size), "audio/mp4")
    assert feed.entries[2].enclosures[0].type == "video/mp4"


def test_podcastparser_reads_every_episode(
    shown: tuple[Path, PodcastTarget, list[Package]],
) -> None:
    folder, target, packages = shown
    # It knows the namespace of Podcasting 2.0 by the address of its text alone.
    older = b"https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md"
    data = (folder / "feed.xml").read_bytes().replace(podcast_feed.PODCAST.encode(), older)
    feed = podcastparser.parse(f"{target.public_url}/feed.xml", io.BytesIO(data))
    assert feed["title"] == "Songs & more"
    assert feed["itunes_owner"] == {"name": "Ann <Author>", "email": "ann@example.org"}
    assert feed["itunes_categories"] == [["Music"]]
    assert feed["type"] == "episodic"
    assert feed["explicit"] is False
    hostile, plain, film = feed["episodes"]
    assert [one["guid"] for one in feed["episodes"]] == [one.item_id for one in packages]
    assert plain["total_time"] == 61
    assert plain["published"] == int(packages[1].published_at.timestamp())
    assert plain["enclosures"][0]["file_size"] == packages[1].files[0].size_bytes
    assert plain["enclosures"][0]["mime_type"] == "audio/mp4"
    assert plain["episode_art_url"].endswith("/artwork.jpg")
    assert plain["transcript_url"].endswith("/transcript.json")
    assert plain["chapters_json_url"].endswith("/chapters.json")
    assert feed["import_prohibited"] is True
    assert plain["persons"][0]["name"] == "Sinn Sisamouth"
    assert (hostile["explicit"], plain["explicit"]) == (True, False)
    assert "episode_art_url" not in film or not film["episode_art_url"]


def test_a_hostile_title_is_one_line_of_text_and_no_markup(
    shown: tuple[Path, PodcastTarget, list[Package]],
) -> None:
    folder, _, packages = shown
    root = ElementTree.fromstring((folder / "feed.xml").read_bytes())
    item = root.findall("channel/item")[0]
    wanted = "ខ្មែរ & العربية <b>日本語</b> ]]> [31m 🎶 \"Q\" 'q' </title><script>hit()</script>"
    assert item.findtext("title") == item.findtext(f"{ITUNES}title") == wanted
    assert not list(item.find("title") or ())
    assert packages[0].title != wanted  # what XML can't hold was taken out


def test_the_feed_has_what_the_specifications_require_once(
    shown: tuple[Path, PodcastTarget, list[Package]],
) -> None:
    folder, _, _ = shown
    channel = ElementTree.fromstring((folder / "feed.xml").read_bytes()).find("channel")
    assert channel is not None
    once = [
        "title", "link", "description", "language", "generator", "lastBuildDate", f"{ATOM}link",
        f"{ITUNES}image", f"{ITUNES}explicit", f"{ITUNES}author", f"{ITUNES}owner",
        f"{ITUNES}category", f"{ITUNES}type", f"{PODCAST}guid", f"{PODCAST}locked",
        f"{PODCAST}medium",
    ]  # fmt: skip
    assert {name: len(channel.findall(name)) for name in once} == dict.fromkeys(once, 1)
    link = channel.find(f"{ATOM}link")
    assert link is not None
    assert link.attrib == {
        "href": "https://media.example.org/show/feed.xml",
        "rel": "self",
        "type": "application/rss+xml",
    }
    assert channel.findtext(f"{PODCAST}medium") == "music"
    assert channel.findtext(f"{PODCAST}locked") == "yes"
    assert channel.findtext(f"{ITUNES}explicit") == "false"
    for item in channel.findall("item"):
        names = [one.tag for one in item]
        for name in ("title", "enclosure", "guid", "pubDate", "description"):
            assert names.count(name) == 1
        assert names.count(f"{PODCAST}season") == names.count(f"{ITUNES}season") == 0
        assert item.find("guid").attrib == {"isPermaLink": "false"}
        assert parsedate_to_datetime(item.findtext("pubDate") or "").utcoffset() == timedelta(0)


def test_transcripts_and_chapters_are_what_their_types_say(
    shown: tuple[Path, PodcastTarget, list[Package]],
) -> None:
    folder, target, _ = shown
    root = ElementTree.fromstring((folder / "feed.xml").read_bytes())
    item = root.findall("channel/item")[1]

    def read(url: str) -> str:
        name = urllib.parse.unquote(url.removeprefix(f"{target.public_url}/"))
        return (folder / name).read_text(encoding="utf-8")

    found = {one.get("type"): one.attrib for one in item.findall(f"{PODCAST}transcript")}
    assert set(found) == {"text/vtt", "application/x-subrip", "application/json"}
    assert all(one["language"] == "en" for one in found.values())
    assert found["text/vtt"]["rel"] == "captions"
    said = pysubs2.SSAFile.from_string(read(found["text/vtt"]["url"]), "vtt")
    assert [line.start for line in said] == [500, 2000]
    assert "<v Ann>Welcome to the &lt;show&gt;." in read(found["text/vtt"]["url"])
    said = pysubs2.SSAFile.from_string(read(found["application/x-subrip"]["url"]), "srt")
    assert said[0].plaintext.startswith("Ann: Welcome")
    document = json.loads(read(found["application/json"]["url"]))
    assert document["version"] == "1.0.0"
    assert document["segments"][1] == {
        "speaker": "Bo & Co", "startTime": 2.0, "endTime": 4.0, "body": "សួស្តីពិភពលោក",
    }  # fmt: skip
    (chapters,) = item.findall(f"{PODCAST}chapters")
    assert chapters.get("type") == "application/json+chapters"
    assert json.loads(read(chapters.get("url") or ""))["chapters"] == [
        {"startTime": 0, "title": "Intro"},
        {"startTime": 30.5, "title": "Main & rest"},
    ]


def test_artwork_is_square_and_large_enough_for_directories(
    shown: tuple[Path, PodcastTarget, list[Package]],
) -> None:
    folder, _, _ = shown
    pictures = [*folder.glob("artwork-*.jpg"), *folder.glob("*/artwork.jpg")]
    assert len(pictures) == 3
    for path in pictures:
        with Image.open(path) as picture:
            assert (picture.format, picture.size, picture.mode) == ("JPEG", (1400, 1400), "RGB")


@pytest.mark.parametrize(
    ("url", "guid"),
    [
        ("https://mp3s.nashownotes.com/pc20rss.xml", "917393e3-1b1e-5cef-ace4-edaa54e1f810"),
        ("http://podnews.net/rss//", "9b024349-ccf0-5f69-a609-6b82873eab3c"),
    ],
)
def test_the_guid_of_a_feed_is_the_one_of_the_specification(url: str, guid: str) -> None:
    assert podcast_feed.guid_of(url) == guid


def test_publishing_again_changes_no_byte(tmp_path: Path) -> None:
    target, one = show(tmp_path / "target"), published.package(tmp_path / "files")
    made = put([one], target, tmp_path / "work")

    def all_files() -> dict[str, tuple[bytes, int]]:
        found = [path for path in (tmp_path / "target").rglob("*") if path.is_file()]
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in found}

    before = all_files()
    assert put([one], target, tmp_path / "work") == made
    after = all_files()
    assert {name: data for name, (data, _) in after.items()} == {
        name: data for name, (data, _) in before.items()
    }
    assert all(after[name] == before[name] for name in before if f"{one.item_id[:12]}/" in name)


def test_a_retracted_item_leaves_nothing_and_the_feed_forgets_it(tmp_path: Path) -> None:
    target = show(tmp_path / "target")
    one, two = (published.package(tmp_path / str(n), n) for n in (1, 2))
    gone, kept = put([one, two], target, tmp_path / "work")
    podcast.retract(gone, target, published.call(tmp_path / "work"))
    podcast.refresh([(two, kept)], target, published.call(tmp_path / "work"))
    left = {path.parent.name for path in (tmp_path / "target").rglob("*") if path.is_file()}
    assert left == {"target", place.folder_of(two)}
    feed = feedparser.parse((tmp_path / "target" / "feed.xml").read_bytes())
    assert [entry.id for entry in feed.entries] == [two.item_id]


def test_a_feed_of_nobodys_making_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "feed.xml").write_text("<rss/>")
    target = show(tmp_path / "target")
    with pytest.raises(PermanentError, match=r"feed\.xml .* none of ours"):
        podcast.refresh([], target, published.call(tmp_path / "work"))
    assert (tmp_path / "target" / "feed.xml").read_text() == "<rss/>"


def test_a_new_picture_has_a_new_address_and_the_old_one_goes(tmp_path: Path) -> None:
    for colour in ("red", "blue"):
        Image.new("RGBA", (300, 200), colour).save(tmp_path / "own.png")
        target = show(tmp_path / "target", artwork=str(tmp_path / "own.png"))
        podcast.refresh([], target, published.call(tmp_path / "work"))
    (picture,) = (tmp_path / "target").glob("artwork-*.jpg")
    with Image.open(picture) as seen:
        red, _, blue = seen.getpixel((700, 700))  # type: ignore[misc]
    assert blue > 200 > red
    assert picture.name in (tmp_path / "target" / "feed.xml").read_text()


@pytest.fixture
def web_server(tmp_path: Path) -> Iterator[str]:
    """The target's folder over HTTP; its address."""
    (tmp_path / "target").mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(tmp_path / "target"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_is_wrong_where_it_lies_is_named(tmp_path: Path, web_server: str) -> None:
    target = show(tmp_path / "target", public_url=web_server)
    one = published.package(tmp_path / "files")
    (made,) = put([one], target, tmp_path / "work")
    call = published.call(tmp_path / "work")
    assert podcast.verify(made, target, call) == ()
    feed = tmp_path / "target" / "feed.xml"
    whole = feed.read_text(encoding="utf-8")
    for old, new, said in (
        ('length="[0-9]+"', 'length="7"', "enclosure"),
        ("<pubDate>.*</pubDate>", "", "no pubDate"),
        ("<item>(.|\n)*</item>", "", "has the item 0 times"),
        ("(<item>(.|\n)*</item>)", r"\1\1", "has the item 2 times"),
        ("<podcast:guid>.*</podcast:guid>", "", "no guid"),
        ("transcript.srt", "transcript.sub", "does not name"),
        ("</rss>", "", "no XML"),
        ("(rss)", "feed", "no RSS feed"),
    ):
        wrong = feed_check.of_item(re.sub(old, new, whole).encode(), made, target)
        assert any(said in one for one in wrong), said
    feed.unlink()
    (tmp_path / "target" / made.extra["media"]).write_bytes(b"other")
    size, gone = podcast.verify(made, target, call)
    assert "has 5 bytes" in size and gone == "feed.xml is gone"


def test_what_others_can_not_see_is_named(tmp_path: Path, web_server: str) -> None:
    target = show(tmp_path / "target", public_url=f"{web_server}/nowhere")
    (made,) = put([published.package(tmp_path / "files")], target, tmp_path / "work")
    said = [place.seen_wrongly(target, one) for one in made.objects]
    assert len(said) == 6
    assert all("404" in (one or "") for one in said)


def test_what_cannot_be_played_or_seen_is_refused(tmp_path: Path) -> None:
    picture = published.picture(tmp_path / "p.png", (20, 20), "media")
    still = published.package(tmp_path, kind="image", files=(picture,))
    with pytest.raises(PermanentError, match="nothing that a podcast could play"):
        podcast.publish(still, show(tmp_path / "target"), published.call(tmp_path / "work"))
    film = published.media(tmp_path, 2, ".mkv", "video/matroska")
    archived = published.package(tmp_path, kind="video", files=(film,))
    with pytest.raises(PermanentError, match=r"film in MKV.*compression\.profile: web"):
        podcast.publish(archived, show(tmp_path / "target"), published.call(tmp_path / "work"))
    nowhere = show(tmp_path / "target", public_url=None)
    with pytest.raises(SettingsError, match="public_url"):
        podcast.publish(published.package(tmp_path), nowhere, published.call(tmp_path / "work"))


def test_a_feed_is_bounded_in_entries_and_in_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(podcast_feed, "MAX_ITEMS", 20)
    target = show(tmp_path / "target")
    chapter = Chapter(start_seconds=0, title="x" * 9999)
    given: dict[str, Any] = {
        "title": "<&" * 5000,
        "summary": "<&'\n\n" * 5000,
        "chapters": (chapter,),
    }
    one = published.package(tmp_path, **given)
    made = podcast.publish(one, target, published.call(tmp_path / "work"))
    number = podcast_feed.MAX_ITEMS + 1
    many = [(one.model_copy(update={"item_id": f"{n:064x}"}), made) for n in range(number)]
    data = podcast_feed.written(many, target, "artwork.jpg")
    root = ElementTree.fromstring(data)
    items = root.findall("channel/item")
    assert [items[0].findtext("guid"), len(items)] == [f"{0:064x}", podcast_feed.MAX_ITEMS]
    assert len((items[0].findtext("description") or "").encode()) <= 4000
    assert len(items[0].findtext("title") or "") <= 300


def test_without_feedgen_it_says_what_to_install_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "feedgen", None)
    monkeypatch.setitem(sys.modules, "feedgen.feed", None)
    with pytest.raises(SettingsError, match=r"pip install 'nightshift\[publishing\]'"):
        call = published.call(tmp_path / "work")
        podcast.publish(published.package(tmp_path), show(tmp_path / "target"), call)
    assert not (tmp_path / "target").exists()
