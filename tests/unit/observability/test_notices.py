"""Messages about runs: who is told what; services that misbehave; addresses that stay secret."""

import json
import logging
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from nightshift.cli import checks
from tests.conftest import Override
from tests.servers.loopback import Answer, Server, serving
from utils.config import Settings, load_settings
from utils.db import items
from utils.db.items import Seen
from utils.db.schema import Item, Run
from utils.db.session import session
from utils.errors import SettingsError
from utils.models.item import FileStat, MediaKind
from utils.models.notice import Event, Notice
from utils.models.shift import Counts, ItemOutcome, Outcome, RunStatus, ShiftReport
from utils.observability import notices
from utils.scheduling import run_session

SECRET = "tok3n-of-a-channel"
GREETING = Notice(title="a title", text="a text", bad=False)


def service(server: Server, path: str = SECRET) -> SecretStr:
    """The address of a loopback server, with secrets where people have them."""
    return SecretStr(server.url.replace("http://", "json://user:pa55word@") + f"/{path}?-key=qu3ry")


def failed(name: str, error: str = "ffprobe gave up") -> ItemOutcome:
    return ItemOutcome(
        item_id=None,
        path=f"/m/{name}",
        outcome=Outcome.FAILED,
        reason="PermanentError",
        error=error,
    )


def report(status: RunStatus = RunStatus.SUCCESS, **facts: Any) -> ShiftReport:
    given = {
        "run_id": "r1", "status": status, "counts": Counts(done=1), "duration_seconds": 61.2,
        "report": Path("data/reports/r1.html"), "items": (), "started_at": datetime.now(UTC),
    } | facts  # fmt: skip
    return ShiftReport(**given)


@pytest.mark.parametrize(
    ("facts", "quarantined", "expected"),
    [
        ({}, 0, {Event.FINISHED}),
        ({"status": RunStatus.NOTHING_TO_DO, "counts": Counts(skipped=9)}, 0, set()),
        ({"counts": Counts(done=1, failed=1)}, 0, {Event.FINISHED, Event.PARTIAL}),
        ({"counts": Counts(failed=1)}, 1, {Event.FINISHED, Event.PARTIAL, Event.QUARANTINED}),
        ({"counts": Counts(deferred=2)}, 0, {Event.FINISHED, Event.BUDGET_REACHED}),
        (
            {"status": RunStatus.NOTHING_TO_DO, "counts": Counts(), "left_over": 3},
            0,
            {Event.WINDOW_MISSED},
        ),
    ],
)
def test_a_run_gives_reason_to_tell(
    facts: dict[str, Any], quarantined: int, expected: set[Event]
) -> None:
    assert notices.events(report(**facts), quarantined) == expected


def test_a_message_says_counts_reasons_the_first_failures_and_where_the_report_lies() -> None:
    failures = (
        failed("0.mp4", "moov atom\nnot\x1b[31m found 0"),
        failed("1.mp4", "1.mp4: ffprobe gave up"),
        *(failed(f"{n}.mp4") for n in range(2, 7)),
    )
    told = notices.notice(
        report(
            RunStatus.PARTIAL,
            counts=Counts(done=3, deferred=2, skipped=1, failed=7),
            items=failures,
            left_over=14,
            reason="the window closed at 06:00",
        ),
        quarantined=1,
    )
    assert told.title == "Night Shift: partial, 3 done, 1 skipped, 7 failed"
    assert told.bad
    lines = told.text.splitlines()
    assert lines[0] == "3 done, 1 skipped, 7 failed in 1 minute and 1 second."
    assert "14 left over: the window closed at 06:00" in lines
    assert "- 0.mp4: moov atom␤not␛[31m found 0" in lines
    assert "- 1.mp4: ffprobe gave up" in lines
    assert sum(line.startswith("- ") for line in lines) == 6
    assert "- and 2 more" in lines
    assert lines[-1] == "Report: data/reports/r1.html"


def test_each_service_gets_the_message() -> None:
    with serving(lambda _: Answer()) as one, serving(lambda _: Answer()) as two:
        sent = notices.send(GREETING, [service(one), service(two)])
    assert [delivery.error for delivery in sent] == [None, None]
    for server in (one, two):
        (asked,) = server.asked
        told = json.loads(asked.body)
        assert (asked.path.partition("?")[0], told["title"]) == (f"/{SECRET}", "a title")
        assert told["message"] == "a text"


