"""The mixed tables of the benchmark: files, code columns that are read as text, targets and splits."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

SPLIT_SEED, TRAIN_SHARE = 0, 0.9


@dataclass(frozen=True)
class TableSet:
    """How one table is read.

    Parameters
    ----------
    target : str
        The column that a model of train-on-synthetic, test-on-real predicts.
    codes : tuple of str
        Columns whose integers are names of levels: read as text.
    drop : tuple of str
        Columns left out.
    own_test : bool
        Whether the table comes with a test file; otherwise a tenth of its rows is held out.
    source : str
        Where the public table is found.
    """

    target: str
    codes: tuple = ()
    drop: tuple = ()
    own_test: bool = False
    source: str = ""


PAYMENTS = ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")
DEFAULTED = "default payment next month"
VISITS = ("OperatingSystems", "Browser", "Region", "TrafficType")

#: 6 numbers and 9 levels; 14 and 10; 10 and 8; 10 and 1; 7 and 5.
SETS = {
    "adult": TableSet("income", own_test=True, source="UCI: Adult"),
    "default": TableSet(
        DEFAULTED,
        codes=("SEX", "EDUCATION", "MARRIAGE", *PAYMENTS, DEFAULTED),
        source="UCI: Default of Credit Card Clients",
    ),
    "shoppers": TableSet("Revenue", codes=VISITS, source="UCI: Online Shoppers Purchasing Intention"),
    "magic": TableSet("class", source="UCI: MAGIC Gamma Telescope"),
    "beijing": TableSet(
        "pm2.5",
        codes=("year", "month", "day", "hour"),
        drop=("No",),
        source="UCI: Beijing PM2.5",
    ),
}


@dataclass(frozen=True)
class Split:
    """Rows to learn from, rows held out, and the target."""

    train: pd.DataFrame
    test: pd.DataFrame
    target: str

    @property
    def is_regression(self):
        """Whether the target is a number."""
        return pd.api.types.is_float_dtype(self.train[self.target].dtype)


def files_of(name):
    """The files of one table, below the folder of the data."""
    stems = ("adult-train", "adult-test") if name == "adult" else (name,)
    return [f"tabular/{stem}.csv.gz" for stem in stems]


def missing_sentence(name, data):
    """Why a table cannot be read, and where to find it; None where it can."""
    if data is None:
        where = "no data folder is named: give --data DIR or set SKGEN_DATA"
    else:
        absent = [file for file in files_of(name) if not (data / file).exists()]
        if not absent:
            return None
        where = f"{data} has no {' and no '.join(absent)}"
    wanted = ", ".join(files_of(name))
    return f"Left out: {where}. Wanted, with a header line: {wanted} ({SETS[name].source})."


def load(name, data, n_rows=None):
    """One table, read and split.

    Parameters
    ----------
    name : str
        A key of `SETS`.
    data : Path
        The folder of the data.
    n_rows : int or None, default=None
        Most rows of the training part, and a third as many of the test part: for a quick look.
    """
    kind = SETS[name]
    frames = [read(data / file, kind) for file in files_of(name)]
    if kind.own_test:
        train, test = frames
    else:
        order = np.random.default_rng(SPLIT_SEED).permutation(len(frames[0]))
        cut = int(TRAIN_SHARE * len(order))
        train, test = frames[0].iloc[order[:cut]], frames[0].iloc[order[cut:]]
    if n_rows is not None:
        train, test = train.head(n_rows), test.head(max(n_rows // 3, 2))
    return Split(train.reset_index(drop=True), test.reset_index(drop=True), kind.target)


def read(path, kind):
    """The rows with a target; an empty target is no row, "?" is a level."""
    frame = pd.read_csv(path, skipinitialspace=True, dtype=dict.fromkeys(kind.codes, "str"))
    return frame.drop(columns=list(kind.drop)).dropna(subset=[kind.target])
