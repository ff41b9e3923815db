"""`nightshift up`: a real server on Postgres, a worker, a deployment run, a schedule, the end.

And who can't give it orders: another user, a page of another origin, a foreign name.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil
import pytest

from tests import browser, media, ports
from tests.e2e import typescript
from tests.e2e.up import BIN, Up, started
from tests.paths import PROJECT, SAMPLES
from tests.servers.loopback import Answer, serving
from tests.waiting import until


@pytest.fixture(scope="module")
def metrics_port() -> Iterator[int]:
    with ports.held() as port:
        yield port


@pytest.fixture(scope="module")
def up(metrics_port: int) -> Iterator[Up]:
    """Outside of pytest's folders, which each session closes: Postgres may be another user."""
    with TemporaryDirectory("", "nightshift-", ignore_cleanup_errors=True) as folder:
        with started(Path(folder, "home"), metrics_port=metrics_port) as running:
            yield running


def test_pool_limits_automation_and_deployments_are_registered(up: Up) -> None:
    from deployments import register
    from tasks.tags import lane_tag
    from utils.models.lanes import Lanes

    limits = {row["tag"]: row["concurrency_limit"]
              for row in up.post("/concurrency_limits/filter", limit=100)}  # fmt: skip
    assert limits == {lane_tag(lane): limit for lane, limit in Lanes().model_dump().items()}
    deployments = {row["name"]: row for row in up.post("/deployments/filter")}
    flows = {row["id"]: row["name"] for row in up.post("/flows/filter")}
    names = {f"{flows[row['flow_id']]}/{row['name']}" for row in up.post("/deployments/filter")}
    assert names == {
        "night-shift/nightly",
        "shift/default",
        "shift/high-memory",
        "content-ingestion/on-demand",
        "run-ingestion/on-demand",
        "process-item/on-demand",
        "quality-gate/on-demand",
        "review-item/on-demand",
        "visual-generation/on-demand",
        "distribution/on-demand",
        "full-frames/full-frames",
        "crop-frames/crop-frames",
        "spotify-ingestion/spotify-ingestion",
        "daily-etl/daily-etl",
    }
    (schedule,) = deployments["nightly"]["schedules"]
    assert schedule["schedule"]["cron"] == "0 2 * * *"
    assert schedule["schedule"]["timezone"] == "UTC"
    listens, nightly = (deployments[n]["schedules"][0] for n in ("spotify-ingestion", "daily-etl"))
    assert (listens["schedule"]["cron"], listens["active"]) == ("*/30 * * * *", False)  # no login
    assert (nightly["schedule"]["cron"], nightly["active"]) == ("0 2 * * *", True)
    automations = up.post("/automations/filter")
    named = {row["name"]: row for row in automations}
    assert set(named) == {register.ZOMBIES, register.AGAIN, register.JOBS_AGAIN}
    assert {"prefect.flow-run.Partial", "prefect.flow-run.NothingToDo"} <= set(
        named[register.ZOMBIES]["trigger"]["expect"]
    )
    assert named[register.AGAIN]["actions"][0]["deployment_id"] == deployments["nightly"]["id"]


def test_one_queue_takes_large_items_one_at_a_time(up: Up) -> None:
    queues = {row["name"]: row for row in up.post("/work_queues/filter")}
    assert queues["high-memory"]["concurrency_limit"] == 1
    assert queues["default"]["concurrency_limit"] is None


def test_the_doctor_finds_the_server_its_limits_and_its_leases_in_order(up: Up) -> None:
    checks = json.loads(up.run("nightshift", "doctor", "--json"))
    states = {check["name"]: check["state"] for check in checks}
    assert states["Prefect server"] == states["tag limits"] == "ok"
    assert "leases" not in states


STRANGER = 65534  # nobody, on every Linux
GUARDED = ("flows/filter", "deployments/filter", "block_documents/filter", "block_types/filter",
           "flow_runs/filter")  # fmt: skip


@pytest.mark.parametrize("foreign", [{"Origin": "http://evil.example"}, {"Origin": "null"},
                                     {"Host": "evil.example"}])  # fmt: skip
