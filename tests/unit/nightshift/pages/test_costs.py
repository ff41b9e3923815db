"""What was spent: by whom, when and for what; near which ceiling; and as CSV."""

import csv
import io
from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from tests.pages import client
from utils import clock
from utils.config import Settings
from utils.db.schema import Execution, Item, Run, Spending
from utils.db.session import session
from utils.models.page_settings import Role


def paid(settings: Settings) -> None:
    moment = clock.now()
    runs = [
        {"id": f"run{day}", "flow": "night-shift", "status": "success", "left_over": 0,
         "started_at": moment - timedelta(days=day), "ended_at": moment, "left_out": {}}
        for day in (0, 40)
    ]  # fmt: skip
    common = {"item_id": "a" * 64, "reserved_tokens": 100, "reserved_microusd": 900_000}
    calls: list[dict[str, Any]] = [
        {"run_id": "run0", "step": "analyze_content", "engine": "gemini gemini-2.5-flash",
         "status": "settled", "actual_tokens": 90, "actual_microusd": 500_000},
        {"run_id": "run0", "step": "ai_video_analysis", "engine": "=cmd|'<b>'!A0",
         "status": "reserved", "actual_tokens": None, "actual_microusd": None},
        {"run_id": "run0", "step": "analyze_content", "engine": "gemini gemini-2.5-flash",
         "status": "released", "actual_tokens": None, "actual_microusd": None},
        {"run_id": "run40", "step": "analyze_content", "engine": "gemini gemini-2.5-flash",
         "status": "settled", "actual_tokens": 90, "actual_microusd": 2_000_000},
    ]  # fmt: skip
    with session() as s:
        s.execute(insert(Run), runs)
        for name, size, status in (("a", 10_000_000, "done"), ("b", 1, "pending")):
            s.add(Item(id=name * 64, kind="video", title=name, size_bytes=size, status=status))
        s.execute(insert(Spending), [
            common | call | {"created_at": moment - timedelta(days=int(call["run_id"][3:]))}
            for call in calls
        ])  # fmt: skip
        work = {"item_id": "a" * 64, "version": 1, "key": "k", "run_id": "run0", "status": "done",
                "started_at": moment, "ended_at": moment}  # fmt: skip
        s.execute(insert(Execution), [
            work | {"step": "compress_video", "duration_seconds": 60.0, "bytes_written": 4_000_000},
            work | {"step": "transcribe_audio", "duration_seconds": 180.0, "bytes_written": 0},
        ])  # fmt: skip


def test_costs_are_told_by_period_service_step_run_ceiling_and_lane_and_as_csv(
    settings: Settings,
) -> None:
    paid(settings)
    asking = client(settings, Role.VIEWER)
    month = asking.get("/costs").text
    assert "$1.40" in month and "$0.90 of it is estimated" in month
    assert "gemini gemini-2.5-flash" in month and "ai_video_analysis" in month
    assert "=cmd|&#39;&lt;b&gt;&#39;!A0" in month and "<b>'" not in month
    assert "14%" in month  # of the ceiling of a run, which is 10 USD
    assert "1 item waits" in month and "$2.50" in month  # an item cost 2.50 so far; one waits
    assert "$3.40" in asking.get("/costs?period=all").text
    assert asking.get("/costs?period=never").status_code == 422
    part = asking.get("/costs/time", headers={"hx-request": "true"}).text
    assert "<html" not in part and "75%" in part and "listening" in part
    assert "6 MB" in part and "60% of 10 MB" in part
    assert "<html" in asking.get("/costs/time").text
    answer = asking.get("/costs.csv")
    assert answer.headers["content-disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["usd"] for row in rows] == ["2.000000", "0.900000", "0.500000"]
    assert rows[1]["service"].startswith("'=cmd") and rows[1]["estimated_usd"] == "0.900000"


def test_an_empty_home_says_where_money_would_be_spent(settings: Settings) -> None:
    asking = client(settings, Role.VIEWER)
    assert "Nothing was paid in this period" in asking.get("/costs").text
    assert "Nothing ran" in asking.get("/costs/time").text
