"""An HLS package: what lies there, how it is checked and taken back; a browser plays it."""

from __future__ import annotations

import json
import threading
from functools import partial
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from pydantic import SecretStr

from tests import browser
from tests.media import Clips, ffmpeg
from tests.servers.loopback import Answer, Asked, serving
from tests.unit.distribution.calls import Kept, call, file, package
from utils.config import Settings
from utils.distribution import hls, place, playlists
from utils.errors import PermanentError
from utils.media.probing import ffprobe
from utils.models.publishing import Chapter, Package, Published
from utils.models.targets import HlsTarget
from utils.models.transcript import Segment

_VTT = "WEBVTT\n\n00:00:00.500 --> 00:00:03.500\nRain falls\n"
# Plays the page's film without a sound, and says to its server what is to be seen.
_PROBE = b"""<!doctype html><iframe src="%s"></iframe><script>
const frame = document.querySelector("iframe");
const timer = setInterval(() => {
  const player = frame.contentDocument && frame.contentDocument.querySelector("video");
  if (!player) return;
  player.muted = true;
  player.play().catch(() => {});
  const cues = [...player.textTracks].flatMap(one => [...(one.activeCues || [])]);
  const seen = {seconds: player.currentTime, text: cues.map(one => one.text), src: player.src,
    size: [player.videoWidth, player.videoHeight], length: player.duration,
    trouble: frame.contentDocument.getElementById("trouble").textContent};
  if (seen.trouble || (seen.seconds > 1.2 && (cues.length || !player.textTracks.length))) {
    clearInterval(timer);
    fetch("/seen", {method: "POST", body: JSON.stringify(seen)});
  }
}, 50);
</script>"""


class Shelf:
    """A target in a folder, and a film that was published there."""

    def __init__(self, settings: Settings, place: Path, work: Path, **facts: object) -> None:
        self.settings, self.place, self.work = settings, place, work
        self.target = HlsTarget(kind="hls", url=SecretStr(f"file://{place}"), **facts)

    def publish(self, item: Package, kept: Kept | None = None) -> Published:
        return hls.publish(item, self.target, call(self.settings, self.work, kept))

    def verify(self, row: Published) -> tuple[str, ...]:
        return hls.verify(row, self.target, call(self.settings, self.work))

    def read(self, row: Published, end: str) -> str:
        (name,) = [one.name for one in row.objects if one.name.endswith(end)]
        return (self.place / name).read_text()


@pytest.fixture
def shelf(settings: Settings, tmp_path: Path) -> Shelf:
    return Shelf(settings, tmp_path / "there", tmp_path, heights=(180, 1080), segment_seconds=2)


@pytest.fixture
def subtitles(tmp_path: Path) -> Path:
    path = tmp_path / "said.en.vtt"
    path.write_text(_VTT)
    return path


def test_a_film_is_copied_and_all_of_it_is_said(
    shelf: Shelf, clips: Clips, subtitles: Path
) -> None:
    """And the master playlist says of each rendition what is measured in it."""
    said = file(subtitles, "subtitles", language="en")
    item = package(file(clips.video, "media"), said, file(clips.image, "artwork"))
    row = shelf.publish(item)
    names = [one.name.partition("/")[2] for one in row.objects]
    assert names[-2:] == ["master.m3u8", "index.html"]
    assert row.address.endswith(f"-{item.item_id[:12]}/index.html")
    master = shelf.read(row, "master.m3u8")
    told = [playlists.attributes(line) for line in master.splitlines() if "STREAM-INF" in line]
    assert [one["RESOLUTION"] for one in told] == ["640x360", "320x180"]  # none is made larger
    assert all(one["CODECS"].startswith("avc1.64") for one in told)
    assert all(one["CODECS"].endswith(",mp4a.40.2") for one in told)
    for one, folder in zip(told, ("360p", "180p"), strict=True):
        parts = [o for o in row.objects if f"/{folder}/" in o.name and o.name.endswith(".m4s")]
        seconds = playlists.parse(shelf.read(row, f"{folder}/index.m3u8"), "it").seconds
        mean = 8 * sum(part.size_bytes for part in parts) / seconds
        assert int(one["AVERAGE-BANDWIDTH"]) == pytest.approx(mean, rel=0.01)
        assert int(one["BANDWIDTH"]) >= max(8 * p.size_bytes / 2 for p in parts) * 0.99
    (text,) = [line for line in master.splitlines() if "TYPE=SUBTITLES" in line]
    assert 'LANGUAGE="en"' in text and 'NAME="English"' in text
    assert shelf.read(row, "en.vtt").startswith("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00")
    assert shelf.verify(row) == ()


