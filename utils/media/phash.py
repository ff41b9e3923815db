"""The perceptual hash of a picture: alike for pictures that look alike."""

from __future__ import annotations

from pathlib import Path

from utils.errors import PermanentError, from_os_error


def of(path: Path) -> str:
    """64 bits as 16 hex digits; the number of bits that differ says how far two pictures are.

    Raises:
        PermanentError: the file is no picture, is damaged, or is a decompression bomb.
    """
    import imagehash
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            return str(imagehash.phash(picture))
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise PermanentError(f"{path.name} can't be hashed as a picture: {error}") from error
    except OSError as error:
        if error.errno is None:  # Pillow's word for a truncated file
            raise PermanentError(f"{path.name} is damaged: {error}") from error
        raise from_os_error(error, f"reading {path.name}") from error
