"""Spotify on loopback: its accounts service and its Web API, as they answer in 2026.

Shapes are those of real answers: full tracks come with plays, artists inside of tracks have no
genres, an unknown id in a batch is null, an empty list of plays has null cursors, cursors are
texts of milliseconds. In ``development`` mode batches are 403 and some fields are missing. What a
test says with ``say`` is answered next instead; the clock is the test's own.
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.servers.loopback import Answer, Asked, Server, serving

CLIENT_ID, CLIENT_SECRET = "c" * 32, "s" * 32
KEPT = 50  # plays
_ID = re.compile(r"[0-9A-Za-z]{22}")
_MOST = {"tracks": 50, "artists": 50, "albums": 20}
# What applications in development mode are not told (changelogs of February and March 2026).
_NOT_TOLD = {
    "tracks": ("available_markets", "linked_from", "popularity"),
    "artists": ("followers", "popularity"),
    "albums": ("available_markets", "label", "popularity"),
}


def identifier(kind: str, number: int) -> str:
    """An id as Spotify's are: 22 characters of base 62."""
    return f"{kind[:2]}{number:020d}"


class Spotify:
    """What the service knows, what it was asked, and how it behaves."""

    def __init__(self) -> None:
        self.server: Server | None = None
        self.reset()

    def reset(self) -> None:
        """Forget all but the server."""
        self.mode = "extended"
        self.latency = 0.0
        self.now: Callable[[], float] = time.time
        self.rotates = True  # each renewal gives a new refresh token and takes the old one back
        self.expires_seconds = 3600
        self.denies = False  # the person on the page does not agree
        self.me = {"id": "listener", "display_name": "A Listener"}
        self.things: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in _MOST}
        self.plays: list[dict[str, Any]] = []
        self.refresh_tokens: dict[str, dict[str, str]] = {}
        self.access_tokens: dict[str, tuple[float, dict[str, str]]] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self._said: list[tuple[str, Answer]] = []
        self._lock = threading.Lock()
        self._at_work = 0
        self.most_at_work = 0

    # What tests ask and say.

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def asked(self) -> list[str]:
        """The paths of the API that were asked for, without the version, in order."""
        return [one.path[3:] for one in self.server.asked if one.path.startswith("/v1/")]

    @property
    def renewals(self) -> int:
        return sum(one.path == "/api/token" for one in self.server.asked)

    def say(self, answer: Answer, to: str = "/v1/", times: int = 1) -> None:
        """Answer so the next times that a path that begins so is asked for."""
        self._said += [(to, answer)] * times

    def grant(self, user: dict[str, str] | None = None) -> str:
        """A refresh token, as a login gives one."""
        token = f"AQ{uuid.uuid4().hex}-_refresh"
        self.refresh_tokens[token] = user or self.me
        return token

    def revoke(self) -> None:
        self.refresh_tokens.clear()

    def end_access(self) -> None:
        """Have all access tokens be over, though they said that they would last."""
        self.access_tokens = {token: (0.0, user) for token, (_, user) in self.access_tokens.items()}

    def add_song(self, number: int, **changes: Any) -> dict[str, Any]:
        """A track with its artist and its album, which are told too; returns the whole track."""
        artist_id, album_id = identifier("artist", number), identifier("album", number)
        self.things["artists"][artist_id] = artist(number)
        self.things["albums"][album_id] = album(number)
        made = {**track(number), **changes}
        if made["id"]:
            self.things["tracks"][made["id"]] = made
        return made

    def play(self, whole: dict[str, Any] | None, at: float | str) -> None:
        """Note that a track was played; ``at``: seconds since 1970, or a text as it is."""
        moment = at if isinstance(at, str) else text_of(at)
        self.plays.append({"track": whole, "played_at": moment, "context": None})

    # How it answers.

    def answer(self, asked: Asked) -> Answer:
        with self._lock:
            self._at_work += 1
            self.most_at_work = max(self.most_at_work, self._at_work)
        try:
            if self.latency:
                time.sleep(self.latency)
            with self._lock:
                for one in self._said:
                    if asked.path.startswith(one[0]):
                        self._said.remove(one)
                        return one[1]
                return self._answer(asked)
        finally:
            with self._lock:
                self._at_work -= 1

    def _answer(self, asked: Asked) -> Answer:
        parts = urlsplit(asked.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/authorize" and asked.method == "GET":
            return self._authorize(query)
        if parts.path == "/api/token" and asked.method == "POST":
            return self._token(asked)
        if not parts.path.startswith("/v1/"):
            return Answer(404, b"<html>Not found</html>", {"Content-Type": "text/html"})
        user = self._user(asked)
        if isinstance(user, Answer):
            return user
        path = parts.path.removeprefix("/v1/").split("/")
        if path == ["me"]:
            return Answer.of_json({
                **user, "type": "user", "uri": f"spotify:user:{user['id']}", "images": [],
                "external_urls": {"spotify": f"https://open.spotify.com/user/{user['id']}"},
                "href": f"https://api.spotify.com/v1/users/{user['id']}",
            })  # fmt: skip
        if path == ["me", "player", "recently-played"]:
            return self._recently_played(query)
        if path[0] in self.things:
            return self._things(path, query)
        return error(404, "Service not found")

    def _authorize(self, query: dict[str, str]) -> Answer:
        if query.get("client_id") != CLIENT_ID:
            return Answer(400, b"INVALID_CLIENT: Invalid client")
        back = urlsplit(query.get("redirect_uri", ""))
        if (back.scheme, back.hostname, back.path) != ("http", "127.0.0.1", "/callback"):
            return Answer(400, b"INVALID_CLIENT: Invalid redirect URI")
        if self.denies:
            told = {"error": "access_denied", "state": query["state"]}
        else:
            code = uuid.uuid4().hex
            self.codes[code] = query
            told = {"code": code, "state": query["state"]}
        return Answer(302, headers={"Location": f"{query['redirect_uri']}?{urlencode(told)}"})

    def _token(self, asked: Asked) -> Answer:
        form = {name: values[-1] for name, values in parse_qs(asked.body.decode()).items()}
        basic = asked.headers.get("Authorization", "").removeprefix("Basic ")
        if basic:
            named, _, secret = base64.b64decode(basic).decode().partition(":")
        else:
            named, secret = form.get("client_id", ""), CLIENT_SECRET
        if named != CLIENT_ID:
            return Answer.of_json(_refusal("invalid_client", "Invalid client"), 400)
        if secret != CLIENT_SECRET:
            return Answer.of_json(_refusal("invalid_client", "Invalid client secret"), 400)
        match form.get("grant_type"):
            case "authorization_code":
                return self._by_code(form)
            case "refresh_token":
                return self._by_refresh_token(form, is_public=not basic)
        unknown = _refusal("unsupported_grant_type", "grant_type parameter is missing")
        return Answer.of_json(unknown, 400)

    def _by_code(self, form: dict[str, str]) -> Answer:
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None:
            return Answer.of_json(_refusal("invalid_grant", "Invalid authorization code"), 400)
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return Answer.of_json(_refusal("invalid_grant", "Invalid redirect URI"), 400)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            wrong = _refusal("invalid_grant", "code_verifier was incorrect")
            return Answer.of_json(wrong, 400)
        return self._tokens(self.me, self.grant(), asked["scope"])

    def _by_refresh_token(self, form: dict[str, str], is_public: bool) -> Answer:
        given = form.get("refresh_token", "")
        user = self.refresh_tokens.get(given)
        if user is None:
            return Answer.of_json(_refusal("invalid_grant", "Refresh token revoked"), 400)
        again = None
        if self.rotates and is_public:
            del self.refresh_tokens[given]
            again = self.grant(user)
        return self._tokens(user, again, "user-read-recently-played")

    def _tokens(self, user: dict[str, str], refresh_token: str | None, scope: str) -> Answer:
        access = f"BQ{uuid.uuid4().hex}"
        self.access_tokens[access] = (self.now() + self.expires_seconds, user)
        told = {"access_token": access, "token_type": "Bearer", "scope": scope,
                "expires_in": self.expires_seconds}  # fmt: skip
        return Answer.of_json(told | ({"refresh_token": refresh_token} if refresh_token else {}))

    def _user(self, asked: Asked) -> dict[str, str] | Answer:
        token = asked.headers.get("Authorization", "").removeprefix("Bearer ")
        if not token:
            return error(401, "No token provided")
        ends, user = self.access_tokens.get(token, (None, self.me))
        if ends is None:
            return error(401, "Invalid access token")
        return user if ends > self.now() else error(401, "The access token expired")

    def _recently_played(self, query: dict[str, str]) -> Answer:
        """The last plays, the newest first; after a moment those that follow it, but at most 50."""
        limit = int(query.get("limit", "20"))
        if not 1 <= limit <= KEPT:
            return error(400, "Invalid limit")
        if "after" in query and "before" in query:
            return error(400, "Only one of after and before may be given")
        kept = sorted(self.plays, key=lambda one: str(one["played_at"]), reverse=True)[:KEPT]
        if "after" in query:
            kept = [one for one in kept if (ms_of(one) or 0) > int(query["after"])][-limit:]
        elif "before" in query:
            kept = [one for one in kept if (ms_of(one) or 0) < int(query["before"])]
        page = kept[:limit]
        known = [ms for one in page if (ms := ms_of(one)) is not None]
        cursors = {"after": str(max(known)), "before": str(min(known))} if known else None
        here = "https://api.spotify.com/v1/me/player/recently-played"
        more = f"{here}?before={cursors['before']}&limit={limit}" if len(kept) > limit else None
        told = [{**one, "track": self._told("tracks", one["track"])} for one in page]
        return Answer.of_json({"items": told, "next": more, "cursors": cursors, "limit": limit,
                               "href": f"{here}?{urlencode(query)}"})  # fmt: skip

    def _things(self, path: list[str], query: dict[str, str]) -> Answer:
        kind = path[0]
        if len(path) == 2:
            if not _ID.fullmatch(path[1]):
                return error(400, "Invalid base62 id")
            found = self.things[kind].get(path[1])
            if found is None:
                return error(404, "Resource not found")
            return Answer.of_json(self._told(kind, found))
        if self.mode == "development":
            return error(403, "Forbidden")
        ids = query.get("ids", "").split(",")
        if len(ids) > _MOST[kind]:
            return error(400, "Too many ids requested")
        if not all(map(_ID.fullmatch, ids)):
            return error(400, "Invalid base62 id")
        return Answer.of_json({kind: [self._told(kind, self.things[kind].get(one)) for one in ids]})

    def _told(self, kind: str, found: dict[str, Any] | None) -> dict[str, Any] | None:
        if found is None or self.mode == "extended":
            return found
        return {name: value for name, value in found.items() if name not in _NOT_TOLD[kind]}


def error(status: int, message: str, **headers: str) -> Answer:
    """As the Web API says what is wrong."""
    return Answer.of_json({"error": {"status": status, "message": message}}, status, **headers)


def too_many(seconds: float) -> Answer:
    return error(429, "API rate limit exceeded", **{"Retry-After": f"{seconds:g}"})


def _refusal(name: str, description: str) -> dict[str, str]:
    return {"error": name, "error_description": description}


def text_of(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def ms_of(item: dict[str, Any]) -> int | None:
    try:
        return round(datetime.fromisoformat(item["played_at"]).timestamp() * 1000)
    except (ValueError, TypeError):
        return None


def _named(kind: str, number: int, name: str) -> dict[str, Any]:
    own = identifier(kind, number)
    return {
        "external_urls": {"spotify": f"https://open.spotify.com/{kind}/{own}"},
        "href": f"https://api.spotify.com/v1/{kind}s/{own}", "id": own, "name": name,
        "type": kind, "uri": f"spotify:{kind}:{own}",
    }  # fmt: skip


def artist(number: int) -> dict[str, Any]:
    return {
        **_named("artist", number, f"Artist {number}"),
        "followers": {"href": None, "total": number},
        "genres": ["khmer rock", "surf"] if number % 2 else [], "images": [],
        "popularity": number % 100,
    }  # fmt: skip


def album(number: int) -> dict[str, Any]:
    of_music = {"album_type": "album", "label": "Wat Phnom", "total_tracks": 9, "popularity": 1}
    released = {"release_date": "1967-11", "release_date_precision": "month"}
    return {
        **_named("album", number, f"Album {number}"), **of_music, **released,
        "artists": [_named("artist", number, f"Artist {number}")],
        "available_markets": ["KH", "FR"], "external_ids": {"upc": f"{number:013d}"},
        "copyrights": [], "genres": [], "images": [],
    }  # fmt: skip


def track(number: int) -> dict[str, Any]:
    cut = {"label", "copyrights", "external_ids", "genres", "popularity"}
    kept = {name: value for name, value in album(number).items() if name not in cut}
    return {
        **_named("track", number, f"Track {number}"), "album": kept,
        "artists": [_named("artist", number, f"Artist {number}")],
        "available_markets": ["KH", "FR"], "disc_number": 1, "duration_ms": 180_000 + number,
        "explicit": False, "external_ids": {"isrc": f"KHA00{number:07d}"}, "is_local": False,
        "popularity": 5, "preview_url": None, "track_number": 1,
    }  # fmt: skip


@contextmanager
def running() -> Iterator[Spotify]:
    """Serve Spotify: the accounts service at its root, the API below /v1."""
    spotify = Spotify()
    with serving(spotify.answer, keep_alive=True) as spotify.server:
        yield spotify