def test_a_foreign_origin_or_host_is_refused_even_with_the_login(
    up: Up, foreign: dict[str, str]
) -> None:
    with httpx.Client(auth=up.auth, headers=foreign) as client:
        for path in GUARDED:
            assert client.post(f"{up.url}/{path}", json={}).status_code == 403, path
        assert client.get(f"{up.url}/csrf-token?client=stranger").status_code == 403
        assert client.get(up.url.removesuffix("/api")).status_code == 403


def test_nothing_is_read_or_made_without_the_login_or_without_the_csrf_token(up: Up) -> None:
    for path in GUARDED:
        assert httpx.post(f"{up.url}/{path}", json={}).status_code in {401, 403}, path
        assert httpx.post(f"{up.url}/{path}", json={}, auth=up.auth).status_code == 403, path
    for path in ("flows/", "admin/settings", "csrf-token?client=stranger", "metrics"):
        assert httpx.get(f"{up.url}/{path}").status_code == 401, path


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, which root alone can")
def test_another_user_of_the_machine_gets_nothing(up: Up) -> None:
    """Neither by the API, nor by a file, nor by what he sees of other people's processes."""
    program = """
import encodings.idna, glob, json, os, sys, urllib.error, urllib.request
user, home, url, *paths = sys.argv[1:]
os.setgroups([]), os.setgid(int(user)), os.setuid(int(user))
found = {}
for path in paths:
    asked = urllib.request.Request(f"{url}/{path}", b"{}", {"Content-Type": "application/json"})
    try:
        found[path] = urllib.request.urlopen(asked).status
    except urllib.error.HTTPError as error:
        found[path] = error.code
for name in ("prefect-login", "services.json", "nightshift.db", "logs/worker.log"):
    try:
        found[name] = open(os.path.join(home, name)).read()
    except PermissionError:
        found[name] = "denied"
seen = b""
for path in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ"):
    try:
        seen += open(path, "rb").read()
    except OSError:
        pass
print(json.dumps([found, seen.decode(errors="replace")]))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(STRANGER), up.home, up.url, *GUARDED],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found, seen = json.loads(done.stdout)
    assert set(found.values()) <= {401, 403, "denied"}
    assert "deployments.prefect_server" in seen
    assert up.auth[1] not in seen


def test_the_home_is_its_owners_alone(up: Up) -> None:
    assert up.home.stat().st_mode & 0o067 == 0
    for name in ("prefect-login", "services.json", "nightshift.db", "logs/worker.log",
                 "logs/prefect-server.log"):  # fmt: skip
        assert up.home.joinpath(name).stat().st_mode & 0o077 == 0, name
    checks = json.loads(up.run("nightshift", "doctor", "--json"))
    assert {check["state"] for check in checks if check["name"] == "access"} == {"ok"}


def test_chroma_and_postgres_listen_to_nobody(up: Up) -> None:
    """Chroma has no password: the index is embedded. Postgres has a socket in a closed folder."""
    pid = json.loads((up.home / "services.json").read_text())["pid"]

    def addresses() -> set[tuple[str, int]]:
        """Of all that `up` started: the server, a worker's health and its line to its runs."""
        found = {
            tuple(at.laddr)
            for one in psutil.Process(pid).children(recursive=True)
            for at in one.net_connections("inet") if at.status in {"LISTEN", "NONE"}
        }  # fmt: skip
        return found if len(found) > 2 else set()

    listening = until(addresses, "a worker that listens")
    assert {ip for ip, _ in listening} == {"127.0.0.1"}
    for _, port in listening:
        try:
            asked = httpx.get(f"http://127.0.0.1:{port}/api/v2/heartbeat", timeout=5)
        except httpx.HTTPError:
            continue  # the worker's line to its runs speaks no HTTP, and wants a token
        assert "nanosecond heartbeat" not in asked.text  # as Chroma answers it


def test_the_login_is_shown_to_its_owner_and_not_in_what_up_says_to_a_log(up: Up) -> None:
    assert up.run("nightshift", "up", "--show-login").strip() == ":".join(up.auth)
    assert up.auth[1] not in up.said
    assert "nightshift up --show-login" in up.said
    logs = "".join(path.read_text() for path in (up.home / "logs").iterdir())
    assert up.auth[1] not in logs


