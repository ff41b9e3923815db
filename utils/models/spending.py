"""What a call of a paid service may cost, and what it did."""

from __future__ import annotations

import math
from typing import NamedTuple

from pydantic import Field

from utils.models.analysis import TokenUsage
from utils.models.base import Frozen

LONG_PROMPT_TOKENS = 200_000  # above it some models ask for more (the service's price list)


class TokenPrice(Frozen):
    """USD for a million tokens, which is micro-USD for one.

    ``audio_usd`` is None where sound costs what text costs; the ``long`` prices hold for
    whole calls with a prompt of more than ``LONG_PROMPT_TOKENS``, None where there are none.
    """

    input_usd: float = Field(ge=0)
    output_usd: float = Field(ge=0)
    audio_usd: float | None = Field(default=None, ge=0)
    long_input_usd: float | None = Field(default=None, ge=0)
    long_output_usd: float | None = Field(default=None, ge=0)

    def cost_microusd(self, usage: TokenUsage) -> int:
        """The cost of a call in micro-USD, rounded up; sound of unknown extent costs as text."""
        text, output = self.input_usd, self.output_usd
        if usage.prompt_tokens > LONG_PROMPT_TOKENS:
            text = text if self.long_input_usd is None else self.long_input_usd
            output = output if self.long_output_usd is None else self.long_output_usd
        audio = text if self.audio_usd is None else self.audio_usd
        heard = min(usage.audio_tokens or 0, usage.prompt_tokens)
        exact = (
            (usage.prompt_tokens - heard) * text + heard * audio + usage.response_tokens * output
        )
        return math.ceil(round(exact, 6))


class Estimate(Frozen):
    """The most that a call may use; ``price`` is None where it is unknown."""

    engine: str
    prompt_tokens: int
    audio_tokens: int = 0
    response_tokens: int
    price: TokenPrice | None = None

    @property
    def tokens(self) -> int:
        """Prompt and response together."""
        return self.prompt_tokens + self.response_tokens

    @property
    def microusd(self) -> int | None:
        """The most that the call may cost; None if its price is unknown."""
        return self.cost_of(
            TokenUsage(
                prompt_tokens=self.prompt_tokens,
                response_tokens=self.response_tokens,
                audio_tokens=self.audio_tokens,
            )
        )

    def cost_of(self, usage: TokenUsage) -> int | None:
        """What these tokens cost in micro-USD; sound as estimated where the service was silent."""
        if self.price is None:
            return None
        if usage.audio_tokens is None:
            usage = usage.model_copy(update={"audio_tokens": self.audio_tokens})
        return self.price.cost_microusd(usage)


class Ceilings(NamedTuple):
    """The most that an item, and all items together, may cost in one run; None: no limit."""

    item_usd: float | None
    shift_usd: float | None


class Reservation(NamedTuple):
    """Money set aside for one call."""

    spending_id: int
    estimate: Estimate


class Spent(NamedTuple):
    """What a run has cost so far.

    ``open_microusd`` is the part of it that is only reserved or whose true cost is unknown;
    ``unpriced`` counts the calls whose price is unknown, which the sums leave out.
    """

    microusd: int
    open_microusd: int
    tokens: int
    calls: int
    unpriced: int
