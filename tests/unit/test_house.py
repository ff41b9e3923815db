"""The house keeps its own rules: documents, compose file and deployments say what the code does."""

import ast
import re
import shlex

import pytest
import typer.main
import yaml
from prefect.settings import Settings as PrefectSettings
from typer.core import TyperGroup

from deployments import declared, services
from deployments.prefect_server import kept_to_itself
from deployments.services import (
    API,
    CHROMA,
    CLIENT,
    DEPLOY,
    JOBS,
    METRICS,
    PREFECT,
    REPLICA,
    SERVICES,
    THROUGH_REDIS,
    WORKER,
    Service,
    filled,
)
from tests.paths import PROJECT
from utils.config import Settings
from utils.models import steps

COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
DOCUMENTS = "\n".join(
    path.read_text() for path in [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
)
IN_COMPOSE = {
    "bind": "0.0.0.0",
    "home": "/data",
    "pool": "nightshift",
    "prefect_host": "prefect-server",
    "chroma_host": "chroma",
    "api_host": "api",
    "prefect_database": "",
    "prefect_login": "${NIGHTSHIFT_PREFECT_AUTH:?set it to user:password in .env}",
    "chroma_token": "${NIGHTSHIFT_CHROMA_TOKEN:?set it in .env}",
    "redis": "redis://redis:6379/0",
}
IN_CONTAINERS = (*SERVICES, REPLICA, CHROMA, METRICS, API)


@pytest.mark.parametrize("service", IN_CONTAINERS, ids=lambda service: service.name)
def test_compose_and_up_run_the_same_commands(service: Service) -> None:
    wanted = filled(service, IN_COMPOSE).command
    given = tuple(shlex.split(COMPOSE["services"][service.name]["command"]))
    queue = ("--work-queue", "default") if service is WORKER else ()  # another has the large items
    assert given == wanted + queue


@pytest.mark.parametrize("service", IN_CONTAINERS, ids=lambda service: service.name)
def test_compose_and_up_set_the_same_environment(service: Service) -> None:
    wanted = filled(service, IN_COMPOSE).environment
    given = COMPOSE["services"][service.name]["environment"]
    for name, value in wanted.items():
        if name == "PREFECT_API_DATABASE_CONNECTION_URL":
            assert given[name].startswith("postgresql+asyncpg://")
        else:
            assert given[name] in {value, defaulted(given[name], value)}, name


def defaulted(given: str, value: str) -> str | None:
    """What an optional variable of .env says, if it is ``value`` where .env says nothing."""
    return given if re.fullmatch(rf"\$\{{\w+:-{re.escape(value)}\}}", given) else None


def test_a_server_beside_replicas_can_share_all_that_they_share() -> None:
    """And alone it is as Prefect has it: what .env leaves out is Prefect's own default."""
    settings = PrefectSettings().server
    events = type(settings.events).model_fields
    known = {
        "PREFECT_SERVER_EVENTS_MESSAGING_BROKER": events["messaging_broker"],
        "PREFECT_SERVER_EVENTS_MESSAGING_CACHE": events["messaging_cache"],
        "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": events["causal_ordering"],
        "PREFECT_SERVER_WORKER_CHANNEL_CLEANUP_QUEUE_STORAGE": (
            type(settings.worker_channel).model_fields["cleanup_queue_storage"]
        ),
        "PREFECT_SERVER_DOCKET_URL": type(settings.docket).model_fields["url"],
    }
    given = COMPOSE["services"]["prefect-server"]["environment"]
    example = (PROJECT / ".env.example").read_text()
    for name, wanted in THROUGH_REDIS.items():
        variable = re.match(r"\$\{(\w+):-", given[name])[1]
        assert f"# {variable}={wanted.format_map(IN_COMPOSE)}" in example, name
        if name in known:
            assert defaulted(given[name], known[name].default), name


def test_a_replica_that_would_keep_to_itself_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(kept_to_itself(PrefectSettings().server)) == 6
    for name, value in THROUGH_REDIS.items():
        monkeypatch.setenv(name, value.format_map(IN_COMPOSE))
    assert kept_to_itself(PrefectSettings().server) == []


def test_the_servers_leases_are_on_a_volume_and_in_files() -> None:
    server = COMPOSE["services"]["prefect-server"]
    leases = server["environment"]["PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"]
    assert leases.endswith("filesystem}")  # where .env says nothing else
    assert any(volume.endswith(":/data") for volume in server["volumes"])
    assert server["environment"]["PREFECT_HOME"].startswith("/data/")


def test_compose_has_health_checks_pinned_versions_and_no_default_password() -> None:
    text = (PROJECT / "docker-compose.yml").read_text()
    for name, service in COMPOSE["services"].items():
        if name not in {"migrate", "deploy"}:  # they end
            assert "healthcheck" in service, name
        image = service["image"]
        assert ":" in image
        assert not image.endswith("latest")
    secrets = ("POSTGRES_PASSWORD", "DATABASE_PASSWORD", "PREFECT_DATABASE_PASSWORD",
               "NIGHTSHIFT_PREFECT_AUTH", "NIGHTSHIFT_CHROMA_TOKEN")  # fmt: skip
    for variable in secrets:
        assert f"${{{variable}:-" not in text
        assert f"${{{variable}:?" in text
        assert f"# {variable}=" in (PROJECT / ".env.example").read_text()


def test_no_other_prefect_runs_than_that_of_the_lock_file() -> None:
    locked = re.search(
        r"^prefect==(\S+)", (PROJECT / "requirements/production.lock").read_text(), re.M
    )[1]
    images = {name: service["image"] for name, service in COMPOSE["services"].items()}
    del images["postgres"], images["redis"]
    assert set(images.values()) == {"nightshift:0.1.0"}  # built from the lock
    assert yaml.safe_load((PROJECT / "prefect.yaml").read_text())["prefect-version"] == locked


def test_every_flow_that_can_be_run_is_declared() -> None:
    deployed = {entry["entrypoint"] for entry in declared.of_groups()["deployments"]}
    found = {
        f"flows/{path.name}:{node.name}"
        for path in (PROJECT / "flows").glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
        and any("flow" in ast.unparse(decorator).split("(")[0] for decorator in node.decorator_list)
    }
    assert found == deployed


def test_every_command_is_in_the_documents() -> None:
    from nightshift.__main__ import app

    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    for name in group.commands:
        assert f"nightshift {name}" in DOCUMENTS, name


def test_every_setting_is_in_the_documents() -> None:
    for name in Settings.model_fields:
        assert f"NIGHTSHIFT_{name.upper()}" in DOCUMENTS, name


def test_every_step_and_flow_is_in_the_documents() -> None:
    for name in steps.BY_NAME:
        assert f"`{name}`" in DOCUMENTS, name
    for flow in ("night-shift", "content-ingestion", "process-item"):
        assert flow in DOCUMENTS


def test_no_step_needs_one_that_comes_later() -> None:
    seen: set[str] = set()
    for step in steps.STEPS:
        assert set(step.needs) <= seen
        seen.add(step.name)


def test_no_flow_file_hides_a_package_from_the_worker() -> None:
    """A worker puts flows/ first on sys.path."""
    packages = {"utils", "tasks", "subflows", "deployments", "nightshift", "flows"}
    assert not packages & {path.stem for path in (PROJECT / "flows").iterdir()}


def test_only_the_settings_read_the_environment() -> None:
    utils = PROJECT / "utils"
    readers = {utils / "config.py", utils / "processes" / "prefect_environment.py"}
    for package in ("flows", "subflows", "tasks", "utils", "deployments", "nightshift"):
        for path in (PROJECT / package).rglob("*.py"):
            if path not in readers:
                assert not re.search("os.environ|getenv", path.read_text()), path


def test_services_are_named_once() -> None:
    assert [service.name for service in SERVICES] == [
        PREFECT.name, DEPLOY.name, WORKER.name, JOBS.name,
    ]  # fmt: skip
    assert DEPLOY.environment is CLIENT
    assert WORKER.environment.items() > CLIENT.items()
    assert services.DEFAULTS["prefect_port"] == "4200"
