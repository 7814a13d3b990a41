"""Race: candidates tried one after the other on the same folds, against a clock."""

from time import perf_counter

import numpy as np
from joblib import effective_n_jobs

from .._sklearn import clone
from ..exceptions import DegenerateDataError, DivergenceError, LowSupportError, RejectionError
from ._fold import fit_and_score
from ._workers import cores_per_worker, limit_own_threads, run_side_by_side
from .comparison import MARKS, comparison_of

#: What a model may meet in a table that others cope with.
FAILURES = (
    DegenerateDataError, DivergenceError, LowSupportError, RejectionError, np.linalg.LinAlgError, MemoryError,
)  # fmt: skip
#: A forecast counts for so much more than it says; how far machines and tables differ from it at most.
MARGIN, LEAST_PACE, MOST_PACE = 1.3, 0.2, 20.0
#: Seconds below which a measurement says nothing of the pace.
MEASURABLE = 0.2


class Race:
    """Candidates that are fitted and scored in turn, until the next one does not fit into the time that is left.

    Parameters
    ----------
    X : DataFrame or array
        The rows.
    folds : list of (train, test)
        The folds.
    sample_weight : array or None
        Weights of the rows.
    schema : Schema
        What all share.
    n_jobs : int or None
        Folds at once.
    deadline : float or None
        When the winner must have been fitted to all rows, on the clock of `perf_counter`.
    verbose : int
        Above 0, a line for each candidate is printed.
    """

    def __init__(self, X, folds, sample_weight, schema, *, n_jobs=None, deadline=None, verbose=0):
        self.X = X
        self.folds = folds
        self.sample_weight = sample_weight
        self.schema = schema
        self.n_jobs = n_jobs
        self.deadline = deadline
        self.verbose = verbose
        self.results = {}  # label -> list of FoldResult
        self.status = {}  # label of those without results -> why
        self.paces = []

    def run(self, candidates):
        """Try the candidates in order; False if time ran out before the last."""
        for k, candidate in enumerate(candidates):
            forecast, reserve = self._forecast(candidate)
            left = np.inf if self.deadline is None else self.deadline - perf_counter()
            if forecast + reserve > left and self.results:
                for late in candidates[k:]:
                    self.status[late.label] = "not reached"
                reason = f"needs about {forecast + reserve:.1f} s with the last fit, {max(left, 0):.1f} s are left"
                self.status[candidate.label] = reason
                self._say(f"{candidate.label}: {reason}")
                return False
            self._try(candidate)
        return True

    def _try(self, candidate):
        model = limit_own_threads(clone(candidate.model), cores_per_worker(self.n_jobs))
        calls = [
            (model, self.X, fold, self.sample_weight, self.schema, f"AutoDensity: {candidate.label}, fold {k}.")
            for k, fold in enumerate(self.folds)
        ]
        start = perf_counter()
        try:
            results = run_side_by_side(fit_and_score, calls, self.n_jobs)
        except FAILURES as error:
            if candidate.is_floor:
                raise
            self.status[candidate.label] = f"failed: {error}"
            self._say(f"{candidate.label}: failed: {error}")
            return
        self._learn_pace(candidate, perf_counter() - start)
        self.results[candidate.label] = results
        mark, seconds = MARKS[results[0].likelihood], perf_counter() - start
        self._say(f"{candidate.label}: {mark}{self._mean(results):.3f} nats per row, {seconds:.1f} s")

    def _say(self, line):
        if self.verbose:
            print(line, flush=True)

    def _mean(self, results):
        """Mean held-out score."""
        held = np.concatenate([test for _, test in self.folds])
        weight = None if self.sample_weight is None else self.sample_weight[held]
        return float(np.average(np.concatenate([result.scores for result in results]), weights=weight))

    # ---- the clock -----------------------------------------------------------------------------------------------

    def _forecast(self, candidate):
        """Seconds for all folds of a candidate, and for the last fit of the best one that there may be after it."""
        spent = [sum(r.fit_seconds + r.score_seconds for r in results) for results in self.results.values()]
        one = max(spent, default=0.0) / len(self.folds)  # where nothing is known: as long as the longest so far
        if candidate.seconds is not None:
            pace = np.clip(np.median(self.paces), LEAST_PACE, MOST_PACE) if self.paces else 1.0
            one = candidate.seconds * float(pace)
        growth = len(self.X) / np.mean([len(train) for train, _ in self.folds])  # all rows over those of a fold
        best = self._best()
        last = max(one, 0.0 if best is None else np.mean([result.fit_seconds for result in best])) * growth
        return MARGIN * one * self._rounds(), MARGIN * last

    def _learn_pace(self, candidate, seconds):
        if candidate.seconds is not None and seconds > MEASURABLE:
            self.paces.append(seconds / self._rounds() / candidate.seconds)

    def _rounds(self):
        """How many fits stand one after the other."""
        return -(-len(self.folds) // effective_n_jobs(self.n_jobs))

    # ---- the result ----------------------------------------------------------------------------------------------

    def _best(self):
        """The results of the candidate in front, None before the first."""
        competing = [results for results in self.results.values() if results[0].likelihood != "estimate"]
        return max(competing, key=self._mean, default=None)

    def comparison(self):
        """What was found, paired row by row."""
        return comparison_of(self.results, self.folds, len(self.X), self.sample_weight, self.schema)