@pytest.mark.skipif(not browser.PROGRAM, reason="there is no Chromium")
def test_a_page_of_another_origin_cannot_make_a_run(up: Up, tmp_path: Path) -> None:
    (nightly,) = (row for row in up.post("/deployments/filter") if row["name"] == "nightly")
    script = """
const api = API, run = `${api}/deployments/ID/create_flow_run`, said = {};
const body = '{"parameters": {"limit": 1}}';
const tried = async (name, url, options) => {
  try { const answer = await fetch(url, options); said[name] = answer.type + answer.status; }
  catch (error) { said[name] = "refused"; }
};
(async () => {
  await tried("own", "/own", {});
  await tried("json", run, {method: "POST", headers: {"Content-Type": "application/json"}, body});
  await tried("simple", run, {method: "POST", mode: "no-cors", credentials: "include", body});
  await tried("read", `${api}/csrf-token?client=page`, {credentials: "include"});
  document.forms[0].submit();
  await new Promise(done => setTimeout(done, 2000));
  document.getElementById("said").textContent = JSON.stringify(said);
})();
""".replace("API", json.dumps(up.url)).replace("ID", nightly["id"])
    form = f'<form method="post" target="frame" enctype="text/plain" action="{up.url}/flows/">'
    page = (f'<p id="said"></p>{form}<input name=\'{{"name": "x", "a": "\' value=\'"}}\'></form>'
            f'<iframe name="frame"></iframe><script>{script}</script>')  # fmt: skip
    with serving(lambda asked: Answer(200, page.encode(), {"Content-Type": "text/html"})) as site:
        dom = browser.shown(site.url, tmp_path / "profile")
        assert site.count("/own") == 1  # its script ran
    (said,) = re.findall(r'<p id="said">(.*?)</p>', dom)
    assert json.loads(said) == {
        "own": "basic200", "json": "refused", "simple": "opaque0", "read": "refused",
    }  # fmt: skip
    runs = up.post("/flow_runs/filter")
    assert [row["name"] for row in runs if not row["auto_scheduled"]] == []
    assert "x" not in {row["name"] for row in up.post("/flows/filter")}


@pytest.mark.skipif(not browser.PROGRAM, reason="there is no Chromium")
def test_its_own_page_is_shown_by_its_own_name_alone(up: Up, tmp_path: Path) -> None:
    """A stranger's name that leads here would make his page one of our origin (DNS rebinding)."""
    address = up.url.removesuffix("/api")
    assert "<title>Prefect Server</title>" in browser.shown(f"{address}/", tmp_path / "profile")
    rule = "--host-resolver-rules=MAP evil.example 127.0.0.1"
    foreign = address.replace("127.0.0.1", "evil.example")
    assert "does not go by this name" in browser.shown(f"{foreign}/", tmp_path / "profile", rule)


def test_registering_again_changes_nothing(up: Up) -> None:
    def registered() -> set[str]:
        return {row["id"] for kind in ("automations", "deployments")
                for row in up.post(f"/{kind}/filter")}  # fmt: skip

    before = registered()
    up.run("nightshift", "deploy")
    assert registered() == before


def test_a_deployment_run_works_on_the_worker(up: Up) -> None:
    shutil.copy(SAMPLES / "lighthouse.mp3", up.home / "inbox")
    shutil.copy(SAMPLES / "broken camera file.mp4", up.home / "inbox")
    watched = subprocess.run(
        [BIN / "prefect", "deployment", "run", "night-shift/nightly", "-p", "limit=10", "--watch"],
        capture_output=True, text=True, env=up.environment,
    )  # fmt: skip
    assert watched.returncode == 1  # one of the two is broken
    assert up.items() == {"lighthouse": "done", "broken camera file": "quarantined"}
    states = {(row["state_name"], row["state_type"]) for row in up.post("/flow_runs/filter")}
    assert ("Partial", "FAILED") in states
    (artifact, *_) = up.post("/artifacts/filter", sort="CREATED_DESC")
    assert "moov atom not found" in artifact["data"]
    hits = json.loads(up.run("nightshift", "search", "lamp", "--json"))
    assert hits[0]["path"].endswith("lighthouse.mp3")


