"""The dashboard and the alert rules name only what is exported, and hang together."""

import json
import re
import shutil
import subprocess
from itertools import combinations
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.presence import Presence
from nightshift.cli.checks import LOW_DISK_BYTES
from tests.paths import PROJECT
from utils.config import METRICS_PORT, PREFECT_PORT, Settings, load_settings
from utils.observability.metrics import Exporter, registry
from utils.processes.prefect_environment import PrefectApi
from utils.storage import private

RULES = PROJECT / "deployments/prometheus/alerts.yml"
DASHBOARD = json.loads((PROJECT / "deployments/grafana/night-shift.json").read_text())
PROMETHEUS = yaml.safe_load((PROJECT / "deployments/prometheus/prometheus.yml").read_text())
ALERTS = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
VARIABLES = DASHBOARD["templating"]["list"]
EXPRESSIONS = [
    *(target["expr"] for panel in PANELS for target in panel["targets"]),
    *(variable["query"]["query"] for variable in VARIABLES if variable["type"] == "query"),
    *(rule["expr"] for rule in ALERTS),
]


def exported() -> dict[str, set[str]]:
    """Every metric with its labels, as the exporter of an empty library has it."""
    found = registry(
        Exporter(load_settings()), Presence(PrefectApi("http://127.0.0.1:9", None), "nightshift")
    )
    labels = attrgetter("_labelnames")  # the metrics that are made for one scrape have them
    return {
        metric.name + ("_total" if metric.type == "counter" else ""): set(labels(metric))
        for metric in found.collect()
    }


def test_every_metric_that_is_named_is_exported_with_these_labels(settings: Settings) -> None:
    known = exported()
    named = set()
    for expression in EXPRESSIONS:
        for name, labels in re.findall(r"\b(nightshift_\w+)(?:\{([^}]*)\})?", expression):
            assert name in known, expression
            used = set(re.findall(r"(\w+)\s*[=!]~?", labels))
            assert used <= known[name], expression
            named.add(name)
        for labels in re.findall(r"\bby \(([^)]*)\)", expression):
            wanted = set(re.split(r",\s*", labels))
            names = re.findall(r"\bnightshift_\w+", expression)
            assert all(wanted <= known[name] for name in names), expression
    unseen = {"nightshift_runs", "nightshift_last_run_start_timestamp_seconds"}
    unseen |= {
        f"nightshift_music_{name}"
        for name in (
            "plays",
            "requests_total",
            "cache_hits_total",
            "new_rows_total",
            "errors_total",
            "last_run_seconds",
        )
    }  # fmt: skip  (what was heard is no matter of operation: no panel)
    assert set(known) - named <= unseen, "exported, and nobody sees it"


def test_legends_and_annotations_name_labels_of_their_metrics(settings: Settings) -> None:
    known = exported()
    for panel in PANELS:
        for target in panel["targets"]:
            names = re.findall(r"\bnightshift_\w+", target["expr"])
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert all(label in known[name] for name in names), panel["title"]
    for rule in ALERTS:
        for label in re.findall(r"\$labels\.(\w+)", str(rule["annotations"])):
            assert any(label in known[n] for n in re.findall(r"nightshift_\w+", rule["expr"]))


def test_the_dashboard_imports_into_any_grafana() -> None:
    assert DASHBOARD["id"] is None
    assert [variable["type"] for variable in VARIABLES] == ["datasource", "query"]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    for panel in PANELS:
        assert panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}"


def test_no_panel_lies_on_another() -> None:
    def fields(panel: dict[str, Any]) -> set[tuple[int, int]]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        return {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }

    for one, other in combinations(DASHBOARD["panels"], 2):
        assert not fields(one) & fields(other), (one["title"], other["title"])


def test_each_alert_says_how_bad_it_is_and_what_is_wrong() -> None:
    names = [rule["alert"] for rule in ALERTS]
    assert len(names) == len(set(names))
    for rule in ALERTS:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"]


def test_a_low_disk_is_the_same_to_the_alert_and_to_the_doctor() -> None:
    (rule,) = (rule for rule in ALERTS if rule["alert"] == "NightShiftDiskLow")
    assert rule["expr"].endswith("< 5 * 1024 ^ 3")
    assert LOW_DISK_BYTES == 5 * 1024**3


def test_prometheus_looks_where_the_servers_are() -> None:
    jobs = {job["job_name"]: job for job in PROMETHEUS["scrape_configs"]}
    targets = {name: job["static_configs"][0]["targets"] for name, job in jobs.items()}
    assert targets == {
        "nightshift": [f"127.0.0.1:{METRICS_PORT}"], "prefect": [f"127.0.0.1:{PREFECT_PORT}"],
    }  # fmt: skip
    assert jobs["prefect"]["basic_auth"]["username"] == private.USER
    assert PROMETHEUS["rule_files"] == [RULES.name]
    assert {job for e in EXPRESSIONS for job in re.findall(r'job="(\w+)"', e)} <= set(jobs)


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_the_alerts_come_and_go_as_promtool_is_told(tmp_path: Path) -> None:
    shutil.copy(RULES, tmp_path / "rules.yml")
    shutil.copy(PROJECT / "tests/fixtures/alerts.yml", tmp_path)
    subprocess.run(["promtool", "check", "rules", "rules.yml"], cwd=tmp_path, check=True)
    subprocess.run(["promtool", "test", "rules", "alerts.yml"], cwd=tmp_path, check=True)


def test_every_metric_is_in_the_documents(settings: Settings) -> None:
    text = (PROJECT / "docs/operating.md").read_text()
    for name in exported():
        group = re.sub(r"(nightshift_last_run_).*", r"\1…", name)
        assert group in text, name
