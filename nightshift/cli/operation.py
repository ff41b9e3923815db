"""Commands that operate: doctor, setup, migrate, reindex, up."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from nightshift.cli.output import (
    COLORS,
    Json,
    console,
    errors,
    print_json,
    print_table,
    spinner,
)
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from utils.config import Settings


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (doctor, setup, migrate, reindex, up):
        app.command()(command)


def doctor(
    fix: Annotated[
        bool, typer.Option("--fix", help="Put in order what killed processes left behind.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what is missing or wrong here, and how to repair it."""
    from nightshift.cli import checks, repair
    from utils.config import load_settings
    from utils.errors import NightShiftError
    from utils.processes.prefect_environment import prepare_prefect
    from utils.storage import home

    settings = load_settings()
    with suppress(NightShiftError):  # a check says it
        home.prepare(settings)
    prepare_prefect(settings, log_level="CRITICAL")
    repaired = repair.repair(settings) if fix else []
    found = [*repaired, *checks.examine(settings)]
    if as_json:
        print_json([check._asdict() for check in found])
    else:
        print_table(
            ("", "what", "found", "how to mend it"),
            ((check.state, check.name, check.found, check.remedy) for check in found),
            below=("found", "how to mend it"),
        )
    sys.exit(1 if any(check.state == checks.PROBLEM for check in found) else 0)


def setup(
    speakers: Annotated[
        bool, typer.Option("--speakers", help="Also the weights that tell voices apart.")
    ] = False,
) -> None:
    """Fetch the weights of the speech model, ahead of the first run."""
    from utils.config import load_settings
    from utils.media import tools
    from utils.models.steps import BY_NAME
    from utils.speech import voice_weights, weights
    from utils.storage import home

    settings = load_settings()
    home.prepare(settings)  # the weights may go into it
    speech = settings.pipeline.transcription
    console.print(f"ffmpeg {tools.version('ffmpeg')}, ffprobe {tools.version('ffprobe')}")
    with errors.status(f"fetching the weights of whisper {speech.model}", spinner=spinner()):
        if speech.engine == "openai-whisper":
            path = weights.checkpoint(speech.model, settings)
        else:
            path = weights.ctranslate2(speech.model, settings)
    console.print(f"whisper {speech.model}: {path}", soft_wrap=True, highlight=False)
    if speakers or settings.pipeline.steps.is_on(BY_NAME["identify_speakers"]):
        with errors.status("fetching the weights that tell voices apart", spinner=spinner()):
            voice_weights.load(settings)
        console.print(f"voices: {voice_weights.path(settings)}", soft_wrap=True, highlight=False)


def migrate() -> None:
    """Bring the database's schema up to date, as any command does."""
    from utils.config import load_settings
    from utils.db.session import engine

    url = engine(load_settings()).url.render_as_string(hide_password=True)
    console.print(f"The schema is up to date: {url}", highlight=False, soft_wrap=True)


def reindex() -> None:
    """Make the search index again from the database."""
    from utils.config import load_settings
    from utils.critic import memory
    from utils.search import indexing as index

    number = 0
    with errors.status("embedding", spinner=spinner()) as status:
        for title in index.reindex(load_settings()):
            number += 1
            status.update(visible(title))
        memory.rebuild(load_settings())
    console.print(f"{number} items are findable again.")


def up(
    port: Annotated[int, typer.Option("--port", help="Of the Prefect server and its UI.")] = 4200,
    worker_port: Annotated[
        int, typer.Option("--worker-port", help="Of the first worker's health check.")
    ] = 8211,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Workers to start.")] = 1,
    show_login: Annotated[
        bool, typer.Option("--show-login", help="Say the login of this home's UI, and end.")
    ] = False,
) -> None:
    """Run a Prefect server on Postgres and workers, until Ctrl-C.

    Registers the nightly schedule and the other deployments first. A server or worker that
    ends by itself is started again. Nobody gives it orders without the home's login.
    """
    from rich.markup import escape

    from deployments.supervision import up as run_all
    from utils.config import load_settings

    settings = load_settings()
    if show_login:
        _show_login(settings)
        return

    def say(line: str) -> None:
        console.print(f"[{COLORS['ok']}]•[/] {escape(line)}", highlight=False, soft_wrap=True)

    try:
        run_all(settings, say, port, worker_port, workers, show_login=sys.stdout.isatty())
    except KeyboardInterrupt:
        console.print("stopped")


def _show_login(settings: Settings) -> None:
    """The login of the UI, and what Prefect's own commands need."""
    from deployments.supervision import for_prefect
    from utils.models import running_services
    from utils.storage import home, private

    home.prepare(settings)
    login, _ = private.login(settings.login_file)
    print(login)
    if url := running_services.running(settings.services_file).get("prefect_api_url"):
        errors.print(f"UI: {url.removesuffix('/api')}", highlight=False)
        errors.print(f"Prefect's own commands: {for_prefect(settings, url)}",
                     highlight=False, markup=False, soft_wrap=True)  # fmt: skip
