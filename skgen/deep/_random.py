"""Generators of torch, and the one place where parameters are initialised.

Noise, dropout and shuffling draw from explicit generators on the CPU, so that a seed gives the same numbers on every
device. torch's initialisers know only its global generator: it is lent, under one lock, and put back.
"""

from __future__ import annotations

import contextlib
import threading

import torch

_INIT = threading.Lock()


@contextlib.contextmanager
def seeded_init(seed):
    """Parameters that are made inside come from the seed; the global generator is left as it was."""
    with _INIT, torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(int(seed))
        yield


def torch_generator(rng) -> torch.Generator:
    """A generator of torch from one of numpy."""
    return torch.Generator().manual_seed(int(rng.integers(0, 2**63)))
