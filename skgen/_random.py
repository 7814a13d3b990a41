"""Randomness: one Philox stream per (seed, call, block).

`random_state` seeds a fit, and the fit leaves a `SampleStream`: each call of `sample` takes the next call number, each
block of 1,024 rows its own generator, so that rows depend on neither the number asked for nor the number of workers.
"""

from __future__ import annotations

from numbers import Integral

import numpy as np

#: Rows that one call of a model's sampling hook draws.
BLOCK_ROWS = 1024

_SEED_BITS = 63


def seed_from(random_state) -> int:
    """A seed of 63 bits: the same for the same int, fresh for None, drawn from a generator that is handed over."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> 1)
    if isinstance(random_state, Integral):
        return int(np.random.SeedSequence(int(random_state)).generate_state(1, np.uint64)[0] >> 1)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(0, 2**_SEED_BITS - 1, dtype=np.int64))
    return int(random_state.integers(0, 2**_SEED_BITS))


def generator_from(random_state) -> np.random.Generator:
    """A generator for a fit, from whatever scikit-learn or numpy call a random state."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed_from(random_state))))


def block_generator(seed: int, call: int, block: int) -> np.random.Generator:
    """The generator of one block of rows."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy=seed, spawn_key=(call, block))))


class SampleStream:
    """The position of a fitted model in its stream of samples.

    Parameters
    ----------
    seed : int
        The stream's seed, 63 bits.
    call : int, default=0
        The number of calls of `sample` that have been served.
    """

    def __init__(self, seed, call=0):
        self.seed = int(seed)
        self.call = int(call)

    def __repr__(self):
        return f"SampleStream(seed={self.seed}, call={self.call})"

    def next_call(self) -> int:
        """Take the next call number."""
        self.call += 1
        return self.call

    def to_state(self) -> dict:
        return {"seed": self.seed, "call": self.call}

    @classmethod
    def from_state(cls, state):
        return cls(**state)


def claim_stream(stream: SampleStream, random_state) -> tuple[int, int]:
    """The (seed, call) of one call of `sample`: the model's stream, or a given random state, which leaves it alone."""
    if random_state is None:
        return stream.seed, stream.next_call()
    return seed_from(random_state), 0
