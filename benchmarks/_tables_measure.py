"""The figures of one synthetic table, and of the model that made it."""

from time import perf_counter

import numpy as np

from skgen.metrics import (
    copied_share,
    nearest_record_share,
    shape_error,
    trend_error,
    tstr_score,
    two_sample_auc,
)

#: Figure -> (heading, format).
FIGURES = {
    "fit_seconds": ("fit s", "{:.1f}"),
    "sample_seconds": ("sample s", "{:.1f}"),
    "nats": ("held-out nats", "{:.2f}"),
    "shape": ("shape %", "{:.2%}"),
    "trend": ("trend %", "{:.2%}"),
    "trend_correlation": ("trend, corr. %", "{:.2%}"),
    "auc": ("AUC", "{:.3f}"),
    "utility": ("TSTR", "{:.3f}"),
    "nearest": ("nearest", "{:.3f}"),
    "copies": ("copies %", "{:.2%}"),
}


def timed(call):
    start = perf_counter()
    result = call()
    return result, perf_counter() - start


def fidelity(split, synthetic, seed):
    """Shape and trend against train, two-sample AUC and utility against test, and the two figures of privacy."""
    return {
        **closeness(split, synthetic),
        "auc": two_sample_auc(split.test, synthetic, random_state=seed),
        "utility": utility(split, synthetic, seed),
        "nearest": float(nearest_record_share(split.train, split.test, synthetic, random_state=seed)),
    }


def closeness(split, synthetic):
    """What can be said of any rows beside train, held-out real ones included."""
    return {
        "shape": shape_error(split.train, synthetic),
        "trend": trend_error(split.train, synthetic),
        "trend_correlation": trend_error(split.train, synthetic, number_pairs="correlation"),
        "copies": float(copied_share(split.train, synthetic)),
    }


def utility(split, synthetic, seed):
    """Area under the curve, or root mean squared error, of trees that learned from the table alone."""
    metric = "rmse" if split.is_regression else "roc_auc"
    return tstr_score(split.test, synthetic, split.target, metric=metric, random_state=seed)


# ---- rows without a model -------------------------------------------------------------------------------------------


def train_itself(split, seed):
    """The training rows as they are: what real rows reach, and what a copier does."""
    return fidelity(split, split.train, seed)


def resampled(split, seed):
    """As many training rows, drawn with replacement."""
    return fidelity(split, split.train.sample(frac=1.0, replace=True, random_state=seed), seed)


def fresh(split, seed):
    """Held-out rows beside train: what rows of the same law differ by, and the share of copies among them."""
    return closeness(split, split.test)


def shuffled(split, seed):
    """Every training column in an order of its own: perfect columns, no dependence."""
    rng = np.random.default_rng(seed)
    columns = {name: rng.permutation(column.to_numpy()) for name, column in split.train.items()}
    return fidelity(split, type(split.train)(columns).astype(split.train.dtypes.to_dict()), seed)


FLOORS = {
    "real: train itself": train_itself,
    "real: train resampled": resampled,
    "real: test rows": fresh,
    "train, columns shuffled": shuffled,
}


# ---- models ---------------------------------------------------------------------------------------------------------


def model_figures(make, split, seed):
    """Fit on train, draw as many rows, score test."""
    model = make(seed)
    _, fit_seconds = timed(lambda: model.fit(split.train))
    synthetic, sample_seconds = timed(lambda: model.sample(len(split.train)))
    found = {"fit_seconds": fit_seconds, "sample_seconds": sample_seconds}
    if hasattr(model, "score_samples"):
        scores, found["score_seconds"] = timed(lambda: model.score_samples(split.test))
        found |= {"nats": scores.mean(), "nats_error": scores.std(ddof=1) / np.sqrt(len(scores))}
        found["likelihood"] = model.likelihood_
    return found | fidelity(split, synthetic, seed)
