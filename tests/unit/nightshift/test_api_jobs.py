"""Jobs over HTTP: queued, listed, cancelled, read; paths stay inside the roots."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from nightshift.api import jobs as api
from nightshift.api.app import create_app
from tests.conftest import Override
from tests.servers.prefect_jobs import Jobs, serving_jobs
from tests.unit.nightshift.test_api import LOCAL, token
from utils.config import Settings, load_settings
from utils.db import jobs as table
from utils.db.session import session
from utils.db.video_database import VideoDatabase
from utils.models.api import ApiSettings, Scope
from utils.models.frames import FullFrame, TextBox
from utils.models.job import JobKind, JobStatus

PATH = "/api/v1/jobs"


@pytest.fixture
def prefect(tmp_path: Path, override: Override) -> Iterator[Jobs]:
    with serving_jobs() as (server, jobs):
        override(prefect_api_url=f"{server.url}/api", api=ApiSettings(roots=(tmp_path / "media",)))
        yield jobs


@pytest.fixture
def asked(tmp_path: Path) -> dict[str, Any]:
    media = tmp_path / "media"
    media.mkdir()
    (media / "v.mp4").write_bytes(b"x")
    return {"videoId": "v1", "videoPath": str(media / "v.mp4"), "dbPath": str(media / "v.db"),
            "outputDir": str(media / "out")}  # fmt: skip


def client(settings: Settings, *scopes: Scope) -> TestClient:
    return TestClient(
        create_app(settings), base_url="http://127.0.0.1", client=LOCAL, headers=token(*scopes)
    )


@pytest.fixture
def web(prefect: Jobs) -> TestClient:
    return client(load_settings(), Scope.WRITE)


def test_a_job_is_accepted_and_the_same_is_joined(
    web: TestClient, asked: dict[str, Any], prefect: Jobs
) -> None:
    answer = web.post(f"{PATH}/full-frames", json=asked | {"frameRate": 0.5})
    assert answer.status_code == 202
    told = answer.json()
    assert told == {"flowRunId": told["flowRunId"], "status": "queued", "priority": "interactive"}
    assert web.post(f"{PATH}/full-frames", json=asked | {"frameRate": 0.5}).json() == told
    assert prefect.runs[told["flowRunId"]]["parameters"]["frame_rate"] == 0.5
    cut = {"cropBounds": {"left": 0, "top": 0, "right": 9, "bottom": 9}, "cropBoundsVersion": 4,
           "priority": "background"}  # fmt: skip
    crop = web.post(f"{PATH}/crop-frames", json=asked | cut).json()
    assert prefect.runs[crop["flowRunId"]]["parameters"]["crop_bounds_version"] == 4
    shown = web.get(f"{PATH}/{crop['flowRunId']}").json()
    assert (shown["kind"], shown["videoId"], shown["status"], shown["priority"]) == (
        "crop-frames", "v1", "queued", "background",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"videoPath": "/etc/passwd"}, 403),
        ({"dbPath": "../v.db"}, 403),
        ({"outputDir": "OUT/../../elsewhere"}, 403),
        ({"videoPath": "OUT/none.mp4"}, 422),
        ({"frameRate": 0}, 422),
        ({"frameRate": 25}, 422),
        ({"videoId": "a\u0000b"}, 422),
        ({"bogus": 1}, 422),
        ({"priority": "now"}, 422),
    ],
)
def test_what_can_not_be_done_is_a_problem(
    changes: dict[str, Any], status: int, web: TestClient, asked: dict[str, Any], prefect: Jobs
) -> None:
    media = str(Path(asked["videoPath"]).parent)
    given = {n: v.replace("OUT", media) if isinstance(v, str) else v for n, v in changes.items()}
    answer = web.post(f"{PATH}/full-frames", json=asked | given)
    assert (answer.status_code, answer.headers["content-type"]) == (
        status, "application/problem+json",
    )  # fmt: skip
    assert not prefect.runs


def test_who_may_only_read_queues_nothing(prefect: Jobs, asked: dict[str, Any]) -> None:
    reader = client(load_settings(), Scope.READ)
    assert reader.post(f"{PATH}/full-frames", json=asked).status_code == 403
    assert reader.get(PATH).json() == {"items": [], "nextCursor": None}


def test_jobs_are_listed_in_pages_newest_first(web: TestClient, asked: dict[str, Any]) -> None:
    made = [web.post(f"{PATH}/full-frames", json=asked | {"videoId": f"v{n}"}).json()["flowRunId"]
            for n in range(5)]  # fmt: skip
    found, cursor = [], None
    while True:
        page = web.get(PATH, params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        found += [job["flowRunId"] for job in page["items"]]
        if not (cursor := page["nextCursor"]):
            break
    assert found == made[::-1]
    (one,) = web.get(PATH, params={"videoId": "v3"}).json()["items"]
    assert one["flowRunId"] == made[3]
    assert web.get(PATH, params={"status": "running"}).json()["items"] == []
    for wrong in ("zz", "!", "bnVsbA"):
        assert web.get(PATH, params={"cursor": wrong}).status_code == 422


def test_what_prefect_knows_of_an_end_is_told(
    web: TestClient, asked: dict[str, Any], prefect: Jobs
) -> None:
    run = web.post(f"{PATH}/full-frames", json=asked).json()["flowRunId"]
    prefect.end(run, "CRASHED", "Its process was killed.")
    shown = web.get(f"{PATH}/{run}").json()
    assert (shown["status"], shown["error"]) == ("failed", "Its process was killed.")
    again = web.post(f"{PATH}/full-frames", json=asked).json()["flowRunId"]
    assert web.post(f"{PATH}/{again}/cancel").json()["status"] == "cancelled"
    assert web.post(f"{PATH}/{again}/cancel").status_code == 202
    assert web.get(f"{PATH}/00000000-0000-0000-0000-000000000000").status_code == 404


def test_the_frames_of_a_job_come_with_their_texts(
    web: TestClient, asked: dict[str, Any], tmp_path: Path
) -> None:
    run = web.post(f"{PATH}/full-frames", json=asked).json()["flowRunId"]
    assert web.get(f"{PATH}/{run}/frames").status_code == 404
    picture = tmp_path / "p.jpg"
    picture.write_bytes(b"jpeg")
    box = TextBox(text="A", confidence=0.9, x=0.1, y=0.2, width=0.3, height=0.1)
    frame = FullFrame(frame_index=100, seconds=10, path=picture, width=2, height=2, texts=(box,))
    database = VideoDatabase(Path(asked["dbPath"]), 5)
    database.prepare(JobKind.FULL_FRAMES)
    database.replace_full([frame], "x")
    (told,) = web.get(f"{PATH}/{run}/frames").json()["frames"]
    assert told["frameIndex"] == 100
    assert told["texts"] == [box.model_dump() | {"timestampSeconds": 10.0}]


def test_progress_is_told_when_it_changed(web: TestClient, asked: dict[str, Any]) -> None:
    run = web.post(f"{PATH}/full-frames", json=asked).json()["flowRunId"]
    cursor, told = api.progress_since(run, None)
    assert told["status"] == "queued" and api.progress_since(run, cursor) is None
    with session() as s:
        table.end(s, run, JobStatus.COMPLETED)
    _, told = api.progress_since(run, cursor)
    assert (told["status"], told["progress"], told["flowRunId"]) == ("completed", 1.0, run)


def test_without_a_server_it_is_said_what_to_do(settings: Settings, asked: dict[str, Any]) -> None:
    media = Path(asked["videoPath"]).parent
    changed = settings.model_copy(update={"api": ApiSettings(roots=(media,))})
    answer = client(changed, Scope.WRITE).post(f"{PATH}/full-frames", json=asked)
    assert answer.status_code == 503 and answer.headers["retry-after"]
    assert "nightshift up" in answer.json()["detail"]
