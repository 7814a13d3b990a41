"""One thread, no window: what makes runs repeat and keeps them from a display."""

import os
import sys

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """BLAS and OpenMP run on one thread: fits repeat to the bit at an equal number of threads."""
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(autouse=True)
def closed_figures():
    """No test leaves a figure open."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
