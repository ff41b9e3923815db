"""Where the project and what its tests are given lie."""

from pathlib import Path

PROJECT = Path(__file__).parent.parent
SAMPLES = PROJECT / "samples"
FIXTURES = PROJECT / "tests" / "fixtures"
