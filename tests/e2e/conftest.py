"""With `-n 2` these tests run one after another on one core, all others on the other."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts whole programs, servers and workers must not do so twice at once."""
    for item in items:
        if "e2e" in item.path.parts:
            item.add_marker(pytest.mark.xdist_group("e2e"))
