r"""MaskedNet: all conditional laws of one order of the columns in one pass.

.. math:: p(c) = \prod_i P(c_{\pi(i)} \mid c_{\pi(1)}, \dots, c_{\pi(i-1)})

Each hidden unit has a degree k and sees the first k columns of the order only, as do those it feeds (MADE; Germain et
al., 2015); the residual layers are those of ResMADE (Durkan and Nash, 2019). Columns may be *shown* beside: the net
then gives :math:`P(c_{\pi(i)} \mid c_{\pi(<i)}, c_S)` for a set S of columns that come later, learned on random sets.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .._blocks import Dropout, MaskedLinear
from .._module import DensityModule
from .code_column import RESOLUTIONS
from .layout import CodeLayout
from .rows import CodeRows

#: Logit of what cannot be.
LOWEST = -1e4

#: Share of the training rows that are shown some columns.
SHOWN_SHARE = 0.5


class MaskedNet(DensityModule):
    """The laws of the columns along one order.

    Parameters
    ----------
    columns : list of CodeColumn
        The columns.
    order : ndarray of int of shape (d,)
        Their order.
    hidden_units : int
        Width of the hidden layers.
    n_blocks : int
        Residual blocks of two layers each.
    dropout : float
        Probability that a hidden number is dropped in training.
    any_order : bool
        Whether columns may be shown.
    """

    def __init__(self, columns, order, hidden_units, n_blocks, dropout, any_order):
        super().__init__(columns=columns, order=order, hidden_units=hidden_units, n_blocks=n_blocks,
                         dropout=dropout, any_order=any_order)  # fmt: skip
        self.layout = layout = CodeLayout(columns, order)
        d, H = len(columns), hidden_units
        self.degree = np.arange(H) * d // H if any_order else 1 + np.arange(H) * max(d - 1, 1) // H
        self.tables = nn.ModuleList(_input_rows(columns, members, size) for members, size in layout.inputs)
        for name, value in {"code_start": layout.code_start, "feature_column": layout.feature_columns()}.items():
            self.register_buffer(name, torch.as_tensor(value), persistent=False)
        seen, wanted = layout.feature_positions(), layout.outcome_positions()
        self.first = MaskedLinear(seen[None] < self.degree[:, None], 1.0)
        self.shown = nn.Linear(len(seen) + d, H) if any_order else None
        inner = self.degree[None] <= self.degree[:, None]
        self.blocks = nn.ModuleList(
            nn.ModuleList([MaskedLinear(inner, 1.4), MaskedLinear(inner, 0.1)]) for _ in range(n_blocks)
        )
        self.dropout = Dropout(dropout)
        n_out = len(wanted)
        groups = [layout.outcome_groups([c.group_rows()[k] for c in columns]) for k in range(len(RESOLUTIONS))]
        self.out = CodeRows(n_out, H + len(seen), groups, np.zeros(n_out))
        mask = np.concatenate([self.degree[None] <= wanted[:, None], seen[None] < wanted[:, None]], axis=1)
        self.register_buffer("out_mask", torch.as_tensor(mask, dtype=torch.get_default_dtype()), persistent=False)
        self.out_bias = nn.Parameter(torch.as_tensor(layout.log_laws(), dtype=torch.get_default_dtype()))
        self.register_buffer(
            "gap", torch.as_tensor(layout.gaps(LOWEST), dtype=torch.get_default_dtype()), persistent=False
        )

    # ---- the net -------------------------------------------------------------------------------------------------

    def features(self, near):
        """Numbers (n, n_features) that stand for codes (n, d)."""
        rows, parts = near + self.code_start, []
        for (members, _size), table in zip(self.layout.inputs, self.tables):
            at = rows if len(members) == near.shape[1] else rows[:, torch.as_tensor(members, device=rows.device)]
            parts.append(F.embedding(at, table.matrix()).flatten(1))
        return torch.cat(parts, dim=1)

    def context(self, x, shown):
        """What the columns that are shown add to the first layer."""
        if self.shown is None:
            return 0.0
        if shown is None:
            return self.shown.bias
        return self.shown(torch.cat([x * shown.to(x)[:, self.feature_column], shown.to(x)], dim=1))

    def logits(self, near, shown=None):
        """Logits (n, n_places) of the outcomes of all columns."""
        x = self.features(near)
        h = self.first(x) + self.context(x, shown)
        for inner, outer in self.blocks:
            h = h + outer(self.dropout(F.relu(inner(F.relu(h)))))
        seen = torch.cat([self.dropout(F.relu(h)), x], dim=1)
        return F.linear(seen, self.out.matrix() * self.out_mask, self.out_bias + self.gap)

    def log_probs(self, x, shown=None):
        """Log-probabilities (n, d) of codes; that of a reserved event is 0."""
        logits = self.logits(nearest(x), shown)
        found, start = [None] * len(self.layout.outputs), 0
        for k, (members, size) in enumerate(self.layout.outputs):
            part = logits[:, start : start + size * len(members)].reshape(-1, size)
            start += size * len(members)
            codes = x[:, torch.as_tensor(members, device=x.device)].clamp(min=-1).reshape(-1)
            found[k] = -F.cross_entropy(part, codes, reduction="none", ignore_index=-1).reshape(len(x), -1)
        back = np.argsort(np.concatenate([members for members, _ in self.layout.outputs]))
        return torch.cat(found, dim=1)[:, torch.as_tensor(back, device=x.device)]

    def log_prob(self, x):
        return self.log_probs(x).sum(dim=1)

    def loss(self, x, generator):
        if self.shown is None or not self.training:
            return -self.log_prob(x)
        shown = random_sets(*x.shape, generator).to(x.device)
        return -(self.log_probs(x, shown) * ~shown).sum(dim=1)


def nearest(x):
    """The codes that are read: a reserved event is written as -1 minus the code nearest to it."""
    return torch.where(x < 0, -1 - x, x)


def random_sets(n, d, generator):
    """Masks (n, d) of sets of columns: empty ones, and sets of every size alike."""
    size = torch.rand(n, 1, generator=generator) * d
    size = torch.where(torch.rand(n, 1, generator=generator) < SHOWN_SHARE, size, torch.zeros_like(size))
    rank = torch.rand(n, d, generator=generator).argsort(dim=1).argsort(dim=1)
    return rank < size.floor()


def _input_rows(columns, members, size):
    """The features of the codes of alike columns; a code that was never seen has none."""
    columns = [columns[j] for j in members]
    scale = np.concatenate([np.where((c.mass > 0) | (np.arange(c.n_codes) < c.n_codes - 1), 1.0, 0.0) for c in columns])
    groups, rows = [], [c.group_rows() for c in columns]
    for k in range(len(RESOLUTIONS)):
        sizes = np.array([row[k].max(initial=0) + 1 for row in rows])
        groups.append(np.concatenate([row[k] + n for row, n in zip(rows, np.cumsum(sizes) - sizes)]))
    return CodeRows(len(scale), size, groups, scale)
