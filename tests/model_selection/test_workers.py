"""Workers: no more threads than cores in all, the same scores anywhere."""

import os
import threading

import numpy as np
import pytest
from joblib import cpu_count, parallel_config
from sklearn.mixture import GaussianMixture as SklearnMixture
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from threadpoolctl import threadpool_info

from skgen import AutoregressiveTrees, GaussianMixture, KernelDensity
from skgen.model_selection import compare_densities, mean_log_likelihood
from skgen.model_selection._workers import cores_per_worker, limit_own_threads, run_side_by_side

X = np.random.default_rng(0).normal(size=(120, 2)) @ [[1.0, 2.0], [0.0, 3.0]]
MODELS = {
    "kernels": KernelDensity(random_state=0),
    "search": GridSearchCV(GaussianMixture(random_state=0), {"n_components": [1, 2]}, cv=2, n_jobs=2),
    "theirs": SklearnMixture(2, random_state=0),
}


def busy_threads(counts):
    """What the libraries of one worker may start, and which worker that was."""
    counts.wait(timeout=30)  # both are at work at the same time
    return os.getpid(), threading.get_ident(), {
        api: max((info["num_threads"] for info in threadpool_info() if info["user_api"] == api), default=1)
        for api in ("blas", "openmp")
    }  # fmt: skip


def test_workers_share_the_cores():
    assert cores_per_worker(None) is None and cores_per_worker(1) is None
    assert cores_per_worker(2) == max(cpu_count() // 2, 1) and cores_per_worker(4 * cpu_count()) == 1
    barrier = threading.Barrier(2)
    with parallel_config("threading"):
        found = run_side_by_side(busy_threads, [(barrier,), (barrier,)], 2)
    share = cores_per_worker(2)
    assert len({thread for _, thread, _ in found}) == 2
    for _, _, threads in found:
        assert threads["blas"] <= share and threads["openmp"] <= share


def test_limits_are_lifted_afterwards():
    before = {info["filepath"]: info["num_threads"] for info in threadpool_info()}
    with parallel_config("threading"):
        run_side_by_side(abs, [(-1,), (-2,)], 2)
    assert {info["filepath"]: info["num_threads"] for info in threadpool_info()} == before


def test_our_models_take_their_share_and_what_is_set_stays():
    search = GridSearchCV(KernelDensity(), {})
    limited = limit_own_threads(search, 3)
    assert limited.estimator.n_jobs == 3 and limited.n_jobs is None  # None of a search means one
    assert limit_own_threads(AutoregressiveTrees(n_jobs=5), 3).n_jobs == 5
    assert limit_own_threads(KernelDensity(), None).n_jobs is None


def test_results_come_in_order_and_are_told_as_they_come():
    told = []
    results = run_side_by_side(divmod, [(k, 2) for k in range(5)], 2, lambda k, result: told.append((k, result)))
    assert results == [divmod(k, 2) for k in range(5)] and told == list(enumerate(results))


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_models_over_folds_over_a_search_give_the_same_scores_in_processes_and_threads(backend):
    one = compare_densities(MODELS, X, cv=2, random_state=0)
    with parallel_config(backend):
        many = compare_densities(MODELS, X, cv=2, random_state=0, n_jobs=2)
    for name in MODELS:
        np.testing.assert_array_equal(one.scores[name], many.scores[name])


def test_a_search_within_a_cross_validation_within_threads():
    search = RandomizedSearchCV(
        GaussianMixture(random_state=0), {"n_components": [1, 2]}, n_iter=2, cv=2, random_state=0
    )
    plain = cross_val_score(search, X, cv=3, scoring=mean_log_likelihood)
    for outer, inner in ((2, 1), (1, 2), (2, 2)):
        with parallel_config("threading"):
            nested = cross_val_score(
                search.set_params(n_jobs=inner), X, cv=3, scoring=mean_log_likelihood, n_jobs=outer
            )
        np.testing.assert_array_equal(nested, plain)


@pytest.fixture
def cluster():
    """Dask in this process: two workers of one thread."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as local,
        distributed.Client(local) as client,
    ):
        yield client


@pytest.mark.filterwarnings("default")  # Dask's own
def test_dask_gives_the_same_scores(cluster):
    search = GridSearchCV(GaussianMixture(random_state=0), {"n_components": [1, 2, 4]}, cv=3)
    plain = search.fit(X).cv_results_["mean_test_score"].copy()
    one = compare_densities(MODELS, X, cv=2, random_state=0)
    with parallel_config("dask"):
        there = search.fit(X).cv_results_["mean_test_score"]
        many = compare_densities(MODELS, X, cv=2, random_state=0, n_jobs=2)
    np.testing.assert_array_equal(there, plain)
    for name in MODELS:
        np.testing.assert_array_equal(one.scores[name], many.scores[name])
