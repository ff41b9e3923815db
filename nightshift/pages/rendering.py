"""Pages out of templates: the one place that makes HTML."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from nightshift.pages import csrf, formats, texts
from nightshift.pages.formats import Formats
from nightshift.pages.viewer import Viewer
from utils.config import Settings
from utils.models.page_settings import Theme

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
ZONE_COOKIE = "nightshift_zone"  # what the browser says its zone is (static/page.js)


def page(
    request: Request, template: str, viewer: Viewer | None, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """A page, or a part of one for htmx.

    Every template has, besides ``context``: `viewer` (None: nobody), `fmt` (`Formats`),
    `path("/library", sort="added")` (an address of ours), `static("app.css")`, `csrf` (for forms),
    `nonce` (of styles), `here` (the path that was asked for), `iso`.
    """
    language = language_of(request, viewer)
    prefix = prefix_of(request)

    def path(place: str, /, **query: Any) -> str:
        asked = "&".join(
            f"{quote(name)}={quote(str(value), safe='')}"
            for name, value in query.items()
            if value is not None
        )
        return f"{prefix}{place}" + (f"?{asked}" if asked else "")

    made = environment(language).get_template(template).render(
        viewer=viewer,
        fmt=formats_of(request, viewer),
        path=path,
        static=lambda name: static_address(request, name),
        csrf=csrf.token(viewer.key if viewer else None),
        nonce=request.state.nonce,
        here=request.url.path.removeprefix(prefix) or "/",
        language=language,
        theme=viewer.person.theme if viewer else Theme.AUTO,
        iso=formats.iso,
        **context,
    )  # fmt: skip
    return HTMLResponse(made, status)


def prefix_of(request: Request) -> str:
    """What stands before all addresses of ours: a proxy's path, or nothing."""
    scope = request.scope  # a mount puts its own place behind it
    found: str = scope.get("app_root_path", scope.get("root_path", ""))
    return found


def static_address(request: Request, name: str) -> str:
    """The address of a file of ours, which changes with the file."""
    return f"{prefix_of(request)}/static/{name}?v={_version(name)}"


def is_part(request: Request) -> bool:
    """True if htmx asks for a part of a page, and not a browser for the whole."""
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def language_of(request: Request, viewer: Viewer | None) -> str:
    """The language of whoever looks."""
    wanted = viewer.person.language if viewer else None
    return texts.chosen(wanted, request.headers.get("accept-language", ""))


def formats_of(request: Request, viewer: Viewer | None) -> Formats:
    """How whoever looks reads figures: in their language, as in the country of their browser."""
    accepted = request.headers.get("accept-language", "")
    locale = texts.regional(language_of(request, viewer), accepted)
    return Formats(locale, zone_of(request, viewer))


def zone_of(request: Request, viewer: Viewer | None) -> ZoneInfo:
    """The zone of whoever looks: as they set it, else their browser's, else the settings'."""
    settings: Settings = request.app.state.settings
    named = viewer.person.timezone if viewer else None
    wanted = named or request.cookies.get(ZONE_COOKIE, "")
    return ZoneInfo(wanted if wanted in zones() else settings.timezone)


@cache
def environment(language: str) -> Environment:
    """The templates in one language; everything that is put into them is escaped."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.install_gettext_translations(  # type: ignore[attr-defined]
        texts.catalogue(language), newstyle=True
    )
    return made


@cache
def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


@cache
def zones() -> frozenset[str]:
    """The names of all zones."""
    return frozenset(available_timezones())
