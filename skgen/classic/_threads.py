"""Blocks of rows on several threads, the linear algebra library on one in each: the same bits on any number."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import cache

import numpy as np
from joblib import effective_n_jobs
from joblib.parallel import get_active_backend
from threadpoolctl import ThreadpoolController

_LOCAL = threading.local()


@cache
def _controller():
    return ThreadpoolController().select(user_api="blas")


@cache
def _pool(n_threads):
    """Threads that stay: starting them, and the memory they work in, costs as much as a small job."""
    return ThreadPoolExecutor(n_threads, thread_name_prefix="skgen")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)


def worker_threads(n_jobs):
    """Threads that a model may use: those it is told, else all cores; in a worker of joblib, that worker's share."""
    if n_jobs is not None:
        return effective_n_jobs(n_jobs)
    if get_active_backend()[0].nesting_level:
        return int(os.environ.get("OMP_NUM_THREADS", 1))  # joblib tells its processes their share so
    return effective_n_jobs(-1)


def map_blocks(function, blocks, n_jobs=None):
    """The results of `function` on each block, in order.

    Parameters
    ----------
    function : callable
        Takes one block; numpy and BLAS calls that release the interpreter lock run side by side.
    blocks : list
        The blocks; what becomes of a row must not depend on how they are cut.
    n_jobs : int, default=None
        Number of threads; None: as many as the linear algebra library has.

    Returns
    -------
    list
        One result per block.
    """
    controller = _controller()
    n_blas = max((library["num_threads"] for library in controller.info()), default=1)
    n_threads = n_blas if n_jobs is None else n_jobs
    with controller.limit(limits=1) if n_blas > 1 else nullcontext():
        if n_threads == 1 or len(blocks) == 1:
            return [function(block) for block in blocks]
        return list(_pool(n_threads).map(function, blocks))


def scratch(name, shape):
    """An array of this thread to work in, with what the last block of this shape left; one is kept for each name."""
    kept = vars(_LOCAL)
    if name not in kept or kept[name].shape != shape:
        kept[name] = np.ones(shape)
    return kept[name]