def test_what_is_copied_has_the_times_of_its_source(shelf: Shelf, clips: Clips) -> None:
    """Packet for packet: neither the delay of B-frames nor that of AAC moves it."""
    row = shelf.publish(package(file(clips.video, "media")))
    parts = [one.name for one in row.objects if "/360p/" in one.name and "m3u8" not in one.name]
    whole = shelf.place / "whole.mp4"
    whole.write_bytes(b"".join((shelf.place / name).read_bytes() for name in parts))
    shown = [ffprobe.report(path).raw["frames"] for path in (clips.video, whole)]
    first = [[f["pts_time"] for f in found if f["media_type"] == "video"][:1] for found in shown]
    assert first[0] == first[1]
    assert ffprobe.probe(whole).duration_seconds == pytest.approx(4.0, abs=0.05)


def test_a_song_has_one_rendition_its_card_and_what_is_sung(
    shelf: Shelf, clips: Clips, tmp_path: Path
) -> None:
    card = tmp_path / "card.png"
    ffmpeg("-i", clips.image, card)
    sung = Segment(start_seconds=0.5, end_seconds=2.5, text="ភ្លៀងធ្លាក់", language="km")
    row = shelf.publish(
        package(
            file(clips.tone, "media"), file(card, "title_card", aspect="16:9"),
            kind="audio", language="km", segments=(sung,), duration_seconds=3.0,
        )
    )  # fmt: skip
    master = shelf.read(row, "master.m3u8")
    assert 'CODECS="mp4a.40.2"' in master and "RESOLUTION" not in master
    assert "ភ្លៀងធ្លាក់" in shelf.read(row, "subtitles/km.vtt")
    assert 'poster="poster.png"' in shelf.read(row, "index.html")
    assert shelf.verify(row) == ()


def test_a_picture_that_browsers_do_not_play_is_encoded(
    shelf: Shelf, clips: Clips, tmp_path: Path
) -> None:
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", clips.silent_video, "-t", "1", "-c", "copy", turned)
    row = shelf.publish(package(file(turned, "media"), duration_seconds=1.0))
    assert "RESOLUTION=360x640" in shelf.read(row, "master.m3u8")  # 360p by its shorter side
    assert any("/180p/" in one.name for one in row.objects)


def test_a_film_with_too_few_key_frames_is_encoded_and_that_is_said(
    shelf: Shelf, tmp_path: Path
) -> None:
    sparse = tmp_path / "sparse.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x36:r=2:d=40", "-pix_fmt", "yuv420p", "-g", "999",
           "-sc_threshold", "0", sparse)  # fmt: skip
    row = shelf.publish(package(file(sparse, "media"), duration_seconds=40.0))
    assert "key frame comes only after 40 s" in row.extra["notes"][0]
    assert playlists.parse(shelf.read(row, "/index.m3u8"), "it").segments[0].seconds == 2.0


def test_sound_that_outlasts_its_picture_is_heard_to_its_end(shelf: Shelf, tmp_path: Path) -> None:
    """Segments end with the picture: its last one stands."""
    film = tmp_path / "film.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x36:r=5:d=2", "-f", "lavfi", "-i", "sine=d=6",
           "-pix_fmt", "yuv420p", film)  # fmt: skip
    row = shelf.publish(package(file(film, "media"), duration_seconds=6.0))
    playlist = playlists.parse(shelf.read(row, "36p/index.m3u8"), "it")
    assert playlist.seconds == pytest.approx(6.0, abs=0.3)
    assert "outlasts its picture" in row.extra["notes"][0]
    assert shelf.verify(row) == ()


def test_sound_as_broadcasts_have_it_is_copied(shelf: Shelf, clips: Clips, tmp_path: Path) -> None:
    broadcast = tmp_path / "broadcast.ts"
    ffmpeg("-i", clips.video, "-t", "2", "-c", "copy", "-output_ts_offset", "90", broadcast)
    row = shelf.publish(package(file(broadcast, "media"), duration_seconds=2.0))
    assert "mp4a.40.2" in shelf.read(row, "master.m3u8") and row.extra["notes"] == []
    assert shelf.verify(row) == ()


def test_what_is_no_film_is_refused(shelf: Shelf, clips: Clips) -> None:
    with pytest.raises(PermanentError, match="is a picture"):
        shelf.publish(package(file(clips.image, "media"), kind="image"))
    with pytest.raises(PermanentError, match="no film and no sound"):
        shelf.publish(package())


def test_half_a_film_is_no_package(shelf: Shelf, clips: Clips) -> None:
    with pytest.raises(PermanentError, match=r"half-faststart\.mp4"):
        shelf.publish(package(file(clips.half_faststart, "media")))
    assert not shelf.place.exists()