def test_the_server_knows_what_was_made_of_what_and_its_graph_shows_it(up: Up) -> None:
    wanted = {"event": {"name": ["prefect.asset.materialization.succeeded"]}}
    events = up.post("/events/filter", filter=wanted, limit=50)["events"]
    made_of = {
        event["resource"]["prefect.resource.id"]: {
            one["prefect.resource.id"] for one in event["related"]
            if one["prefect.resource.role"] == "asset"
        }
        for event in events
    }  # fmt: skip
    (item_id,) = (one["item_id"] for one in json.loads(up.run("nightshift", "items", "--json"))
                  if one["title"] == "lighthouse")  # fmt: skip
    item = f"nightshift://item/{item_id}"
    assert made_of[item] == {f"file://{up.home}/inbox/lighthouse.mp3"}
    assert made_of[f"{item}/transcript"] == {item}
    assert f"{item}/transcript" in made_of[f"{item}/record"]
    told = json.loads(up.run("nightshift", "lineage", item_id, "--json"))["way"]
    assert {one["key"] for one in told if one["step"]} <= made_of.keys()
    (shown,) = (one for one in up.post("/artifacts/filter")
                if one["key"] == f"lineage-{item_id[:12]}")  # fmt: skip
    graph = up.get(f"/flow_runs/{shown['flow_run_id']}/graph-v2")
    assert [one["key"] for one in graph["artifacts"]] == [shown["key"]]


def test_a_web_app_uploads_queues_follows_and_reads(
    up: Up, typescript_client: Path, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    media.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25", "-t", "4", film)
    folder = up.home.parent / "videos"
    folder.mkdir()
    with typescript.api(up, folder) as environment:
        told = typescript.example(typescript_client, film, folder, environment)
    assert told["videoPath"].startswith(str(up.home / "inbox"))
    assert [told[kind]["job"]["status"] for kind in ("full", "cropped")] == ["completed"] * 2
    indexes = {kind: [one["frameIndex"] for one in told[kind]["frames"]]
               for kind in ("full", "cropped")}  # fmt: skip
    assert indexes == {"full": [0, 10, 20, 30], "cropped": [0, 5, 10, 15, 20, 25, 30, 35]}
    assert (folder / "captions.db").exists()


def test_prometheus_is_told_of_the_run_and_of_the_worker(up: Up, metrics_port: int) -> None:
    def with_workers() -> str:
        text = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics", timeout=30).text
        return text if "nightshift_workers_online" in text else ""

    text = until(with_workers, "a scrape that tells of the workers", every=0.5)
    assert 'nightshift_workers_online{pool="nightshift"} 1.0' in text
    assert 'nightshift_last_run_status{flow="night-shift",status="partial"} 1.0' in text
    assert 'status="done",step="transcribe_audio"} 1.0' in text


def test_prefects_own_metrics_that_the_dashboard_shows_are_there(up: Up) -> None:
    told = httpx.get(f"{up.url}/metrics", timeout=30, auth=up.auth).text
    dashboard = (PROJECT / "deployments/grafana/night-shift.json").read_text()
    named = set(re.findall(r"\b((?:prefect|process)_\w+)(?=[\[{])", dashboard))
    assert named
    for name in named:
        assert f"# TYPE {name} " in told, name


def test_a_wrong_parameter_is_refused_before_the_run_begins(up: Up) -> None:
    refused = subprocess.run(
        [BIN / "prefect", "deployment", "run", "night-shift/nightly", "-p", "limit=many"],
        capture_output=True, text=True, env=up.environment,
    )  # fmt: skip
    assert refused.returncode != 0


def test_a_schedule_runs_items_without_anybody(up: Up) -> None:
    shutil.copy(SAMPLES / "coast.jpg", up.home / "inbox")
    up.run("prefect", "--no-prompt", "deployment", "schedule", "clear", "-y", "night-shift/nightly")
    up.run("prefect", "deployment", "schedule", "create", "night-shift/nightly",
           "--cron", "* * * * *", "--timezone", "Europe/Berlin")  # fmt: skip

    def a_scheduled_run_completed() -> bool:
        runs = up.post("/flow_runs/filter")
        return any(row["auto_scheduled"] and row["state_type"] == "COMPLETED" for row in runs)

    until(a_scheduled_run_completed, "a scheduled run that completed", 300, every=1)
    assert up.items()["coast"] == "done"
