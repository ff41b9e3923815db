"""A person's cookies for yt-dlp: a copy for its use, so that the file itself stays as it is.

What is no line of cookies is left out, because yt-dlp would print it: no message quotes any.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from utils.errors import PermanentError
from utils.storage import scratch

_MAX_BYTES = 4 * 2**20
_HTTP_ONLY = "#HttpOnly_"  # such a line is a cookie, and no comment
_FIELDS = 7
_EXPIRES = re.compile(r"\d+(\.\d+)?|")


@contextmanager
def copied(cookies_file: Path | None) -> Iterator[dict[str, str]]:
    """yt-dlp's option for a copy of a file in Netscape's format; nothing where there is none.

    Raises:
        PermanentError: it can't be read, or holds no cookies.
    """
    if cookies_file is None:
        yield {}
        return
    lines = _cookies_of(cookies_file.expanduser())
    number, name = tempfile.mkstemp(suffix=".cookies", dir=scratch.folder())  # 0600
    try:
        with os.fdopen(number, "w", encoding="utf-8") as copy:
            copy.write("# Netscape HTTP Cookie File\n" + "".join(f"{line}\n" for line in lines))
        yield {"cookiefile": name}
    finally:
        Path(name).unlink(missing_ok=True)


def _cookies_of(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(_MAX_BYTES)
    except OSError as error:
        raise PermanentError(
            f"The cookies file {path} can't be read ({error.strerror}). Mend it, or the source: "
            "nightshift source update NAME --option cookies_file=FILE"
        ) from None
    except UnicodeDecodeError:
        text = ""
    found = [line for line in text.splitlines() if _is_cookie(line)]
    if not found:
        raise PermanentError(
            f"The cookies file {path} holds no cookies in Netscape's format, as browser extensions "
            "and yt-dlp write them (seven fields with tabs between them)."
        )
    return found


def _is_cookie(line: str) -> bool:
    plain = line.removeprefix(_HTTP_ONLY)
    if plain.startswith("#"):
        return False
    fields = plain.split("\t")
    return len(fields) == _FIELDS and bool(_EXPIRES.fullmatch(fields[4]))
