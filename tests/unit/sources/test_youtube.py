"""The real yt-dlp against a site on loopback that throttles, lies and cuts short."""

import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Override
from tests.media import Clips, ffmpeg
from tests.servers.loopback import Answer, Asked, Server, serving
from tests.servers.site import video_site
from utils.config import Settings, load_settings
from utils.errors import PermanentError, RetryableError, ThrottledError
from utils.models.item import Entry, Fetched
from utils.sources import youtube
from utils.storage.sealing import sealed


@pytest.fixture
def site(clips: Clips) -> Iterator[Server]:
    with video_site(clips.video, seconds=4, hls=clips.hls) as server:
        yield server


def entry(site: Server, name: str) -> Entry:
    (found,) = youtube.entries(f"{site.url}/watch/{name}", load_settings())
    return found


def download(site: Server, name: str, folder: Path) -> Fetched:
    wanted = Entry(url=f"{site.url}/watch/{name}", site="Loopback", site_id=name)
    return youtube.download(wanted, folder, load_settings())


def test_a_page_of_a_known_site_is_one_entry(site: Server) -> None:
    found = entry(site, "plain")
    assert (found.site, found.site_id, found.duration_seconds) == ("Loopback", "plain", 4)


def test_a_channel_is_many_entries_and_nothing_is_downloaded(site: Server) -> None:
    found = youtube.entries(f"{site.url}/watch/channel", load_settings())
    assert [e.site_id for e in found] == ["listed", "plain"]
    assert not any(asked.path.startswith("/media") for asked in site.asked)


def test_a_download_is_the_file_with_its_title_and_declared_duration(
    site: Server, clips: Clips, tmp_path: Path
) -> None:
    fetched = download(site, "plain", tmp_path)
    assert fetched.path.read_bytes() == clips.video.read_bytes()
    assert fetched.declared_seconds == 4
    assert fetched.title == "A plain ../video"
    assert tmp_path in fetched.path.parents  # a hostile title leads nowhere else


def test_a_plain_file_needs_no_extractor(site: Server, tmp_path: Path) -> None:
    wanted = Entry(url=f"{site.url}/media/plain.mp4", site="Generic", site_id="plain")
    assert youtube.download(wanted, tmp_path, load_settings()).path.stat().st_size > 0


def test_an_hls_stream_becomes_one_file(site: Server, tmp_path: Path) -> None:
    wanted = Entry(url=f"{site.url}/hls/index.m3u8", site="Generic", site_id="index")
    from utils.media.probing import ffprobe

    fetched = youtube.download(wanted, tmp_path, load_settings())
    assert ffprobe.probe(fetched.path).duration_seconds == pytest.approx(4, abs=0.2)


def test_404_and_a_private_video_are_permanent(site: Server, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="404"):
        download(site, "gone", tmp_path / "incoming")
    with pytest.raises(PermanentError, match="private"):
        entry(site, "private")
    assert list((tmp_path / "incoming").iterdir()) == []


def test_429_is_throttled_with_the_sites_delay(site: Server, tmp_path: Path) -> None:
    with pytest.raises(ThrottledError) as caught:
        download(site, "busy", tmp_path)
    assert caught.value.retry_after_seconds == 1


def test_a_body_shorter_than_declared_may_pass_and_leaves_nothing(
    site: Server, tmp_path: Path
) -> None:
    with pytest.raises(RetryableError, match="cut short"):
        download(site, "cut", tmp_path / "incoming")
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_download_of_0_bytes_may_pass_and_leaves_nothing(site: Server, tmp_path: Path) -> None:
    with pytest.raises(RetryableError):
        download(site, "nothing", tmp_path / "incoming")
    assert list((tmp_path / "incoming").iterdir()) == []


def test_nobody_there_may_pass(tmp_path: Path) -> None:
    with serving(lambda asked: Answer(404)) as server:
        pass
    with pytest.raises(RetryableError):
        youtube.entries(f"{server.url}/watch/plain", load_settings())


def test_two_videos_of_one_page_are_two_entries_with_a_file_each(
    clips: Clips, tmp_path: Path
) -> None:
    other = tmp_path / "other.mp4"
    ffmpeg("-i", clips.video, "-c", "copy", "-metadata", "comment=other", other)
    page = b'<video src="/a.mp4"></video><video src="/b.mp4"></video>'

    def answer(asked: Asked) -> Answer:
        if asked.path in {"/a.mp4", "/b.mp4"}:
            path = clips.video if asked.path == "/a.mp4" else other
            return Answer(body=path.read_bytes(), headers={"Content-Type": "video/mp4"})
        return Answer(body=b"<html><body>" + page + b"</body></html>",
                      headers={"Content-Type": "text/html"})  # fmt: skip

    with serving(answer) as server:
        found = youtube.entries(f"{server.url}/page", load_settings())
        assert len({entry.item_id for entry in found}) == 2
        contents = {
            youtube.download(entry, tmp_path / "in", load_settings()).path.read_bytes()
            for entry in found
        }
    assert contents == {clips.video.read_bytes(), other.read_bytes()}


def test_plain_files_of_one_name_at_two_addresses_are_two_entries() -> None:
    first, second = (
        Entry(url=f"http://x/{n}/master.m3u8", site="Generic", site_id="master") for n in "ab"
    )
    assert first.item_id != second.item_id


def test_an_addresss_secrets_reach_the_site_and_nothing_that_is_kept(
    clips: Clips, tmp_path: Path, settings: Settings
) -> None:
    def answer(asked: Asked) -> Answer:
        known = asked.headers.get("Authorization") == "Basic bWU6aHVudGVyMg=="
        if not known or "token=hunter3" not in asked.path:
            return Answer(401)
        if asked.path.startswith("/get"):  # no name: yt-dlp makes title and id of the query
            return Answer(body=clips.video.read_bytes(), headers={"Content-Type": "video/mp4"})
        return Answer(404)

    with serving(answer) as server:
        site = server.url.replace("//", "//me:hunter2@")
        film, gone = (sealed(f"{site}/{name}?token=hunter3", settings) for name in ("get", "gone"))
        (found,) = youtube.entries(film, settings)
        fetched = youtube.download(found, tmp_path, settings)
        assert "hunter" not in found.model_dump_json() + fetched.model_dump_json()
        with pytest.raises(PermanentError, match="404") as caught:
            youtube.entries(gone, settings)
        assert "hunter" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", ["https://me:pw@[::1]/x", "http://x..y/", "http://[v1.x]/"])
def test_an_address_that_yt_dlp_trips_over_is_an_error_of_its_own(url: str) -> None:
    with pytest.raises((PermanentError, RetryableError)):
        youtube.entries(url, load_settings())


def test_a_file_above_the_limit_is_refused(
    site: Server, tmp_path: Path, override: Override
) -> None:
    override(max_download_bytes=1000)
    with pytest.raises(PermanentError, match="MAX_DOWNLOAD_BYTES"):
        download(site, "plain", tmp_path)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "http://localhost/x", "http://10.0.0.1/", "http://[::1]/"]
)
def test_addresses_of_the_local_network_are_refused_by_default(
    url: str, override: Override
) -> None:
    override(allow_private_urls=False)
    with pytest.raises(PermanentError, match="local network"):
        youtube.entries(url, load_settings())


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.org/x", "http:///x", "http://h:abc/", "http://[::1/x"],
)
def test_only_http_is_fetched(url: str) -> None:
    with pytest.raises(PermanentError, match="no http"):
        youtube.entries(url, load_settings())
