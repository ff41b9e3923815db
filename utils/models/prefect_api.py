"""How a self-hosted Prefect server is reached."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import SecretStr


class PrefectApi(NamedTuple):
    """Where a self-hosted Prefect server answers; ``auth`` is its ``user:password``, if any."""

    url: str
    auth: SecretStr | None
