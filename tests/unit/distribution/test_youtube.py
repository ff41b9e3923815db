"""YouTube: one video, whatever happens to the line, the process, the token and the day's units."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr

from tests.media import Clips
from tests.servers import youtube as server
from tests.servers.loopback import Answer, serving
from tests.servers.youtube import Dropped, Youtube, refused
from tests.unit.distribution.calls import ITEM, Kept, call, file, package
from utils.config import Settings
from utils.distribution import checks, targets, youtube, youtube_metadata, youtube_upload
from utils.errors import (
    DeferredError,
    PermanentError,
    RetryableError,
    SettingsError,
)
from utils.models.publishing import Chapter, Package, Published
from utils.models.targets import YoutubeTarget

PIECE = "PUT /session"
_VTT = "WEBVTT\n\n00:00:00.500 --> 00:00:03.500\nRain falls\n"


class Channel:
    """A target at the server, and calls of it that go on with what the last one kept."""

    def __init__(self, service: Youtube, settings: Settings, work: Path) -> None:
        self.service, self.settings, self.work = service, settings, work
        self.kept = Kept()
        self.target = self.with_(playlist_id=None)

    def with_(self, **facts: Any) -> YoutubeTarget:
        assert self.service.server
        url = self.service.server.url
        told: dict[str, Any] = {
            "kind": "youtube", "client_id": SecretStr(server.CLIENT_ID),
            "client_secret": SecretStr(server.CLIENT_SECRET),
            "refresh_token": SecretStr(server.REFRESH_TOKEN),
            "api_url": url, "token_url": f"{url}/token",
        }  # fmt: skip
        return YoutubeTarget(**{**told, **facts})

    def publish(self, item: Package) -> Published:
        return youtube.publish(item, self.target, call(self.settings, self.work, self.kept))

    def verify(self, row: Published) -> tuple[str, ...]:
        return youtube.verify(row, self.target, call(self.settings, self.work))

    def retract(self, row: Published) -> None:
        youtube.retract(row, self.target, call(self.settings, self.work))


@pytest.fixture
def channel(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Channel]:
    monkeypatch.setattr(youtube_upload, "CHUNK_BYTES", 256 * 1024)  # several of a short clip
    monkeypatch.setattr(youtube_upload, "_FIRST_WAIT", 0.01)
    with server.youtube() as service:
        yield Channel(service, settings, tmp_path)


@pytest.fixture
def film(clips: Clips) -> Package:
    assert clips.video.stat().st_size > 2 * 256 * 1024
    return package(file(clips.video, "media"))


def test_a_film_arrives_whole_with_all_that_belongs_to_it(
    channel: Channel, clips: Clips, tmp_path: Path
) -> None:
    said = tmp_path / "en.vtt"
    said.write_text(_VTT)
    channel.service.playlists["PL1"] = []
    channel.target = channel.with_(playlist_id="PL1", privacy="unlisted")
    row = channel.publish(
        package(
            file(clips.video, "media"), file(said, "subtitles", language="en"),
            file(clips.image, "title_card"), description="From <above>",
        )
    )  # fmt: skip
    video = channel.service.videos[row.remote_id]
    assert channel.service.films[row.remote_id] == clips.video.read_bytes()
    assert row.address == f"https://www.youtube.com/watch?v={row.remote_id}"
    assert video["snippet"]["title"] == "Rain & the ‹river› ភ្លៀង"
    assert video["snippet"]["description"] == "From ‹above›"
    assert video["snippet"]["defaultAudioLanguage"] == "en"
    assert video["status"]["privacyStatus"] == "unlisted"
    (caption,) = channel.service.captions.values()
    assert caption["text"] == _VTT and caption["snippet"]["language"] == "en"
    assert channel.service.thumbnails[row.remote_id] == clips.image.read_bytes()
    assert channel.service.playlists["PL1"] == [row.remote_id]
    assert channel.kept.units.count(1600) == 1 and 400 in channel.kept.units
    assert row.extra["notes"] == []
    assert channel.verify(row) == ()


def test_a_process_that_was_killed_goes_on_where_the_film_was(
    channel: Channel, film: Package
) -> None:
    """Its session is asked for the offset, and nothing that came is sent again."""
    channel.service.say(PIECE, Answer(308, b"", {"Range": "bytes=0-9"}))  # of a piece not taken
    channel.service.say(PIECE, *[refused(503, "backendError")] * 6)
    with pytest.raises(RetryableError):
        channel.publish(film)
    assert "session" in channel.kept.state["upload"]
    assert "http" not in str(channel.kept.state)  # whose address is sealed
    channel.service.next.clear()
    assert channel.service.server
    before = len(channel.service.server.asked)
    row = channel.publish(film)
    pieces = [one for one in channel.service.server.asked[before:] if "/session" in one.path]
    assert pieces[0].headers["content-range"].startswith("bytes */")
    assert channel.service.films[row.remote_id] == film.files[0].path.read_bytes()
    assert channel.service.asked("POST /upload/youtube/v3/videos") == 1
    assert channel.kept.units.count(1600) == 1


def test_a_line_that_breaks_and_pieces_half_taken_harm_nothing(
    channel: Channel, film: Package
) -> None:
    channel.service.takes = 100_000
    channel.service.say(PIECE, Dropped(), refused(503, "backendError", **{"Retry-After": "0"}))
    row = channel.publish(film)
    assert channel.service.films[row.remote_id] == film.files[0].path.read_bytes()
    assert len(channel.service.videos) == 1


def test_the_answer_that_was_lost_is_asked_for(channel: Channel, film: Package) -> None:
    """The last byte came, its answer did not: there is one video, and that is the item's."""
    first = channel.service.answer

    def cut(asked: Any) -> Answer:
        given = first(asked)
        if b"youtube#video" in given.body and "bytes */" not in str(asked.headers):
            return Answer(200, given.body, given.headers, cut_to=10)
        return given

    channel.service.answer = cut  # type: ignore[method-assign]
    with serving(lambda asked: channel.service.answer(asked), keep_alive=True) as other:
        channel.service.server = other
        channel.target = channel.with_()
        row = channel.publish(film)
    assert list(channel.service.videos) == [row.remote_id]


