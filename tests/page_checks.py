"""What is wrong with the HTML of a page, as far as it can be told without a browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from tests.hostile import MARKER, PRODUCT

_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
     "track", "wbr")
)  # fmt: skip
_FOREIGN = frozenset(("path", "circle", "rect", "line", "polyline", "polygon", "ellipse", "use"))
# What no paragraph holds: a browser ends it there, and the page is another than it was written.
_BLOCKS = frozenset(
    ("p", "ul", "ol", "dl", "div", "section", "table", "form", "fieldset", "h1", "h2", "h3", "h4",
     "pre", "details", "hr", "figure", "nav", "header", "footer", "article", "aside", "blockquote")
)  # fmt: skip
_LOADING = {
    "script": "src", "img": "src", "video": "src", "audio": "src", "source": "src", "track": "src",
    "iframe": "src", "embed": "src", "object": "data", "link": "href", "use": "href",
    "form": "action",
}  # fmt: skip
_ADDRESSES = frozenset(("href", "src", "action", "formaction", "data", "poster", "srcset",
                        "xlink:href", "hx-get", "hx-post", "sse-connect"))  # fmt: skip
_SCRIPTED = re.compile(r"\s*(?:javascript|vbscript|data:text)\s*:?", re.IGNORECASE)


def faults(html: str, *, is_part: bool = False) -> list[str]:
    """What is wrong, in words; nothing is what is wanted."""
    seen = _Reader()
    seen.feed(html)
    seen.close()
    found = seen.found + [f"<{tag}> is not ended" for tag in seen.open]
    if not is_part:
        found += _frame(seen)
    if PRODUCT in html:
        found.append("a template within a title was evaluated")
    return found


def _frame(seen: _Reader) -> list[str]:
    return [
        fault
        for holds, fault in (
            (seen.tags.count("h1") == 1, f"{seen.tags.count('h1')} headings of the first level"),
            (seen.tags.count("main") == 1, "no main, or several"),
            (bool(seen.title.strip(" ·")), "no title"),
            ("lang" in seen.root, "no language"),
            (seen.levels_are_in_order, "a level of headings is left out"),
        )
        if not holds
    ]


class _Reader(HTMLParser):
    """Elements as they come: which are open, and what is wrong with them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: set[str] = set()
        self.title = ""
        self.root: dict[str, str | None] = {}
        self.levels_are_in_order = True
        self._level = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if tag == "html":
            self.root = given
        if tag in _BLOCKS and "p" in self.open and "svg" not in self.open:
            self.found.append(f"<{tag}> within a paragraph")
        if re.fullmatch("h[1-6]", tag):
            self.levels_are_in_order &= int(tag[1]) <= self._level + 1
            self._level = int(tag[1])
        self._attributes(tag, attrs)
        self._special(tag, given)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            if "svg" not in self.open:
                self.found.append(f"<{tag}/> does not end in HTML")
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            self.found.append(f"</{tag}>")
        elif not self.open or self.open[-1] != tag:
            self.found.append(f"</{tag}> within {'>'.join(self.open[-4:])}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title" and "svg" not in self.open:
            self.title += data

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.found.append(f"<{tag}> has an attribute twice: {names}")
        for name, value in attrs:
            if name.startswith(("on", "hx-on")) or name == "style":
                self.found.append(f"<{tag} {name}> is inline, which the policy forbids")
            if name in _ADDRESSES and _SCRIPTED.match(value or "") and not _is_picture(value):
                self.found.append(f"<{tag} {name}={value!r}>")
            if re.search(r"[\s{}<>\"'`]", name):
                self.found.append(f"<{tag}> has the attribute {name!r}")
            if name == "id":
                self._id(tag, value or "")

    def _id(self, tag: str, value: str) -> None:
        if value in self.ids:
            self.found.append(f"the id {value!r} is there twice")
        if value == MARKER or re.search(r"\s", value) or not value:
            self.found.append(f"<{tag} id={value[:60]!r}>")
        self.ids.add(value)

    def _special(self, tag: str, given: dict[str, str | None]) -> None:
        if tag == "script" and not given.get("src"):
            self.found.append("a script within the page")
        if tag == "style" and not given.get("nonce"):
            self.found.append("styles within the page")
        if tag in {"base", "iframe", "object", "embed", "plaintext"}:
            self.found.append(f"<{tag}>")
        place = given.get(_LOADING.get(tag, ""))
        if place and re.match(r"(?:[a-z]+:)?//|\\", place) and tag != "a":
            self.found.append(f"<{tag}> loads {place[:80]}")
        if tag == "a" and given.get("target") == "_blank" and "noopener" not in (
            given.get("rel") or ""
        ):  # fmt: skip
            self.found.append(f"<a target=_blank> without noopener: {given.get('href')}")
        if tag == "img" and "alt" not in given:
            self.found.append(f"<img> without alt: {given.get('src')}")


def _is_picture(value: str | None) -> bool:
    return bool(value and value.lstrip().startswith("data:image/"))


def links(html: str) -> list[str]:
    """The addresses of a page's links and of what it loads, in their order."""
    found = _Links()
    found.feed(html)
    return list(dict.fromkeys(found.places))


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.places: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        names = ("href",) if tag in {"a", "link", "use"} else ("src", "poster")
        self.places += [value for name in names if (value := given.get(name))]
        for one in (given.get("srcset") or "").split(","):
            self.places += one.split()[:1]
