"""Workers: calls side by side, each on its share of the cores."""

from joblib import cpu_count, effective_n_jobs
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits

from ..base import GenerativeModel


def cores_per_worker(n_jobs):
    """How many cores each of the workers may keep busy; None where there is one worker, which may take all."""
    n_workers = effective_n_jobs(n_jobs)
    return None if n_workers == 1 else max(cpu_count() // n_workers, 1)


def limit_own_threads(model, n_threads):
    """Let our models, whose n_jobs=None means all cores, use so many; what a user has set stays.

    Parameters
    ----------
    model : estimator
        Changed in place, models inside it included.
    n_threads : int or None
        None changes nothing.

    Returns
    -------
    estimator
        The model.
    """
    params = {"": model, **model.get_params()}
    for path, value in params.items():
        owner, _, name = path.rpartition("__")
        is_ours = name == "n_jobs" and isinstance(params.get(owner), GenerativeModel)
        if is_ours and value is None and n_threads is not None:
            model.set_params(**{path: n_threads})
    return model


def run_side_by_side(function, arguments, n_jobs, on_result=None):
    """Results of one function for several tuples of arguments, in order.

    Processes get their share of threads from joblib. Threads of one process share the linear algebra library, which
    is limited here for all of them, while OpenMP counts per thread.

    Parameters
    ----------
    function : callable
        A function of a module.
    arguments : list of tuple
        One tuple per call.
    n_jobs : int or None
        As in joblib.
    on_result : callable, default=None
        Called with (position, result) as results come in.

    Returns
    -------
    list
    """
    n_threads = cores_per_worker(n_jobs)
    pool = Parallel(n_jobs=n_jobs, return_as="generator")
    results = []
    with threadpool_limits(n_threads, user_api="blas"):
        for result in pool(delayed(_run_limited)(function, call, n_threads) for call in arguments):
            if on_result is not None:
                on_result(len(results), result)
            results.append(result)
    return results


def _run_limited(function, arguments, n_threads):
    with threadpool_limits(n_threads, user_api="openmp"):
        return function(*arguments)
