"""TrainingRows: the rows of a fit as tensors on the device, sliced into batches.

A loader that fetches row by row costs more than the step of a small net; whole tensors are indexed instead.
"""

from __future__ import annotations

import numpy as np
import torch

#: Floats of the training tensors.
FLOAT = torch.float32


def to_tensors(arrays, device, dtype=FLOAT):
    """Arrays as tensors on a device: floats in one type, whole numbers as int64, booleans as they are."""
    tensors = []
    for array in arrays:
        array = np.ascontiguousarray(array)
        if array.dtype.kind in "iu":
            array = array.astype(np.int64)
        tensor = torch.as_tensor(array)
        tensors.append(tensor.to(device, dtype if tensor.is_floating_point() else tensor.dtype))
    return tuple(tensors)


def single(tensors):
    """The tensor where there is one, else all of them."""
    return tensors[0] if len(tensors) == 1 else tensors


def drawn_by(weight, generator):
    """As many rows as there are weights, each about as often as its share of them says: one draw in each n-th part."""
    upto = weight.double().cpu().cumsum(0)
    places = torch.arange(len(upto)) + torch.rand(len(upto), generator=generator, dtype=torch.float64)
    return torch.searchsorted(upto, places * (upto[-1] / len(upto)), right=True).clamp(max=len(upto) - 1)


class ViewRows:
    """The rows of a fit in the view of the model: as they are in the typed one, dequantised anew in the real one.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
        The rows, for the typed view.
    encode : callable or None
        The encoder of the real view.
    condition : ndarray of bool of shape (d,)
        Columns that are always given: they stand in the middle of their cells.
    """

    def __init__(self, Z, encode, condition):
        self._Z, self._encode, self._condition = Z, encode, condition
        self.is_fresh = encode is not None and not encode.is_exact
        self.typed = Z if encode is None else encode.typed

    def __len__(self):
        return len(self.typed)

    def draw(self, rng, rows=slice(None)):
        """Numbers of the view for some of the rows."""
        if self._encode is None:
            return self._Z[rows]
        return self._encode(rng, fixed=self._condition, rows=rows)[0]


class TrainingRows:
    """Some of the rows as tensors, with their weights.

    Parameters
    ----------
    draw : callable
        Takes a numpy generator and rows, and gives the arrays that the net reads.
    rows : ndarray of int
        Which rows.
    weight : ndarray or None
        Weights of all rows.
    is_fresh : bool
        Whether each epoch draws its rows anew.
    device : torch.device
        Where the tensors go.
    """

    def __init__(self, draw, rows, weight, is_fresh, device):
        self._draw, self._rows, self._is_fresh, self._device = draw, rows, is_fresh, device
        self.weight = None
        if weight is not None:
            (self.weight,) = to_tensors((weight[rows],), device)
        self._tensors = None

    def __len__(self):
        return len(self._rows)

    def tensors(self, rng):
        """The rows of one epoch."""
        if self._tensors is None or self._is_fresh:
            self._tensors = to_tensors(self._draw(rng, self._rows), self._device)
        return self._tensors


class TensorBatches:
    """Batches of nearly equal size, in a new order each epoch or in the order of the rows.

    Parameters
    ----------
    rows : TrainingRows
        The rows.
    batch_size : int
        The most rows in a batch.
    shuffle : bool, default=False
        Whether to go through the rows in random order.
    by_weight : bool, default=False
        Whether an epoch draws as many rows by their weights, which then have none, instead of handing these on.
    """

    def __init__(self, rows, batch_size, shuffle=False, by_weight=False):
        self.rows, self.batch_size, self.shuffle = rows, batch_size, shuffle
        self.by_weight = by_weight and rows.weight is not None

    def __len__(self):
        return -(-len(self.rows) // self.batch_size)

    def batches(self, rng, generator):
        """Pairs (x, weight) of one epoch."""
        tensors, weight = self.rows.tensors(rng), self.rows.weight
        n = len(self.rows)
        order = torch.randperm(n, generator=generator) if self.shuffle else torch.arange(n)
        if self.by_weight:
            order, weight = drawn_by(weight, generator)[order], None
        order = order.to(tensors[0].device)
        for at in order.tensor_split(len(self)):
            yield single(tuple(t[at] for t in tensors)), None if weight is None else weight[at]
