"""Is a source well? One that is gone, empty or unreadable is a fault, not "nothing to do"."""

from __future__ import annotations

import os
from pathlib import Path

from utils.errors import PermanentError, RetryableError


def check_place(location: str) -> None:
    """Make sure that the folder (or the file) of a source is there and can be read.

    Raises:
        RetryableError: it is not there: its disk may come back.
        PermanentError: it may not be read.
    """
    path = Path(location)
    try:
        if path.is_dir():
            with os.scandir(path):
                pass
        else:
            path.stat()
    except PermissionError as error:
        raise PermanentError(
            f"The source {location} may not be read. Change its permissions, or forget it: "
            f"nightshift source remove {location}"
        ) from error
    except OSError as error:
        raise RetryableError(
            f"The source {location} is not there ({error.strerror}). Is its disk mounted? Or "
            f"forget it: nightshift source remove {location}"
        ) from error


def check_found(location: str, found: int, found_before: int | None) -> None:
    """Make sure that a source which held something is not empty now.

    Raises:
        RetryableError: it is.
    """
    if found == 0 and found_before:
        raise RetryableError(
            f"The source {location} is empty; {found_before:,} were there before. Is its disk "
            "mounted, is the address still right? If it is meant to be empty: "
            f"nightshift source add {location}"
        )
