"""The compose file and the Kubernetes manifests, by their own tools and against the services."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.services import CHROMA, DEPLOY, PREFECT, WORKER, Service, filled
from tests.paths import PROJECT
from utils.config import Settings

MANIFESTS = sorted(
    set((PROJECT / "kubernetes").glob("*.yaml")) - {PROJECT / "kubernetes/kustomization.yaml"}
)
DOCUMENTS = [doc for path in MANIFESTS for doc in yaml.safe_load_all(path.read_text())]
IN_KUBERNETES = {
    "bind": "0.0.0.0", "home": "/data", "pool": "nightshift",
    "prefect_host": "prefect-server", "chroma_host": "chroma", "prefect_database": "",
}  # fmt: skip


def tool(name: str, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [Path(sys.executable).with_name(name), *arguments], capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def of_kind(*kinds: str) -> dict[str, Any]:
    return {doc["metadata"]["name"]: doc for doc in DOCUMENTS if doc["kind"] in kinds}


WORKLOADS = of_kind("Deployment", "StatefulSet", "Job")


def pod(name: str) -> dict[str, Any]:
    return WORKLOADS[name]["spec"]["template"]["spec"]


def environment(
    container: dict[str, Any],
) -> dict[str, str | None]:
    given = {row["name"]: row.get("value") for row in container.get("env", [])}
    for source in container.get("envFrom", []):
        given |= of_kind("ConfigMap")[source["configMapRef"]["name"]]["data"]
    return given


def test_compose_is_valid_by_its_own_schema() -> None:
    code, said = tool(
        "check-jsonschema", "--builtin-schema", "vendor.compose-spec",
        str(PROJECT / "docker-compose.yml"),
    )  # fmt: skip
    assert code == 0, said


def test_the_manifests_are_valid_kubernetes_and_hold_no_unknown_field() -> None:
    code, said = tool("kubernetes-validate", "--strict", "--quiet", *map(str, MANIFESTS))
    assert code == 0, said


def test_the_kustomization_names_every_manifest() -> None:
    listed = yaml.safe_load((PROJECT / "kubernetes/kustomization.yaml").read_text())["resources"]
    assert sorted(listed) == [path.name for path in MANIFESTS]


@pytest.mark.parametrize(
    ("name", "service"),
    [("prefect-server", PREFECT), ("chroma", CHROMA), ("deploy", DEPLOY), ("worker", WORKER)],
)
def test_the_manifests_and_up_run_the_same(name: str, service: Service) -> None:
    wanted = filled(service, IN_KUBERNETES)
    (container,) = pod(name)["containers"]
    command = tuple(container["command"])
    assert command[: len(wanted.command)] == wanted.command
    given = environment(container)
    for variable, value in wanted.environment.items():
        assert variable in given
        assert given[variable] in (value, None), variable


def test_each_queue_has_its_worker() -> None:
    for name, queue, limit in (
        ("worker", "default", "2"),
        ("worker-high-memory", "high-memory", "1"),
    ):
        command = pod(name)["containers"][0]["command"]
        assert command[-2:] == ["--work-queue", queue]
        assert command[command.index("--limit") + 1] == limit


def test_no_container_is_root_or_without_probe_and_limits() -> None:
    for name in WORKLOADS:
        spec = pod(name)
        assert spec["securityContext"]["runAsNonRoot"] is True
        # Else the service "prefect-server" would set PREFECT_SERVER_… variables in every pod.
        assert spec["enableServiceLinks"] is False
        for container in spec["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["resources"]["limits"]["memory"]
            assert name == "deploy" or "livenessProbe" in container
            assert ":" in container["image"]
            assert not container["image"].endswith("latest")


def test_secrets_are_named_and_not_contained() -> None:
    assert "Secret" not in {doc["kind"] for doc in DOCUMENTS}
    text = json.dumps(DOCUMENTS).lower()
    assert "password" not in text.replace("postgres_password", "").replace("postgres-password", "")
    referenced = {
        row["valueFrom"]["secretKeyRef"]["key"]
        for name in WORKLOADS
        for container in pod(name)["containers"]
        for row in container.get("env", [])
        if "valueFrom" in row
    }
    operating = (PROJECT / "docs/operating.md").read_text()
    for key in referenced:
        assert key in operating, key


def test_every_setting_in_the_manifests_exists() -> None:
    known = {f"NIGHTSHIFT_{name.upper()}" for name in Settings.model_fields}
    for name in WORKLOADS:
        for container in pod(name)["containers"]:
            ours = {one for one in environment(container) if one.startswith("NIGHTSHIFT_")}
            assert ours <= known


def test_compose_runs_a_worker_for_large_items() -> None:
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["services"]
    command = shlex.split(compose["worker-high-memory"]["command"])
    assert command[-2:] == ["--work-queue", "high-memory"]
    assert compose["worker-high-memory"]["environment"] == compose["worker"]["environment"]
