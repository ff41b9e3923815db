"""Opens pictures; what is wrong with one is said in our own errors."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from utils.errors import PermanentError, from_os_error

if TYPE_CHECKING:
    from PIL.Image import Image

# Pillow warns of odd Exif on stderr; what matters of it is an error or is seen by ExifTool.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

# What its readers raise besides, of files that break their rules.
OF_PILLOW = (ValueError, TypeError, LookupError, ArithmeticError, EOFError, struct.error)


@contextmanager
def opened(path: Path) -> Iterator[Image]:
    """The picture at ``path``, decoded.

    Raises:
        PermanentError: the file is no picture, is damaged, or is a decompression bomb.
        RetryableError: it vanished.
    """
    with header(path) as picture:
        picture.load()
        yield picture


@contextmanager
def header(path: Path) -> Iterator[Image]:
    """The picture at ``path``, of which only the header is read; the same errors, of its use too.

    Raises:
        PermanentError: the file is no picture, is damaged, or is a decompression bomb.
        RetryableError: it vanished.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            yield picture
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise PermanentError(f"{path.name} is no picture: {error}") from error
    except OF_PILLOW as error:
        raise PermanentError(f"{path.name} is damaged: {error}") from error
    except OSError as error:
        if error.errno is None:  # Pillow's word for a truncated file
            raise PermanentError(f"{path.name} is damaged: {error}") from error
        raise from_os_error(error, f"reading {path.name}") from error
