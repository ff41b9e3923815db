"""What a feed's entries are, and by what each is known again; the real yt-dlp, on loopback."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.media import Clips
from tests.servers.loopback import Answer, Asked, serving
from utils.config import load_settings
from utils.errors import PermanentError
from utils.models.item import Entry
from utils.privacy.redaction import hidden
from utils.sources import youtube
from utils.sources.entries import place_of
from utils.storage.sealing import sealed

EPISODE = """<item><title>Episode one</title><guid isPermaLink="false">guid-1</guid>
<description>&lt;p&gt;With &lt;b&gt;Anna&lt;/b&gt;.&lt;/p&gt;</description>
<pubDate>Sat, 04 May 2024 10:00:00 +0200</pubDate>
<enclosure url="URL" type="audio/mpeg" length="1"/></item>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>A feed</title>
<entry><id>tag:x,2024:1</id><title>Episode one</title><published>2024-05-04T08:00:00Z</published>
<summary>With Anna.</summary><link rel="alternate" href="URL.html"/>
<link rel="enclosure" type="audio/mpeg" href="URL"/></entry></feed>"""


def rss(*items: str) -> str:
    return f'<rss version="2.0"><channel><title>F</title>{"".join(items)}</channel></rss>'


def listed(text: str, path: str = "/feed.xml") -> list[Entry]:
    with serving(lambda _: Answer(body=f'<?xml version="1.0"?>{text}'.encode(),
                                  headers={"Content-Type": "application/xml"})) as it:  # fmt: skip
        return youtube.entries(f"{it.url}{path}", load_settings())


def test_a_feeds_entry_has_its_title_text_and_date_and_a_plain_address() -> None:
    (entry,) = listed(rss(EPISODE.replace("URL", "https://cdn/ep1.mp3")))
    assert entry.title == "Episode one"
    assert entry.description == "With Anna."
    assert entry.published_at == datetime(2024, 5, 4, 8, tzinfo=UTC)
    assert (entry.url, entry.site_id) == ("https://cdn/ep1.mp3", "guid-1")


@pytest.mark.parametrize(
    "moved", ["https://other/ep1.mp3", "https://cdn/ep1.mp3?token=new", "https://cdn/new.m4a"]
)
def test_an_entry_is_known_by_its_guid_wherever_its_file_lies(moved: str) -> None:
    def answer(asked: Asked) -> Answer:
        address = moved if "token=b" in asked.path else "https://cdn/ep1.mp3?token=old"
        text = rss(EPISODE.replace("URL", address))
        return Answer(body=text.encode(), headers={"Content-Type": "application/xml"})

    with serving(answer) as server:
        feed = f"{server.url}/feed?token="
        found = [youtube.entries(feed + token, load_settings())[0] for token in "ab"]
    assert found[0].item_id == found[1].item_id
    assert found[0].url != found[1].url


def test_the_guids_of_two_feeds_are_two() -> None:
    text = rss(EPISODE.replace("URL", "https://cdn/ep1.mp3"))

    def answer(asked: Asked) -> Answer:
        return Answer(body=text.encode(), headers={"Content-Type": "application/xml"})

    with serving(answer) as server:
        ids = {
            youtube.entries(f"{server.url}/{name}.xml", load_settings())[0].item_id for name in "ab"
        }
    assert len(ids) == 2


def test_what_was_fetched_before_guids_counted_is_still_known() -> None:
    """Versions before kept an entry under its address, with what yt-dlp hides in it."""
    smuggled = "https://cdn/ep1.mp3#__youtubedl_smuggle=%7B%22force_videoid%22%3A+%22guid-1%22%7D"
    before = Entry(
        url=sealed(smuggled, load_settings()), site="Generic", site_id=hidden(smuggled, smuggled)
    )
    (entry,) = listed(rss(EPISODE.replace("URL", "https://cdn/ep1.mp3")))
    assert before.item_id in entry.ids


def test_an_atom_feed_says_the_same() -> None:
    (entry,) = listed(ATOM.replace("URL", "https://cdn/ep1.mp3"))
    assert (entry.title, entry.description) == ("Episode one", "With Anna.")
    assert entry.published_at == datetime(2024, 5, 4, 8, tzinfo=UTC)
    assert (entry.url, entry.site_id) == ("https://cdn/ep1.mp3", "tag:x,2024:1")


def test_a_feed_with_entities_of_its_own_is_not_read() -> None:
    bomb = '<!DOCTYPE feed [<!ENTITY a "aaaa">]>' + ATOM.replace("With", "&a;")
    with pytest.raises(PermanentError):
        listed(bomb)


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("https://x/ep1.mp3?token=a", "https://x/ep1.mp3?token=b", True),
        ("https://x/ep1.mp3?sig=a&expires=1", "http://x/ep1.mp3?expires=2&sig=b", True),
        ("https://x/ep1.mp3?X-Amz-Signature=a&X-Amz-Date=1", "https://x/ep1.mp3", True),
        ("https://x/ep1.mp3?md5=a&expires=1", "https://x/ep1.mp3?md5=b&expires=2", True),
        ("https://x/ep1.mp3?md5=a", "https://x/ep1.mp3?md5=b", False),
        ("https://x/get?id=1&token=a", "https://x/get?id=2&token=a", False),
        ("https://x/ep1.mp3?v=1", "https://x/ep1.mp3?v=2", False),
        ("https://me:secret@x/ep1.mp3", "https://x/ep1.mp3", True),
    ],
)
def test_a_place_is_an_address_without_what_passes(one: str, other: str, are_one: bool) -> None:
    assert (place_of(one) == place_of(other)) is are_one


def test_entries_whose_addresses_differ_by_their_token_alone_are_one() -> None:
    plain = "<item><title>T</title><enclosure url='https://x/ep1.mp3?token=TOKEN'/></item>"
    first, second = (listed(rss(plain.replace("TOKEN", token))) for token in ("aaaa", "bbbb"))
    assert first[0].item_id == second[0].item_id
    both = listed(rss(*(plain.replace("TOKEN", token) for token in ("aaaa", "bbbb"))))
    assert len(both) == 1


def test_two_titles_behind_one_script_are_two_entries() -> None:
    plain = "<item><title>TITLE</title><enclosure url='https://x/get.php?token=of-TITLE'/></item>"
    assert len(listed(rss(*(plain.replace("TITLE", title) for title in ("one", "two"))))) == 2
    bare = "<item><title>T</title><enclosure url='https://x/get?token=TOKEN'/></item>"
    assert len(listed(rss(*(bare.replace("TOKEN", token) for token in ("aaaa", "bbbb"))))) == 2


def test_a_fetched_episode_has_the_feeds_title_and_not_its_files_name(
    clips: Clips, tmp_path: Path
) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/ep1.mp3":
            return Answer(body=clips.speech.read_bytes(), headers={"Content-Type": "audio/mpeg"})
        text = rss(EPISODE.replace("URL", f"{server.url}/ep1.mp3"))
        return Answer(body=text.encode(), headers={"Content-Type": "application/xml"})

    with serving(answer) as server:
        (entry,) = youtube.entries(f"{server.url}/feed", load_settings())
        fetched = youtube.download(entry, tmp_path, load_settings())
    assert fetched.title == "Episode one"
    assert fetched.listing is not None
    assert fetched.listing.description == "With Anna."
    assert fetched.listing.source == "the feed"
