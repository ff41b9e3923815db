"""Pictures and films that are made for an item."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr

from utils.models.base import Frozen

Aspect = Literal["16:9", "1:1", "9:16"]
VisualKind = Literal["title_card", "waveform", "generated", "lyric_video"]


class ComfyuiSettings(Frozen):
    """Settings of the picture server (``NIGHTSHIFT_COMFYUI__…``)."""

    url: str | None = Field(default=None, description="Such as http://127.0.0.1:8188.")
    token: SecretStr | None = Field(
        default=None, description="Sent as a bearer token, for a proxy before it."
    )
    model: str | None = Field(
        default=None,
        description="The checkpoint's file name at the server, for workflows with one.",
    )
    workflows: Path | None = Field(
        default=None, description="A folder of more workflow templates; those of yours come first."
    )
    styles: Path | None = Field(default=None, description="A folder of more styles.")
    timeout_seconds: float = Field(default=600, gt=0, allow_inf_nan=False)


class VisualOptions(Frozen):
    """What pictures are made (``steps.generate_visuals``)."""

    engine: Literal["auto", "comfyui", "local"] = Field(
        default="auto", description="auto takes ComfyUI where its address is set."
    )
    style: str = Field(default="default", description="A style's name; see docs/visuals.md.")
    workflow: str = Field(default="text_to_image", description="A workflow template's name.")
    aspects: tuple[Aspect, ...] = ("16:9", "1:1", "9:16")
    waveform: bool = Field(default=True, description="Of sound, a waveform as well.")
    seed: int | None = Field(
        default=None, ge=0, lt=2**63, description="Of the item's content when not given."
    )


class LyricVideoOptions(Frozen):
    """How a lyric video is made (``steps.make_lyric_video``)."""

    aspects: tuple[Literal["16:9", "9:16"], ...] = ("16:9",)
    romanisation: bool = Field(default=True, description="Below each line, where there is one.")
    height: int = Field(default=1080, ge=360, le=2160, description="Of the shorter side, pixels.")


class Visual(Frozen):
    """One picture or film, and how it was made.

    ``inputs`` of its workflow (prompt, seed, …); ``by_model`` says whether a model made what is to
    be seen. ``warnings``: what is not as it was asked for.
    """

    not_in_key: ClassVar[frozenset[str]] = frozenset({"path"})

    kind: VisualKind
    path: Path
    sha256: str
    size_bytes: int
    width: int
    height: int
    aspect: Aspect
    engine: str
    by_model: bool
    model: str | None = None
    workflow: str | None = None
    prompt: str | None = None
    seed: int | None = None
    inputs: dict[str, Any] = Field(default_factory=dict)
    duration_seconds: float | None = None
    warnings: tuple[str, ...] = ()


class Visuals(Frozen):
    """All that a step made for an item."""

    item_id: str
    visuals: tuple[Visual, ...]
    notes: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """What is not as it was asked for, each as a sentence."""
        faults = (
            f"{one.kind.replace('_', ' ').capitalize()} {one.aspect}: {fault.removesuffix('.')}."
            for one in self.visuals
            for fault in one.warnings
        )
        return (*faults, *self.notes)
