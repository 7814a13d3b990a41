"""Peers that happen to be installed, with the two verbs of the benchmark: fit(frame), sample(n_rows).

Nothing of a peer is imported before `available` found it, and nothing depends on one.
"""

import importlib
import importlib.util

import numpy as np
import pandas as pd


def _is_number(column):
    return pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)


def _as_before(rows, frame):
    """The rows with the columns, order and dtypes of the training table; integers rounded."""
    out = {}
    for name, column in frame.items():
        new = rows[name]
        if _is_number(column):
            new = pd.to_numeric(new)
            new = np.rint(new) if pd.api.types.is_integer_dtype(column.dtype) else new
        elif pd.api.types.is_bool_dtype(column.dtype):
            new = new.astype(str) == "True"
        out[name] = new.astype(column.dtype).to_numpy()
    return pd.DataFrame(out).astype(frame.dtypes.to_dict())


class SDV:
    """A single-table synthesizer of the Synthetic Data Vault, default parameters, kinds of columns stated."""

    def __init__(self, synthesizer):
        self.synthesizer = synthesizer

    def fit(self, frame):
        kinds = {name: {"sdtype": "numerical" if _is_number(c) else "categorical"} for name, c in frame.items()}
        metadata = importlib.import_module("sdv.metadata").Metadata.load_from_dict({"columns": kinds}, "rows")
        self.frame_ = frame
        self.model_ = getattr(importlib.import_module("sdv.single_table"), self.synthesizer)(metadata)
        self.model_.fit(frame)
        return self

    def sample(self, n_rows):
        return _as_before(self.model_.sample(num_rows=n_rows), self.frame_)


class TabularARGN:
    """The autoregressive net of mostlyai-engine, default parameters."""

    def __init__(self, seed):
        self.seed = seed

    def fit(self, frame):
        self.frame_ = frame
        self.model_ = importlib.import_module("mostlyai.engine").TabularARGN(random_state=self.seed, verbose=0)
        self.model_.fit(frame)
        return self

    def sample(self, n_rows):
        return _as_before(self.model_.sample(n_samples=n_rows), self.frame_)


class ARF:
    """The adversarial random forest of arfpy, default parameters."""

    def fit(self, frame):
        self.frame_ = frame
        levels = {name: object for name, column in frame.items() if not _is_number(column)}
        self.model_ = importlib.import_module("arfpy.arf").arf(x=frame.astype(levels), verbose=False)
        self.model_.forde()
        return self

    def sample(self, n_rows):
        return _as_before(self.model_.forge(n=n_rows), self.frame_)


#: Row of the table -> (module to look for, what makes the peer from a seed).
PEERS = {
    "sdv GaussianCopula": ("sdv", lambda seed: SDV("GaussianCopulaSynthesizer")),
    "sdv TVAE": ("sdv", lambda seed: SDV("TVAESynthesizer")),
    "sdv CTGAN": ("sdv", lambda seed: SDV("CTGANSynthesizer")),
    "mostlyai-engine TabularARGN": ("mostlyai.engine", TabularARGN),
    "arfpy arf": ("arfpy", lambda seed: ARF()),
}


def is_installed(module):
    """Whether a module can be imported; only its parent packages are."""
    parent, _, _ = module.rpartition(".")
    return (not parent or is_installed(parent)) and importlib.util.find_spec(module) is not None


def available():
    """The peers that are installed: name -> what makes one from a seed."""
    return {name: make for name, (module, make) in PEERS.items() if is_installed(module)}
