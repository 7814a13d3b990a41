"""Blocks of rows on all threads of the linear algebra library, one thread each: the same bits on any number."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _controller():
    return ThreadpoolController().select(user_api="blas")


def map_blocks(function, blocks):
    """The results of `function` on each block, in order.

    Parameters
    ----------
    function : callable
        Takes one block; numpy and BLAS calls that release the interpreter lock run side by side.
    blocks : list
        The blocks, cut without regard to the number of threads.

    Returns
    -------
    list
        One result per block.
    """
    controller = _controller()
    n_threads = max((library["num_threads"] for library in controller.info()), default=1)
    if n_threads == 1:
        return [function(block) for block in blocks]
    with controller.limit(limits=1):
        if len(blocks) == 1:
            return [function(blocks[0])]
        with ThreadPoolExecutor(n_threads) as pool:
            return list(pool.map(function, blocks))
