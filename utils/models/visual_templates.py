"""What pictures are made by: workflows of ComfyUI with typed inputs, and styles."""

from __future__ import annotations

import re
from string import Formatter
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from utils.models.base import Frozen
from utils.models.visuals import Aspect

Value = str | int | float
# What a style's parts may name; all of it is said of the item, colours of the house.
PLACES = frozenset(
    {"title", "artist", "summary", "topics", "keywords", "mood", "setting", "colours"}
)
# What is given by us: everything else of a workflow has a default, which a style may change.
GIVEN: dict[str, str] = {
    "prompt": "text", "negative": "text", "prefix": "text", "model": "text", "image": "image",
    "seed": "integer", "width": "integer", "height": "integer",
}  # fmt: skip
_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,), "image": (str,), "choice": (str,), "integer": (int,), "number": (int, float),
}  # fmt: skip


class WorkflowInput(Frozen):
    """A value that a workflow takes: its type, its bounds, the fields of nodes that it goes to.

    ``to``: ``node.field``, as in the graph. Without a ``default`` it must be given.
    """

    type: Literal["text", "integer", "number", "choice", "image"]
    to: tuple[str, ...] = Field(min_length=1)
    default: Value | None = None
    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)
    choices: tuple[str, ...] = ()
    description: str | None = Field(default=None, max_length=500)

    @model_validator(mode="after")
    def _fits(self) -> WorkflowInput:
        if self.type == "choice" and not self.choices:
            raise ValueError("a choice needs choices")
        if self.default is not None and (fault := self.fault(self.default)):
            raise ValueError(f"its default {fault}")
        return self

    def fault(self, value: object) -> str | None:
        """What is wrong with a value, in words; None if it fits."""
        if isinstance(value, bool) or not isinstance(value, _TYPES[self.type]):
            return f"is {value!r}, not {self.type}"
        if not isinstance(value, (int, float)):
            is_known = self.type != "choice" or value in self.choices
            return None if is_known else f"is {value!r}: choose of {', '.join(self.choices)}"
        if self.min is not None and value < self.min:
            return f"is {value}, less than {self.min:g}"
        if self.max is not None and value > self.max:
            return f"is {value}, more than {self.max:g}"
        return None


class WorkflowTemplate(Frozen):
    """A graph in the form of ComfyUI's API, and what of it is filled in.

    ``output``: the node whose pictures are taken; ``sizes``: width and height of each aspect
    ratio that it can do.
    """

    description: str = Field(max_length=500)
    inputs: dict[str, WorkflowInput]
    sizes: dict[Aspect, tuple[int, int]] = Field(min_length=1)
    output: str
    graph: dict[str, dict[str, Any]] = Field(min_length=1, max_length=1000)

    @field_validator("graph", mode="before")
    @classmethod
    def _is_of_the_api(cls, graph: object) -> object:
        if isinstance(graph, dict) and isinstance(graph.get("nodes"), list):
            raise ValueError(
                "this is the form that ComfyUI's page saves: export it there with "
                "'Export (API)', formerly 'Save (API Format)'"
            )
        return graph

    @model_validator(mode="after")
    def _hangs_together(self) -> WorkflowTemplate:
        for node, told in self.graph.items():
            _require_node(node, told, self.graph)
        if self.output not in self.graph:
            raise ValueError(f"output: there is no node {self.output!r} in the graph")
        if not {"prefix", "seed"} & self.inputs.keys():
            raise ValueError(
                "inputs: there is neither prefix nor seed: the same graph would be answered from "
                "ComfyUI's cache"
            )
        for name, given in self.inputs.items():
            wanted = GIVEN.get(name, given.type)
            if given.type != wanted:
                raise ValueError(f"inputs.{name}: it is {wanted}, not {given.type}")
            if name not in GIVEN and given.default is None:
                raise ValueError(f"inputs.{name}: it needs a default: nothing else gives it")
            for place in given.to:
                _require_field(name, place, self.graph)
        return self

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of its nodes, each once."""
        return tuple(dict.fromkeys(str(node["class_type"]) for node in self.graph.values()))


def _require_node(node: str, told: dict[str, Any], graph: dict[str, dict[str, Any]]) -> None:
    if not isinstance(told.get("class_type"), str) or not isinstance(told.get("inputs"), dict):
        raise ValueError(f"graph: node {node} has no class_type and inputs")
    for field, value in told["inputs"].items():
        if isinstance(value, list) and (len(value) != 2 or str(value[0]) not in graph):
            raise ValueError(f"graph: {node}.{field} is linked to a node that is not there")


def _require_field(name: str, place: str, graph: dict[str, dict[str, Any]]) -> None:
    node, _, field = place.partition(".")
    inputs = graph.get(node, {}).get("inputs", {})
    if field not in inputs:
        raise ValueError(f"inputs.{name}: the graph has no {place} (node.field)")
    if isinstance(inputs[field], list):
        raise ValueError(f"inputs.{name}: {place} is linked to another node")


class Style(Frozen):
    """How pictures are to look: parts of a prompt, what must not be seen, colours, values.

    A part of ``prompt`` may name one of ``PLACES`` in braces; it is left out where nothing is
    known of that. ``colours`` are those of a house without its own; ``inputs`` are values of
    the workflow.
    """

    description: str = Field(max_length=500)
    prompt: tuple[str, ...] = Field(min_length=1, max_length=20)
    negative: str = Field(default="", max_length=1000)
    colours: tuple[str, ...] = Field(default=(), max_length=8)
    inputs: dict[str, Value] = Field(default_factory=dict)

    @field_validator("prompt")
    @classmethod
    def _known_places(cls, parts: tuple[str, ...]) -> tuple[str, ...]:
        for part in parts:
            for _, name, form, turned in Formatter().parse(part):
                if name is not None and (name not in PLACES or form or turned):
                    raise ValueError(f"{part!r}: in braces stands one of {', '.join(PLACES)}")
        return parts

    @field_validator("colours")
    @classmethod
    def _are_colours(cls, colours: tuple[str, ...]) -> tuple[str, ...]:
        for colour in colours:
            if not re.fullmatch(r"#[0-9A-Fa-f]{6}", colour):
                raise ValueError(f"{colour!r} is no colour such as #0F4C81")
        return colours

    @field_validator("inputs")
    @classmethod
    def _not_given(cls, inputs: dict[str, Value]) -> dict[str, Value]:
        if taken := sorted(GIVEN.keys() & inputs.keys()):
            raise ValueError(f"{', '.join(taken)} is given by the item or the settings")
        return inputs
