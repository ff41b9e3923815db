"""Uploads into the inbox: resumed where they stopped, whole and verified or not there at all."""

import asyncio
import base64
import hashlib
import os
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from nightshift.api.app import create_app
from tests.unit.nightshift.test_api import LOCAL, token
from utils import clock
from utils.clock import now
from utils.config import Settings
from utils.db import uploads as rows
from utils.db.session import session
from utils.db.upload_tables import Upload
from utils.housekeeping import retention
from utils.models.api import ApiSettings, Scope
from utils.sources import folders
from utils.storage import names
from utils.storage import uploads as partials

UPLOADS = "/api/v1/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}
CONTENT = bytes(range(256)) * 8
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings.model_copy(update={"min_free_bytes": 0}))


@pytest.fixture
def caller() -> dict[str, str]:
    return token(Scope.WRITE)


@pytest.fixture
def client(app: FastAPI, caller: dict[str, str]) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1", client=LOCAL, headers=caller) as client:
        yield client


def metadata(**facts: str) -> dict[str, str]:
    told = ",".join(
        f"{name} {base64.b64encode(fact.encode()).decode()}" for name, fact in facts.items()
    )
    return {"Upload-Metadata": told}


def begun(
    client: TestClient, name: str = "clip.mp4", size: int = len(CONTENT), **facts: str
) -> str:
    headers = {**TUS, "Upload-Length": str(size), **metadata(filename=name, **facts)}
    answer = client.post(UPLOADS, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def sent(client: TestClient, place: str, start: int, data: bytes, **more: str) -> Any:
    headers = {**BYTES, "Upload-Offset": str(start)}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    return client.patch(place, headers=headers, content=data)


def checksum(kind: str, data: bytes) -> str:
    return f"{kind} {base64.b64encode(hashlib.new(kind, data).digest()).decode()}"


def inbox(settings: Settings) -> dict[str, bytes]:
    """What a scan of the inbox would take."""
    found = folders.media_files(settings.inbox, settings) if settings.inbox.exists() else ()
    return {path.name: path.read_bytes() for path in found}


def partial_files(settings: Settings) -> list[str]:
    return [found.upload_id for found in partials.partials(settings.inbox)]


def test_an_upload_in_pieces_lands_whole_and_not_before(
    database: str, client: TestClient, settings: Settings
) -> None:
    place = begun(client)
    assert client.head(place, headers=TUS).headers["upload-offset"] == "0"
    first = sent(client, place, 0, CONTENT[:1000])
    assert (first.status_code, first.headers["upload-offset"]) == (204, "1000")
    assert "upload-expires" in first.headers and inbox(settings) == {}
    last = sent(
        client, place, 1000, CONTENT[1000:], Upload_Checksum=checksum("sha1", CONTENT[1000:])
    )
    assert (last.status_code, last.headers["nightshift-item"]) == (204, SHA256)
    assert inbox(settings) == {"clip.mp4": CONTENT} and partial_files(settings) == []
    state = client.get(place).json()
    assert (state["state"], state["item_id"], state["offset"]) == ("landed", SHA256, len(CONTENT))
    assert state["path"] == str(settings.inbox / "clip.mp4") and not state["was_there"]
    assert client.delete(place).status_code == 409
    assert sent(client, place, len(CONTENT), b"more").status_code == 409
    assert client.get(UPLOADS).json() == [state]


def test_a_head_says_what_is_really_on_disk_and_what_was_said(
    client: TestClient, settings: Settings
) -> None:
    place = begun(client, "Ein Film.mkv", kind="home")
    with partials.opened(settings.inbox, place.split("/")[-1]) as partial:
        partial.write(CONTENT[:7])  # by a process that was killed then
    head = client.head(place, headers=TUS)
    assert (head.headers["upload-offset"], head.headers["cache-control"]) == ("7", "no-store")
    assert (
        head.headers["upload-metadata"]
        == metadata(filename="Ein Film.mkv", kind="home")["Upload-Metadata"]
    )
    assert sent(client, place, 7, CONTENT[7:]).status_code == 204
    assert inbox(settings) == {"Ein Film.mkv": CONTENT}


def test_an_upload_whose_process_was_killed_at_its_end_lands_when_it_is_asked_for(
    client: TestClient, settings: Settings
) -> None:
    place = begun(client)
    upload_id = place.split("/")[-1]
    with partials.opened(settings.inbox, upload_id) as partial:
        partial.write(CONTENT)
    # Killed once more, after it had its name and before that was noted.
    with session() as s:
        rows.will_land(s, upload_id, settings.inbox / "clip.mp4", SHA256)
    os.link(settings.inbox / partials.FOLDER / upload_id, settings.inbox / "clip.mp4")
    head = client.head(place, headers=TUS)
    assert head.headers["nightshift-item"] == SHA256
    assert inbox(settings) == {"clip.mp4": CONTENT} and partial_files(settings) == []
    assert client.get(place).json()["was_there"] is False


def test_creation_takes_the_first_bytes_too(client: TestClient, settings: Settings) -> None:
    headers = {**BYTES, "Upload-Length": "2048", **metadata(filename="a.mp3")}
    answer = client.post(UPLOADS, headers=headers, content=CONTENT)
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "2048")
    assert inbox(settings) == {"a.mp3": CONTENT}


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_damaged_bytes_are_not_kept(client: TestClient, settings: Settings, kind: str) -> None:
    place = begun(client)
    sent(client, place, 0, CONTENT[:10])
    wrong = sent(client, place, 10, CONTENT[10:], Upload_Checksum=checksum(kind, b"other"))
    assert (wrong.status_code, wrong.headers["tus-resumable"]) == (460, "1.0.0")
    assert client.head(place, headers=TUS).headers["upload-offset"] == "10"
    right = sent(client, place, 10, CONTENT[10:], Upload_Checksum=checksum(kind, CONTENT[10:]))
    assert right.status_code == 204 and inbox(settings) == {"clip.mp4": CONTENT}


