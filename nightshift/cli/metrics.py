"""Commands for those who watch: metrics, notify."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from nightshift.cli.output import Json, console, print_json, print_table


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(metrics)
    app.command()(notify)


def metrics(
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="\\[default: 9464]")
    ] = None,
    bind: Annotated[
        str, typer.Option("--bind", help="The address to listen on; metrics have no password.")
    ] = "127.0.0.1",
    once: Annotated[bool, typer.Option("--once", help="Print them and end.")] = False,
) -> None:
    """Serve metrics to Prometheus, until Ctrl-C."""
    from prometheus_client import generate_latest, start_http_server

    from deployments.presence import Presence
    from utils.config import METRICS_PORT, load_settings
    from utils.errors import PermanentError
    from utils.observability.metrics import Exporter, registry
    from utils.processes.prefect_environment import prefect_api

    settings = load_settings()
    api = prefect_api(settings)
    found = registry(Exporter(settings), *([Presence(api, settings.work_pool)] if api else ()))
    if once:
        sys.stdout.write(generate_latest(found).decode())
        return
    port = port or settings.metrics_port or METRICS_PORT
    try:
        server, thread = start_http_server(port, bind, found)
    except OSError as error:
        raise PermanentError(
            f"Metrics can't be served at {bind}:{port}: {error.strerror}. Choose another --port."
        ) from error
    console.print(f"Metrics: http://{bind}:{port}/metrics   Stop: Ctrl-C", highlight=False)
    try:
        thread.join()
    except KeyboardInterrupt:
        server.shutdown()


def notify(
    wanted: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run's id; the latest if left out.")
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="Send a word of greeting instead.")] = False,
    as_json: Json = False,
) -> None:
    """Tell those in NIGHTSHIFT_NOTIFY_URLS what a run came to."""
    from utils.config import load_settings
    from utils.db import runs
    from utils.db.session import session
    from utils.errors import PermanentError
    from utils.models.notice import Notice
    from utils.observability import notices as messages

    settings = load_settings()
    if not settings.notify_urls:
        raise PermanentError(
            "There is nobody to tell. Set NIGHTSHIFT_NOTIFY_URLS to addresses of apprise, such as "
            "mailto://… or ntfy://…, with blanks between them."
        )
    if test:
        message = Notice(
            title="Night Shift: a test", text="This is how you will be told.", bad=False
        )
    else:
        with session() as s:
            report = runs.load(s, runs.find(s, wanted).id)
        message = messages.notice(report)
    deliveries = messages.send(message, settings.notify_urls)
    if as_json:
        print_json([delivery._asdict() for delivery in deliveries])
    else:
        print_table(
            ("", "to", "why"),
            (
                ("failed" if delivery.error else "ok", delivery.address, delivery.error or "")
                for delivery in deliveries
            ),
            below=("why",),
        )
    sys.exit(1 if any(delivery.error for delivery in deliveries) else 0)
