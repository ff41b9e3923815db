"""Whether an item may be published: what a critic says of it, and what follows."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Literal

from pydantic import Field

from utils.models.analysis import TokenUsage, Understanding
from utils.models.base import Frozen
from utils.models.house_rules import RuleBreach
from utils.models.transcript import Segment
from utils.models.verdict import Band


class ApprovalStatus(StrEnum):
    """``approved``: may be published; ``review``: a person decides; ``rejected``: is not."""

    APPROVED = "approved"
    REVIEW = "review"
    REJECTED = "rejected"


class Label(Frozen):
    """A text that is published with an item as it came: by its tags, its site, its chapters."""

    name: str
    text: str


class Subject(Frozen):
    """What is read of an item to judge it. All of it is a stranger's text, never an instruction."""

    title: str
    kind: str
    source: str | None = None
    duration_seconds: float | None = None
    language: str | None = None
    segments: tuple[Segment, ...] = ()
    understanding: Understanding | None = None
    video_summary: str | None = None
    content_warnings: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()


class Evidence(Frozen):
    """Where a critic saw it: a quote that stands in the transcript, or a time within the item."""

    quote: str | None = None
    start_seconds: float | None = None


class CriticScore(Frozen):
    """One stated criterion: ``score`` 0–1, its reason, and the evidence that was found to hold.

    ``counts`` is False where a critic named evidence that does not exist: it has no weight then.
    """

    name: str
    score: float = Field(ge=0, le=1)
    reason: str
    evidence: tuple[Evidence, ...] = ()
    counts: bool = True


class Change(Frozen):
    """What is to be changed: in words, and as options of the pipeline (by names with dots)."""

    words: str
    options: dict[str, Any] = Field(default_factory=dict)


class Precedent(Frozen):
    """An item like this one that a person decided on before; ``similarity`` is a cosine."""

    review_id: int
    item_id: str
    title: str
    decision: Literal["accept", "reject", "revise"]
    reason: str | None = None
    similarity: float


class Critique(Frozen):
    """What one critic says in two or three readings: each criterion's middle score.

    ``score`` is their weighted mean, ``readings`` the score of each reading in order,
    ``precedents`` the decisions that were given along, ``breaches`` house rules that it saw broken,
    with evidence. ``orders``: where the material speaks to whoever judges; it was not shown that.
    """

    not_in_key: ClassVar[frozenset[str]] = frozenset({"usage", "cost_microusd", "engine"})

    engine: str
    score: float = Field(ge=0, le=1)
    criteria: tuple[CriticScore, ...]
    readings: tuple[float, ...]
    breaches: tuple[RuleBreach, ...] = ()
    changes: tuple[Change, ...] = ()
    precedents: tuple[Precedent, ...] = ()
    orders: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()
    usage: TokenUsage | None = None
    cost_microusd: int | None = None


class Missing(Frozen):
    """What there is not to judge by: why there is no critique, and what an approval waits for.

    ``awaited`` has a sentence for each check that failed, or is tried again later.
    """

    critic: str | None = None
    awaited: tuple[str, ...] = ()


class Approval(Frozen):
    """What the rules and the critic come to together.

    ``by`` says who judged: the rules alone where no model is set, or its answer was of no use.
    ``changes``: what would raise it, for a score below what publication needs. ``notes``: what a
    person should know who looks at it: evidence that was invented, orders in the material, what
    was not read, why no critic judged.
    """

    item_id: str
    status: ApprovalStatus
    score: float = Field(ge=0, le=1)
    band: Band
    by: Literal["rules", "critic"]
    reason: str
    breaches: tuple[RuleBreach, ...] = ()
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