def test_a_whole_file_with_another_checksum_than_was_named_is_removed(
    client: TestClient, settings: Settings
) -> None:
    place = begun(client, sha256="0" * 64)
    answer = sent(client, place, 0, CONTENT)
    assert answer.status_code == 460 and SHA256 in answer.json()["detail"]
    assert client.head(place, headers=TUS).status_code == 404
    assert (inbox(settings), partial_files(settings)) == ({}, [])


@pytest.mark.parametrize(
    ("start", "headers", "status"),
    [
        (5, {}, 409),
        (0, {"Tus-Resumable": "0.2.2"}, 412),
        (0, {"Content-Type": "text/plain"}, 415),
        (0, {"Upload-Checksum": "md5 AAAA"}, 400),
        (0, {"Upload-Checksum": "sha1 !!"}, 400),
        (0, {"Upload-Offset": "-1"}, 400),
    ],
)
def test_what_is_wrong_with_a_piece_is_said_as_a_problem(
    client: TestClient, start: int, headers: dict[str, str], status: int
) -> None:
    place = begun(client)
    given = {**BYTES, "Upload-Offset": str(start), **headers}
    answer = client.patch(place, headers=given, content=CONTENT)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.head(place, headers=TUS).headers["upload-offset"] == "0"


def test_more_than_was_said_is_refused_and_not_kept(client: TestClient, settings: Settings) -> None:
    def in_chunks() -> Iterator[bytes]:  # without a Content-Length
        yield CONTENT
        yield b"more"

    place = begun(client)
    assert sent(client, place, 0, CONTENT + b"more").status_code == 413
    headers = {**BYTES, "Upload-Offset": "0"}
    assert client.patch(place, headers=headers, content=in_chunks()).status_code == 413
    assert client.head(place, headers=TUS).headers["upload-offset"] == "0"
    assert sent(client, place, 0, CONTENT).status_code == 204
    assert inbox(settings) == {"clip.mp4": CONTENT}


def test_two_at_once_are_not_mixed(client: TestClient, settings: Settings) -> None:
    place = begun(client)
    with partials.opened(settings.inbox, place.split("/")[-1]):
        answers: list[Any] = [sent(client, place, 0, CONTENT), client.delete(place)]
    assert [answer.status_code for answer in answers] == [423, 423]
    assert sent(client, place, 0, CONTENT).status_code == 204