def test_a_service_that_refuses_is_told_by_its_status_and_never_by_its_address(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    with serving(lambda _: Answer(500, f"what of {SECRET}?".encode())) as server:
        sent = notices.send(
            GREETING,
            [service(server), SecretStr(f"nonsense://x/{SECRET}"), SecretStr(SECRET)],
        )
    assert sent == [
        ("notify_urls[0] (json://…)", "it answered 500"),
        ("notify_urls[1] (nonsense://…)", "apprise does not understand it"),
        ("notify_urls[2] (?://…)", "apprise does not understand it"),
    ]
    heard = "".join(capfd.readouterr()) + caplog.text + str(sent)
    for secret in (SECRET, "pa55word", "qu3ry"):
        assert secret not in heard


def test_a_service_that_is_silent_is_not_waited_for() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = SecretStr(f"json://127.0.0.1:{silent.getsockname()[1]}/{SECRET}?rto=300")
        began = time.monotonic()
        (sent,) = notices.send(GREETING, [url], seconds=0.5)
        assert time.monotonic() - began < 60
    assert sent.error == "no answer within 0.5 s"


def test_a_silent_service_does_not_hold_the_process_when_it_ends() -> None:
    """apprise's own threads would: Python waits for those of an executor."""
    code = (
        "import socket\nfrom pydantic import SecretStr\n"
        "from utils.observability import notices\n"
        "from utils.models.notice import Notice\n"
        "s = socket.create_server(('127.0.0.1', 0))\n"
        "url = SecretStr(f'json://127.0.0.1:{s.getsockname()[1]}/?rto=60')\n"
        "print(notices.send(Notice(title='t', text='t', bad=False), [url], 1)[0].error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout == "no answer within 1 s\n"


def quarantined_run() -> str:
    """A run in which one item was quarantined."""
    run_id, item_id = "r1", "a" * 64
    stat = FileStat(path=Path("/m/broken.mp4"), size_bytes=1, modified_ns=1, inode=1)
    with session() as s:
        items.register(s, Seen(stat, item_id, True), MediaKind.VIDEO)
        s.get_one(Item, item_id).status = "quarantined"
        s.add(Run(id=run_id, flow="night-shift", status="running", started_at=datetime.now(UTC)))
    outcome = failed("broken.mp4").model_copy(update={"item_id": item_id})
    run_session.note(run_id, [outcome])
    return run_id


def test_the_end_of_a_run_is_told_once_and_by_nobody_who_was_not_asked(override: Override) -> None:
    with serving(lambda _: Answer()) as server:
        override(notify_urls=(service(server),), notify_on=(Event.QUARANTINED,))
        run_session.close(quarantined_run(), load_settings())
        assert len(server.asked) == 1
        assert "1 in quarantine" in json.loads(server.asked[0].body)["message"]
        override(notify_on=(Event.WINDOW_MISSED,))
        run_session.close("r1", load_settings())
        assert len(server.asked) == 1


def test_a_dead_service_breaks_no_run_and_the_log_names_no_secret(
    override: Override, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(lambda _: Answer()) as server:
        gone = service(server)
    override(notify_urls=(gone,))
    told = run_session.close(quarantined_run(), load_settings())
    assert told.status is RunStatus.FAILED
    assert told.report.exists()
    (line,) = [r.getMessage() for r in caplog.records if r.name == "utils.observability.notices"]
    assert line == ("No notification by notify_urls[0] (json://…): it refused, or did not answer.")
    assert SECRET not in told.report.read_text()


def test_nothing_is_imported_for_nobody() -> None:
    code = (
        "import sys\nfrom utils.config import load_settings\n"
        "from utils.observability import notices\n"
        "from tests.unit.observability.test_notices import report\n"
        "notices.notify(report(), load_settings())\n"
        "print('apprise' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    "written",
    ["json://a/x json://b/y?a=1,2", ' ["json://a/x", "json://b/y?a=1,2"]', "json://a/x\n json://b/y?a=1,2"],
)  # fmt: skip
def test_addresses_are_written_with_blanks_between_or_as_json(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("NIGHTSHIFT_NOTIFY_URLS", written)
    monkeypatch.setenv("NIGHTSHIFT_NOTIFY_ON", "finished, window_missed")
    told = Settings()
    assert [url.get_secret_value() for url in told.notify_urls] == [
        "json://a/x",
        "json://b/y?a=1,2",
    ]
    assert told.notify_on == (Event.FINISHED, Event.WINDOW_MISSED)
    assert "//a/x" not in repr(told)


@pytest.mark.parametrize(
    ("name", "value"),
    [("NOTIFY_URLS", f'["json://{SECRET}'), ("NOTIFY_ON", "finished weekly")],
)
def test_a_wrong_list_is_named_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"NIGHTSHIFT_{name}", value)
    load_settings.cache_clear()
    with pytest.raises(SettingsError, match=f"NIGHTSHIFT_{name}") as refused:
        load_settings()
    assert SECRET not in str(refused.value)


def test_the_doctor_says_whom_a_run_is_told_to(override: Override, settings: Settings) -> None:
    def found() -> list[tuple[str, str]]:
        return [(c.state, c.found) for c in checks._notices(load_settings())]

    assert found() == [("ok", "nobody is told what a run came to")]
    override(notify_urls=(SecretStr(f"json://x/{SECRET}"),), notify_on=(Event.PARTIAL,))
    assert found() == [("ok", "1 are told of partial")]
    override(notify_urls=(SecretStr(f"jsn://x/{SECRET}"),))
    assert found() == [
        ("problem", "apprise does not understand notify_urls[0] (jsn://…)"),
    ]
