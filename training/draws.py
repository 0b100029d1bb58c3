"""Random numbers for arrays that follow the one draw of an example."""

from random import Random

import numpy as np


def generator(draw: Random) -> np.random.Generator:
    """Return a generator of arrays; the same draw gives the same one, and moves on by it."""
    return np.random.Generator(np.random.SFC64(draw.getrandbits(64)))
