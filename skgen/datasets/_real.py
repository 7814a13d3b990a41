"""Real tables: small data sets that come with scikit-learn, as the data frames they are by nature."""

import numpy as np
from sklearn.datasets import load_diabetes, load_wine


def _with_integers(frame):
    """The frame with its integer-valued float columns as integers."""
    whole = [name for name in frame.columns if frame[name].dtype.kind == "f" and (frame[name] % 1 == 0).all()]
    return frame.astype(dict.fromkeys(whole, np.int64))


def load_wine_table():
    """Chemical analyses of 178 Italian wines, with the cultivar as text.

    The table of `sklearn.datasets.load_wine`: thirteen measurements, two of them integers, and the cultivar
    (`"class_0"`, `"class_1"` or `"class_2"`).

    Returns
    -------
    frame : DataFrame of shape (178, 14)
        One row per wine, without missing cells.

    Examples
    --------
    >>> from skgen.datasets import load_wine_table
    >>> load_wine_table()["cultivar"].value_counts(sort=False).tolist()
    [59, 71, 48]
    """
    wine = load_wine(as_frame=True)
    frame = _with_integers(wine.data)
    frame["cultivar"] = [str(wine.target_names[code]) for code in wine.target]
    return frame


def load_diabetes_table():
    """Ten measurements of 442 diabetes patients in their own units, and the progression of the disease after a year.

    The table of `sklearn.datasets.load_diabetes(scaled=False)`. Its source does not say which code of `sex` is
    which: the codes, "1" and "2", are kept as text.

    Returns
    -------
    frame : DataFrame of shape (442, 11)
        One row per patient, without missing cells.

    Examples
    --------
    >>> from skgen.datasets import load_diabetes_table
    >>> load_diabetes_table()["sex"].value_counts(sort=False).tolist()
    [207, 235]
    """
    diabetes = load_diabetes(as_frame=True, scaled=False)
    frame = _with_integers(diabetes.data.assign(progression=diabetes.target))
    frame["sex"] = frame["sex"].astype(str)
    return frame
