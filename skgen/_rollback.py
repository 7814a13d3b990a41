"""Rollback: a fit that fails leaves the estimator as it was."""

from __future__ import annotations

from contextlib import contextmanager


@contextmanager
def rollback(estimator):
    """Restore the attributes of `estimator` if the block raises, Ctrl-C included."""
    before, done = dict(vars(estimator)), False
    try:
        yield
        done = True
    finally:
        if not done:
            vars(estimator).clear()
            vars(estimator).update(before)
