"""`nightshift queue`: exactly one line of JSON, on stdout or on stderr, whatever is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nightshift.__main__ import app
from nightshift.cli import queue
from tests.conftest import Override
from tests.paths import PROJECT
from tests.servers.prefect_jobs import serving_jobs
from utils.config import Settings

Said = pytest.CaptureFixture[str]
BOUNDS = '{"left": 0, "top": 1, "right": 20, "bottom": 30}'


def ask(monkeypatch: pytest.MonkeyPatch, said: Said, *arguments: str) -> tuple[int, str, str]:
    command = ["nightshift", "queue", *arguments]
    monkeypatch.setattr(sys, "argv", command)
    assert queue.is_meant(command[1:])
    code = queue.run(app)
    return code, *said.readouterr()


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    video = tmp_path / "a video.mp4"
    video.write_bytes(b"x")
    return [str(video), str(tmp_path / "v.db"), str(tmp_path / "out")]


def test_a_job_that_is_queued_is_one_line_on_stdout(
    paths: list[str], override: Override, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    with serving_jobs() as (server, jobs):
        override(prefect_api_url=f"{server.url}/api")
        full = ask(monkeypatch, capsys, "full-frames", "v1", *paths)
        crop = ask(
            monkeypatch, capsys, "crop-frames", "v1", *paths, BOUNDS, "--frame-rate", "5",
            "--crop-bounds-version", "3", "--priority", "background",
        )  # fmt: skip
    for (code, out, err), priority in ((full, "interactive"), (crop, "background")):
        assert (code, err, out.count("\n")) == (0, "", 1)
        told = json.loads(out)
        assert told == {"flowRunId": told["flowRunId"], "status": "queued", "priority": priority}
    given = jobs.runs[json.loads(crop[1])["flowRunId"]]["parameters"]
    assert given["crop_bounds"] == json.loads(BOUNDS)
    assert (given["crop_bounds_version"], given["frame_rate"]) == (3, 5.0)
    assert given["video_path"] == paths[0]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("", "Missing command"),
        ("nothing", "nothing"),
        ("full-frames v", "Missing argument"),
        ("full-frames v VIDEO DB OUT --frame-rate x", "frame-rate"),
        ("full-frames v VIDEO DB OUT --frame-rate 0", "tenths"),
        ("full-frames v VIDEO DB OUT --priority soon", "priority"),
        ("full-frames v VIDEO DB OUT --bogus", "bogus"),
        ("full-frames v VIDEO DB OUT", "No Prefect server is set"),
        ("full-frames v /no/such.mp4 DB OUT", "does not exist"),
        ("full-frames v / DB OUT", "folder"),
        ("full-frames v VIDEO / OUT", "is a folder"),
        ("full-frames v VIDEO DB VIDEO", "no folder"),
        ("crop-frames v VIDEO DB OUT", "CROP_BOUNDS_JSON"),
        ("crop-frames v VIDEO DB OUT {", "no JSON"),
        ('crop-frames v VIDEO DB OUT {"left":1}', "need left"),
        ('crop-frames v VIDEO DB OUT {"left":9,"top":0,"right":9,"bottom":1}', "hold nothing"),
    ],
)
def test_what_is_wrong_is_one_line_on_stderr(
    arguments: str, why: str, paths: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    places = dict(zip(("VIDEO", "DB", "OUT"), paths, strict=True))
    words = [places.get(word, word) for word in arguments.split(" ") if word]
    code, out, err = ask(monkeypatch, capsys, *words)
    assert (code, out, err.count("\n")) == (1, "", 1)
    told = json.loads(err)
    assert told.keys() == {"error", "status"} and told["status"] == "failed"
    assert why in told["error"]


def test_a_server_that_is_away_is_one_line(
    paths: list[str], override: Override, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    override(prefect_api_url="http://user:secret@127.0.0.1:9/api")
    code, out, err = ask(monkeypatch, capsys, "full-frames", "v", *paths)
    assert (code, out) == (1, "")
    assert "does not answer" in json.loads(err)["error"] and "secret" not in err


def test_help_is_for_people() -> None:
    assert not queue.is_meant(["queue", "--help"])
    assert not queue.is_meant(["run", "queue"])


def test_as_a_program_it_keeps_to_itself_what_is_not_the_answer(
    paths: list[str], settings: Settings
) -> None:
    with serving_jobs() as (server, _):
        done = subprocess.run(
            [sys.executable, "-m", "nightshift", "queue", "full-frames", "v", *paths],
            env={"NIGHTSHIFT_HOME": str(settings.home), "NIGHTSHIFT_TYPO": "1", "PATH": "/bin",
                 "NIGHTSHIFT_PREFECT_API_URL": f"{server.url}/api"},
            capture_output=True, text=True, cwd=PROJECT,
        )  # fmt: skip
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    assert json.loads(done.stdout)["status"] == "queued"
