"""What a mix's result depends on: PAWN indices from the worlds that were run anyway, by SALib.

PAWN asks how far the distribution of a result moves when one input is known: the largest distance between two distribution functions
(Kolmogorov–Smirnov), the median over ten slices of the input, 0 none and 1 all. It was chosen because it works on given samples (Sobol and
Morris need designs of their own), looks at the whole distribution (differences here are skewed, and first-order variance misses what acts
through its tails) and takes a tenth of a second where Borgonovo's delta takes most of a minute. Its values are never zero in a finite
sample, so inputs that cannot matter are put beside the others: what does not exceed the largest of them is noise.

Source: Pianosi & Wagener, Distribution-based sensitivity analysis from a generic input-output sample, Environmental Modelling & Software 108 (2018).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from careo.base.errors import CareoError

_SLICES = 10


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Of one result.

    Attributes:
        index: PAWN by input [0 … 1]. noise: the largest among inputs that cannot matter.
    """

    index: Mapping[str, float]
    noise: float

    @property
    def telling(self) -> tuple[str, ...]:
        """Inputs above the noise, the strongest first."""
        above = [name for name, value in self.index.items() if value > self.noise]
        return tuple(sorted(above, key=lambda name: -self.index[name]))


def sensitivity(
    inputs: Mapping[str, np.ndarray], result: np.ndarray, dummies: np.ndarray
) -> Sensitivity | None:
    """Of a result on the inputs; None where the result is the same in every world.

    Args:
        inputs: values by name [its unit; world]. result: [any; world]. dummies: inputs that cannot matter [–; dummy world].

    Raises:
        CareoError: SALib is not installed.
    """
    try:
        from SALib.analyze.pawn import analyze
    except ImportError as error:
        raise CareoError("search_extra", fix="search_extra") from error
    if np.ptp(result) == 0:
        return None
    names = [*inputs, *(f"dummy {number}" for number in range(len(dummies)))]
    values = np.vstack([*inputs.values(), dummies])
    bounds = [[float(row.min()), float(row.max())] for row in values]
    problem = {"num_vars": len(names), "names": names, "bounds": bounds}
    # Without a seed it draws nothing and leaves NumPy's global generator alone.
    found = analyze(problem, values.T, result.astype(np.float64), S=_SLICES)["median"]
    indices = dict(zip(names, (float(value) for value in found), strict=True))
    return Sensitivity(
        {name: indices[name] for name in inputs}, max(indices[name] for name in names[len(inputs) :])
    )
