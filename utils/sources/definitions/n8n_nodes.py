"""n8n's nodes that bring something in, as sources; of the others, why they are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from utils.models.source import SourceKind, SourceOptions
from utils.sources.definitions.found import Found, kind_at, mapped, page_of, word_of
from utils.sources.definitions.n8n_triggers import polling
from utils.sources.definitions.schedules import Planned

Given = Mapping[str, Any]
_COMPUTED = "its address is computed when the workflow runs ({{ … }})"
_CHANGES = "it changes something there, and brings nothing in"
_API = "www.googleapis.com"
_WHY = {
    "googleDrive": "Google Drive is not read here: mount it (rclone), and add the folder",
    "googleDriveTrigger": "Google Drive is not watched here: mount it (rclone), watch the folder",
    "dropbox": "Dropbox is not read here: mount it (rclone), and add the folder",
    "microsoftOneDrive": "OneDrive is not read here: mount it (rclone), and add the folder",
    "ftp": "FTP is not read here: mount it (rclone), and add the folder",
    "executeCommand": "commands are not taken over; give an address that it fetches as a source",
    "ssh": "commands are not taken over",
    "code": "programs are not taken over",
    "function": "programs are not taken over",
    "functionItem": "programs are not taken over",
    "if": "branches are not taken over; a pattern, or rules, choose among what a source holds",
    "switch": "branches are not taken over; a pattern, or rules, choose among what a source holds",
    "filter": "filters are not taken over; a pattern, or rules, choose among what a source holds",
    "slack": "messages are not taken over; NIGHTSHIFT_NOTIFY_URLS tells of runs",
    "telegram": "messages are not taken over; NIGHTSHIFT_NOTIFY_URLS tells of runs",
    "emailSend": "messages are not taken over; NIGHTSHIFT_NOTIFY_URLS tells of runs",
}


def why_not(kind: str) -> str:
    """Why a node of this kind is no source."""
    return _WHY.get(
        kind, f"{kind or 'a node without a type'} works with what came, or is not known"
    )


def _value(given: Given, *names: str) -> str | None:
    """A parameter's text, from a list that a person chose from too; None if it is empty."""
    for name in names:
        value = given.get(name)
        value = value.get("value") if isinstance(value, Mapping) else value
        if isinstance(value, (str, int)) and str(value).strip():
            return str(value).strip()
    return None


def _made(name: str, url: str | None, kind: SourceKind | None, when: Planned, **more: Any) -> Found:
    if url is None:
        return Found(name=name, why_not="it names no address")
    if url.startswith("=") or "{{" in url or any("{{" in str(value) for value in more.values()):
        return Found(name=name, why_not=_COMPUTED)
    zone = when.timezone if when.schedule else None
    return mapped(name, url, kind, schedule=when.schedule, timezone=zone, **more)


def _http(name: str, given: Given, when: Planned) -> Found:
    method = str(given.get("method") or given.get("requestMethod") or "GET").upper()
    if method != "GET":
        return Found(name=name, why_not=f"it sends ({method}), and brings nothing in")
    url = _value(given, "url")
    if url and not url.startswith("="):
        asked = given.get("queryParameters")
        pairs = asked.get("parameters") if isinstance(asked, Mapping) else None
        said = [(str(one.get("name")), str(one.get("value"))) for one in pairs or []
                if isinstance(one, Mapping)]  # fmt: skip
        url += ("&" if "?" in url else "?") + urlencode(said, safe="{}=$ ") if said else ""
        if page := _of_api(url):
            made = _made(name, page, SourceKind.YOUTUBE, when)
            notes = ("a question to YouTube's API became the page; its key is not taken over",)
            return made.model_copy(update={"notes": notes})
    kind = kind_at(url or "")
    kind = kind if kind is SourceKind.FEED or "youtu" in (url or "") else SourceKind.HTTP
    made = _made(name, url, kind, when)
    told = []
    if kind is SourceKind.HTTP:
        told.append(f"if it answers with data, it is no source: nightshift source test {name!r}")
    if str(given.get("authentication") or "none") != "none" or given.get("sendHeaders"):
        told.append("its headers and its login are not taken over")
    return made.model_copy(update={"notes": tuple(told)}) if made.definition else made


def _of_api(url: str) -> str | None:
    """The page of what a question to YouTube's API is about, without its key."""
    parts = urlsplit(url)
    if parts.hostname != _API or "/youtube/v3/" not in parts.path:
        return None
    asked = parse_qs(parts.query)
    for name in ("playlistId", "channelId", "id"):
        if name in asked:
            page = page_of(asked[name][0])
            return page if page.startswith("http") else f"https://www.youtube.com/watch?v={page}"
    return None


