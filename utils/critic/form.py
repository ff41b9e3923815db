"""The form of a critic's answer, and how it is found in what a model says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError, create_model, field_validator

from utils.critic.wording import Asked

_THOUGHTS = re.compile(r"<(think|thinking|thought|reasoning)>.*?</\1>", re.S | re.I)
_OPEN_THOUGHT = re.compile(r"^.*</(?:think|thinking|thought|reasoning)>", re.S | re.I)
_MOST_CHARACTERS = 200_000
_MOST_OBJECTS = 200


class SaidEvidence(BaseModel):
    """Where the critic says that it saw it."""

    quote: str | None = None
    start_seconds: float | None = None


class SaidScore(BaseModel):
    """A score as the critic gives it, 0–1."""

    score: float = Field(json_schema_extra={"minimum": 0, "maximum": 1})
    reason: str
    evidence: list[SaidEvidence] = []

    # Not as the field's own limits: google-genai 3 makes no schema of those beside a validator.
    @field_validator("score", mode="before")
    @classmethod
    def _no_truth(cls, value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError("true and false are no scores")
        return value

    @field_validator("score")
    @classmethod
    def _in_range(cls, value: float) -> float:
        if not 0 <= value <= 1:  # nor is it a number, where it is NaN
            raise ValueError("a score is from 0 to 1")
        return value


class SaidBreach(BaseModel):
    """A house rule that the critic says is broken."""

    rule: str
    reason: str
    quote: str | None = None
    start_seconds: float | None = None


class SaidOption(BaseModel):
    """An option of the pipeline, and what it should be."""

    name: str
    value: str

    @field_validator("value", mode="before")
    @classmethod
    def _in_words(cls, value: Any) -> Any:
        return str(value) if isinstance(value, (bool, int, float)) else value


class SaidChange(BaseModel):
    """What would raise the scores."""

    words: str
    options: list[SaidOption] = []


class Answer(BaseModel):
    """What every answer has; ``criteria`` is a field for each criterion that was asked for."""

    answer_code: str
    criteria: Any
    breaches: list[SaidBreach] = []
    changes: list[SaidChange] = []

    def scores(self) -> dict[str, SaidScore]:
        """The scores by the criteria's keys."""
        return {name: getattr(self.criteria, name) for name in type(self.criteria).model_fields}


def form(criteria: Sequence[Asked], code: str) -> type[Answer]:
    """The form of one answer: these criteria in this order, and the code of this call.

    An answer that was written before the call, into the material, has not its code.
    """
    fields: dict[str, Any] = {one.key: (SaidScore, ...) for one in criteria}
    scores = create_model("Criteria", **fields)
    given: dict[str, Any] = {"answer_code": (Literal[code], ...), "criteria": (scores, ...)}
    return create_model("Critique", __base__=Answer, **given)


def read(text: str, wanted: type[Answer]) -> Answer | None:
    """The answer in what a model said; None where there is none in the form, or several differ."""
    found: list[Answer] = []
    for document in _objects(_without_thoughts(text[:_MOST_CHARACTERS])):
        try:
            answer = wanted.model_validate(document)
        except ValidationError:
            continue
        if answer not in found:
            found.append(answer)
    return found[0] if len(found) == 1 else None


def _without_thoughts(text: str) -> str:
    return _OPEN_THOUGHT.sub("", _THOUGHTS.sub("", text))


def _objects(text: str) -> Iterator[Any]:
    """All outermost JSON objects in a text, whatever stands around them."""
    decoder, at = json.JSONDecoder(), text.find("{")
    for _ in range(_MOST_OBJECTS):
        if at < 0:
            return
        try:
            document, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        yield document
        at = text.find("{", end)
