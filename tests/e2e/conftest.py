"""What several modules here share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import typescript


@pytest.fixture(scope="session")
def typescript_client() -> Iterator[Path]:
    """A built copy of clients/typescript."""
    with typescript.built() as folder:
        yield folder
