"""The perceptual hash of a picture: alike for pictures that look alike."""

from __future__ import annotations

from pathlib import Path

from utils.media.imaging import image


def of(path: Path) -> str:
    """64 bits as 16 hex digits; the number of bits that differ says how far two pictures are.

    Raises:
        PermanentError: the file is no picture, is damaged, or is a decompression bomb.
    """
    import imagehash

    with image.opened(path) as picture:
        return str(imagehash.phash(picture))
