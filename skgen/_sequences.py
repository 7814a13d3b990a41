"""Sequences: what users hand over as lists, padded arrays or rows, as one array of frames with lengths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._sklearn import check_array, validate_data

#: Containers whose elements are one-dimensional.
_FLAT = ("list-1d", "object-1d", "2d")


@dataclass(frozen=True)
class Sequences:
    """Frames of all sequences, one after the other.

    Parameters
    ----------
    frames : ndarray of shape (n_frames, n_dims)
    lengths : ndarray of shape (n_sequences,)
    """

    frames: np.ndarray
    lengths: np.ndarray

    def __len__(self):
        return len(self.lengths)

    def split(self, values=None):
        """The sequences, or other values given frame by frame, as a list of arrays."""
        return np.split(self.frames if values is None else values, np.cumsum(self.lengths)[:-1])

    def part(self, start, stop):
        """The sequences from `start` to before `stop`."""
        ends = np.concatenate([[0], np.cumsum(self.lengths)])
        return Sequences(self.frames[ends[start] : ends[stop]], self.lengths[start:stop])


def read_sequences(model, X, reset=False, prefixes=False):
    """Checked sequences and the name of their container; `reset` remembers their shape in the model.

    `prefixes` may have any length, 0 included.
    """
    container = _container(X)
    if container == "2d":
        X = _read_rows(model, X, reset, any_width=prefixes)
        frames, lengths = X.reshape(-1, 1), np.full(len(X), X.shape[1])
        names = None
    else:
        frames, lengths = _read_padded(X) if container == "3d" else _read_list(X)
        names = np.repeat(np.arange(len(lengths)), lengths)
        _check_frames(frames, lengths, names, min_length=0 if prefixes else 1)
    if reset:
        model.n_dims_ = frames.shape[1]
        if container != "2d":
            vars(model).pop("feature_names_in_", None)
            model.n_features_in_ = frames.shape[1]
    elif frames.shape[1] != model.n_dims_:
        raise ValueError(
            f"X has sequences of {frames.shape[1]} number(s) a frame, but {type(model).__name__} is expecting "
            f"{model.n_dims_}. A 2-D array is one univariate sequence a row: wrap a single recording as [X]."
        )
    return Sequences(frames, lengths), container


def whole_dtype(X):
    """The dtype of whole numbers that samples come back in, or None where X holds floats."""
    if isinstance(X, np.ndarray) and X.dtype != object:
        found = X.dtype
    else:
        found = np.result_type(*(np.asarray(x).dtype for x in (X if isinstance(X, list | tuple | np.ndarray) else [X])))
    return found.name if found.kind in "iu" else None


def pack(sequences, container, pad_to=None, dtype=None):
    """Sequences in the container of `fit`; a 3-D array is padded with NaN up to `pad_to` frames."""
    frames, lengths = sequences.frames, sequences.lengths
    if frames.dtype.kind == "i" and (dtype is None or _fits(frames, dtype)):
        frames = frames.astype(dtype or np.float64)
    if container == "2d":
        return frames.reshape(len(lengths), -1) if len(lengths) else np.empty((0, pad_to), dtype=frames.dtype)
    if container == "3d":
        return _padded(frames, lengths, pad_to)
    parts = Sequences(frames[:, 0] if container in _FLAT else frames, lengths).split() if len(lengths) else []
    return _as_objects(parts) if container.startswith("object") else parts


def _fits(frames, dtype):
    info = np.iinfo(dtype)
    return frames.size == 0 or (frames.min() >= info.min and frames.max() <= info.max)


def _padded(frames, lengths, pad_to):
    if (lengths == pad_to).all():
        return frames.reshape(len(lengths), pad_to, frames.shape[1])
    out = np.full((len(lengths), pad_to, frames.shape[1]), np.nan)
    out[np.arange(pad_to) < lengths[:, None]] = frames
    return out


def _as_objects(parts):
    out = np.empty(len(parts), dtype=object)
    for i, part in enumerate(parts):  # numpy would stack equal ones
        out[i] = part
    return out


def _depth(x):
    """How many indices lead to a number."""
    if hasattr(x, "ndim"):
        return x.ndim
    if isinstance(x, list | tuple):
        return 1 + (_depth(x[0]) if len(x) else 0)
    return 0


def _container(X):
    if isinstance(X, np.ndarray) and X.dtype != object:
        return "3d" if X.ndim == 3 else "2d"
    if not isinstance(X, list | tuple) and not (isinstance(X, np.ndarray) and X.ndim == 1):
        return "2d"
    depths = {_depth(x) for x in X}
    kind = "list" if isinstance(X, list | tuple) else "object"
    if depths == {2}:
        return kind
    if depths == {1} and (any(hasattr(x, "ndim") for x in X) or len({len(x) for x in X}) > 1):
        return f"{kind}-1d"
    if len(depths) > 1:
        raise ValueError(
            f"X must be a list of sequences of one kind, got elements of {sorted(depths)} dimensions. "
            "Give every sequence the shape (n_frames, n_dims)."
        )
    return "2d"


def _read_rows(model, X, reset, any_width):
    if reset or (model.container_ == "2d" and not any_width):
        return validate_data(model, X, reset=reset, dtype=np.float64)
    return check_array(X, dtype=np.float64, estimator=model)


def _read_padded(X):
    """Frames of a 3-D array whose trailing rows of NaN are padding."""
    X = np.asarray(X)
    if X.dtype.kind == "c":
        raise ValueError("Complex data not supported: sequences must hold real numbers.")
    X = X.astype(np.float64, copy=False)
    filled = ~np.isnan(X).all(axis=2)
    lengths = X.shape[1] - np.argmax(filled[:, ::-1], axis=1) if X.shape[1] else np.zeros(len(X), dtype=np.int64)
    lengths = np.where(filled.any(axis=1), lengths, 0)
    return X[np.arange(X.shape[1]) < lengths[:, None]], lengths


def _read_list(X):
    parts = [np.asarray(x) for x in X]
    if any(part.dtype.kind not in "fiub" for part in parts):
        parts = [check_array(part, dtype=np.float64, ensure_2d=False, ensure_min_samples=0) for part in parts]
    parts = [part[:, None] if part.ndim == 1 else part for part in parts]
    widths = sorted({part.shape[1] for part in parts})
    if len(widths) > 1:
        raise ValueError(f"X must hold sequences with equally many numbers a frame, got {widths}.")
    return np.concatenate(parts).astype(np.float64), np.array([len(part) for part in parts], dtype=np.int64)


def _check_frames(frames, lengths, names, min_length):
    if len(lengths) == 0 or frames.shape[1] == 0:
        what = "sample(s)" if len(lengths) == 0 else "feature(s)"
        raise ValueError(f"Found array with 0 {what} (n_sequences={len(lengths)}) while a minimum of 1 is required.")
    if lengths.min() < min_length:
        raise ValueError(f"Sequence {int(np.argmin(lengths))} of X is empty: every sequence needs at least one frame.")
    bad = ~np.isfinite(frames).all(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        what = "NaN" if np.isnan(frames[row]).any() else "infinity"
        raise ValueError(
            f"Input X contains {what} inside sequence {int(names[row])}. Only rows of NaN at the end of the sequences "
            "of a 3-D array are padding: drop or fill the others."
        )
