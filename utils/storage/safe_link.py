"""A harmless name for a file, for tools that read more out of a name than a name.

MediaInfo takes ``clip01.ts`` … ``clip40.ts`` for one long item and a folder of numbered photos
for a video, and follows references relative to the file; ExifTool reads its arguments line by
line. Through a link that lies alone in a folder of its own none of this happens.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from utils.errors import from_os_error
from utils.storage import scratch

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


@contextmanager
def isolated(path: Path) -> Iterator[Path]:
    """A link to ``path`` named ``media`` and its suffix, with nothing beside it."""
    suffix = path.suffix if _SUFFIX.fullmatch(path.suffix) else ""
    try:
        folder = tempfile.TemporaryDirectory(dir=scratch.folder(), ignore_cleanup_errors=True)
        link = Path(folder.name) / f"media{suffix}"
        link.symlink_to(path.absolute())
    except OSError as error:
        raise from_os_error(error, f"linking to {path.name}") from error
    with folder:
        yield link