def test_publishing_again_sends_nothing_and_retracting_leaves_nothing(
    shelf: Shelf, clips: Clips
) -> None:
    item = package(file(clips.video, "media"))
    kept = Kept()
    row = shelf.publish(item, kept)
    assert len(kept.saved) == 1  # for all of its files: a film of hours has thousands
    before = {path: path.stat().st_mtime_ns for path in shelf.place.rglob("*.m4s")}
    assert shelf.publish(item, kept).objects == row.objects
    assert {path: path.stat().st_mtime_ns for path in shelf.place.rglob("*.m4s")} == before
    hls.retract(row, shelf.target, call(shelf.settings, shelf.work))
    assert [path for path in shelf.place.rglob("*") if path.is_file()] == []


def test_where_a_strangers_file_is_in_the_way_nothing_is_sent(shelf: Shelf, clips: Clips) -> None:
    item = package(file(clips.tone, "media"), kind="audio", duration_seconds=3.0)
    page = shelf.place / place.folder_of(item) / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("somebody's own")
    with pytest.raises(PermanentError, match="none of ours"):
        shelf.publish(item)
    assert [path for path in shelf.place.rglob("*") if path.is_file()] == [page]
    assert page.read_text() == "somebody's own"


def test_what_is_wrong_where_it_lies_is_named(shelf: Shelf, clips: Clips) -> None:
    row = shelf.publish(package(file(clips.video, "media")))
    segment = next(shelf.place.rglob("360p/00001.m4s"))
    data = bytearray(segment.read_bytes())
    data[-1] ^= 1
    segment.write_bytes(data)
    assert ["another content" in said for said in shelf.verify(row)] == [True]
    segment.unlink()
    assert ["is gone" in said for said in shelf.verify(row)] == [True]
    fewer = tuple(one for one in row.objects if not one.name.endswith("00001.m4s"))
    assert "was never sent" in shelf.verify(row.model_copy(update={"objects": fewer}))[0]
    for path in shelf.place.rglob("*.m4s"):
        path.unlink()
    assert len(shelf.verify(row)) == 4 and shelf.verify(row)[3].startswith("and ")


def test_a_playlist_never_leads_out_of_its_package() -> None:
    for uri in ("https://elsewhere/1.m4s", "/etc/passwd", "../other/1.m4s"):
        text = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{uri}\n#EXT-X-ENDLIST\n"
        with pytest.raises(PermanentError, match="no file beside it"):
            playlists.parse(text, "it")


def test_the_page_asks_for_nothing_elsewhere_and_shows_what_strangers_wrote_as_text(
    shelf: Shelf, clips: Clips
) -> None:
    row = shelf.publish(
        package(
            file(clips.tone, "media"), kind="audio", duration_seconds=3.0,
            description="One\n<script>alert(1)</script>",
            chapters=(Chapter(start_seconds=61.5, title='"><img src=x>'),),
        )
    )  # fmt: skip
    page = shelf.read(row, "index.html")
    assert "default-src 'none'; script-src 'self'" in page and "unsafe" not in page
    assert "<script>alert" not in page and "<img" not in page
    assert "://" not in page  # no address, of anybody
    assert "Rain &amp; the &lt;river&gt; ភ្លៀង" in page and "1:01" in page
    assert "no-referrer" in page


@pytest.mark.skipif(not browser.PROGRAM, reason="there is no Chromium")
def test_it_plays_in_a_browser_with_its_subtitles(
    shelf: Shelf, clips: Clips, subtitles: Path
) -> None:
    said = file(subtitles, "subtitles", language="en")
    row = shelf.publish(package(file(clips.video, "media"), said, file(clips.image, "artwork")))
    seen: list[dict[str, object]] = []
    came = threading.Event()

    def answer(asked: Asked, folder: Path) -> Answer:
        if asked.method == "POST":
            seen.append(json.loads(asked.body))
            came.set()
        if asked.path == "/":
            page = _PROBE % quote(f"/{row.objects[-1].name}").encode()
            return Answer(200, page, {"Content-Type": "text/html"})
        return _served(folder, asked)

    with serving(partial(answer, folder=shelf.place), keep_alive=True) as server:
        with browser.opened(server.url, shelf.work / "profile"):
            assert came.wait(90), [one.path for one in server.asked]
    assert seen[0]["trouble"] == "" and seen[0]["text"] == ["Rain falls"]
    assert str(seen[0]["src"]).startswith("blob:")  # by hls.js
    assert seen[0]["length"] == pytest.approx(4.0, abs=0.1)
    asked = {one.path for one in server.asked if one.method == "GET"} - {"/", "/favicon.ico"}
    assert {path for path in asked if not _there(shelf.place, path).is_file()} == set()


def _there(folder: Path, path: str) -> Path:
    return folder / unquote(path.lstrip("/"))


def _served(folder: Path, asked: Asked) -> Answer:
    """A file, as any server of plain files gives it."""
    path = _there(folder, asked.path)
    if not path.is_file():
        return Answer(404)
    types = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".vtt": "text/vtt"}
    return Answer(200, path.read_bytes(), {"Content-Type": types.get(path.suffix, "video/mp4")})
