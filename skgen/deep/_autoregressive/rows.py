"""CodeRows: weights with one row for each code of each column, those of neighbouring numbers shared in part."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn


class CodeRows(nn.Module):
    r"""A matrix whose rows are codes: the row of a code is its own plus those of the groups it belongs to.

    Parameters
    ----------
    n_rows, n_numbers : int
        Shape of the matrix.
    groups : list of ndarray of int of shape (n_rows,)
        The group of each row at each resolution.
    scale : ndarray of shape (n_rows,)
        Standard deviation of the rows at the start; rows of 0 belong to no group then.
    """

    def __init__(self, n_rows, n_numbers, groups, scale):
        super().__init__()
        share = 1 / np.sqrt(1 + len(groups))
        own = torch.as_tensor(scale * share, dtype=torch.get_default_dtype())[:, None]
        self.own = nn.Parameter(torch.randn(n_rows, n_numbers) * own)
        self.shared = nn.ParameterList()
        for k, group in enumerate(groups):
            start = np.zeros(group.max(initial=0) + 1)
            np.maximum.at(start, group, scale * share)
            start = torch.as_tensor(start, dtype=own.dtype)[:, None]
            self.shared.append(nn.Parameter(torch.randn(len(start), n_numbers) * start))
            self.register_buffer(f"group{k}", torch.as_tensor(group), persistent=False)

    def matrix(self):
        """The whole matrix."""
        rows = self.own
        for k, shared in enumerate(self.shared):
            rows = rows + shared.index_select(0, getattr(self, f"group{k}"))
        return rows
