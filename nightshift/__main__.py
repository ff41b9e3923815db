"""The command line. Prefect and the media libraries are imported by the commands that use them."""

from __future__ import annotations

from nightshift import early_stop

# isort: split
import errno
import os
import sys
from typing import Annotated

import typer

from nightshift.cli import (
    deploy,
    duplicates,
    export,
    failures,
    files,
    forget,
    import_workflow,
    ingestion,
    library,
    lineage,
    metrics,
    music,
    operation,
    pause,
    publish,
    queue,
    retention,
    review,
    rules,
    runs,
    serve,
    settings,
    source,
    speech,
    steps,
    targets,
    token,
    user,
    visuals,
    watching,
    work,
    works,
)
from nightshift.cli.output import print_error, write_any_text
from utils.errors import NightShiftError, UsageError, from_os_error
from utils.storage.private import UMASK

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Night Shift: a factory for media that works while you sleep.

    [bold]nightshift run FOLDER[/bold]  processes what is new in a folder, a file, an address
    [bold]nightshift plan FOLDER[/bold]  what a run would do, and what not, and why
    [bold]nightshift search "WORDS"[/bold]  finds what was said, and when
    [bold]nightshift report[/bold]  what is done, what waits for you, what failed
    [bold]nightshift up[/bold]  a Prefect server, a worker and a schedule on this machine

    All state lives in [bold]NIGHTSHIFT_HOME[/bold] (./data); settings come from
    NIGHTSHIFT_… variables and .env.

    Exit codes: 0 fine, nothing to do, nothing found; 1 something failed;
    2 wrong usage: nothing was begun, for what was typed is no option or value
    that there is, or names no path, item, run, step or source.""",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"nightshift {version('nightshift')}")
        raise typer.Exit


@app.callback()
def connect(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which it is.")
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Make a folder the home though it is not empty.")
    ] = False,
) -> None:
    """Refuse a home that is not ours; take the database from a Prefect block, if it is there."""
    from nightshift.cli import variables
    from utils.config import load_settings
    from utils.processes.prefect_environment import prepare_prefect
    from utils.storage import home
    from utils.storage.files import is_there

    if {"-h", "--help"} & set(sys.argv):  # whatever the settings are
        return
    if not queue.is_meant(sys.argv[1:]):  # it prints its one line alone
        variables.warn()
    settings = load_settings()
    if adopt:
        home.adopt(settings)
    elif is_there(settings.home):  # one that is not there is made by who writes into it
        home.prepare(settings)
    if settings.database_block and not settings.database_url:
        home.prepare(settings)
        prepare_prefect(settings, log_level="CRITICAL")
        from tasks import database

        database.connect()


work.add_to(app)
watching.add_to(app)
runs.add_to(app)
pause.add_to(app)
steps.add_to(app)
rules.add_to(app)
review.add_to(app)
library.add_to(app)
lineage.add_to(app)
source.add_to(app)
import_workflow.add_to(app)
ingestion.add_to(app)
files.add_to(app)
export.add_to(app)
speech.add_to(app)
failures.add_to(app)
forget.add_to(app)
duplicates.add_to(app)
works.add_to(app)
operation.add_to(app)
deploy.add_to(app)
settings.add_to(app)
serve.add_to(app)
token.add_to(app)
user.add_to(app)
queue.add_to(app)
retention.add_to(app)
metrics.add_to(app)
targets.add_to(app)
publish.add_to(app)
music.add_to(app)
visuals.add_to(app)


def main() -> None:
    """Run a command; an error of ours becomes one clear line and exit code 1, or 2."""
    os.umask(UMASK)  # what is written is its owner's alone, whichever tool writes it
    write_any_text()
    early_stop.hear_until_begun()
    code = _exit_code()
    if work.server_died:  # Prefect would try to deliver its events first, 7 s for each
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


def _exit_code() -> int:
    """Run a command; returns the code that the process is to end with."""
    if queue.is_meant(sys.argv[1:]):
        return queue.run(app)
    try:
        app()
    except NightShiftError as error:
        print_error(str(error))
        return 2 if isinstance(error, UsageError) else 1
    except PermissionError as error:
        print_error(str(from_os_error(error, "working")))
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sys.stderr.write("nightshift: The disk is full, also for what was to be printed.\n")
        os._exit(1)  # Python would try to print it again at its end
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    main()
