"""Which model judges, and where it is."""

from __future__ import annotations

from pydantic import Field, SecretStr

from utils.models.base import Frozen


class CriticSettings(Frozen):
    """Settings of the critic (``NIGHTSHIFT_CRITIC__…``): a server that speaks OpenAI's protocol.

    Gemini needs none of them: it has its own key.
    """

    base_url: str | None = Field(
        default=None, description="Such as http://127.0.0.1:11434/v1 (Ollama, llama.cpp, …)."
    )
    api_key: SecretStr | None = None
    model: str | None = Field(default=None, description="The model's name at this server.")
    timeout_seconds: float = Field(default=120, gt=0, allow_inf_nan=False)
    max_response_tokens: int = Field(default=4096, ge=256)
    max_material_tokens: int = Field(
        default=12_000, ge=500, description="Of an item's texts; longer ones are sampled evenly."
    )
    input_usd: float = Field(
        default=0, ge=0, description="For a million tokens; 0: your own machine."
    )
    output_usd: float = Field(default=0, ge=0)
