"""A drawing of held-out likelihoods: the difference of each model to the best one, with its interval."""

import re

import numpy as np

from .._sklearn import check_is_fitted, check_matplotlib_support
from ._paired import LIKELIHOODS, MARKS, mean_and_error, order_models, pair_weights, paired_difference

#: Inches: of one model, of what stands above and below all, of the width, of the plot and of a letter beside it.
ROW, FRAME, WIDTH, PLOT, LETTER = 0.42, 1.5, 7.5, 4.5, 0.08
STYLES = {"exact": "o", "lower_bound": ">", "estimate": "o"}
LEGEND = {"exact": "exact", "lower_bound": "lower bound", "estimate": "estimate"}


class LikelihoodComparisonDisplay:
    """Held-out likelihoods side by side: how many nats each model is away from the best one.

    Make it with :meth:`from_comparison`, :meth:`from_predictions`, :meth:`from_cv_results` or, of what has compared
    models in its fit, :meth:`from_estimator`. Filled dots are exact,
    triangles are lower bounds, and open dots, below a line, are estimates, which have no rank.

    Parameters
    ----------
    names : list of str
        The models from top to bottom: exact scores and bounds, then estimates.
    nats : array of shape (n_models,)
        Means.
    differences : array of shape (n_models,)
        Mean differences to the best model.
    low, high : array of shape (n_models,)
        Ends of the intervals of the differences; NaN where there is none.
    likelihood : list of {"exact", "lower_bound", "estimate"}
        What the scores of each model are.
    best : str
        The model that differences are taken to.
    pairs : str, default="held-out rows"
        What the differences were taken over.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure, once plotted.
    ax_ : matplotlib Axes
        The axes with the models.

    See Also
    --------
    compare_densities : Makes the comparison that is mostly drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import LikelihoodComparisonDisplay
    >>> scores = {"a": np.array([-1.0, -3.0, -2.0]), "b": np.array([-2.0, -3.5, -2.6])}
    >>> display = LikelihoodComparisonDisplay.from_predictions(scores, plot=False)
    >>> display.names, display.differences.round(1).tolist()
    (['a', 'b'], [0.0, -0.7])
    """

    def __init__(self, names, nats, differences, low, high, likelihood, best, *, pairs="held-out rows"):
        self.names = names
        self.nats = nats
        self.differences = differences
        self.low = low
        self.high = high
        self.likelihood = likelihood
        self.best = best
        self.pairs = pairs

    @classmethod
    def from_comparison(cls, comparison, *, ax=None, plot=True):
        """Draw the result of :func:`compare_densities`.

        Parameters
        ----------
        comparison : LikelihoodComparison
            What was compared.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure where None.
        plot : bool, default=True
            Whether to draw at once.

        Returns
        -------
        LikelihoodComparisonDisplay
        """
        frame = comparison.to_frame()
        columns = (frame[name].to_numpy() for name in ("nats", "difference", "low", "high"))
        display = cls(list(frame.index), *columns, list(frame["likelihood"]), comparison.best)
        return display.plot(ax=ax) if plot else display

    @classmethod
    def from_estimator(cls, estimator, *, max_models=12, ax=None, plot=True):
        """Draw what a fitted `AutoDensity`, or a fitted search of scikit-learn, found.

        Parameters
        ----------
        estimator : fitted AutoDensity or search
            Has `comparison_`, drawn row by row, or `cv_results_`, drawn fold by fold.
        max_models : int, default=12
            Most candidates of a search that are drawn, the best ones.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure where None.
        plot : bool, default=True
            Whether to draw at once.

        Returns
        -------
        LikelihoodComparisonDisplay

        Examples
        --------
        >>> from sklearn.model_selection import GridSearchCV
        >>> from skgen import GaussianMixture, LikelihoodComparisonDisplay
        >>> from skgen.datasets import EightGaussians
        >>> X = EightGaussians().sample(400, random_state=0)
        >>> search = GridSearchCV(GaussianMixture(random_state=0), {"n_components": [1, 8]}, cv=2).fit(X)
        >>> LikelihoodComparisonDisplay.from_estimator(search, plot=False).names
        ['n_components=8', 'n_components=1']
        """
        check_is_fitted(estimator)
        if hasattr(estimator, "comparison_"):
            return cls.from_comparison(estimator.comparison_, ax=ax, plot=plot)
        if hasattr(estimator, "cv_results_"):
            return cls.from_cv_results(estimator.cv_results_, max_models=max_models, ax=ax, plot=plot)
        raise ValueError(
            f"{type(estimator).__name__} has compared no models: expected a fitted AutoDensity or search, which has "
            "comparison_ or cv_results_. Pass the scores of several models to from_predictions."
        )

    @classmethod
    def from_predictions(cls, scores, *, likelihood=None, sample_weight=None, ax=None, plot=True):
        """Draw log-densities that several models gave to the same rows.

        Parameters
        ----------
        scores : dict of str to array of shape (n_samples,)
            What `score_samples` of each model gave to rows that it was not fitted to.
        likelihood : dict of str to {"exact", "lower_bound", "estimate"}, default=None
            The `likelihood_` of each model; by default all are exact.
        sample_weight : array of shape (n_samples,), default=None
            Weights of the rows; a row of weight 0 is invisible.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure where None.
        plot : bool, default=True
            Whether to draw at once.

        Returns
        -------
        LikelihoodComparisonDisplay
        """
        scores = {name: np.asarray(values, dtype=np.float64) for name, values in scores.items()}
        kinds = _checked(scores, likelihood)
        display = cls._of_pairs(scores, kinds, sample_weight, "held-out rows")
        return display.plot(ax=ax) if plot else display

    @classmethod
    def from_cv_results(cls, cv_results, *, max_models=12, ax=None, plot=True):
        """Draw a search or several cross-validations by mean log-likelihood, fold by fold.

        Parameters
        ----------
        cv_results : dict
            The `cv_results_` of a search, each candidate a model; or the results of `cross_validate` (or of
            `cross_val_score`) by the name of the model, all over the same folds.
        max_models : int, default=12
            Most models that are drawn, the best ones.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure where None.
        plot : bool, default=True
            Whether to draw at once.

        Returns
        -------
        LikelihoodComparisonDisplay

        Notes
        -----
        Folds share most of their training rows, and there are few of them: the intervals are wide and rough.
        """
        scores = _search_scores(cv_results) if "params" in cv_results else _validation_scores(cv_results)
        _checked(scores, None)
        best = sorted(scores, key=lambda name: -np.mean(scores[name]))[:max_models]
        scores = {name: scores[name] for name in best}
        display = cls._of_pairs(scores, dict.fromkeys(scores, "exact"), None, "folds")
        return display.plot(ax=ax) if plot else display

    @classmethod
    def _of_pairs(cls, scores, kinds, weights, pairs):
        weights = pair_weights(weights, len(next(iter(scores.values()))))
        scores = {name: np.where(weights > 0, values, np.nan) for name, values in scores.items()}
        means = {name: mean_and_error(values, weights)[0] for name, values in scores.items()}
        names, best = order_models(means, kinds)
        paired = np.array([paired_difference(scores[name], scores[best], weights) for name in names])
        nats = np.array([means[name] for name in names])
        return cls(names, nats, *paired.T[[0, 2, 3]], [kinds[name] for name in names], best, pairs=pairs)

    def plot(self, ax=None):
        """Draw the differences.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure where None.

        Returns
        -------
        LikelihoodComparisonDisplay
            Itself, with `figure_` and `ax_`.
        """
        check_matplotlib_support("LikelihoodComparisonDisplay.plot")
        import matplotlib.pyplot as plt

        n = len(self.names)
        labels = [f"{i}  ({MARKS[k]}{v:.2f})" for i, k, v in zip(self.names, self.likelihood, self.nats)]
        if ax is None:
            width = max(WIDTH, PLOT + LETTER * max(map(len, labels)))
            _, ax = plt.subplots(figsize=(width, FRAME + ROW * n), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        ink = ax.xaxis.label.get_color()  # that of the theme
        for k in range(n):
            self._draw_model(ax, k, ink)
        above = sum(kind != "estimate" for kind in self.likelihood)
        if 0 < above < n:
            ax.axhline(0.5 - above, color=ink, alpha=0.5, linewidth=1)
        ax.axvline(0, color=ink, alpha=0.3, linewidth=1, zorder=0)
        ax.set_yticks(-np.arange(n), labels)
        ax.set_ylim(0.4 - n, 0.6)
        ax.margins(x=0.08)
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(f"nats per row against {self.best}\n95 % intervals over {self.pairs}", wrap=True)
        ax.set_title("Held-out log-likelihood (nats per row in brackets)", loc="left", fontsize="medium", wrap=True)
        self._draw_legend(ax, ink)
        return self

    def _draw_model(self, ax, k, ink):
        difference, kind = self.differences[k], self.likelihood[k]
        if not np.isfinite(difference):
            text = "density zero at some rows" if np.isneginf(self.nats[k]) else "no difference can be said"
            ax.text(0.01, -k, text, transform=ax.get_yaxis_transform(), va="center", color=ink, fontsize=9)
            return
        half = 0.0 if np.isnan(self.low[k]) else self.high[k] - difference
        fill = "none" if kind == "estimate" else "C0"
        ax.errorbar(difference, -k, xerr=half, fmt=STYLES[kind], color="C0", mfc=fill, capsize=3)
        if self.names[k] != self.best:
            ax.annotate(
                f"{difference:+.2f}".replace("-", "\N{MINUS SIGN}"), (difference, -k), xytext=(0, 6),
                textcoords="offset points", ha="center", va="bottom", fontsize=8, color=ink,
            )  # fmt: skip

    def _draw_legend(self, ax, ink):
        kinds = [kind for kind in LIKELIHOODS if kind in self.likelihood]
        if len(kinds) < 2:
            return
        from matplotlib.lines import Line2D

        handles = [
            Line2D([], [], marker=STYLES[kind], color="C0", mfc="none" if kind == "estimate" else "C0",
                   linestyle="none", label=LEGEND[kind])
            for kind in kinds
        ]  # fmt: skip
        settings = {"handles": handles, "fontsize": 8, "labelcolor": ink, "frameon": False}
        if ax.figure.get_layout_engine() is None:
            ax.legend(loc="best", **settings)
        else:
            ax.figure.legend(loc="outside lower right", ncols=len(kinds), **settings)


def _checked(scores, likelihood):
    """What the scores of each model are, once the scores are found to be of the same rows."""
    lengths = {name: len(values) for name, values in scores.items()}
    if not lengths or len(set(lengths.values())) > 1:
        raise ValueError(f"Expected scores of at least one model, all on the same rows or folds; got {lengths}.")
    kinds = dict.fromkeys(scores, "exact") | dict(likelihood or {})
    unknown = {name: kind for name, kind in kinds.items() if name not in scores or kind not in LIKELIHOODS}
    if unknown:
        raise ValueError(f"likelihood must map the models {list(scores)} to one of {LIKELIHOODS}, got {unknown}.")
    return kinds


def _search_scores(cv_results):
    """Scores in each fold of the candidates of a search, named by the parameters that vary."""
    if "split0_test_score" not in cv_results:
        raise ValueError("Expected the cv_results_ of a search by one scorer: there is no 'split0_test_score' in it.")
    splits = [key for key in cv_results if re.fullmatch(r"split\d+_test_score", key)]
    scores = np.column_stack([cv_results[key] for key in splits])
    names = [_label(params) for params in cv_results["params"]]
    repeated = len(set(names)) < len(names)  # successive halving scores a candidate anew in each round
    rounds = cv_results.get("iter", range(len(names)))
    return {f"{name} ({k})" if repeated else name: row for name, k, row in zip(names, rounds, scores)}


def _label(params):
    return ", ".join(f"{key}={value}" for key, value in params.items()) or "default"


def _validation_scores(cv_results):
    """Scores in each fold, by model."""
    return {
        name: np.asarray(result["test_score"] if isinstance(result, dict) else result, dtype=np.float64)
        for name, result in cv_results.items()
    }
