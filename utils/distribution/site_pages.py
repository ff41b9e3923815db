"""The pages of a site as HTML. All that they say of an item comes from strangers and is text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader

from utils.distribution import place
from utils.distribution.xml_text import line, paragraphs, plain
from utils.models.publishing import Package, Published
from utils.models.targets import SiteTarget
from utils.models.transcript import Segment

ASSETS = {
    "site.css": "text/css; charset=utf-8",
    "item.js": "text/javascript; charset=utf-8",
    "search.js": "text/javascript; charset=utf-8",
}
_BESIDE = 3  # pages before and behind one that it links. Chosen.
PER_PAGE = 60
# `file:` for pages that are opened without a server, where some browsers know no 'self'.
_POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file: "
    "data:; media-src 'self' file:; base-uri 'none'; form-action 'none'"
)
_SHOWN = {f"image/{one}" for one in ("jpeg", "png", "gif", "webp", "avif", "svg+xml")}
_FROM_THE_RIGHT = {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}
_SCHEMA = {"video": "VideoObject", "audio": "AudioObject", "image": "ImageObject"}
_OG_TYPE = {"video": "video.other", "audio": "music.song", "image": "article"}


def asset(name: str) -> bytes:
    """A style sheet or script that all pages share."""
    return (files("utils.distribution") / "pages" / name).read_bytes()


def item(package: Package, target: SiteTarget, mime_type: str, extra: Mapping[str, Any]) -> str:
    """The page of an item.

    Args:
        package: The item.
        target: The site.
        mime_type: Of what is played or shown.
        extra: The names of its files below the site (``site.publish``).
    """
    kind = mime_type.partition("/")[0]
    here = {
        name: quote(str(extra[name]).rpartition("/")[2])
        for name in ("media", "poster", "captions")
        if name in extra
    }
    return _environment().get_template("item.html.j2").render(
        **_common(target, "../"),
        **here,
        **_addresses(target, extra),
        package=package,
        kind=kind,
        is_shown=kind != "image" or mime_type in _SHOWN,
        title=_title(package),
        lang=_lang(package.language, target),
        date=f"{package.published_at:%Y-%m-%d}",
        duration=clock(package.duration_seconds) if package.duration_seconds else "",
        og_type=_OG_TYPE.get(kind, "article"),
        linked_data=_linked_data(package, target, kind, extra),
        chapters=[
            {"start": _seconds(one.start_seconds), "clock": clock(one.start_seconds),
             "title": line(one.title, 300)}
            for one in package.chapters
        ],
        summary=paragraphs(package.summary or package.description),
        translation=_lines(package.translation),
        romanisation=_lines(package.romanisation),
        segments=[_said(one, target) for one in package.segments if one.text.strip()],
        facts=_facts(package),
        source=_web_address(package.source_url),
        by_model=extra.get("by_model", False),
    )  # fmt: skip


def index(
    packages: Sequence[tuple[Package, Published]], target: SiteTarget, version: str
) -> dict[str, str]:
    """The pages of the index by their names, the first one first."""
    number = max(1, -(-len(packages) // PER_PAGE))
    names = ["index.html", *(f"page-{at}.html" for at in range(2, number + 1))]
    pages = {}
    for at, name in enumerate(names):
        part = packages[at * PER_PAGE : (at + 1) * PER_PAGE]
        pages[name] = _environment().get_template("index.html.j2").render(
            **_common(target, ""),
            number=at + 1,
            pages=number,
            links=names,
            near=_near(at + 1, number),
            total=len(packages),
            entries=[_card(package, published, target) for package, published in part],
            version=version,
        )  # fmt: skip
    return pages


def _near(at: int, last: int) -> list[int]:
    """The pages that a page links: the first, the last, and those beside it."""
    beside = range(max(1, at - _BESIDE), min(last, at + _BESIDE) + 1)
    return sorted({1, *beside, last})


def clock(seconds: float) -> str:
    """``m:ss``, or ``h:mm:ss``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _common(target: SiteTarget, root: str) -> dict[str, Any]:
    direction = "rtl" if target.language.partition("-")[0] in _FROM_THE_RIGHT else "ltr"
    return {"target": target, "root": root, "policy": _POLICY, "direction": direction}


