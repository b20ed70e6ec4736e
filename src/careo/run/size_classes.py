"""Places by number of inhabitants → classes that they are compared within.

The record of small places is another thing than that of large ones: in villages nearly every month has no death and one death is a rate of
hundreds, while large places move with the nation. Held against all places, those alike in level and rise were found to have changed in 15 to
30 of 100 invented treatments on logarithms, and their rates had to change by several times their level to be seen among those of villages.
"""

from __future__ import annotations

import numpy as np

from careo.run.setting import Flags, Floats, Integers

STEPS_OF_TEN = 2
"""A class ends at √10 times its beginning: 10,000, 31,600, 100,000 …"""
FEWEST = 40
"""Places in a class that are not treated, and so many for each treated one …"""
EACH = 4
"""… below which it joins the next."""


def size_classes(people: Floats, treated: Flags) -> Integers | None:
    """The class of each place, numbered from the smallest; None where there are too few places for two classes.

    Args:
        people: inhabitants of each place when the record begins `[persons; place]`. treated: `[place]`.
    """
    steps = np.floor(STEPS_OF_TEN * np.log10(np.maximum(people, 1.0))).astype(np.int64)
    _, classes = np.unique(steps, return_inverse=True)
    classes = classes.reshape(-1).astype(np.int64)
    while classes.max(initial=0) > 0:
        there = np.bincount(classes)
        of_treated = np.bincount(classes, weights=treated * 1.0, minlength=there.size)
        small = np.flatnonzero(there - of_treated < np.maximum(FEWEST, EACH * of_treated))
        if not small.size:
            return classes
        # The largest places first: they join those below, and the smallest those above.
        joins = max(int(small[-1]), 1)
        classes = np.where(classes >= joins, classes - 1, classes)
    return None
