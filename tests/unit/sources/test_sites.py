"""What sites refuse and why, and what a source asks of them: the real yt-dlp, on loopback."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from yt_dlp.postprocessor import SponsorBlockPP

from tests.media import Clips
from tests.servers.loopback import Answer, Asked, Server, serving
from tests.servers.site import REFUSED, video_site
from utils.config import load_settings
from utils.errors import NightShiftError, NotTakenError, PermanentError, ThrottledError
from utils.models.item import Entry, Fetched
from utils.models.source import SourceDefinition, SourceKind, SourceOptions
from utils.sources import refusals, sponsors, youtube

Moods = dict[str, str | dict[str, Any]]
COOKIES = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\tours\n"


@pytest.fixture
def moods() -> Moods:
    return {}


@pytest.fixture
def site(clips: Clips, moods: Moods) -> Iterator[Server]:
    with video_site(clips.video, seconds=4, moods=moods) as server:
        yield server


def source(site: Server, since: date | None = None, **options: Any) -> SourceDefinition:
    return SourceDefinition(
        name="s", kind=SourceKind.YOUTUBE, url=site.url, since=since,
        options=SourceOptions(**options),
    )  # fmt: skip


def download(site: Server, folder: Path, definition: SourceDefinition | None = None) -> Fetched:
    entry = Entry(url=f"{site.url}/watch/plain", site="Loopback", site_id="plain")
    return youtube.download(entry, folder, load_settings(), definition)


@pytest.mark.parametrize("reason", REFUSED)
def test_an_error_says_why_a_site_refuses(
    site: Server, moods: Moods, tmp_path: Path, reason: str
) -> None:
    moods["plain"] = REFUSED[reason]
    with pytest.raises(NightShiftError) as caught:
        download(site, tmp_path)
    error = caught.value
    if reason == "not_started":
        assert isinstance(error, NotTakenError)
    else:
        assert error.refusal == reason
        assert isinstance(error, ThrottledError if reason == "throttled" else PermanentError)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("This video is private. If the owner of this video has granted you access, please sign in",
         "private"),
        ("This video is available to this channel's members on level: Gold", "members_only"),
        ("This video is no longer available because the YouTube account associated with this "
         "video has been terminated.", "removed"),
        ("Video unavailable. This video is not available", "removed"),
        ("This video is not available from your location due to geo restriction", "geo_blocked"),
        ("Premieres in 3 hours", "not_started"),
        ("HTTP Error 429: Too Many Requests", "throttled"),
        ("Use --cookies, --cookies-from-browser, --username and --password to log in", "login"),
        ("The stars are wrong", None),
    ],
)  # fmt: skip
def test_reasons_are_told_from_what_sites_say(said: str, reason: str | None) -> None:
    assert refusals.reason_of(said) == reason


def test_a_site_that_answers_429_names_its_delay(site: Server, moods: Moods) -> None:
    moods["plain"] = "busy"
    with pytest.raises(ThrottledError) as caught:
        youtube.entries(f"{site.url}/watch/plain", load_settings())
    assert caught.value.retry_after_seconds == 7


@pytest.mark.parametrize("status", ["is_live", "is_upcoming", "post_live"])
def test_a_stream_is_not_taken_while_it_runs(
    site: Server, moods: Moods, tmp_path: Path, status: str
) -> None:
    moods["plain"] = {"live_status": status}
    with pytest.raises(NotTakenError, match="once it is over"):
        download(site, tmp_path, source(site))
    with pytest.raises(PermanentError, match="live"):
        download(site, tmp_path, source(site, wait_for_live=False))
    assert site.count("/media/plain.mp4") == 0
    moods["plain"] = {"live_status": "was_live"}
    assert download(site, tmp_path, source(site)).path.exists()


def test_what_its_page_says_is_too_old_is_not_downloaded(
    site: Server, moods: Moods, tmp_path: Path
) -> None:
    moods["plain"] = {"upload_date": "20240504"}
    with pytest.raises(NotTakenError) as caught:
        download(site, tmp_path, source(site, since=date(2024, 5, 5)))
    assert caught.value.published_on == date(2024, 5, 4)
    assert site.count("/media/plain.mp4") == 0
    assert download(site, tmp_path, source(site, since=date(2024, 5, 4))).path.exists()


def test_a_sources_cookies_open_what_wants_a_login_and_stay_as_they_are(
    site: Server, moods: Moods, tmp_path: Path
) -> None:
    moods["plain"] = REFUSED["login"]
    jar = tmp_path / "cookies.txt"
    jar.write_text(COOKIES + "a line that is no cookie, hunter2\n")
    before = jar.read_bytes()
    with pytest.raises(PermanentError, match="cookies_file"):
        download(site, tmp_path / "in")
    assert download(site, tmp_path / "in", source(site, cookies_file=jar)).path.exists()
    found = youtube.entries(
        f"{site.url}/watch/plain", load_settings(), source(site, cookies_file=jar)
    )
    assert [entry.site_id for entry in found] == ["plain"]
    assert jar.read_bytes() == before
    assert not [*load_settings().home.rglob("*.cookies")]


@pytest.mark.parametrize("text", [None, "", '[{"name": "session", "value": "hunter2"}]', "hunter2"])
def test_a_file_without_cookies_is_an_error_that_quotes_nothing(
    site: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str | None
) -> None:
    jar = tmp_path / "cookies.txt"
    if text is not None:
        jar.write_text(text)
    with pytest.raises(PermanentError, match="cookies file") as caught:
        youtube.entries(site.url, load_settings(), source(site, cookies_file=jar))
    assert "hunter2" not in f"{caught.value}{capfd.readouterr()}"


def test_a_source_chooses_the_format(site: Server, moods: Moods, tmp_path: Path) -> None:
    base = f"{site.url}/media"
    moods["plain"] = {"formats": [
        {"format_id": "small", "url": f"{base}/ep-small.mp4", "ext": "mp4", "height": 240},
        {"format_id": "large", "url": f"{base}/ep-large.mp4", "ext": "mp4", "height": 720},
    ]}  # fmt: skip
    download(site, tmp_path)
    download(site, tmp_path, source(site, format="worst"))
    assert (site.count("/media/ep-large.mp4"), site.count("/media/ep-small.mp4")) == (1, 1)
    with pytest.raises(PermanentError, match="format"):
        download(site, tmp_path, source(site, format="best[height>9000]"))


def test_sponsor_segments_are_asked_for_by_a_source_alone_and_cut_out(
    site: Server, tmp_path: Path, clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    from utils.media.probing import ffprobe

    segment = {"segment": [0, 2], "category": "sponsor", "actionType": "skip",
               "videoDuration": 4, "description": ""}  # fmt: skip

    def answer(asked: Asked) -> Answer:
        return Answer.of_json([{"videoID": "plain", "segments": [segment]}])

    monkeypatch.setitem(SponsorBlockPP.EXTRACTORS, "Loopback", "YouTube")
    with serving(answer) as block:
        monkeypatch.setattr(sponsors, "API", block.url)
        whole = download(site, tmp_path)
        assert block.asked == []
        cut = download(site, tmp_path, source(site, sponsor_segments=("sponsor",)))
        assert len(block.asked) == 1
    assert ffprobe.probe(whole.path).duration_seconds == pytest.approx(4, abs=0.2)
    assert ffprobe.probe(cut.path).duration_seconds < 3.9
    assert cut.declared_seconds == pytest.approx(2, abs=0.1)
    with pytest.raises(NightShiftError, match="segments are not known"):
        download(site, tmp_path, source(site, sponsor_segments=("sponsor",)))


def test_a_rate_limit_is_kept(site: Server, tmp_path: Path, clips: Clips) -> None:
    from utils import clock

    size = clips.video.stat().st_size
    begun = clock.monotonic()
    download(site, tmp_path, source(site, rate_limit=max(1024, size)))
    assert clock.monotonic() - begun > 0.3  # of about a second


INDEX = b"""<html><head><title>Index of /films/</title></head><body><h1>Index of /films/</h1>
<a href="?C=N;O=D">Name</a> <a href="/">Parent</a> <a href="a%20b.mp4">a b.mp4</a>
<a href="sub/c.mkv">c</a> <a href="notes.txt">notes</a> <a href="../secret/d.mp4">d</a>
<a href="http://elsewhere.example/films/e.mp4">e</a> <a href="a%20b.mp4#t=1">again</a></body>"""


def plain_files(clips: Clips, modified: list[str]) -> Any:
    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/"):
            return Answer(body=INDEX, headers={"Content-Type": "text/html"})
        headers = {"Content-Type": "video/mp4", "Last-Modified": modified[0]}
        return Answer(body=clips.video.read_bytes(), headers=headers)

    return answer


def of_kind_http(url: str) -> SourceDefinition:
    return SourceDefinition(name="s", kind=SourceKind.HTTP, url=url)


def test_the_page_of_a_folder_is_the_files_in_it_where_a_source_says_so(clips: Clips) -> None:
    with serving(plain_files(clips, [""])) as server:
        url = f"{server.url}/films/"
        found = youtube.entries(url, load_settings(), of_kind_http(url))
        assert [one.url for one in found] == [f"{url}a%20b.mp4", f"{url}sub/c.mkv"]
        with pytest.raises(PermanentError):
            youtube.entries(url, load_settings())


def test_a_plain_file_that_was_modified_is_another_entry_of_its_source(clips: Clips) -> None:
    modified = ["Sat, 04 May 2024 10:00:00 GMT"]
    with serving(plain_files(clips, modified)) as server:
        url = f"{server.url}/a.mp4"
        looks = [youtube.entries(url, load_settings(), of_kind_http(url))[0].ids for _ in range(2)]
        modified[0] = "Sun, 05 May 2024 10:00:00 GMT"
        looks.append(youtube.entries(url, load_settings(), of_kind_http(url))[0].ids)
    assert looks[0] == looks[1]
    assert not set(looks[0]) & set(looks[2])
