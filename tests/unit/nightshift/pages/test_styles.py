"""The styles of a page change that page alone: the frame around it is the same on all."""

from __future__ import annotations

import re

from nightshift.pages.rendering import FOLDER

_STYLES = FOLDER / "static"
_FRAME = (FOLDER / "templates" / "base.html.j2").read_text()
_SHARED = {"icon", "menu", "menu-body", "plain", "sr", "wide", "search", "account"}


def _selectors(css: str) -> list[str]:
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    heads = re.findall(r"(?:^|[{};])\s*([^{}@;]+)\{", css)
    return [one.strip() for head in heads for one in re.split(r",(?![^(]*\))", head)]


def test_styles_of_pages_leave_the_frame_alone() -> None:
    named = set(re.findall(r'class="([\w -]+)"', _FRAME))
    frame = {word for words in named for word in words.split()} - _SHARED
    found = []
    for path in _STYLES.glob("*.css"):
        if path.name == "app.css":
            continue
        for selector in _selectors(path.read_text()):
            first = re.split(r"[\s>+~]", selector.replace("html.js ", ""))[0]
            classes = set(re.findall(r"\.([\w-]+)", selector))
            is_bare = bool(re.fullmatch(r"(?:body|nav|header|ul|li|a|details|summary|form)", first))
            is_bare = is_bare or selector == "main"
            is_menu = re.fullmatch(r"\.(?:menu|menu-body|search|account)", selector)
            if is_bare or is_menu or classes & frame:
                found.append(f"{path.name}: {selector}")
    assert found == []
