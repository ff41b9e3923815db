"""The pictures of an item: by ComfyUI where it is set, else drawn here."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from utils.config import Settings
from utils.errors import PermanentError, from_os_error
from utils.models.item import MediaItem, MediaKind
from utils.models.signal import SignalReport
from utils.models.visual_subject import VisualSubject
from utils.models.visuals import Aspect, Visual, VisualKind, VisualOptions, Visuals
from utils.storage import files, scratch
from utils.visuals import brands, cards, generation, prompts, template_files, waveforms
from utils.visuals.brands import Brand
from utils.visuals.generation import Generator, Hear

_FOLDER = "visuals"


class _Drawing(NamedTuple):
    """What all pictures of an item are drawn with."""

    item: MediaItem
    subject: VisualSubject
    colours: tuple[str, ...]
    brand: str | None
    folder: Path

    def card(self, aspect: Aspect, target: Path) -> None:
        """Draw the title card."""
        cards.draw(self.subject, self.colours, self.brand, aspect, target)

    def waveform(self, aspect: Aspect, target: Path) -> None:
        """Draw the sound."""
        waveforms.draw(self.item.path, self.subject, self.colours, aspect, target)


def engine(options: VisualOptions, settings: Settings) -> str:
    """What draws, its version and its templates: part of the key of what is drawn.

    Raises:
        SettingsError: ComfyUI is asked for and not set, or a template or style makes no sense.
    """
    house, style = brands.digest(settings), template_files.style(options.style, settings)
    if not generation.is_wanted(options, settings):
        return f"local {cards.VERSION} {template_files.digest(style)} {house}"
    workflow = template_files.workflow(options.workflow, settings)
    generation.require_fitting(options, workflow, style)
    made_by = template_files.digest(style, workflow)
    return f"comfyui {prompts.VERSION} {made_by} {settings.comfyui.model or ''} {house}"


def make(
    item: MediaItem,
    subject: VisualSubject,
    signal: SignalReport,
    options: VisualOptions,
    settings: Settings,
    hear: Hear = lambda _share: None,
) -> Visuals:
    """Pictures in each aspect ratio that ``options`` ask for; ``hear`` is told how far it is (0–1).

    Where ComfyUI fails for good, title cards are drawn instead, and the notes say so; not where
    the options ask for ComfyUI and nothing else.

    Raises:
        PermanentError: it does, and they do.
        RetryableError: ComfyUI does not answer, or not in time.
    """
    brand = brands.of_item(item, settings)
    drawing = _Drawing(item, subject, _colours(brand, options, settings), brand.name,
                       _folder(item, settings))  # fmt: skip
    made: list[Visual] = []
    notes: list[str] = []
    if generation.is_wanted(options, settings):
        made, notes = _generated(drawing, options, settings, hear)
    missing = [one for one in options.aspects if one not in {visual.aspect for visual in made}]
    made += [_drawn("title_card", one, partial(drawing.card, one), drawing) for one in missing]
    if options.waveform and item.kind is MediaKind.AUDIO and signal.sound_index is not None:
        made += [
            _drawn("waveform", one, partial(drawing.waveform, one), drawing)
            for one in options.aspects
        ]
    return Visuals(item_id=item.item_id, visuals=tuple(made), notes=tuple(notes))


def _generated(
    drawing: _Drawing, options: VisualOptions, settings: Settings, hear: Hear
) -> tuple[list[Visual], list[str]]:
    """The pictures that ComfyUI made, and why it did not make others."""
    made: list[Visual] = []
    try:
        with generation.opened(
            drawing.item, drawing.subject, drawing.colours, options, settings
        ) as generator:
            for number, aspect in enumerate(options.aspects):
                told = partial(_tell, hear, number, len(options.aspects))
                made.append(_by_model(generator, aspect, drawing, told))
    except PermanentError as error:
        if options.engine == "comfyui":
            raise
        return made, [
            f"A title card was drawn instead of a picture: {error} Then: nightshift visuals make "
            "ITEM --force."
        ]
    return made, []


def _tell(hear: Hear, number: int, count: int, share: float) -> None:
    hear((number + share) / count)


def _by_model(generator: Generator, aspect: Aspect, drawing: _Drawing, hear: Hear) -> Visual:
    """One picture by ComfyUI, with all that it was made from."""
    with generation.made(generator, aspect, hear) as result:
        return _kept(
            "generated",
            aspect,
            result.path,
            drawing.folder,
            engine=f"ComfyUI {generator.version}".strip(),
            by_model=generator.is_by_model,
            model=generator.model,
            workflow=generator.workflow,
            prompt=result.prompt,
            seed=result.seed,
            inputs=result.inputs,
            warnings=result.warnings,
        )


def _drawn(
    kind: VisualKind, aspect: Aspect, draw: Callable[[Path], None], drawing: _Drawing
) -> Visual:
    """One picture that was drawn here."""
    temporary = scratch.folder() / f"{uuid.uuid4().hex}.png"
    try:
        draw(temporary)
        told = cards.warnings(drawing.subject, drawing.brand)
        return _kept(
            kind, aspect, temporary, drawing.folder, engine="local", by_model=False, warnings=told
        )
    finally:
        temporary.unlink(missing_ok=True)


def _kept(kind: VisualKind, aspect: Aspect, path: Path, folder: Path, **told: Any) -> Visual:
    """A picture in its place, which its content names: another never takes it, so that what the
    ledger recalls is what was made.
    """
    sha256 = files.sha256(path)
    target = folder / f"{kind}-{aspect.replace(':', 'x')}-{sha256[:12]}.png"
    with files.whole_file(target) as temporary:
        path.replace(temporary)
    with Image.open(target) as picture:
        width, height = picture.size
    return Visual(
        kind=kind,
        path=target,
        sha256=sha256,
        size_bytes=target.stat().st_size,
        width=width,
        height=height,
        aspect=aspect,
        **told,
    )


def _folder(item: MediaItem, settings: Settings) -> Path:
    folder = files.item_folder(settings.home, item.item_id) / _FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise from_os_error(error, f"making {folder}") from error
    return folder


def _colours(brand: Brand, options: VisualOptions, settings: Settings) -> tuple[str, ...]:
    """The house's colours, else those of the style."""
    return brand.colours or template_files.style(options.style, settings).colours