def spoken(
    app: FastAPI, method: str, path: str, headers: dict[str, str], body: Sequence[bytes]
) -> int:
    """Ask with a body that is cut after these pieces; returns the status that nobody hears."""
    given = [{"type": "http.request", "body": piece, "more_body": True} for piece in body]
    messages: list[dict[str, Any]] = [*given, {"type": "http.disconnect"}]
    said = []

    async def receive() -> Any:
        return messages.pop(0) if len(messages) > 1 else messages[0]

    async def send(message: Any) -> None:
        said.append(message)

    lower = {name.lower(): value for name, value in {"Host": "127.0.0.1", **headers}.items()}
    scope = {
        "type": "http", "method": method, "path": path, "query_string": b"", "client": LOCAL,
        "headers": [(name.encode(), value.encode()) for name, value in lower.items()],
        "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
        "server": ("127.0.0.1", 80),
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return said[0]["status"]


def test_a_cut_piece_stays_and_is_gone_on_with(
    app: FastAPI, client: TestClient, caller: dict[str, str], settings: Settings
) -> None:
    place = begun(client)
    headers = {**caller, **BYTES, "Upload-Offset": "0", "Content-Length": "2048"}
    assert spoken(app, "PATCH", place, headers, [CONTENT[:300], CONTENT[300:700]]) == 408
    assert client.head(place, headers=TUS).headers["upload-offset"] == "700"
    # What a checksum was to prove does not count unless it is whole.
    headers |= {"Upload-Offset": "700", "Upload-Checksum": checksum("sha1", CONTENT[700:])}
    headers["Content-Length"] = str(len(CONTENT) - 700)
    assert spoken(app, "PATCH", place, headers, [CONTENT[700:900]]) == 408
    assert client.head(place, headers=TUS).headers["upload-offset"] == "700"
    assert sent(client, place, 700, CONTENT[700:]).status_code == 204
    assert inbox(settings) == {"clip.mp4": CONTENT}


def test_what_a_killed_process_left_unproven_does_not_count(
    client: TestClient, settings: Settings
) -> None:
    place = begun(client)
    upload_id = place.split("/")[-1]
    sent(client, place, 0, CONTENT[:5])
    with session() as s:
        rows.keep_open(s, upload_id, 1, unverified_from=5)
    with partials.opened(settings.inbox, upload_id) as partial:
        partial.write(b"half of what a checksum was to prove")
        assert client.get(place).json()["offset"] == 5
    assert sent(client, place, 5, CONTENT[5:]).status_code == 204
    assert inbox(settings) == {"clip.mp4": CONTENT}


def test_names_of_strangers_stay_in_the_inbox(client: TestClient, settings: Settings) -> None:
    given = ("../../etc/evil.mp4", "C:\\films\\Urlaub.mkv", ".hidden.mp4", "a\n\x1b[31mb.mp4",
             "con.wav", "ж" * 300 + ".mp3", "‮4pm.exe.mp4", "-rf.png")  # fmt: skip
    for number, name in enumerate(given):
        place = begun(client, name, 3)
        assert sent(client, place, 0, bytes([number, 1, 2])).status_code == 204
    found = sorted(inbox(settings))
    assert len(found) == len(given)
    assert {"evil.mp4", "Urlaub.mkv", "hidden.mp4", "_con.wav", "rf.png"} <= set(found)
    assert all(name.isprintable() and len(name.encode()) <= names.MAX_BYTES for name in found)
    assert not (settings.home / "etc").exists()


@pytest.mark.parametrize(
    ("name", "status"), [("", 400), ("page.html", 415), ("clip", 415), ("setup.exe", 415)]
)
def test_what_no_shift_would_take_is_refused_before_it_comes(
    client: TestClient, name: str, status: int
) -> None:
    headers = {**TUS, "Upload-Length": "5", **metadata(filename=name)}
    assert client.post(UPLOADS, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "0"}, 400),
        ({"Upload-Length": "many"}, 400),
        ({"Upload-Defer-Length": "1"}, 400),
        ({"Upload-Length": "1001"}, 413),
        ({"Upload-Length": "9", "Upload-Metadata": "filename §"}, 400),
        ({"Upload-Length": "9", "Tus-Resumable": "2.0.0"}, 412),
    ],
)
def test_limits_hold_before_anything_comes(
    settings: Settings, caller: dict[str, str], headers: dict[str, str], status: int
) -> None:
    api = ApiSettings(max_upload_bytes=1000)
    small = create_app(settings.model_copy(update={"api": api}))
    client = TestClient(small, base_url="http://127.0.0.1", client=LOCAL, headers=caller)
    given = {**TUS, **metadata(filename="a.mp4"), **headers}
    told = [(name.encode(), value.encode("latin-1")) for name, value in given.items()]
    answer = client.post(UPLOADS, headers=told)
    assert answer.status_code == status and partial_files(settings) == []


