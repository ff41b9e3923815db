"""Settings: read once at the edge, passed on as values.

Every ``NIGHTSHIFT_…`` variable and line of ``.env`` lands here, and nothing else in the
project reads the environment.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from dotenv import dotenv_values
from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from utils.errors import SettingsError
from utils.models import running_services
from utils.models.api import ApiSettings
from utils.models.critic_settings import CriticSettings
from utils.models.lanes import PROFILES, Lanes
from utils.models.music_settings import (
    MUSIC_PROFILES,
    MusicSettings,
    by_other_names,
    profile_of,
    set_in,
    variable_of,
)
from utils.models.notice import Event, words
from utils.models.options import PipelineOptions
from utils.models.page_settings import PageSettings
from utils.models.spending import TokenPrice
from utils.models.targets import C2paSettings
from utils.models.visuals import ComfyuiSettings
from utils.models.window import valid_window, valid_zone

PREFECT_PORT = 4200
# Files that people write into the home, maybe before it is one.
RULES, HOUSE_RULES, TARGETS = "rules.yaml", "house_rules.yaml", "targets.yaml"
METRICS_PORT = 9464
PREFECT_RETENTION_DAYS = 14


class Settings(BaseSettings):
    """All settings, with their defaults."""

    model_config = SettingsConfigDict(
        env_prefix="NIGHTSHIFT_",
        env_file=".env",
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
    )

    profile: Literal["development", "testing", "production"] = "development"
    home: Path = Field(default=Path("data"), description="Where all state lives.")
    cache_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("nightshift")),
        description="Model weights, shared by every home.",
    )
    fonts_dir: Path | None = Field(
        default=None, description="Fonts for writing that those which are here do not have."
    )
    database_url: SecretStr | None = Field(
        default=None, description="SQLAlchemy URL; SQLite in the home when not given."
    )
    database_block: str | None = Field(
        default=None, description="A prefect-sqlalchemy SqlAlchemyConnector block to use instead."
    )
    database_wait_seconds: int = Field(
        default=30, ge=1, description="For another program that has locked an SQLite database."
    )
    chroma_url: str | None = Field(
        default=None, description="http://host:port of `chroma run`; embedded when not given."
    )
    chroma_token: SecretStr | None = None
    prefect_api_url: str | None = Field(
        default=None, description="A self-hosted Prefect server; an ephemeral one when not given."
    )
    work_pool: str = Field(default="nightshift", min_length=1)
    timezone: str = Field(default="UTC", description="For schedules and reports.")

    shift_limit: int = Field(default=50, ge=1, description="Items that one shift takes.")
    window: str | None = Field(
        default=None,
        description="When shifts may work, such as 22:00-06:00 in the time zone; always when "
        "not given.",
    )
    min_free_bytes: int = Field(
        default=2 * 2**30,
        ge=0,
        description="Nothing more is begun where less than this would stay free on the home's "
        "disk; 0: not looked at.",
    )
    room_wait_seconds: int = Field(
        default=600, ge=0, description="How long a shift waits for disk or memory, then it ends."
    )
    pause_wait_seconds: int = Field(
        default=12 * 3600, ge=0, description="How long a paused shift waits, then it ends."
    )
    concurrency: int = Field(default=2, ge=1, description="Items in work at once.")
    dispatch: Literal["inline", "workers"] = Field(
        default="inline", description="Where a night's items are worked on."
    )
    worker_start_seconds: int = Field(
        default=180, ge=1, description="From a worker's hands to the start of a run's process."
    )
    high_memory_bytes: int = Field(
        default=10 * 2**30, ge=1, description="From here on an item goes to the high-memory queue …"
    )
    high_memory_minutes: float = Field(
        default=240, gt=0, description="… and so does one of this length, where it is known."
    )
    store_url: SecretStr | None = Field(
        default=None, description="Where machines that share no home share files: an fsspec URL."
    )
    max_tries: int = Field(default=3, ge=1, description="Failures before an item is quarantined.")
    max_crashes: int = Field(
        default=10, ge=1, description="Deaths of the process in one step of one item."
    )
    lease_seconds: int = Field(
        default=120, ge=10, description="After so long a silent process of another machine is dead."
    )
    step_timeout_seconds: int = Field(
        default=6 * 3600, ge=1, description="For one execution of a step."
    )
    probe_timeout_seconds: int = Field(
        default=300, ge=1, description="For a look into a file; a second more for each 4 MiB."
    )
    still_timeout_seconds: int = Field(
        default=120, ge=1, description="For a step that decodes a still picture; the same more."
    )
    still_memory_mb: int = Field(
        default=600, ge=100, description="For one tool that works on a still picture."
    )
    tool_memory_mb: int | None = Field(
        default=None, ge=500, description="For any other tool; half of the machine's if unset."
    )
    retention_days: int = Field(
        default=90, ge=1, description="Of runs, their reports, and executions made again since."
    )
    retention_runs: int = Field(default=100, ge=1, description="Runs that are kept at most.")
    prefect_retention_days: int = Field(
        default=PREFECT_RETENTION_DAYS,
        ge=1,
        description="Of flow runs, their logs and artifacts in Prefect.",
    )
    rules: Path | None = Field(
        default=None, description="A file of rules; rules.yaml in the home when not given."
    )
    lanes: Lanes = Lanes()
    pipeline: PipelineOptions = PipelineOptions()
    api: ApiSettings = ApiSettings()
    pages: PageSettings = PageSettings()
    music: MusicSettings = MusicSettings()
    critic: CriticSettings = CriticSettings()
    comfyui: ComfyuiSettings = ComfyuiSettings()
    c2pa: C2paSettings = C2paSettings()
    house_rules: Path | None = Field(
        default=None, description="What content must keep to; house_rules.yaml in the home."
    )
    targets: Path | None = Field(
        default=None, description="Where items are published; targets.yaml in the home."
    )

    ffmpeg: Path | None = Field(default=None, description="Instead of the one that is found.")
    ffprobe: Path | None = None
    gemini_api_key: SecretStr | None = None
    gemini_base_url: str | None = None
    ai_item_ceiling_usd: float | None = Field(
        default=0.5, ge=0, description="What one item may cost in one run; none for no ceiling."
    )
    ai_shift_ceiling_usd: float | None = Field(
        default=10.0, ge=0, description="What one run may cost; none for no ceiling."
    )
    ai_price: TokenPrice | None = Field(
        default=None, description="Of the chosen model, instead of the table's."
    )
    allow_private_urls: bool = Field(
        default=False, description="Fetch from addresses of the local network too."
    )
    secret_key: SecretStr | None = None
    download_format: str = Field(
        default="bv*[height<=1080]+ba/b", description="A yt-dlp format selector."
    )
    max_download_bytes: int = Field(default=20 * 2**30, ge=1)
    image_model: str | None = Field(
        default=None, description="A model of open_clip and its weights, for pictures by words."
    )
    publish_url: SecretStr | None = Field(
        default=None, description="Where thumbnails are published: any fsspec URL."
    )
    official_weights: bool = Field(
        default=True, description="Try OpenAI's own download of whisper weights first."
    )

    notify_urls: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(), description="Who is told what a run came to: addresses of apprise."
    )
    notify_on: Annotated[tuple[Event, ...], NoDecode] = Field(
        default=(Event.PARTIAL, Event.QUARANTINED, Event.WINDOW_MISSED, Event.BUDGET_REACHED),
        description="What is worth a message; `finished` is any run that had something to do.",
    )
    metrics_port: int | None = Field(
        default=None, ge=1, le=65535, description="Have `nightshift up` serve metrics there."
    )

    @model_validator(mode="before")
    @classmethod
    def _apply_profile(cls, values: dict[str, Any]) -> dict[str, Any]:
        given = _variables()
        values = {"profile": profile_of(given)} | values
        name = str(values["profile"])
        profile = PROFILES.get(name, {})
        merged = profile | values
        music = values.get("music", {})
        if isinstance(music, dict):
            merged["music"] = MUSIC_PROFILES.get(name, {}) | by_other_names(given) | set_in(music)
        if "lanes" in profile and isinstance(values.get("lanes"), dict):
            merged["lanes"] = profile["lanes"] | values["lanes"]
        return merged

    @field_validator("ai_item_ceiling_usd", "ai_shift_ceiling_usd", mode="before")
    @classmethod
    def _no_ceiling(cls, value: object) -> object:
        return None if isinstance(value, str) and value.strip().lower() in {"", "none"} else value

    @field_validator("notify_urls", "notify_on", mode="before")
    @classmethod
    def _words(cls, value: object, info: ValidationInfo) -> object:
        return words(value, with_commas=info.field_name == "notify_on")

    @field_validator("home", "cache_dir", "fonts_dir", mode="before")
    @classmethod
    def _somewhere(cls, value: object) -> object:
        if not str(value).strip():  # would be the working directory
            raise ValueError("It is empty: name a folder, or unset it")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        return valid_zone(name)

    @field_validator("window")
    @classmethod
    def _some_hours(cls, text: str | None) -> str | None:
        return None if text is None else valid_window(text)

    @model_validator(mode="after")
    def _absolute(self) -> Settings:
        for name in ("home", "cache_dir"):
            object.__setattr__(self, name, getattr(self, name).expanduser().absolute())
        return self

    @property
    def sqlalchemy_url(self) -> str:
        """The database's URL; SQLite in the home unless one is set."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home / 'nightshift.db'}"

    @property
    def services_file(self) -> Path:
        """Where `nightshift up` says which servers it runs."""
        return self.home / "services.json"

    @property
    def login_file(self) -> Path:
        """The ``user:password`` of the Prefect server of `nightshift up`; its owner's alone."""
        return self.home / "prefect-login"

    @property
    def setup_file(self) -> Path:
        """What opens the page that makes the first user (utils/storage/setup_codes.py)."""
        return self.home / "setup-codes"

    @property
    def incoming(self) -> Path:
        """Downloads that are whole, until they are verified and registered."""
        return self.home / "incoming"

    @property
    def rules_file(self) -> Path:
        """What is done with which items, as a person wrote it (utils/models/rules.py)."""
        return self.rules or self.home / RULES

    @property
    def house_rules_file(self) -> Path:
        """What content must keep to, as a person wrote it (utils/models/house_rules.py)."""
        return self.house_rules or self.home / HOUSE_RULES

    @property
    def targets_file(self) -> Path:
        """Where items are published, as a person wrote it (utils/models/targets.py)."""
        return self.targets or self.home / TARGETS

    @property
    def inbox(self) -> Path:
        """The folder that every shift looks into."""
        return self.home / "inbox"