def test_a_video_that_is_there_is_not_sent_again(channel: Channel, film: Package) -> None:
    """Though all that we knew of it is lost; a session that is over is no reason either."""
    row = channel.publish(film)
    channel.kept.state.clear()
    again = channel.publish(film.model_copy(update={"title": "Another title"}))
    assert again.remote_id == row.remote_id and len(channel.service.videos) == 1
    assert channel.service.videos[row.remote_id]["snippet"]["title"] == "Another title"
    assert "exchanges no film" in again.extra["notes"][0]


def test_a_video_with_many_after_it_is_changed_and_not_sent_again(
    channel: Channel, film: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it is not among the latest of its channel any more."""
    row = channel.publish(film)
    monkeypatch.setattr(youtube, "_PAGES", 0)
    channel.kept.state.clear()
    again = youtube.publish(
        film.model_copy(update={"title": "Another title"}),
        channel.target,
        call(channel.settings, channel.work, channel.kept)._replace(remote_id=row.remote_id),
    )
    assert again.remote_id == row.remote_id and len(channel.service.videos) == 1
    channel.service.videos[row.remote_id]["snippet"]["tags"] = []  # not ours any more
    channel.kept.state.clear()
    other = youtube.publish(
        film, channel.target,
        call(channel.settings, channel.work, channel.kept)._replace(remote_id=row.remote_id),
    )  # fmt: skip
    assert other.remote_id != row.remote_id


def test_a_session_that_is_over_is_begun_anew(channel: Channel, film: Package) -> None:
    channel.service.say(PIECE, Answer(404))
    with pytest.raises(RetryableError, match="knows the upload"):
        channel.publish(film)
    assert "upload" not in channel.kept.state
    assert channel.publish(film).remote_id


def test_another_film_never_goes_on_in_the_session_of_the_first(
    channel: Channel, film: Package, tmp_path: Path
) -> None:
    """As one is that was signed anew: its bytes are others."""
    channel.service.say(PIECE, *[refused(503, "backendError")] * 6)
    with pytest.raises(RetryableError):
        channel.publish(film)
    channel.service.next.clear()
    other = tmp_path / "other.mp4"
    other.write_bytes(film.files[0].path.read_bytes() + b"\0" * 8)
    row = channel.publish(package(file(other, "media")))
    assert channel.service.films[row.remote_id] == other.read_bytes()


def test_what_follows_goes_on_when_there_are_units_again(
    channel: Channel, clips: Clips, tmp_path: Path
) -> None:
    said = tmp_path / "en.vtt"
    said.write_text(_VTT)
    item = package(file(clips.video, "media"), file(said, "subtitles", language="en"))
    channel.kept.left = 1700
    with pytest.raises(DeferredError):
        channel.publish(item)
    assert len(channel.service.videos) == 1 and not channel.service.captions
    channel.kept.left = 10_000
    channel.publish(item)
    assert len(channel.service.videos) == 1 and len(channel.service.captions) == 1


def test_no_unit_is_spent_where_the_day_is_over(channel: Channel, film: Package) -> None:
    channel.kept.left = 1000
    with pytest.raises(DeferredError):
        channel.publish(film)
    assert channel.service.asked("POST /upload") == 0


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (refused(403, "quotaExceeded", "exceeded your quota"), DeferredError, "limit of a day"),
        (refused(400, "uploadLimitExceeded"), DeferredError, "channel's limit"),
        (refused(403, "insufficientPermissions"), SettingsError, "A refresh token"),
        (refused(400, "invalidDescription", "too long"), PermanentError, "too long"),
        (Answer(200, b'{"items": [', {}, cut_to=5), RetryableError, "No answer"),
        (Answer(502, b"<html>Bad gateway</html>"), RetryableError, "502"),
        (refused(429, "rateLimitExceeded", **{"Retry-After": "7"}), RetryableError, "refused"),
    ],
)
def test_what_is_refused_says_what_can_be_done(
    channel: Channel, film: Package, answer: Answer, kind: type[Exception], said: str
) -> None:
    channel.service.say("GET /youtube/v3/channels", answer)
    with pytest.raises(kind, match=re.escape(said)):
        channel.publish(film)
    assert not channel.service.videos


def test_a_token_that_is_over_is_renewed_and_a_revoked_one_is_said(
    channel: Channel, film: Package
) -> None:
    channel.service.say(PIECE, refused(401, "authError"))
    row = channel.publish(film)
    assert len(channel.service.tokens) == 2
    assert channel.service.films[row.remote_id] == film.files[0].path.read_bytes()
    channel.service.revoked = True
    with pytest.raises(SettingsError, match="no longer takes the refresh token") as error:
        channel.verify(row)
    assert server.REFRESH_TOKEN not in str(error.value).replace("refresh token", "")
    assert server.CLIENT_SECRET not in str(error.value)


def test_a_look_at_the_target_names_its_channel_and_takes_a_unit(
    channel: Channel, settings: Settings
) -> None:
    url = channel.target.api_url
    settings.targets_file.write_text(
        f"targets:\n  stage:\n    kind: youtube\n    client_id: {server.CLIENT_ID}\n"
        f"    client_secret: {server.CLIENT_SECRET}\n    refresh_token: {server.REFRESH_TOKEN}\n"
        f"    api_url: {url}\n    token_url: {url}/token\n"
    )
    target = targets.one(settings, "stage")
    found = checks.check("stage", target, settings)
    assert (found.ok, found.found) == (True, "logged in: the channel is Night films")
    channel.service.revoked = True
    found = checks.check("stage", target, settings)
    assert not found.ok and "no longer takes the refresh token" in found.found


def test_what_is_refused_beside_the_film_is_noted(channel: Channel, clips: Clips) -> None:
    channel.target = channel.with_(playlist_id="PL-gone")
    channel.service.say("thumbnails/set", refused(403, "forbidden", "The account is not verified"))
    row = channel.publish(package(file(clips.video, "media"), file(clips.image, "artwork")))
    assert [note.partition(":")[0] for note in row.extra["notes"]] == [
        "Without a thumbnail", "Without a place in the playlist",
    ]  # fmt: skip


def test_only_a_video_of_ours_is_deleted(channel: Channel, film: Package) -> None:
    row = channel.publish(film)
    tags = channel.service.videos[row.remote_id]["snippet"]["tags"]
    mine = tags.pop(0)
    with pytest.raises(PermanentError, match="not taken for ours"):
        channel.retract(row)
    tags.append(mine)
    channel.retract(row)
    assert not channel.service.videos
    channel.retract(row)  # once more: nothing happens


def test_what_became_of_a_video_is_named(channel: Channel, film: Package) -> None:
    row = channel.publish(film)
    channel.service.upload_status = "uploaded"
    assert channel.verify(row) == ("YouTube has not processed it yet",)
    channel.service.upload_status = "processed"
    channel.service.videos[row.remote_id]["status"]["privacyStatus"] = "public"
    assert channel.verify(row) == ("its privacy is “public”, published was “private”",)
    channel.service.videos.clear()
    assert channel.verify(row) == (f"{row.address} is gone",)


def test_a_song_becomes_a_film_with_its_card(channel: Channel, clips: Clips) -> None:
    card = file(clips.image, "title_card", by_model=True)
    row = channel.publish(package(file(clips.tone, "media"), card, kind="audio"))
    assert b"ftyp" in channel.service.films[row.remote_id][:12]
    assert channel.service.videos[row.remote_id]["status"]["containsSyntheticMedia"] is True
    with pytest.raises(PermanentError, match="takes no sound alone"):
        channel.publish(package(file(clips.tone, "media"), kind="audio", item_id="f" * 64))


def test_texts_keep_to_the_bounds_of_the_service() -> None:
    item = package(
        title="ភ្លៀង<" * 40,
        description="ខ្មែរ " * 2_000,
        keywords=tuple(f'a, key"word {n}' for n in range(80)),
        chapters=tuple(Chapter(start_seconds=20.0 * n, title=f"Part {n}") for n in range(3)),
        duration_seconds=60.0,
    )
    assert len(youtube_metadata.title(item).encode("utf-16-le")) <= 200
    text = youtube_metadata.description(item)
    assert len(text.encode()) <= 5_000 and text.endswith("00:00 Part 0\n00:20 Part 1\n00:40 Part 2")
    tags = youtube_metadata.tags(item)
    assert tags[0] == f"nightshift-{ITEM[:16]}" and tags[1] == "a key word 0"
    assert sum(len(tag) + 2 * (" " in tag) for tag in tags) + len(tags) - 1 <= 500


def test_what_is_to_appear_later_is_private_until_then(channel: Channel, film: Package) -> None:
    later = datetime.now(UTC) + timedelta(hours=5)
    channel.target = channel.with_(privacy="public")
    row = channel.publish(film.model_copy(update={"published_at": later}))
    channel.service.videos[row.remote_id]["status"]["privacyStatus"] = "public"  # five hours later
    assert channel.verify(row) == ()
    body = youtube_metadata.body(
        package(published_at=later), channel.with_(privacy="public"), by_model=False
    )
    assert body["status"]["privacyStatus"] == "private"
    assert body["status"]["publishAt"] == later.isoformat()


def test_a_thumbnail_that_is_too_large_is_made_smaller(
    channel: Channel, clips: Clips, tmp_path: Path
) -> None:
    noise = tmp_path / "noise.png"
    Image.effect_noise((1800, 1800), 90).save(noise)
    assert noise.stat().st_size > 2_000_000
    row = channel.publish(package(file(clips.video, "media"), file(noise, "artwork")))
    assert channel.service.thumbnails[row.remote_id][:2] == b"\xff\xd8"
