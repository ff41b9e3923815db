"""A video site on loopback, as strange as real ones: it throttles, lies and cuts short.

Pages are /watch/<name>; the extractor plugin in plugins/ knows them and asks /api/<name>
for title, duration and the address of the media, as a real site's extractor does. What a test
puts into ``moods`` holds from then on: why a video is refused, or what its page says besides; and
``channels`` is what each lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers.loopback import Answer, Asked, Server, serving

MP4 = {"Content-Type": "video/mp4"}
# As real sites say it, by what is the reason.
REFUSED = {
    "private": "Private video. Sign in if you've been granted access to this video",
    "members_only": "Join this channel to get access to members-only content like this video",
    "removed": "Video unavailable. This video has been removed by the uploader",
    "geo_blocked": "The uploader has not made this video available in your country",
    "age_restricted": "Sign in to confirm your age. It may be inappropriate for some users.",
    "login": "This video is only available for registered users",
    "not_started": "This live event will begin in 3 hours.",
    "throttled": "The current session has been rate-limited by the site for up to an hour.",
    "bot_check": "Sign in to confirm you’re not a bot. Use --cookies for the authentication",
}


@contextmanager
def video_site(
    media: Path,
    seconds: float,
    hls: Path | None = None,
    moods: dict[str, str | dict[str, Any]] | None = None,
    channels: dict[str, list[dict[str, Any]]] | None = None,
) -> Iterator[Server]:
    """Serve one media file under many names, each with a behaviour of its own."""
    body = media.read_bytes()
    tries: dict[str, int] = {}

    def answer(asked: Asked) -> Answer:
        path = asked.path.split("?")[0]
        host = asked.headers["Host"]
        if path.startswith("/watch/"):
            return Answer(body=b"<html><body>a player</body></html>")
        if path.startswith("/api/"):
            return describe(path.removeprefix("/api/"), host, asked.headers.get("Cookie", ""))
        if path.startswith("/hls/") and hls:
            file = hls / path.removeprefix("/hls/")
            kind = "application/vnd.apple.mpegurl" if file.suffix == ".m3u8" else "video/mp2t"
            return Answer(body=file.read_bytes(), headers={"Content-Type": kind})
        if asked.method == "GET":
            tries[path] = tries.get(path, 0) + 1
        match path:
            case "/media/plain.mp4" | "/media/listed.mp4":
                return Answer(body=body, headers=MP4)
            case "/media/gone.mp4":
                return Answer(404)
            case "/media/busy.mp4" if tries.get(path, 0) <= 1:
                return Answer(429, headers={"Retry-After": "1"})
            case "/media/crowd-1.mp4" if tries.get(path, 0) <= 1:
                return Answer(429, headers={"Retry-After": "4"})
            case "/media/cut.mp4" if tries.get(path, 0) <= 1:
                return Answer(body=body, headers=MP4, cut_to=len(body) // 2)
            case "/media/silent-cut.mp4":
                half = body[: len(body) // 2]
                return Answer(body=half, headers=MP4, declare_length=False)
            case "/media/busy.mp4" | "/media/cut.mp4":
                return Answer(body=body, headers=MP4)
            case _ if path.startswith(("/media/crowd-", "/media/ep-")):
                return Answer(body=body, headers=MP4)
            case "/media/nothing.mp4":
                return Answer(body=b"", headers=MP4)
            case "/media/page.mp4":
                return Answer(body=b"<html>Please log in</html>" * 40, headers=MP4)
        return Answer(404)

    def describe(name: str, host: str, cookie: str) -> Answer:
        mood = (moods or {}).get(name, {})
        if name in (channels or {}):
            return Answer.of_json({"entries": (channels or {})[name]})
        if mood == "busy":
            return Answer(429, headers={"Retry-After": "7"})
        if isinstance(mood, str) and not (mood == REFUSED["login"] and "session=ours" in cookie):
            return Answer.of_json({"error": mood})
        if name == "private":
            return Answer.of_json({"error": "This video is private"}, 200)
        if name == "channel":
            return Answer.of_json({"entries": ["listed", "plain"]})
        if name == "crowd":
            return Answer.of_json({"entries": [f"crowd-{number}" for number in range(6)]})
        return Answer.of_json(
            {
                "id": name,
                "title": f"A {name} ../video",
                "duration": seconds,
                "url": f"http://{host}/media/{name}.mp4",
                **(mood if isinstance(mood, dict) else {}),
            }
        )

    with serving(answer) as server:
        yield server
