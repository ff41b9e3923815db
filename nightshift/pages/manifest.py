"""What a phone needs to put the pages on its start screen."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from nightshift.pages.rendering import language_of, prefix_of, static_address

router = APIRouter()

_GROUND = "#0e1117"  # as --ground of static/app.css where it is dark
_ICONS = (
    ("icon.svg", "any", "image/svg+xml", "any"),
    ("icon-192.png", "192x192", "image/png", "any"),
    ("icon-512.png", "512x512", "image/png", "any"),
    ("icon-maskable.png", "512x512", "image/png", "maskable"),
)


@router.get("/manifest.webmanifest")
def show_manifest(request: Request) -> JSONResponse:
    """Show the manifest: names, icons and places of the pages as an app."""
    start = f"{prefix_of(request)}/"
    made = {
        "id": start,
        "name": "Night Shift",
        "short_name": "Night Shift",
        "lang": language_of(request, None),
        "start_url": start,
        "scope": start,
        "display": "standalone",
        "background_color": _GROUND,
        "theme_color": _GROUND,
        "icons": [
            {"src": static_address(request, name), "sizes": sizes, "type": kind, "purpose": purpose}
            for name, sizes, kind, purpose in _ICONS
        ],
    }
    return JSONResponse(made, media_type="application/manifest+json")