def test_a_token_has_so_many_open_at_most_and_sees_its_own_alone(
    settings: Settings, caller: dict[str, str]
) -> None:
    api = ApiSettings(open_uploads=2)
    changed = settings.model_copy(update={"api": api, "min_free_bytes": 0})
    client = TestClient(
        create_app(changed), base_url="http://127.0.0.1", client=LOCAL, headers=caller
    )
    place = [begun(client), begun(client)][0]
    headers = {**TUS, "Upload-Length": "5", **metadata(filename="a.mp4")}
    refused = client.post(UPLOADS, headers=headers)
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0
    other = token(Scope.WRITE)
    assert client.head(place, headers={**TUS, **other}).status_code == 404
    assert client.get(UPLOADS, headers=other).json() == []
    assert len(client.get(UPLOADS, headers=token(Scope.ADMIN)).json()) == 2
    assert client.get(UPLOADS, headers=token(Scope.READ)).status_code == 403
    assert client.delete(place, headers=TUS).status_code == 204
    assert client.delete(place, headers=TUS).status_code == 404
    assert client.post(UPLOADS, headers=headers).status_code == 201


def test_a_disk_without_room_says_so_with_507(settings: Settings, caller: dict[str, str]) -> None:
    full = create_app(settings.model_copy(update={"min_free_bytes": 2**60}))
    client = TestClient(full, base_url="http://127.0.0.1", client=LOCAL, headers=caller)
    headers = {**TUS, "Upload-Length": "5", **metadata(filename="a.mp4")}
    assert client.post(UPLOADS, headers=headers).status_code == 507
    form = client.post(UPLOADS, files={"file": ("a.mp4", CONTENT)})
    assert form.status_code == 507 and form.headers["content-type"] == "application/problem+json"
    assert client.get(UPLOADS).json() == [] and partial_files(settings) == []


def test_a_form_lands_at_once_under_a_name_of_its_own(
    client: TestClient, settings: Settings
) -> None:
    first = client.post(UPLOADS, files={"file": ("clip.mp4", CONTENT)}, data={"sha256": SHA256})
    assert first.status_code == 201, first.text
    assert first.json()["path"] == str(settings.inbox / "clip.mp4")
    other = client.post(UPLOADS, files={"file": ("clip.mp4", b"other")}).json()
    assert other["path"] == str(settings.inbox / "clip (2).mp4")
    again = client.post(UPLOADS, files={"file": ("renamed.mp4", CONTENT)}).json()
    assert again["was_there"] and again["path"] == first.json()["path"]
    assert inbox(settings) == {"clip.mp4": CONTENT, "clip (2).mp4": b"other"}
    assert client.get(first.headers["location"]).json() == first.json()


@pytest.mark.parametrize(
    ("files", "data", "status"),
    [
        ({"file": ("clip.mp4", CONTENT)}, {"sha256": "0" * 64}, 409),
        ({"file": ("clip.mp4", CONTENT)}, {"sha256": "short"}, 400),
        ({"file": ("clip.mp4", b"")}, {}, 400),
        ({"file": ("clip.txt", CONTENT)}, {}, 415),
        ({"a": ("a.mp4", CONTENT), "b": ("b.mp4", CONTENT)}, {}, 400),
        ({"sha256": (None, SHA256)}, {}, 400),
        ({"file": ("clip.mp4", CONTENT)}, {"long": "x" * 5000}, 400),
    ],
)
def test_of_a_form_that_is_wrong_nothing_stays(
    client: TestClient, settings: Settings, files: Any, data: dict[str, str], status: int
) -> None:
    answer = client.post(UPLOADS, files=files, data=data)
    assert (answer.status_code, answer.headers["content-type"]) == (
        status, "application/problem+json",
    )  # fmt: skip
    assert (inbox(settings), partial_files(settings)) == ({}, [])
    assert client.get(UPLOADS).json() == []


