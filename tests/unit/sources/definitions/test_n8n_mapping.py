"""What each node of a workflow of n8n becomes: the table of the first Night Shift, and more."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from nightshift.__main__ import app
from tests.paths import PROJECT
from utils.db.session import session
from utils.db.source_tables import Source
from utils.errors import PermanentError
from utils.sources.definitions import n8n_mapping, reading

WORKFLOW = PROJECT / "tests" / "fixtures" / "definitions" / "workflow.json"


def node(kind: str, name: str = "N", **parameters: Any) -> dict[str, Any]:
    return {"name": name, "type": f"n8n-nodes-base.{kind}", "parameters": parameters}


def mapped(*nodes: dict[str, Any]) -> dict[str, n8n_mapping.NodeMapping]:
    workflow = {"name": "W", "nodes": list(nodes), "connections": {}}
    return {one.name: one for one in n8n_mapping.mapped(workflow)}


@pytest.mark.parametrize(
    ("given", "becomes", "what"),
    [  # left and right as the table of the seed has them
        (node("manualTrigger"), "flow", "night-shift"),
        (node("httpRequest", url="=https://host/{{ $json.id }}"), "step", "fetch_media"),
        (node("if"), "rule", "rules.yaml"),
        (node("filter"), "rule", "rules.yaml"),
        (node("slack"), "notification", "apprise"),
        (node("postgres"), "database", "prefect-sqlalchemy"),
        (node("function"), "step", "a task of yours"),
    ],
)
def test_the_table_of_the_first_night_shift(given: Any, becomes: str, what: str) -> None:
    one = mapped(given)["N"]
    assert one.becomes == becomes
    assert what in one.what
    assert one.remedy


@pytest.mark.parametrize(
    ("method", "url", "what"),
    [
        ("POST", "https://generativelanguage.googleapis.com/v1/models/x:generateContent?key=SECRET",
         "analyze_content"),
        ("POST", "http://llm:11434/v1/chat/completions", "critique_content"),
        ("POST", "http://comfy:8188/prompt", "generate_visuals"),
        ("POST", "http://chroma:8000/api/v2/tenants/t/databases/d/collections/c/add",
         "generate_embeddings"),
        ("GET", "https://abc.supabase.co/rest/v1/songs", "prefect-sqlalchemy"),
        ("POST", "https://hooks.slack.com/services/T/B/SECRET", "apprise"),
        ("GET", "https://api.spotify.com/v1/me/player/recently-played", "spotify-ingestion"),
        ("POST", "https://www.googleapis.com/upload/youtube/v3/videos", "youtube"),
        ("POST", "https://example.org/published", "webhook"),
    ],
)  # fmt: skip
def test_a_request_is_what_its_service_is(method: str, url: str, what: str) -> None:
    one = mapped(node("httpRequest", method=method, url=url))["N"]
    assert what in one.what
    assert "SECRET" not in one.model_dump_json()


@pytest.mark.parametrize(
    ("command", "what"),
    [("yt-dlp -x https://x", "yt-dlp"), ("whisper a.mp3", "transcribe_audio"),
     ("ffmpeg -i a b.mp4", "compress_video"), ("aws s3 cp a s3://b", "folder")],
)  # fmt: skip
def test_a_command_is_what_its_tool_is(command: str, what: str) -> None:
    assert what in mapped(node("executeCommand", command=command))["N"].what


def test_what_has_no_place_says_what_to_do() -> None:
    found = mapped(node("googleDrive", "Drive"), node("somethingNew", "New"),
                   node("executeCommand", "Run", command="make coffee"))  # fmt: skip
    assert {one.becomes for one in found.values()} == {"not mapped"}
    assert "rclone" in found["Drive"].remedy
    assert all("CONTRIBUTING.md" in one.remedy for one in found.values())


def test_a_filter_says_what_it_compares() -> None:
    compared = {"conditions": [{"leftValue": "={{ $json.duration }}"}]}
    assert "$json.duration" in mapped(node("if", conditions=compared))["N"].remedy


def test_a_node_that_is_off_or_only_a_note_changes_nothing() -> None:
    off = node("rssFeedRead", "Off", url="https://x/f") | {"disabled": True}
    found = mapped(off, node("stickyNote", "Note"))
    assert found["Off"].becomes == "not needed"
    assert "Note" not in found


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", "7", '{"nodes": 7}', '{"nodes": [', "[" * 100_000, '{"connections": {}}'],
)
def test_what_is_no_workflow_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "w.json"
    path.write_text(text)
    with pytest.raises(PermanentError, match=r"w\.json"):
        reading.nodes(path)


@pytest.mark.parametrize(
    "nodes", [[None, 7, "x"], [{}], [{"type": 5, "parameters": 3, "credentials": 9}]]
)
def test_odd_nodes_are_told_of_and_break_nothing(nodes: Any) -> None:
    assert all(one.becomes == "not mapped" for one in n8n_mapping.mapped({"nodes": nodes}))


def test_a_dry_run_changes_nothing_and_the_import_adds_the_sources_once() -> None:
    def imported(*more: str) -> Any:
        done = CliRunner().invoke(app, ["import", "n8n", str(WORKFLOW), "--json", *more])
        assert done.exit_code == 0, done.output
        return {one["name"]: one for one in json.loads(done.stdout)["nodes"]}

    assert imported("--dry-run")["Songs"]["state"] == "would be added"
    with session() as s:
        assert not s.scalars(select(Source)).all()
    assert imported()["Songs"]["state"] == "added"
    assert imported()["Songs"]["state"] == "exists"
    with session() as s:
        assert {one.kind for one in s.scalars(select(Source))} == {"youtube", "feed", "bucket"}
