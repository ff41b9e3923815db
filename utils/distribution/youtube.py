"""YouTube: a video an item, with captions, a thumbnail and a place in a playlist.

Each part that is done is kept, so that an interrupted call does none twice. A video of ours has a
tag by which it is found: before a new one is sent, the one that was published before is asked for,
and the channel's latest are looked at.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from utils.distribution import (
    youtube_api,
    youtube_film,
    youtube_metadata,
    youtube_parts,
    youtube_upload,
)
from utils.distribution.call import Call
from utils.distribution.youtube_api import NotThereError
from utils.errors import PermanentError
from utils.models.publishing import Package, Published
from utils.models.targets import YoutubeTarget

_WATCH = "https://www.youtube.com/watch?v={}"
_PAGES, _PAGE = 4, 50  # of the channel's latest videos that are looked at. Chosen.
_NEVER_CAME = {"failed", "deleted"}


def publish(package: Package, target: YoutubeTarget, call: Call) -> Published:
    """Send the film, or change what is said of one that is there.

    Raises:
        DeferredError: the day's units are used up.
        SettingsError: the refresh token is of no use.
        NightShiftError: YouTube refuses, or does not answer.
    """
    client = youtube_api.client(target)
    film = youtube_film.of(package, call)
    body = youtube_metadata.body(package, target, film.by_model)
    video_id = call.state.get("video_id")
    if video_id is None:
        video_id = _sent(client, body, film.path, call)
        call.save({**call.state, "video_id": video_id})
    youtube_parts.add(client, str(video_id), package, target, call)
    status = body["status"]
    return Published(
        address=_WATCH.format(video_id),
        remote_id=str(video_id),
        extra={
            "tag": youtube_metadata.tag_of(package.item_id),
            "title": body["snippet"]["title"],
            # One that appears by itself later has another then.
            "privacy": None if "publishAt" in status else status["privacyStatus"],
            "notes": list(call.state.get("notes", ())),
        },
    )


def retract(row: Published, target: YoutubeTarget, call: Call) -> None:
    """Delete the video, if it is there and ours.

    Raises:
        PermanentError: it is somebody else's.
        NightShiftError: YouTube refuses, or does not answer.
    """
    client = youtube_api.client(target)
    tag = row.extra.get("tag") or youtube_metadata.tag_of(call.item_id)
    video_id = row.remote_id or call.state.get("video_id")
    if video_id is None:
        there = _found(client, tag, call)
        video_id = there["id"] if there else None
    video = _video(client, str(video_id), call) if video_id else None
    if video is None:
        return
    if tag not in video["snippet"].get("tags", ()):
        raise PermanentError(
            f"{_WATCH.format(video_id)} lacks the tag {tag}: it is not taken for ours, and stays. "
            "Delete it at YouTube by hand."
        )
    call.quota(youtube_api.WRITE)
    with suppress(NotThereError):
        youtube_api.asked(client.videos().delete(id=video_id), f"deleting {video_id}")


def verify(row: Published, target: YoutubeTarget, call: Call) -> tuple[str, ...]:
    """What is wrong with the video at YouTube."""
    video = _video(youtube_api.client(target), str(row.remote_id), call)
    if video is None:
        return (f"{row.address} is gone",)
    status, wrong = video["status"], []
    why = status.get("failureReason") or status.get("rejectionReason")
    state = status.get("uploadStatus")
    if state == "uploaded":
        wrong.append("YouTube has not processed it yet")
    elif state != "processed":
        wrong.append(f"YouTube says it is {state}{f': {why}' if why else ''}")
    for name, found, wanted in (
        ("privacy", status.get("privacyStatus"), row.extra.get("privacy")),
        ("title", video["snippet"].get("title"), row.extra.get("title")),
    ):
        if wanted is not None and found != wanted:
            wrong.append(f"its {name} is “{found}”, published was “{wanted}”")
    return tuple(wrong)


def _sent(client: Any, body: dict[str, Any], path: Path, call: Call) -> str:
    """The video of the item: one that is there, or one that is sent."""
    if not youtube_upload.is_under_way(call, path):
        tag = body["snippet"]["tags"][0]
        there = _former(client, tag, call) or _found(client, tag, call)
        if there is not None:
            return _changed(client, str(there["id"]), body, call)
    return str(youtube_upload.send(client, body, path, call)["id"])


def _former(client: Any, tag: str, call: Call) -> dict[str, Any] | None:
    """The video that was published before, however many came after it; None: gone, or not ours."""
    video = _video(client, call.remote_id, call) if call.remote_id else None
    if video is None or video["status"].get("uploadStatus") in _NEVER_CAME:
        return None
    return video if tag in video["snippet"].get("tags", ()) else None


def _changed(client: Any, video_id: str, body: dict[str, Any], call: Call) -> str:
    """What is said of a video that is there, as it is to be now."""
    call.quota(youtube_api.WRITE)
    update = client.videos().update(part=",".join(body), body={"id": video_id, **body})
    youtube_api.asked(update, f"changing {video_id}")
    note = "The video was there: its texts were changed, YouTube exchanges no film."
    call.save({**call.state, "notes": [*call.state.get("notes", ()), note]})
    return video_id


def _found(client: Any, tag: str, call: Call) -> dict[str, Any] | None:
    """The video of the channel that has our tag, among its latest."""
    doing = "looking for the video"
    call.quota(youtube_api.LIST)
    mine = youtube_api.asked(client.channels().list(part="contentDetails", mine=True), doing)
    if not mine.get("items"):
        raise PermanentError("The account has no channel at YouTube. Make one there.")
    uploads = mine["items"][0]["contentDetails"]["relatedPlaylists"]["uploads"]
    page: str | None = None
    for _ in range(_PAGES):
        call.quota(2 * youtube_api.LIST)
        request = client.playlistItems().list(
            part="contentDetails", playlistId=uploads, maxResults=_PAGE, pageToken=page
        )
        try:
            listed = youtube_api.asked(request, doing)
        except NotThereError:  # a channel without a video has no list of them
            return None
        ids = [one["contentDetails"]["videoId"] for one in listed.get("items", ())]
        for video in _videos(client, ids, doing):
            is_there = video["status"].get("uploadStatus") not in _NEVER_CAME
            if is_there and tag in video["snippet"].get("tags", ()):
                return video
        page = listed.get("nextPageToken")
        if page is None:
            break
    return None


def _videos(client: Any, ids: list[str], doing: str) -> list[dict[str, Any]]:
    if not ids:
        return []
    request = client.videos().list(part="snippet,status", id=",".join(ids), maxResults=_PAGE)
    return list(youtube_api.asked(request, doing).get("items", ()))


def _video(client: Any, video_id: str, call: Call) -> dict[str, Any] | None:
    call.quota(youtube_api.LIST)
    return next(iter(_videos(client, [video_id], f"looking at {video_id}")), None)
