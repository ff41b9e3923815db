"""Files of other programs as sources: what is taken, what is left out, and what is refused."""

import re
from pathlib import Path

import pytest

from tests.paths import PROJECT
from utils.errors import PermanentError, UsageError
from utils.models.source import SourceDefinition
from utils.sources.definitions import reading, schedules
from utils.sources.definitions.found import Found, name_at, page_of

SAMPLES = PROJECT / "tests" / "fixtures" / "definitions"
CHANNEL = "https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv"
SERIES = "https://www.youtube.com/playlist?list=PLabcdefghijklmnop"


def found(name: str) -> dict[str, Found]:
    return {one.name: one for one in reading.read(SAMPLES / name).found}


def defined(one: Found) -> SourceDefinition:
    assert one.definition is not None, one.why_not
    return one.definition


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_our_own_definitions_are_taken_as_they_are() -> None:
    all_of = found("own.yaml")
    lectures = defined(all_of["lectures"])
    assert (lectures.schedule, lectures.timezone, lectures.keep_last, str(lectures.since)) == (
        "daily@03:30", "Europe/Berlin", 20, "2024-01-01",
    )  # fmt: skip
    assert lectures.options.pipeline == {"transcription.model": "small"}
    assert lectures.options.sponsor_segments == ("sponsor", "selfpromo")
    assert defined(all_of["camera-bucket"]).queue == "high-memory"
    assert "no cron expression" in all_of["broken-schedule"].why_not
    assert "no time zone" in all_of["nowhere"].why_not


def test_an_autoloaders_ingestions_are_buckets_with_their_schedules() -> None:
    all_of = found("autoloader.yaml")
    told = {
        name: (one.definition.url, one.definition.pattern, one.definition.schedule)
        for name, one in all_of.items()
        if one.definition
    }
    assert told == {
        "Raw Footage (daily)": ("s3://studio-raw/footage/", "*.mov", "daily@14:30"),
        "interviews": ("az://interviews/incoming/2026", "*.mp4", "0 2 * * 0"),
        "archive": ("gs://media-archive/films", None, "0 */6 * * 1-5"),
        "lake": ("az://films/in", None, None),
    }
    assert defined(all_of["archive"]).queue == "high-memory"
    assert all_of["interviews"].is_paused
    assert "no media" in all_of["clicks"].why_not
    assert "fortnightly" in all_of["odd"].why_not


def test_credentials_are_named_and_never_taken_over() -> None:
    all_of = found("autoloader.yaml")
    assert "AWS_ACCESS_KEY_ID" in " ".join(all_of["Raw Footage (daily)"].notes)
    assert "AZURE_STORAGE_CONNECTION_STRING" in " ".join(all_of["interviews"].notes)
    assert defined(all_of["lake"]).options.account == "studio"
    text = " ".join(one.model_dump_json() for one in all_of.values())
    assert not [secret for secret in ("hunter2", "AKIA", "wJalr") if secret in text]


@pytest.mark.parametrize(
    ("name", "urls"),
    [
        ("subscriptions.opml", [CHANNEL, SERIES, "https://podcast.example/feed?token=hunter2",
         "http://nas:8945/sources/0b5c3c0e-7f0e-4a53-9f9b-0d4f3b4a1c55/feed.xml"]),
        ("channels.txt", ["https://www.youtube.com/@lectures", CHANNEL, SERIES,
         "https://www.youtube.com/@talks.daily", "https://vimeo.com/channels/staffpicks",
         "https://podcast.example/feed.xml"]),
        ("tubearchivist.json", [CHANNEL, SERIES]),
        ("newpipe.json", [CHANNEL, "https://band.example/artist"]),
        ("takeout.csv", [CHANNEL]),
    ],
)  # fmt: skip
def test_subscriptions_are_channels_playlists_and_feeds(name: str, urls: list[str]) -> None:
    taken = [one.definition for one in reading.read(SAMPLES / name).found if one.definition]
    assert [one.url for one in taken] == urls
    kinds = {one.url: one.kind.value for one in taken}
    assert all(kinds[url] == ("feed" if "feed" in url else "youtube") for url in urls)
    assert not [one for one in taken if "hunter2" in one.name]


def test_a_workflows_nodes_are_sources_with_the_schedule_that_leads_to_them() -> None:
    all_of = found("workflow.json")
    told = {
        name: (one.definition.url, one.definition.schedule, one.definition.timezone)
        for name, one in all_of.items()
        if one.definition
    }
    zone = "Asia/Phnom_Penh"
    assert told == {
        "Songs": (SERIES, "daily@03:15", zone),
        "Uploads": (CHANNEL, "daily@03:15", zone),  # through two nodes
        "Podcast": ("https://podcast.example/feed.xml", "5 * * * *", zone),
        "Archive": ("s3://archive/films", None, None),
        "Films on disk": ("/srv/films", "30 4 * * 1", zone),
    }
    assert defined(all_of["Songs"]).keep_last == 10
    assert defined(all_of["Films on disk"]).pattern == "**/*.mkv"
    assert "youTubeOAuth2Api" in " ".join(all_of["Songs"].notes)
    assert "hunter2" not in " ".join(one.model_dump_json() for one in all_of.values())


