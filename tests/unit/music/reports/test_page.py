"""The page asks nothing of anywhere, and what strangers named changes nothing of it."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.hostile import NAMES
from tests.star_schema import Artist, Play, write
from utils.config import Settings
from utils.models.music_answers import Asked
from utils.models.sanitize import visible
from utils.music.reports import page
from utils.music.star_schema import tables

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Read(HTMLParser):
    """Elements with their attributes, and the texts between them."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def written(settings: Settings, names: Sequence[str], path: Path) -> str:
    plays = [
        Play(
            NOON + timedelta(hours=n),
            Artist(name, "DE", name, name, (50, 7), (name,), key=f"mbid:{n}"),
            name,
            name,
            heard_in="DE",
        )
        for n, name in enumerate(names)
    ]
    write(settings, plays)
    connection = tables.opened(settings)
    page.write(connection, Asked(place=None), 100, "Europe/Berlin", path)
    return path.read_text()


def read(html: str) -> Read:
    found = Read()
    found.feed(html)
    found.close()
    return found


def test_hostile_names_change_nothing_of_the_page(settings: Settings, tmp_path: Path) -> None:
    named = [name for name in NAMES if name.strip()]
    hostile = written(settings, named, tmp_path / "hostile.html")
    plain = written(settings, [f"name {n}" for n in range(len(named))], tmp_path / "plain.html")

    def skeleton(html: str) -> list[tuple[str, tuple[str, ...]]]:
        return sorted((tag, tuple(attributes)) for tag, attributes in read(html).elements)

    assert skeleton(hostile) == skeleton(plain)
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069]", hostile)
    assert len(hostile) < 4 * len(plain)  # names are shortened
    texts = "\n".join(read(hostile).texts)
    for name in named:
        assert visible(name)[:100].strip() in texts


def test_the_page_asks_for_nothing(settings: Settings, tmp_path: Path) -> None:
    found = read(written(settings, NAMES, tmp_path / "page.html"))
    tags = {tag for tag, _ in found.elements}
    assert not tags & {"script", "img", "iframe", "object", "embed", "form", "base", "use", "image"}
    for tag, attributes in found.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in {"href", "src", "srcset", "xlink:href", "action", "poster", "background"}:
                assert value == "data:,"
    style = "".join(found.texts)
    assert "url(" not in style and "@import" not in style
    policy = next(a["content"] for t, a in found.elements if a.get("http-equiv"))
    assert policy.startswith("default-src 'none'")


def test_every_picture_has_words_and_a_table_beside_it(settings: Settings, tmp_path: Path) -> None:
    found = read(written(settings, ["Kraftwerk", "فيروز"], tmp_path / "page.html"))
    pictures = [attributes for tag, attributes in found.elements if tag == "svg"]
    assert len(pictures) >= 3
    assert all(one.get("aria-hidden") or len(one["aria-label"]) > 30 for one in pictures)
    assert sum(tag == "table" for tag, _ in found.elements) == 9
    assert ("html", {"lang": "en"}) in found.elements
    assert "فيروز" in found.texts
    shades = {a["class"] for tag, a in found.elements if tag == "path"}
    assert len(shades) == 2  # Germany, and the others
    assert "@media (prefers-color-scheme: dark)" in "".join(found.texts)


def test_an_empty_library_has_a_page_that_says_what_to_do(
    settings: Settings, tmp_path: Path
) -> None:
    html = written(settings, [], tmp_path / "page.html")
    assert "nightshift music import" in html
    assert sum(tag == "rect" for tag, _ in read(html).elements) == 168


@pytest.mark.parametrize(
    ("most", "top"), [(0, 2), (1, 2), (2, 2), (3, 4), (10, 10), (11, 20), (999, 1000), (1001, 2000)]
)
def test_a_scale_ends_at_a_round_number(most: int, top: int) -> None:
    assert page.nice(most) == top
