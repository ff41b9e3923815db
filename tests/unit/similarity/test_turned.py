"""Images that were cut, framed, mirrored or turned are found; others are not."""

import itertools
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.paths import SAMPLES
from utils.models.fingerprint import Fingerprint, Frame, Match
from utils.models.item import MediaKind
from utils.models.options import DuplicateOptions
from utils.similarity import cosines, fingerprint, lookup_terms
from utils.similarity.compare import match
from utils.similarity.turns import TURNS, Turn, turned, turned_picture

Made = Callable[[Image.Image], Image.Image]


def cut(left: float, top: float, right: float, bottom: float) -> Made:
    """Without these shares of its sides."""
    return lambda picture: picture.crop((
        round(picture.width * left), round(picture.height * top),
        round(picture.width * (1 - right)), round(picture.height * (1 - bottom)),
    ))  # fmt: skip


def framed(across: float, down: float, colour: str = "black") -> Made:
    def make(picture: Image.Image) -> Image.Image:
        sides = round(picture.width * across), round(picture.height * down)
        return ImageOps.expand(picture, sides, colour)

    return make


def turned_by(degrees: int) -> Made:
    return lambda picture: picture.rotate(degrees, expand=True)


COPIES: dict[str, tuple[Made, str]] = {
    "cut by 10 %": (cut(0.05, 0.05, 0.05, 0.05), "one is 8"),
    "cut by 25 % all around": (cut(0.125, 0.125, 0.125, 0.125), "one is 5"),
    "cut by 25 % at two sides": (cut(0.25, 0.25, 0, 0), "one is 5"),
    "cut by 25 % at one side": (cut(0, 0, 0.25, 0), "one is 7"),
    "cut below": (cut(0, 0, 0, 0.15), "one is 8"),
    "letterbox": (framed(0, 0.12), "without the border"),
    "pillarbox": (framed(0.15, 0), "without the border"),
    "a white frame": (framed(0.06, 0.06, "white"), "without the border"),
    "mirrored": (ImageOps.mirror, "mirrored"),
    "upside down": (turned_by(180), "turned by a half"),
    "turned left": (turned_by(90), "turned by a quarter"),
    "turned right": (turned_by(270), "turned by a quarter"),
    "mirrored and cut": (lambda p: ImageOps.mirror(cut(0.1, 0.05, 0.05, 0.1)(p)), "mirrored"),
    "turned and cut": (lambda p: turned_by(90)(cut(0.05, 0.05, 0.05, 0.05)(p)), "a quarter"),
}


def photo() -> Image.Image:
    with Image.open(SAMPLES / "coast.jpg") as picture:
        return picture.convert("RGB")


def of(picture: Image.Image, path: Path) -> Fingerprint:
    picture.save(path, quality=70)
    return fingerprint.of(path.name, MediaKind.IMAGE, None, [(path, None)], path, None)


def same(a: Fingerprint, b: Fingerprint) -> Match | None:
    """The match, which is the same from both sides."""
    found, reverse = match(a, b, DuplicateOptions()), match(b, a, DuplicateOptions())
    assert (found is None) == (reverse is None)
    return found


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_found_and_its_evidence_says_how_it_was_made(how: str, tmp_path: Path) -> None:
    make, said = COPIES[how]
    original, copy = of(photo(), tmp_path / "a.jpg"), of(make(photo()), tmp_path / "b.jpg")
    found = same(original, copy)
    assert found is not None
    assert said in found.evidence
    for new, known in ((original, copy), (copy, original)):  # whichever comes first
        kept = set(lookup_terms.of(known))
        assert any(kept & set(terms) for terms in lookup_terms.searched(new))


def test_parts_of_one_photo_that_show_other_things_are_different(tmp_path: Path) -> None:
    parts = [
        of(cut(left, top, 0.5 - left, 0.5 - top)(photo()), tmp_path / f"{left}{top}.jpg")
        for left, top in itertools.product((0, 0.5), repeat=2)
    ]
    overlapping = [
        of(cut(left, 0, 0.2 - left, 0)(photo()), tmp_path / f"o{left}.jpg") for left in (0, 0.2)
    ]
    for a, b in (*itertools.combinations(parts, 2), tuple(overlapping)):
        assert same(a, b) is None


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.words + str(turn[:3]))
def test_the_hash_of_a_turned_picture_follows_from_the_pictures_own(turn: Turn) -> None:
    pixels = np.random.default_rng(7).normal(128, 40, (32, 32))
    here, there = (
        np.packbits(cosines.signs(one)).view(">u8").astype(np.uint64)
        for one in (pixels, turned_picture(pixels, turn))
    )
    assert turned(here, turn).tolist() == there.tolist()


@cache
def frames() -> tuple[int, ...]:
    return tuple(int(n) | 1 << 63 for n in np.random.default_rng(3).integers(0, 2**62, 48))


def film(hashes: tuple[int, ...], name: str) -> Fingerprint:
    return Fingerprint(
        item_id=name,
        kind=MediaKind.VIDEO,
        duration_seconds=30.0,
        frames=tuple(Frame(time_seconds=n * 0.6, phash=f"{h:016x}") for n, h in enumerate(hashes)),
        aspect=1.78,
    )


@pytest.mark.parametrize("turn", TURNS[1:], ids=lambda turn: turn.words + str(turn[:3]))
def test_a_mirrored_or_turned_film_is_found(turn: Turn) -> None:
    made = turned(np.array(frames(), np.uint64), turn)
    original, copy = film(frames(), "a"), film(tuple(int(one) for one in made), "b")
    found = same(original, copy)
    assert found is not None
    assert found.evidence.startswith(turn.words)
    assert set(lookup_terms.of(original)) & set(lookup_terms.searched(copy)[1])


def test_another_film_is_no_mirrored_one() -> None:
    other = tuple(int(n) | 1 << 63 for n in np.random.default_rng(4).integers(0, 2**62, 48))
    assert same(film(frames(), "a"), film(other, "b")) is None
