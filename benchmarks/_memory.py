"""Peak memory of one call above the data, measured in a process of its own."""

import multiprocessing
import resource

import numpy as np

KIBIBYTES_PER_MIB = 1024


def _resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIBIBYTES_PER_MIB


def _score(make_model, n_train, n_queries, d, queue):
    """Fit, score a few rows to load everything, then report how far the peak rises above what is resident."""
    rng = np.random.default_rng(0)
    model = make_model().fit(rng.normal(size=(n_train, d)))
    queries = rng.normal(size=(n_queries, d))
    model.score_samples(queries[:2_000])
    before = _resident()
    scores = model.score_samples(queries)
    above = _peak() - before  # an upper bound: the peak of the process may be an earlier one
    queue.put((above, queries.nbytes / 2**20, bool(np.isfinite(scores).all())))


def peak_above_data(make_model, n_train, n_queries, d):
    """MiB that scoring takes at its peak above what was resident, size of the queries, and whether all were finite.

    Parameters
    ----------
    make_model : callable
        Importable, without arguments; returns an unfitted model.
    n_train, n_queries, d : int
        Rows to fit, rows to score, columns; standard normal.
    """
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_score, args=(make_model, n_train, n_queries, d, queue))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"The process that measured memory ended with status {process.exitcode}.")
    return queue.get(timeout=10)
