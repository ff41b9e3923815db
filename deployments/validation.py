"""What `nightshift deploy` would meet, looked at without touching anything.

No server is told anything, no folder is made, and a database that is there is only read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from importlib.util import find_spec
from typing import NamedTuple

from deployments import declared
from deployments.declared import GROUPS, MUSIC
from utils import config
from utils.config import Settings
from utils.db import spotify_credentials
from utils.models.music_settings import MUSIC_PROFILES
from utils.processes.prefect_environment import is_served

OK, WARNING, PROBLEM = "ok", "warning", "problem"


class Finding(NamedTuple):
    """One thing that was looked at; a problem is missing or wrong, with what to do."""

    state: str
    name: str
    found: str
    remedy: str = ""


def validate(settings: Settings, only: Collection[str] = GROUPS) -> list[Finding]:
    """All that some groups of deployments need."""
    found = [*_server(settings), *_deployments(only), *_environment(config.sources())]
    if MUSIC in only:
        found += [*_spotify(settings), *_extras(), *_services(settings)]
    return found


def _server(settings: Settings) -> Iterator[Finding]:
    if is_served(settings):
        yield Finding(OK, "Prefect server", "one is set")
    else:
        yield Finding(PROBLEM, "Prefect server", "none is set",
                      "nightshift up, or set NIGHTSHIFT_PREFECT_API_URL")  # fmt: skip


def _deployments(only: Collection[str]) -> Iterator[Finding]:
    for one in declared.of_groups(only)["deployments"]:
        flow = one["entrypoint"].rpartition(":")[2].replace("_", "-")
        name = f"deployment {flow}/{one['name']}"
        wrong = list(declared.faults(one))
        yield from (Finding(PROBLEM, name, fault, "mend its YAML") for fault in wrong)
        if not wrong:
            crons = [schedule["cron"] for schedule in one.get("schedules", ())]
            yield Finding(OK, name, f"schedule {', '.join(crons)}" if crons else "on demand")


def _environment(given: tuple[Mapping[str, str], Mapping[str, str]]) -> Iterator[Finding]:
    environment, dotenv = given
    named = {**dotenv, **environment}.get("ENVIRONMENT", "").strip()
    if named and named.lower() not in MUSIC_PROFILES:
        yield Finding(WARNING, "settings", f"ENVIRONMENT={named} names no profile: it is ignored",
                      f"one of {', '.join(MUSIC_PROFILES)}")  # fmt: skip


def _spotify(settings: Settings) -> Iterator[Finding]:
    music = settings.music
    if not music.spotify_client_id:
        yield Finding(PROBLEM, "Spotify", "no application is set: SPOTIFY_CLIENT_ID is missing",
                      "make one at developer.spotify.com/dashboard")  # fmt: skip
    is_kept = spotify_credentials.is_kept_at(settings.sqlalchemy_url, music.account)
    if music.spotify_refresh_token or is_kept:
        yield Finding(OK, "Spotify login", "there is one")
    else:
        yield Finding(PROBLEM, "Spotify login", "none: SPOTIFY_REFRESH_TOKEN is missing; the "
                      "schedule of spotify-ingestion stays off",
                      "nightshift music login")  # fmt: skip


def _extras() -> Iterator[Finding]:
    missing = [name for name in ("duckdb", "matplotlib") if find_spec(name) is None]
    if missing:
        yield Finding(PROBLEM, "packages", f"{', '.join(missing)} not installed",
                      'pip install "nightshift[music]"')  # fmt: skip
    else:
        yield Finding(OK, "packages", "duckdb and matplotlib are installed")


def _services(settings: Settings) -> Iterator[Finding]:
    music = settings.music
    if not music.contact:
        yield Finding(WARNING, "MusicBrainz", "no contact for the User-Agent, which it asks for",
                      "NIGHTSHIFT_MUSIC__CONTACT=you@example.org")  # fmt: skip
    if not music.acoustid_key:
        yield Finding(WARNING, "AcoustID", "no key: files are not looked up by their sound",
                      "NIGHTSHIFT_MUSIC__ACOUSTID_KEY")  # fmt: skip
