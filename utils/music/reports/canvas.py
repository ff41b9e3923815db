"""What all drawn plots share: a figure, its heading, its fonts, its file.

matplotlib without pyplot: no window, no state that threads share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from utils.errors import SettingsError
from utils.models.music_answers import Asked
from utils.models.sanitize import visible
from utils.storage.files import whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from utils.music.reports.fonts import Fonts

INK, SOFT, LINE = "#1c2330", "#5c667a", "#dfe3ea"
_DPI = 150
LONGEST = 150  # characters of a name; chosen
LEFT = 0.25  # inches to the left of a heading
_INCHES_TOP = 0.95  # of the heading


class Heading(NamedTuple):
    """What a plot shows, and of which plays."""

    title: str
    of: str


class Canvas(NamedTuple):
    """A figure and how texts are written on it; ``top``: where its heading ends, 0 to 1."""

    figure: Figure
    fonts: Fonts
    top: float

    def text(self, given: str, inches: float, points: float) -> str:
        """A text as it can be drawn: on one line, so long as there is room, in known characters."""
        from utils.music.reports import fonts

        shown = fonts.drawable(short(given), self.fonts.lacking)
        while (wide := self._inches(shown, points)) > inches and len(shown) > 1:
            kept = min(len(shown) - 2, int(len(shown) * inches / wide))
            shown = shown[: max(kept, 0)].rstrip() + "…"
        return shown

    def _inches(self, text: str, points: float) -> float:
        from matplotlib.backends.backend_agg import RendererAgg
        from matplotlib.font_manager import FontProperties

        renderer = RendererAgg(1, 1, 72)  # type: ignore[no-untyped-call]
        font = FontProperties(family=list(self.fonts.families), size=points)
        width, _, _ = renderer.get_text_width_height_descent(  # type: ignore[no-untyped-call]
            text, font, ismath=False
        )
        return float(width) / 72


def heading(title: str, asked: Asked, zone: ZoneInfo) -> Heading:
    """A title, and under it which plays are counted."""

    def day(moment: datetime) -> str:
        local = moment.astimezone(zone)
        return (
            f"{local:%Y-%m-%d}" if not (local.hour or local.minute) else f"{local:%Y-%m-%d %H:%M}"
        )

    parts = [
        f"from {day(asked.since)}" if asked.since else "",
        f"before {day(asked.until)}" if asked.until else "",
    ]
    period = " and ".join(filter(None, parts)) or "everything that was heard"
    place = f", artists from {visible(asked.place)}" if asked.place else ""
    return Heading(title, f"{period[0].upper()}{period[1:]}{place} ({zone.key})")


def short(text: str, longest: int = LONGEST) -> str:
    """A name from strangers on one line, and no longer than this."""
    shown = visible(text[: 4 * longest])
    return shown if len(shown) <= longest else shown[: longest - 1].rstrip() + "…"


@contextmanager
def drawn(
    path: Path, about: Heading, size: tuple[float, float], texts: Iterable[str] = ()
) -> Iterator[Canvas]:
    """A canvas of so many inches that becomes a PNG when the block is through.

    Args:
        path: The file; what is there is replaced.
        about: Its heading, and what it is for those who don't see it.
        size: Inches wide and high.
        texts: The names that are written on it.

    Raises:
        SettingsError: matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SettingsError(
            "Plots need matplotlib, which is not installed: pip install 'nightshift[music]'."
        ) from error
    from utils.music.reports import fonts

    found = fonts.for_texts([*map(short, texts), *map(short, about), "…⟨⟩"])
    style: Any = {"font.family": list(found.families), "text.parse_math": False, "font.size": 10}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=size, dpi=_DPI, facecolor="white")
        FigureCanvasAgg(figure)
        canvas = Canvas(figure, found, 1 - _INCHES_TOP / size[1])
        _write_heading(canvas, about, size)
        yield canvas
        with whole_file(path) as temporary:
            figure.savefig(
                temporary, format="png", metadata={"Title": about.title, "Description": about.of}
            )


def _write_heading(canvas: Canvas, about: Heading, size: tuple[float, float]) -> None:
    for text, inches, points, color, weight in (
        (about.title, 0.2, 15, INK, "bold"),
        (about.of, 0.52, 9.5, SOFT, "normal"),
    ):
        canvas.figure.text(
            LEFT / size[0], 1 - inches / size[1], canvas.text(text, size[0] - 2 * LEFT, points),
            fontsize=points, color=color, weight=weight, va="top",
        )  # fmt: skip


def notes(fonts: Fonts) -> tuple[str, ...]:
    """What could not be written, and what to do."""
    from utils.music.reports.fonts import script

    if not fonts.lacking:
        return ()
    scripts = ", ".join(sorted({script(sign) for sign in fonts.lacking})[:8])
    return (
        f"No font of this machine has characters of {scripts}: ⟨…⟩ stands for them. Install one, "
        "such as fonts-noto-core or fonts-noto-cjk, and draw it again.",
    )
