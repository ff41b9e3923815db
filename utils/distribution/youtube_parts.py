"""What follows a film at YouTube: captions, a thumbnail, its place in a playlist.

Each part is done once, and kept as done. What YouTube refuses for good is said and stops nothing:
the film is there.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from utils.distribution import webvtt, youtube_api, youtube_film
from utils.distribution.call import Call
from utils.distribution.webvtt import Caption
from utils.distribution.youtube_api import AlreadyThereError
from utils.errors import PermanentError
from utils.models.publishing import Package
from utils.models.targets import YoutubeTarget

_Part = tuple[str, Callable[[], None]]


def add(client: Any, video_id: str, package: Package, target: YoutubeTarget, call: Call) -> None:
    """Add what the package has.

    Raises:
        DeferredError: the day's units are used up; it goes on with what is left.
        NightShiftError: YouTube does not answer.
    """
    for name, do in _parts(client, video_id, package, target, call):
        done = list(call.state.get("done", ()))
        if name in done:
            continue
        notes = list(call.state.get("notes", ()))
        try:
            do()
        except PermanentError as error:
            notes.append(f"Without {name}: {error}")
        call.save({**call.state, "done": [*done, name], "notes": notes})


def _parts(
    client: Any, video_id: str, package: Package, target: YoutubeTarget, call: Call
) -> Iterator[_Part]:
    for one in webvtt.of(package):
        yield f"captions in {one.name}", partial(_caption, client, video_id, one, call)
    yield "a thumbnail", partial(_thumbnail, client, video_id, package, call)
    if target.playlist_id:
        yield (
            "a place in the playlist",
            partial(_listed, client, video_id, target.playlist_id, call),
        )


def _caption(client: Any, video_id: str, caption: Caption, call: Call) -> None:
    from googleapiclient.http import MediaIoBaseUpload

    if caption.language is None:
        raise PermanentError("nobody knows their language, and YouTube asks for one.")
    doing = f"captions in {caption.name}"
    text = MediaIoBaseUpload(io.BytesIO(caption.text.encode()), "text/vtt")
    snippet = {"videoId": video_id, "language": caption.language, "name": caption.name}
    call.quota(youtube_api.INSERT_CAPTION)
    insert = client.captions().insert(part="snippet", body={"snippet": snippet}, media_body=text)
    try:
        youtube_api.asked(insert, doing)
    except AlreadyThereError:
        call.quota(youtube_api.LIST_CAPTIONS + youtube_api.UPDATE_CAPTION)
        listed = youtube_api.asked(client.captions().list(part="snippet", videoId=video_id), doing)
        caption_id = _same(listed, snippet)
        if caption_id is None:
            raise
        text = MediaIoBaseUpload(io.BytesIO(caption.text.encode()), "text/vtt")
        update = client.captions().update(part="id", body={"id": caption_id}, media_body=text)
        youtube_api.asked(update, doing)


def _same(listed: dict[str, Any], snippet: dict[str, str]) -> str | None:
    for one in listed.get("items", ()):
        if all(one["snippet"].get(name) == snippet[name] for name in ("language", "name")):
            return str(one["id"])
    return None


def _thumbnail(client: Any, video_id: str, package: Package, call: Call) -> None:
    from googleapiclient.http import MediaFileUpload

    found = youtube_film.thumbnail(package, call)
    if found is None:
        return
    path, mime_type = found
    call.quota(youtube_api.WRITE)
    media = MediaFileUpload(str(path), mimetype=mime_type)
    request = client.thumbnails().set(videoId=video_id, media_body=media)
    youtube_api.asked(request, "the thumbnail")


def _listed(client: Any, video_id: str, playlist_id: str, call: Call) -> None:
    doing = f"a place in the playlist {playlist_id}"
    call.quota(youtube_api.LIST)
    request = client.playlistItems().list(part="id", playlistId=playlist_id, videoId=video_id)
    if youtube_api.asked(request, doing).get("items"):
        return
    resource = {"kind": "youtube#video", "videoId": video_id}
    body = {"snippet": {"playlistId": playlist_id, "resourceId": resource}}
    call.quota(youtube_api.WRITE)
    youtube_api.asked(client.playlistItems().insert(part="snippet", body=body), doing)