def sources() -> tuple[dict[str, str], dict[str, str]]:
    """The variables of the environment, and those of .env."""
    dotenv = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return dict(os.environ), dotenv


def _variables() -> dict[str, str]:
    """All variables; the environment wins over .env."""
    environment, dotenv = sources()
    return dotenv | environment


def variable(name: str) -> str | None:
    """A variable that a file of ours names (``${NAME}`` in targets.yaml); None if it is not set."""
    return _variables().get(name)


_overrides: dict[str, Any] = {}


@cache
def load_settings() -> Settings:
    """The settings of this process; servers of a running `nightshift up` fill the gaps.

    Raises:
        SettingsError: a value is not of its kind; says which, without the value of a secret.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"{variable_of(fault['loc'], _variables())}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(f"A setting is wrong. {wrong}") from None
    gaps = {
        name: value
        for name, value in running_services.running(settings.services_file).items()
        if getattr(settings, name) is None
    }
    return settings.model_copy(update=gaps | _overrides)


def prepare_torch() -> None:
    """Let idle OpenMP threads sleep; must run before torch is imported.

    Two whisper models with two threads each on two cores ran at 2 × real time with
    spinning threads and at 12 × with sleeping ones.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")


def compute_on_one_core() -> None:
    """Have numeric libraries use a thread each: for a server that answers many at once."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def child_environment(**extra: str) -> dict[str, str]:
    """The environment for a child process: ours, the settings of .env, and ``extra``.

    A child may work in another folder, where another .env lies.
    """
    dotenv = {
        name: value
        for name, value in dotenv_values(".env").items()
        if name.startswith("NIGHTSHIFT_") and value is not None
    }
    return {**dotenv, **os.environ, **extra}


def azure_environment() -> dict[str, str]:
    """What Azure's own tools read from the environment: the storage account and what opens it.

    Keys: ``account``, ``key``, ``sas``, ``connection``; those that are not set are left out.
    """
    names = {
        "account": ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT"),
        "key": ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_KEY"),
        "sas": ("AZURE_STORAGE_SAS_TOKEN",),
        "connection": ("AZURE_STORAGE_CONNECTION_STRING",),
    }
    given = {what: next(filter(None, map(os.environ.get, known)), None)
             for what, known in names.items()}  # fmt: skip
    return {what: value for what, value in given.items() if value}


def tool_environment() -> dict[str, str]:
    """The environment for a media tool: ours, and few heaps: each keeps what was freed (glibc)."""
    return {"MALLOC_ARENA_MAX": "2", **os.environ}


def override(**values: Any) -> None:
    """Change settings for the rest of this process (a database block, a command's option)."""
    global _overrides
    _overrides = {**_overrides, **values}
    load_settings.cache_clear()