FORM = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\nsome'


def test_of_a_form_that_is_cut_nothing_stays(
    app: FastAPI, client: TestClient, caller: dict[str, str], settings: Settings
) -> None:
    headers = {**caller, "Content-Type": "multipart/form-data; boundary=b"}
    assert spoken(app, "POST", UPLOADS, headers, [FORM]) == 408
    ends = client.post(UPLOADS, headers=headers, content=FORM)
    assert ends.status_code == 400 and "cut" in ends.json()["detail"]
    nonsense = client.post(UPLOADS, headers=headers, content=b"what is this")
    assert nonsense.status_code == 400
    assert (inbox(settings), partial_files(settings)) == ({}, [])
    assert client.get(UPLOADS).json() == []


def test_neither_a_form_nor_tus_is_said_so(client: TestClient) -> None:
    answer = client.post(UPLOADS, json={"file": "x"})
    assert answer.status_code == 415 and "multipart/form-data" in answer.headers["accept-post"]
    told = client.options(UPLOADS, headers={"Authorization": ""})
    assert told.status_code == 204 and told.headers["tus-version"] == "1.0.0"
    assert "checksum" in told.headers["tus-extension"]


def test_a_client_that_can_send_but_post_says_its_method(client: TestClient) -> None:
    place = begun(client)
    headers = {**BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert client.post(place, headers=headers, content=CONTENT).status_code == 204
    assert client.post(place, headers=BYTES).status_code == 405


def test_what_nothing_comes_for_is_removed_and_what_landed_stays(
    client: TestClient, settings: Settings, tmp_path: Path
) -> None:
    place = begun(client)
    sent(client, place, 0, CONTENT[:100])
    landed = begun(client, "done.mp4")
    sent(client, landed, 0, CONTENT)
    lost = "f" * 32
    partials.create(settings.inbox, lost)  # its row is gone
    (settings.inbox / partials.FOLDER / "notes.txt").write_text("somebody's")
    later = now() + timedelta(hours=30)
    os.utime(settings.inbox / partials.FOLDER / lost, (0, 0))
    with clock.set_to(clock.Clock(lambda: later, clock.monotonic, clock.wait)):
        told = {part.what: part for part in retention.clean(settings)}["abandoned uploads"]
    assert (told.rows, told.files, told.size_bytes) == (1, 2, 100)
    assert client.head(place, headers=TUS).status_code == 404
    assert client.get(landed).json()["state"] == "landed"
    assert inbox(settings) == {"done.mp4": CONTENT} and partial_files(settings) == []
    assert (settings.inbox / partials.FOLDER / "notes.txt").exists()


def test_a_folder_for_uploads_that_is_a_link_is_not_written_through(
    client: TestClient, settings: Settings, tmp_path: Path
) -> None:
    settings.inbox.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (settings.inbox / partials.FOLDER).symlink_to(tmp_path / "elsewhere")
    headers = {**TUS, "Upload-Length": "5", **metadata(filename="a.mp4")}
    assert client.post(UPLOADS, headers=headers).status_code == 422
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_is_gone_from_disk_is_gone(client: TestClient, settings: Settings) -> None:
    place = begun(client)
    (settings.inbox / partials.FOLDER / place.split("/")[-1]).unlink()
    assert client.head(place, headers=TUS).status_code == 410
    assert sent(client, place, 0, CONTENT).status_code == 410
    assert client.get(UPLOADS).json() == []
    assert client.delete(place).status_code == 204


def test_open_uploads_are_counted_on_both_databases(database: str) -> None:
    def begin(owner: str, upload_id: str) -> int:
        upload = Upload(
            id=upload_id, owner=owner, name="a.mp4", size_bytes=2**40,
            expires_at=now() + timedelta(hours=1),
        )  # fmt: skip
        with session() as s:
            return rows.begin(s, upload, 2)

    assert [begin("me", "1" * 32), begin("you", "2" * 32)] == [2**40, 2**41]