def _youtube(name: str, given: Given, when: Planned) -> Found:
    operation = str(given.get("operation") or "getAll")
    if operation not in {"get", "getAll"}:
        return Found(name=name, why_not=_CHANGES)
    filters = given.get("filters")
    inner = filters if isinstance(filters, Mapping) else {}
    wanted = _value(given, "playlistId") or _value(given, "channelId") or _value(inner, "channelId")
    video = _value(given, "videoId")
    newest = given.get("limit") if given.get("returnAll") is not True else None
    more = {"keep_last": newest} if isinstance(newest, int) else {}
    if wanted and wanted.startswith("="):
        return Found(name=name, why_not=_COMPUTED)
    if wanted:
        page = page_of(wanted)
        if not page.startswith("http"):
            return Found(name=name, why_not=f"{wanted} is no id of a channel or a playlist")
        return _made(name, page, SourceKind.YOUTUBE, when, **more)
    if video:
        url = video if video.startswith("=") else f"https://www.youtube.com/watch?v={video}"
        return _made(name, url, SourceKind.YOUTUBE, when)
    return Found(name=name, why_not="it names no channel, playlist or video")


def _feed(name: str, given: Given, when: Planned) -> Found:
    url = _value(given, "url", "feedUrl")
    page = page_of(url) if url else None
    return _made(name, page, SourceKind.FEED if page == url else SourceKind.YOUTUBE, when)


def _feed_trigger(name: str, given: Given, when: Planned) -> Found:
    try:
        own = polling(given.get("pollTimes"))
    except ValueError as error:
        return Found(name=name, why_not=f"its schedule can't be mapped: {error}")
    return _feed(name, given, own._replace(timezone=when.timezone))


def _bucket(scheme: str) -> Callable[[str, Given, Planned], Found]:
    def make(name: str, given: Given, when: Planned) -> Found:
        if str(given.get("operation") or "getAll") not in {"getAll", "get", "download", "search"}:
            return Found(name=name, why_not=_CHANGES)
        bucket = _value(given, "bucketName", "bucket", "container")
        inner = [one for key in ("options", "additionalFields", "listFilters")
                 if isinstance(one := given.get(key), Mapping)]  # fmt: skip
        found = (_value(one, "prefix", "folderKey") for one in (*inner, given))
        prefix = next((one for one in found if one), None) or _value(given, "fileKey", "objectName")
        if bucket and prefix and not bucket.startswith("=") and not prefix.startswith("="):
            bucket = f"{bucket}/{prefix.lstrip('/')}"
        elif prefix and prefix.startswith("="):
            return Found(name=name, why_not=_COMPUTED)
        url = bucket if not bucket or bucket.startswith("=") else f"{scheme}://{bucket}"
        return _made(name, url, SourceKind.BUCKET, when)

    return make


def _files(name: str, given: Given, when: Planned) -> Found:
    if str(given.get("operation") or "read") != "read":
        return Found(name=name, why_not=_CHANGES)
    path = _value(given, "fileSelector", "filePath")
    if path is None or path.startswith("="):
        return _made(name, path, None, when)
    parts = PurePosixPath(path).parts
    fixed = next((n for n, part in enumerate(parts) if set(part) & set("*?[{")), len(parts))
    folder, pattern = PurePosixPath(*parts[:fixed]), "/".join(parts[fixed:]) or None
    return _made(name, str(folder), SourceKind.FOLDER, when, pattern=pattern)


def _folder_trigger(name: str, given: Given, when: Planned) -> Found:
    return _made(name, _value(given, "path"), SourceKind.FOLDER, when,
                 options=SourceOptions(watch=True))  # fmt: skip


KNOWN: dict[str, Callable[[str, Given, Planned], Found]] = {
    "httpRequest": _http,
    "youTube": _youtube,
    "rssFeedRead": _feed,
    "rssFeedReadTrigger": _feed_trigger,
    "awsS3": _bucket("s3"),
    "s3": _bucket("s3"),
    "googleCloudStorage": _bucket("gs"),
    "azureStorage": _bucket("az"),
    "readBinaryFile": _files,
    "readBinaryFiles": _files,
    "readWriteFile": _files,
    "localFileTrigger": _folder_trigger,
}
__all__ = ["KNOWN", "why_not", "word_of"]
