"""Roles that make rows: imputation beside scikit-learn's imputers, oversampling beside SMOTE."""

import warnings
from time import perf_counter

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from skgen import GenerativeImputer, GenerativeOversampler

SEED, SEEDS = 0, (0, 1, 2)
HIDDEN_SHARE = 0.2
MEAN_OF, INTERVALS_OF = 20, 100


def imputation(data) -> pd.DataFrame:
    """California with a fifth of the cells missing at random: error of hidden numbers, in standard deviations.

    scikit-learn's imputers see the numbers standardised and the category as indicators.
    """
    df = pd.read_csv(data / "tabular" / "california.csv.gz")
    rng = np.random.default_rng(SEED)
    hidden = (rng.random(df.shape) < HIDDEN_SHARE) & ~df.isna().to_numpy()
    X = df.mask(hidden)
    numbers = df.columns[[pd.api.types.is_numeric_dtype(dtype) for dtype in df.dtypes]]
    at = hidden[:, df.columns.get_indexer(numbers)]
    sd = df[numbers].std().to_numpy()

    def row(name, filled, seconds, cover=np.nan):
        error = ((filled - df[numbers].to_numpy()) / sd)[at]
        return {"imputer": name, "RMSE": np.sqrt(np.mean(error**2)), "cover": cover, "seconds": seconds}

    rows = [_ours(row, df, X, numbers, at)]
    design, scaler = _design(X, numbers)
    iterative = IterativeImputer(max_iter=30, random_state=SEED)
    for name, imputer in {"IterativeImputer": iterative, "KNNImputer": KNNImputer()}.items():
        start = perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            filled = scaler.inverse_transform(imputer.fit_transform(design))[:, : len(numbers)]
        rows.append(row(name, filled, perf_counter() - start))
    return pd.DataFrame(rows).set_index("imputer")


def _ours(row, df, X, numbers, at):
    """The mean of 20 imputations, and the share of hidden numbers between the 5 % and 95 % quantiles of 100."""
    start = perf_counter()
    imputer = GenerativeImputer(n_imputations=MEAN_OF, random_state=SEED).fit(X)
    filled = imputer.transform(X)[numbers].to_numpy()
    seconds = perf_counter() - start
    draws = [table[numbers].to_numpy() for table in imputer.sample_imputations(X, INTERVALS_OF)]
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    truth = df[numbers].to_numpy()
    return row("GenerativeImputer", filled, seconds, ((low <= truth) & (truth <= high))[at].mean())


def _design(X, numbers):
    """Standardised numbers and indicators of the category, empty where it is."""
    (category,) = X.columns.difference(numbers)
    indicators = pd.get_dummies(X[category], dtype=float)
    indicators[X[category].isna()] = np.nan
    design = pd.concat([X[numbers], indicators], axis=1).to_numpy()
    scaler = StandardScaler().fit(design)
    return scaler.transform(design), scaler


def oversampling(data) -> pd.DataFrame:
    """Mammography: average precision of the same boosted trees after each oversampler, mean over stratified folds."""
    with np.load(data / "outliers" / "mammography.npz") as archive:
        X, y = archive["X"], archive["y"].astype(int)
    samplers = {
        "GenerativeOversampler": lambda seed: GenerativeOversampler(random_state=seed).fit_resample,
        "SMOTE": lambda seed: SMOTE(random_state=seed).fit_resample,
        "none": lambda seed: lambda X, y: (X, y),
    }
    rows = {}
    for name, sampler in samplers.items():
        start = perf_counter()
        scores = {f"AP, seed {seed}": _average_precision(X, y, sampler(seed), seed) for seed in SEEDS}
        rows[name] = {"AP": np.mean(list(scores.values())), **scores, "seconds": perf_counter() - start}
    return pd.DataFrame(rows).T.rename_axis("oversampler")


def _average_precision(X, y, resample, seed):
    scores = []
    for train, test in StratifiedKFold(5, shuffle=True, random_state=seed).split(X, y):
        model = HistGradientBoostingClassifier(random_state=seed).fit(*resample(X[train], y[train]))
        scores.append(average_precision_score(y[test], model.predict_proba(X[test])[:, 1]))
    return float(np.mean(scores))