def _card(package: Package, published: Published, target: SiteTarget) -> dict[str, Any]:
    card = published.extra.get("card")
    return {
        "page": quote(published.extra["page"]),
        "card": quote(card) if card else None,
        "title": _title(package),
        "lang": _lang(package.language, target),
        "artist": line(package.artist, 200),
        "date": f"{package.published_at:%Y-%m-%d}",
        "duration": clock(package.duration_seconds) if package.duration_seconds else "",
    }


def _said(segment: Segment, target: SiteTarget) -> dict[str, Any]:
    return {
        "start": _seconds(segment.start_seconds),
        "end": _seconds(segment.end_seconds),
        "clock": clock(segment.start_seconds),
        "text": line(segment.text),
        "speaker": line(segment.speaker, 100),
        "lang": _lang(segment.language, target),
    }


def _facts(package: Package) -> list[tuple[str, str]]:
    """What is known of an item, by its names for readers."""
    found = {
        "Artist": line(package.artist, 200),
        "Album": line(package.album, 200),
        "Recorded": f"{package.captured_at:%Y-%m-%d}" if package.captured_at else "",
        "Published": f"{package.published_at:%Y-%m-%d}",
        "Length": clock(package.duration_seconds) if package.duration_seconds else "",
        "Language": line(package.language, 20),
        "Picture": f"{package.width} × {package.height}" if package.width else "",
        "Keywords": line(", ".join(package.keywords), 1000),
    }
    return [(name, value) for name, value in found.items() if value]


def _addresses(target: SiteTarget, extra: Mapping[str, Any]) -> dict[str, str | None]:
    """Where an item's files are seen; nothing without a web address."""
    if not target.public_url:
        return {"address": None, "media_address": None, "poster_address": None}
    poster = extra.get("poster")
    return {
        "address": place.address(target, extra["page"]),
        "media_address": place.address(target, extra["media"]),
        "poster_address": place.address(target, poster) if poster else None,
    }


def _linked_data(package: Package, target: SiteTarget, kind: str, extra: Mapping[str, Any]) -> str:
    """An item for search engines (schema.org), as JSON that ends no script."""
    addresses = _addresses(target, extra)
    seconds = package.duration_seconds
    document = {
        "@context": "https://schema.org",
        "@type": _SCHEMA.get(kind, "CreativeWork"),
        "name": _title(package),
        "description": plain(package.summary, 2000) or _title(package),
        "uploadDate": package.published_at.isoformat(),
        "duration": f"PT{round(seconds)}S" if seconds else None,
        "inLanguage": package.language,
        "creator": {"@type": "Person", "name": line(package.artist)} if package.artist else None,
        "keywords": line(", ".join(package.keywords), 500) or None,
        "url": addresses["address"],
        "contentUrl": addresses["media_address"],
        "thumbnailUrl": addresses["poster_address"],
    }
    text = json.dumps({name: value for name, value in document.items() if value is not None})
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _title(package: Package) -> str:
    return line(package.title, 300) or package.item_id[:12]


def _lines(text: str | None) -> list[str]:
    """The lines of verses."""
    return [found for part in plain(text).split("\n") if (found := line(part))]


def _lang(language: str | None, target: SiteTarget) -> str:
    """The language of a text, where it is another than the site's; empty if it is none."""
    is_one = language and language.replace("-", "").isalnum() and language != target.language
    return language if language and is_one else ""


def _seconds(seconds: float) -> str:
    return f"{max(0.0, seconds):.2f}".rstrip("0").rstrip(".")


def _web_address(address: str | None) -> str | None:
    """An address that may be a link: no other scheme runs anything."""
    return plain(address) if (address or "").lower().startswith(("https://", "http://")) else None


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("utils.distribution", "pages"),
        autoescape=True,  # titles and transcripts come from strangers
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["line"] = line
    return environment
