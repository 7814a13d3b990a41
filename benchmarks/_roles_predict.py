"""Measures of the roles that predict: classifier, outlier detector, regressor, each beside scikit-learn's own."""

from time import perf_counter

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.ensemble import HistGradientBoostingRegressor, IsolationForest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import log_loss, r2_score, roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.naive_bayes import GaussianNB

from skgen import DensityOutlierDetector, GenerativeClassifier, GenerativeRegressor, KernelDensity

SEED = 0
OUTLIERS = ("shuttle", "pendigits", "mammography")
REGRESSIONS = ("concrete", "energy", "power-plant")
CLASSES = {"wine": load_wine, "breast cancer": load_breast_cancer, "digits": load_digits}


def calibration_error(proba, codes, n_bins=15):
    """The mean distance of confidence and accuracy in bins of confidence of equal width."""
    sure, right = proba.max(axis=1), proba.argmax(axis=1) == codes
    bins = np.minimum((sure * n_bins).astype(int), n_bins - 1)
    return sum(abs(right[bins == b].mean() - sure[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins))


def classification(data=None):
    """Stratified five-fold: accuracy, calibration error and log-loss of all rows held out once."""
    models = {
        "GenerativeClassifier()": GenerativeClassifier(random_state=SEED),
        "GenerativeClassifier(KernelDensity(), joint=True)": GenerativeClassifier(
            KernelDensity(random_state=SEED), joint=True, random_state=SEED
        ),
        "GenerativeClassifier(calibrate=False)": GenerativeClassifier(calibrate=False),
        "GaussianNB": GaussianNB(),
    }
    rows = []
    for table, load in CLASSES.items():
        X, y = load(return_X_y=True)
        folds = list(StratifiedKFold(5, shuffle=True, random_state=SEED).split(X, y))
        for name, model in models.items():
            proba, start = np.zeros((len(y), y.max() + 1)), perf_counter()
            for train, test in folds:
                proba[test] = clone(model).fit(X[train], y[train]).predict_proba(X[test])
            seconds = (perf_counter() - start) / len(folds)
            accuracy = (proba.argmax(axis=1) == y).mean()
            rows.append((table, name, accuracy, calibration_error(proba, y), log_loss(y, proba), seconds))
    return pd.DataFrame(rows, columns=["table", "model", "accuracy", "calibration error", "log-loss", "s a fold"])


def detection(data):
    """ROC AUC among the rows of fit, whose labels no model sees; the share that "auto" flags."""
    models = {
        "DensityOutlierDetector()": DensityOutlierDetector(random_state=SEED),
        "IsolationForest": IsolationForest(random_state=SEED),
    }
    rows = []
    for table in OUTLIERS:
        with np.load(data / "outliers" / f"{table}.npz") as file:
            X, y = file["X"].astype(float), file["y"].ravel()
        for name, model in models.items():
            start = perf_counter()
            scores = clone(model).fit(X).score_samples(X)
            rows.append((table, name, roc_auc_score(y, -scores), perf_counter() - start))
    frame = pd.DataFrame(rows, columns=["table", "model", "ROC AUC", "s"])
    means = frame.groupby("model", sort=False)[["ROC AUC", "s"]].mean().reset_index()
    return pd.concat([frame, means.assign(table="mean")], ignore_index=True)


def regression(data):
    """Five-fold: R2 of the mean, and the share of targets between the 5 % and the 95 % quantile."""
    models = {
        "GenerativeRegressor()": GenerativeRegressor(random_state=SEED),
        "LinearRegression": LinearRegression(),
        "HistGradientBoostingRegressor": HistGradientBoostingRegressor(random_state=SEED),
    }
    rows = []
    for table in REGRESSIONS:
        with np.load(data / "uci" / f"{table}.npz") as file:
            X, y = file["X"][:, :-1].astype(float), file["X"][:, -1].astype(float)
        for name, model in models.items():
            mean, inside, start = np.zeros(len(y)), np.zeros(len(y)), perf_counter()
            for train, test in KFold(5, shuffle=True, random_state=SEED).split(X):
                fitted = clone(model).fit(X[train], y[train])
                mean[test] = fitted.predict(X[test])
                if isinstance(model, GenerativeRegressor):
                    low, high = fitted.predict(X[test], quantiles=[0.05, 0.95]).T
                    inside[test] = (low <= y[test]) & (y[test] <= high)
            share = inside.mean() if isinstance(model, GenerativeRegressor) else np.nan
            rows.append((table, name, r2_score(y, mean), share, (perf_counter() - start) / 5))
    return pd.DataFrame(rows, columns=["table", "model", "R2", "within 5 % to 95 %", "s a fold"])
