"""YouTube on loopback: its login, its Data API and its resumable uploads; misbehaves on request.

Shapes are those of Google's reference: 308 with ``Range`` for what came, errors with reasons. What
a test puts into ``next`` is answered instead, to the first request that its name fits.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.loopback import Answer, Asked, Server, serving

CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN = "client", "hush", "refresh"
_UNIT = 256 * 1024


def refused(status: int, reason: str, message: str = "no", **headers: str) -> Answer:
    """An error as Google writes it."""
    error = {"code": status, "message": message,
             "errors": [{"reason": reason, "message": message, "domain": "youtube"}]}  # fmt: skip
    return Answer.of_json({"error": error}, status, **headers)


class Dropped:
    """The line is cut before anything is answered."""


@dataclass
class Upload:
    """A session: what is said of the film, and what came of it."""

    body: dict[str, Any]
    size: int
    data: bytes = b""
    video_id: str | None = None


@dataclass
class Youtube:
    """What the service holds, what it was asked, and how it behaves."""

    videos: dict[str, dict[str, Any]] = field(default_factory=dict)
    films: dict[str, bytes] = field(default_factory=dict)
    captions: dict[str, dict[str, Any]] = field(default_factory=dict)
    thumbnails: dict[str, bytes] = field(default_factory=dict)
    playlists: dict[str, list[str]] = field(default_factory=dict)
    sessions: dict[str, Upload] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    next: list[tuple[str, Answer | Dropped]] = field(default_factory=list)
    takes: int | None = None  # bytes of each piece, whatever is sent
    revoked: bool = False
    upload_status: str = "processed"
    server: Server | None = None
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def say(self, name: str, *answers: Answer | Dropped) -> None:
        """Answer so to the next requests whose ``METHOD path`` contains ``name``."""
        self.next += [(name, answer) for answer in answers]

    def asked(self, name: str) -> int:
        """How many requests there were of this kind."""
        assert self.server
        return sum(name in f"{one.method} {one.path}" for one in self.server.asked)

    def answer(self, asked: Asked) -> Answer:
        for number, (name, given) in enumerate(self.next):
            if name in f"{asked.method} {asked.path}":
                del self.next[number]
                if isinstance(given, Dropped):
                    return self._dropped(asked)
                return given
        parts = urlsplit(asked.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/token":
            return self._token(asked)
        if asked.headers.get("authorization", asked.headers.get("Authorization")) not in {
            f"Bearer {token}" for token in self.tokens[-1:]
        }:
            return refused(401, "authError", "Invalid Credentials")
        if parts.path == "/session":
            return self._piece(asked, query["id"])
        path = parts.path.removeprefix("/upload").removeprefix("/youtube/v3/")
        handler = getattr(self, f"_{asked.method.lower()}_{path.replace('/', '_')}", None)
        return handler(asked, query) if handler else Answer(404)

    def _dropped(self, asked: Asked) -> Answer:
        """Half of a piece arrives, and the line is cut before an answer."""
        query = parse_qs(urlsplit(asked.path).query)
        upload = self.sessions.get(query.get("id", [""])[0])
        if upload and asked.body:
            at = int(re.match(r"bytes (\d+)-", _header(asked, "content-range"))[1])
            half = asked.body[: len(asked.body) // 2]
            upload.data = upload.data[:at] + half
        return Answer(200, b"{}", {"Content-Length": "100"}, cut_to=1, declare_length=False)

    def _token(self, asked: Asked) -> Answer:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        known = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
                 "refresh_token": REFRESH_TOKEN}  # fmt: skip
        if self.revoked or any(form.get(name) != value for name, value in known.items()):
            said = {"error": "invalid_grant", "error_description": "Token has been revoked."}
            return Answer.of_json(said, 400)
        self.tokens.append(f"access-{len(self.tokens)}")
        given = {"access_token": self.tokens[-1], "expires_in": 3600, "token_type": "Bearer"}
        return Answer.of_json(given)

    def _post_videos(self, asked: Asked, query: dict[str, str]) -> Answer:
        assert query["uploadType"] == "resumable" and self.server
        body = json.loads(asked.body)
        if len(body["snippet"]["title"]) > 100 or re.search("[<>]", json.dumps(body["snippet"])):
            return refused(400, "invalidTitle")
        number = f"s{next(self.numbers)}"
        size = int(_header(asked, "x-upload-content-length"))
        self.sessions[number] = Upload(body, size)
        return Answer(200, b"", {"Location": f"{self.server.url}/session?id={number}"})

    def _piece(self, asked: Asked, number: str) -> Answer:
        upload = self.sessions.get(number)
        if upload is None:
            return Answer(404)
        if upload.video_id:
            return Answer.of_json(self._told(upload.video_id))
        if found := re.match(r"bytes (\d+)-(\d+)/(\d+)", _header(asked, "content-range")):
            at, end, size = map(int, found.groups())
            assert size == upload.size and end - at + 1 == len(asked.body)
            if at > len(upload.data):
                return refused(400, "badRequest", "a gap")
            piece = asked.body[: self.takes] if self.takes and end + 1 < size else asked.body
            if end + 1 < size:
                assert len(asked.body) % _UNIT == 0
            upload.data = upload.data[:at] + piece
        if len(upload.data) < upload.size:
            there = {"Range": f"bytes=0-{len(upload.data) - 1}"} if upload.data else {}
            return Answer(308, b"", there)
        upload.video_id = f"video-{next(self.numbers)}"
        self.videos[upload.video_id] = {"id": upload.video_id, **upload.body}
        self.films[upload.video_id] = upload.data
        return Answer.of_json(self._told(upload.video_id))

    def _told(self, video_id: str) -> dict[str, Any]:
        video = self.videos[video_id]
        status = {**video["status"], "uploadStatus": self.upload_status}
        return {"kind": "youtube#video", **video, "status": status}

    def _get_videos(self, asked: Asked, query: dict[str, str]) -> Answer:
        found = [self._told(one) for one in query["id"].split(",") if one in self.videos]
        return Answer.of_json({"items": found})

    def _put_videos(self, asked: Asked, query: dict[str, str]) -> Answer:
        body = json.loads(asked.body)
        self.videos[body["id"]] = body
        return Answer.of_json(self._told(body["id"]))

    def _delete_videos(self, asked: Asked, query: dict[str, str]) -> Answer:
        if self.videos.pop(query["id"], None) is None:
            return refused(404, "videoNotFound")
        return Answer(204)

    def _get_channels(self, asked: Asked, query: dict[str, str]) -> Answer:
        assert query["mine"] == "true"
        related = {"relatedPlaylists": {"uploads": "UU1"}}
        return Answer.of_json(
            {
                "items": [
                    {"id": "UC1", "contentDetails": related, "snippet": {"title": "Night films"}}
                ]
            }
        )

    def _get_playlistItems(self, asked: Asked, query: dict[str, str]) -> Answer:
        name = query["playlistId"]
        listed = list(reversed(self.videos)) if name == "UU1" else self.playlists.get(name)
        if not listed and name == "UU1":
            return refused(404, "playlistNotFound")
        shown = [one for one in listed or () if query.get("videoId", one) == one]
        return Answer.of_json({"items": [{"contentDetails": {"videoId": one}} for one in shown]})

    def _post_playlistItems(self, asked: Asked, query: dict[str, str]) -> Answer:
        snippet = json.loads(asked.body)["snippet"]
        listed = self.playlists.get(snippet["playlistId"])
        if listed is None:
            return refused(404, "playlistNotFound")
        listed.append(snippet["resourceId"]["videoId"])
        return Answer.of_json({})

    def _post_captions(self, asked: Asked, query: dict[str, str]) -> Answer:
        told, text = _related(asked)
        key = "/".join(told["snippet"][name] for name in ("videoId", "language", "name"))
        if key in self.captions:
            return refused(409, "captionExists")
        self.captions[key] = {"id": key, **told, "text": text}
        return Answer.of_json({"id": key})

    def _get_captions(self, asked: Asked, query: dict[str, str]) -> Answer:
        found = [c for c in self.captions.values() if c["snippet"]["videoId"] == query["videoId"]]
        return Answer.of_json({"items": found})

    def _put_captions(self, asked: Asked, query: dict[str, str]) -> Answer:
        told, text = _related(asked)
        self.captions[told["id"]]["text"] = text
        return Answer.of_json({"id": told["id"]})

    def _post_thumbnails_set(self, asked: Asked, query: dict[str, str]) -> Answer:
        if len(asked.body) > 2_097_152:
            return refused(413, "mediaBodyTooLarge")
        self.thumbnails[query["videoId"]] = asked.body
        return Answer.of_json({"items": [{}]})


def _header(asked: Asked, name: str) -> str:
    return {key.lower(): value for key, value in asked.headers.items()}.get(name, "")


def _related(asked: Asked) -> tuple[dict[str, Any], str]:
    """The two parts of a small upload: what is said, and the text."""
    head = f"Content-Type: {_header(asked, 'content-type')}\r\n\r\n".encode()
    parts: Any = message_from_bytes(head + asked.body).get_payload()
    told, text = (part.get_payload(decode=True) for part in parts)
    return json.loads(told), text.decode()


@contextmanager
def youtube() -> Iterator[Youtube]:
    """Serve it until the block ends."""
    service = Youtube()
    with serving(service.answer, keep_alive=True) as server:
        service.server = server
        yield service
