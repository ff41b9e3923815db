"""The doctor as a page: what the command found, one at a time, repairs for admins alone."""

import json
from html import unescape

from filelock import FileLock

from nightshift.pages import commands
from nightshift.pages.commands import Command
from tests.pages import client, post
from tests.waiting import until
from utils.clock import now
from utils.config import Settings
from utils.models.page_settings import Role


def found(settings: Settings, *checks: tuple[str, str, str, str], name: str = "check") -> None:
    """What the last check came to, as a command leaves it."""
    folder = settings.home / "cache" / "commands"
    folder.mkdir(parents=True, exist_ok=True)
    rows = [dict(zip(("state", "name", "found", "remedy"), one, strict=True)) for one in checks]
    told = {"ended_at": now().isoformat(), "code": 1, "found": rows, "said": ""}
    (folder / f"{name}.json").write_text(json.dumps(told))


def test_a_check_runs_beside_the_server_and_is_shown_when_it_is_ready(settings: Settings) -> None:
    asking = client(settings, Role.EDITOR)
    assert 'hx-trigger="load"' in asking.get("/doctor").text  # nothing is known yet: it begins
    answer = post(asking, "/doctor/check")
    assert (answer.status_code, answer.headers["location"]) == (303, "/doctor")
    text = asking.get("/doctor/state").text
    assert "The check runs" in text and 'hx-trigger="every 1s"' in text
    assert not commands.start(commands.COMMANDS["repair"], settings)  # one at a time
    until(lambda: commands.running(settings) is None, "the end of the command")
    text = unescape(asking.get("/doctor").text)
    assert f"{settings.home}" in text and "ffmpeg" in text and "in order" in text
    assert "hx-trigger" not in text
    assert "ffprobe" in asking.get("/settings").text  # the versions of tools come from there


def test_what_is_wrong_comes_first_with_the_repair_that_mends_it(settings: Settings) -> None:
    found(
        settings,
        ("ok", "home", "<script>alert(1)</script>", ""),
        ("warning", "leftovers", "2 files of killed processes", "nightshift doctor --fix (each)"),
        ("warning", "pause", "no shift begins", "nightshift resume"),
        ("problem", "index", "0 passages", "nightshift reindex"),
        ("ok", "weights", "x", "nightshift setup"),
    )  # fmt: skip
    text = unescape(client(settings, Role.ADMIN).get("/doctor").text)
    assert text.index("0 passages") < text.index("killed processes") < text.index("alert(1)")
    assert "<script>alert" not in client(settings, Role.ADMIN).get("/doctor").text
    assert 'action="/doctor/repairs/reindex"' in text and 'href="/shift"' in text
    assert 'action="/doctor/repairs/setup"' not in text  # what is in order is not mended
    for role in (Role.EDITOR, Role.VIEWER):
        seen = client(settings, role).get("/doctor").text
        assert "/doctor/repairs/" not in seen and "killed processes" in seen
        assert post(client(settings, role), "/doctor/repairs/repair").status_code == 403
    assert post(client(settings, Role.VIEWER), "/doctor/check").status_code == 403
    assert post(client(settings), "/doctor/repairs/check").status_code == 404
    assert commands.running(settings) is None


def test_who_only_looks_is_told_no_path_and_no_address(settings: Settings) -> None:
    found(
        settings,
        ("ok", "ffmpeg", "8.1 at /usr/bin/ffmpeg, needs 7", ""),
        ("problem", "database", "postgresql://db.internal:5432/x: refused", "see docs/x.md, ~/y"),
    )
    seen = unescape(client(settings, Role.VIEWER).get("/doctor").text)
    assert "8.1 at …, needs 7" in seen and "see docs/x.md, …" in seen and "refused" in seen
    for place in ("/usr/bin", "db.internal", "~/y"):
        assert place not in seen
        assert place in client(settings, Role.EDITOR).get("/doctor").text


def test_what_takes_too_long_is_ended_and_told(settings: Settings) -> None:
    slow = Command("check", ("doctor", "--json"), 0)
    assert commands.start(slow, settings)
    until(lambda: commands.running(settings) is None, "the end of the command")
    told = commands.last("check", settings)
    assert told is not None and (told["code"], told["found"]) == (None, None)
    assert "took too long" in client(settings).get("/doctor").text


def test_what_could_not_begin_is_told_and_keeps_nothing_else_from_running(
    settings: Settings,
) -> None:
    (settings.home / "cache" / "commands" / "running.json").mkdir(parents=True)
    assert post(client(settings), "/doctor/check").status_code == 503
    assert commands.running(settings) is None


def test_another_process_of_the_server_sees_what_runs(settings: Settings) -> None:
    folder = settings.home / "cache" / "commands"
    folder.mkdir(parents=True)
    (folder / "running.json").write_text('{"name": "reindex", "started_at": null}')
    with FileLock(folder / "lock"):
        text = client(settings).get("/doctor").text
        assert "Making the search index anew runs" in text
        post(client(settings), "/doctor/repairs/repair")
    assert commands.last("repair", settings) is None