@pytest.mark.parametrize(
    ("node", "why"),
    [
        ("Only new ones", "branches"),
        ("Fetch one", "computed"),
        ("Drive", "Google Drive"),
        ("Tell us", "messages"),
        ("Publish", "POST"),
    ],
)
def test_of_a_node_that_can_not_be_mapped_it_is_said_why(node: str, why: str) -> None:
    assert why in found("workflow.json")[node].why_not


def test_a_workflow_that_was_not_active_is_paused_and_a_trigger_to_nothing_is_told(
    tmp_path: Path,
) -> None:
    feed = (
        '{"name": "F", "type": "n8n-nodes-base.rssFeedRead", "parameters": {"url": "https://x/f"}}'
    )
    off = ('{"name": "O", "type": "n8n-nodes-base.rssFeedRead", "disabled": true, '
           '"parameters": {"url": "https://x/o"}}')  # fmt: skip
    alone = '{"name": "T", "type": "n8n-nodes-base.scheduleTrigger", "parameters": {}}'
    text = f'[{{"nodes": [{feed}, {off}, {alone}], "connections": {{}}, "active": false}}]'
    rows = {one.name: one for one in reading.read(written(tmp_path, "w.json", text)).found}
    assert rows["F"].is_paused
    assert "switched off" in rows["O"].why_not
    assert "leads to nothing" in rows["T"].why_not


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bomb.opml", '<!DOCTYPE o [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><opml>&b;</opml>'),
        ("file.opml", '<!DOCTYPE o [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml>&a;</opml>'),
        ("page.xml", "<html><body/></html>"),
        ("cut.opml", "<opml><body><outline"),
        ("cut.json", '{"sources": ['),
        ("deep.json", "[" * 100_000),
        ("bomb.yaml", "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
         + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefg", "bcdefgh",
                                                                             strict=True))),
        ("python.yaml", "!!python/object/apply:os.system ['true']"),
        ("number.yaml", "7"),
        ("latin.txt", b"https://x/\xe9"),
        ("empty.json", "[]"),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_refused(tmp_path: Path, name: str, text: str | bytes) -> None:
    with pytest.raises(PermanentError, match=re.escape(name)):
        reading.read(written(tmp_path, name, text))


def test_a_file_that_is_too_large_is_refused_and_one_that_is_not_there_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 10)
    with pytest.raises(PermanentError, match="MiB"):
        reading.read(written(tmp_path, "big.txt", "https://x/aaaaaaaaa"))
    with pytest.raises(UsageError):
        reading.read(tmp_path / "none.yaml")


@pytest.mark.parametrize("line", ["ftp://x/y", "file:///etc/passwd", "-rf", "/etc"])
def test_a_line_that_is_no_address_is_not_taken(tmp_path: Path, line: str) -> None:
    (one,) = reading.read(written(tmp_path, "list.txt", line)).found
    assert one.definition is None


@pytest.mark.parametrize(
    ("given", "schedule"),
    [
        ("hourly", "hourly"),
        ({"frequency": "HOURLY"}, "0 * * * *"),
        ({"frequency": "daily", "time": 870}, "daily@14:30"),  # 14:30 as YAML reads it
        ({"frequency": "daily", "time": "2:05 pm"}, "daily@14:05"),
        ({"frequency": "daily"}, "daily@02:00"),
        ({"frequency": "weekly", "day_of_week": ["mon", "Friday"], "time": "06:00"}, "0 6 * * 1,5"),
        ({"frequency": "monthly", "day_of_month": 15}, "0 2 15 * *"),
        ({"cron_expression": "0 0 4 * * *"}, "0 4 * * *"),
        ({"interval": 15, "unit": "minutes"}, "*/15 * * * *"),
        ({"frequency": "manual"}, None),
    ],
)
def test_schedules_are_read_as_they_are_written(given: object, schedule: str | None) -> None:
    assert schedules.read(given).schedule == schedule


@pytest.mark.parametrize(
    "given", [{"frequency": "custom"}, {"frequency": "daily", "time": "25:00"}, [1], {"frequency":
              "weekly", "day": "someday"}, {"interval": 90, "unit": "minutes"}],
)  # fmt: skip
def test_a_schedule_that_can_not_be_said_is_an_error(given: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        schedules.read(given)


def test_names_say_what_lies_there() -> None:
    assert name_at("https://www.youtube.com/@lectures/videos") == "lectures"
    assert name_at(SERIES) == "PLabcdefghijklmnop"
    assert name_at("https://podcast.example/feed.xml?token=hunter2") == "podcast.example-feed.xml"
    assert page_of("https://www.youtube.com/feeds/videos.xml?user=me").endswith("/user/me")
