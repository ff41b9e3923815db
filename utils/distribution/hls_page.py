"""The page that plays an HLS package: its own files only, nothing is asked for elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, Template

from utils.distribution.playlists import Text
from utils.models.publishing import Package
from utils.models.sanitize import visible

# Published beside the page, with their types.
FILES = {
    "hls.light.min.js": "text/javascript",
    "hls.js.LICENSE": "text/plain",
    "player.js": "text/javascript",
    "player.css": "text/css",
}


def page(
    package: Package, main: str, captions: Sequence[Text], poster: str | None, is_sound: bool
) -> str:
    """The page as HTML.

    Args:
        package: What is shown.
        main: The master playlist, beside the page.
        captions: WebVTT files beside it.
        poster: A picture beside it.
        is_sound: There is no moving picture.
    """
    texts = [text for text in (package.description or package.summary,) if text]
    return _template().render(
        package=package, main=main, captions=captions, poster=poster, is_sound=is_sound,
        texts=texts, language=package.language,
    )  # fmt: skip


def part(name: str) -> bytes:
    """One of ``FILES``."""
    return (files("utils.distribution") / "pages" / name).read_bytes()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _shown(value: object) -> object:
    """Texts of strangers with all that is in them to be seen; line breaks of a text stay."""
    if type(value) is not str:
        return value
    return "\n".join(visible(line) for line in re.split(r"\r\n|\r|\n", value))


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("utils.distribution", "pages"),
        autoescape=True,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = _clock
    return environment.get_template("hls.html.j2")
