"""A podcast's feed from its listing to found episodes: the real yt-dlp, on loopback, real flows."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.flows.test_shift import QUICK, work_a_night
from tests.media import Clips
from tests.servers.loopback import Answer, Asked, Server, serving
from utils.config import Settings
from utils.db import failures, items, library, sources
from utils.db.schema import Item
from utils.db.session import session
from utils.models.shift import RunStatus
from utils.search.passages import passages

pytestmark = pytest.mark.usefixtures("prefect_server")

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour</title>
<item><title>Episode one: the "quiet" harbour</title><guid isPermaLink="false">e-1</guid>
<description>Anna walks along the breakwater.</description>
<pubDate>Sat, 04 May 2024 10:00:00 +0200</pubDate>
<enclosure url="SITE/ep1.mp3?token=TOKEN" type="audio/mpeg"/></item>
<item><title>Episode two</title><guid isPermaLink="false">e-2</guid>
<enclosure url="SITE/gone.mp3?token=TOKEN" type="audio/mpeg"/></item></channel></rss>"""


@pytest.fixture
def feed(clips: Clips) -> Iterator[Server]:
    """A feed whose enclosures have another token each time it is asked for."""
    tokens = iter(range(100))

    def answer(asked: Asked) -> Answer:
        if asked.path.startswith("/ep1.mp3"):
            return Answer(body=clips.speech.read_bytes(), headers={"Content-Type": "audio/mpeg"})
        if asked.path != "/feed.xml":
            return Answer(404)
        text = FEED.replace("SITE", server.url).replace("TOKEN", f"secret{next(tokens):03}")
        return Answer(body=text.encode(), headers={"Content-Type": "application/rss+xml"})

    with serving(answer) as server:
        yield server


def requests(feed: Server) -> int:
    """How often the first episode's file was asked for."""
    return sum("ep1.mp3" in asked.path for asked in feed.asked)


def test_an_episode_is_what_its_feed_says_and_is_fetched_once(
    feed: Server, settings: Settings
) -> None:
    with session() as s:
        sources.add(s, f"{feed.url}/feed.xml")
    told = [work_a_night(QUICK)]
    asked = requests(feed)
    told += [work_a_night(QUICK) for _ in range(3)]
    with session() as s:
        item = s.scalars(select(Item)).one()
        record = library.load(s, item.id)
        (path,) = items.paths_of(s, item.id)
        (failure,) = failures.failures(s, failures.Choice())
    title = 'Episode one: the "quiet" harbour'
    assert (item.title, record.title) == (title, title)
    assert record.description == "Anna walks along the breakwater."
    assert any("breakwater" in passage.text for passage in passages(record))  # it is found
    assert record.captured_at is not None
    assert record.captured_at.isoformat() == "2024-05-04T08:00:00+00:00"
    assert record.captured_at_source == "published, says the feed"
    assert path.name == "Episode one_ the _quiet_ harbour [e-1].mp3"
    assert 0 < requests(feed) == asked
    # The one that is gone: one failure with its tries, then quarantined and listed.
    came = [one.outcome.value for report in told for one in report.items if "gone" in one.path]
    assert came == ["failed", "failed", "quarantined", "waits_for_you"]
    assert (failure.status, failure.tries) == ("quarantined", 3)
    assert told[-1].status is RunStatus.NOTHING_TO_DO
