"""House rules: what content must keep to, as a person writes it in ``house_rules.yaml``.

The top of the file holds for everything; a source (by its name, ``*`` for anything) may add to it
or say otherwise. Of several that fit a source all hold, the later one has the last word.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)

from utils.models.base import Frozen

Romanisation = Literal[
    "ungegn", "ala-lc", "geographic", "bgn-pcgn", "hepburn", "pinyin", "any", "none"
]
Requirement = Literal["translation", "romanisation", "transcript", "summary"]
_STANDARDS = ", ".join(get_args(Romanisation))


def _text(value: Any) -> Any:
    """A text as a person means it; of what has no quotes YAML makes numbers, dates, yes or no."""
    if value is not None and not isinstance(value, str | dict | list | tuple):
        raise ValueError(f"YAML reads {value!r} here, which is no text: write it in quotes")
    return " ".join(value.split()) if isinstance(value, str) else value


def _texts(value: Any) -> Any:
    return (value,) if isinstance(value, str) else () if value is None else value


def _colour(value: Any) -> Any:
    if value is None:
        raise ValueError(
            "a colour begins with #, which YAML takes for a comment: write it in quotes"
        )
    if not isinstance(value, str) or not re.fullmatch("#[0-9a-fA-F]{6}", value.strip()):
        raise ValueError(f'{value!r} is no colour such as "#032EA1"')
    return value.strip().upper()


def _colours(value: Any) -> Any:
    return _colour(value) if value is None else _texts(value)


def _standard(value: Any) -> Any:
    if isinstance(value, list | tuple):
        raise ValueError(f"one standard holds, not {len(value)}: a source may have another")
    if isinstance(value, str):
        return value.strip().casefold().replace("_", "-").replace("/", "-").replace(" ", "-")
    if value is not None:
        raise ValueError(f"{value!r} is no standard ({_STANDARDS}): write it in quotes")
    return value


def _key(name: Any) -> Any:
    return str(name) if isinstance(name, int) and not isinstance(name, bool) else name


def _mapping(value: Any) -> Any:
    """What a key without anything below it means."""
    if isinstance(value, dict):
        return {_key(name): {} if one is None else one for name, one in value.items()}
    return {} if value is None else value


def _once(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Text = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=500)]
Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(_texts),
    AfterValidator(_once),
    WithJsonSchema(_TEXTS, "validation"),
]
Note = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=2_000)]
Notes = Annotated[
    tuple[Note, ...],
    BeforeValidator(_texts),
    AfterValidator(_once),
    WithJsonSchema(_TEXTS, "validation"),
]
Name = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=100)]
Colour = Annotated[
    str,
    BeforeValidator(_colour),
    WithJsonSchema({"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}),
]


Requirements = Annotated[
    tuple[Requirement, ...],
    BeforeValidator(_texts),
    AfterValidator(_once),
    WithJsonSchema({"type": "array", "items": {"enum": list(get_args(Requirement))}}, "validation"),
]


class ProhibitedTopic(Frozen):
    """What must not be published: a name, and words by which it is found in any text of an item.

    A topic may be written as its name alone.
    """

    name: Name
    words: Texts = Field(
        default=(),
        description="Whole words or phrases, in any script; the name itself when empty. "
        "gambl* stands for all that begins so.",
    )
    reason: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return value if isinstance(value, dict | BaseModel) else {"name": value}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: Any, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, handler(core_schema)]}

    @property
    def sought(self) -> tuple[str, ...]:
        """The words by which it is found."""
        return self.words or (self.name,)


class HouseRules(Frozen):
    """What holds for one item: the file's top, with what its source says over it.

    Colours decide no judgement: they are in no step's key, but in that of what is drawn.
    """

    not_in_key: ClassVar[frozenset[str]] = frozenset({"brand_colours"})

    brand: Name | None = Field(default=None, description="The name on title cards.")
    brand_colours: Annotated[tuple[Colour, ...], BeforeValidator(_colours)] = Field(
        default=(), description='"#RRGGBB" in quotes, the main one first.'
    )
    prohibited_topics: Annotated[tuple[ProhibitedTopic, ...], BeforeValidator(_texts)] = ()
    allowed_words: Texts = Field(
        default=(),
        description='What does not count where it holds a prohibited word: "Casino Royale".',
    )
    romanisation: Annotated[Romanisation | None, BeforeValidator(_standard)] = Field(
        default=None, description="The standard of romanised text; none: there is to be none."
    )
    cultural_notes: Notes = Field(default=(), description="What a critic must know, in words.")
    required: Requirements = Field(
        default=(), description="What an item must have to be published."
    )


class SourceRules(HouseRules):
    """What a source adds to the file's top, or says otherwise."""

    allowed_topics: Texts = Field(
        default=(), description="Names of topics that the top prohibits, and that may be here."
    )
    not_required: Requirements = Field(
        default=(), description="What the top requires, and an item of it may lack."
    )


class HouseRulesFile(HouseRules):
    """The whole file; ``sources``: what is added or said otherwise for some, by name or pattern."""

    sources: Annotated[dict[str, SourceRules], BeforeValidator(_mapping)] = Field(
        default_factory=dict
    )


class RuleBreach(Frozen):
    """A house rule that an item breaks: which, why, and where it stands (seconds, if said)."""

    rule: str
    reason: str
    quote: str | None = None
    start_seconds: float | None = None


class HouseCheck(Frozen):
    """What the house rules say of an item, without any model. ``notes``: what could not be told."""

    breaches: tuple[RuleBreach, ...] = ()
    notes: tuple[str, ...] = ()
