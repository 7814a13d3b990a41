"""EventEmbedding: the first layer of a net on the events and places of `TableEvents`.

A one-hot code times a weight matrix is a row of that matrix, so the rows of a column's events are looked up and added.
Columns of two events are the numbers 0 and 1, which a matrix product takes; columns of very many levels go through a
few numbers.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

#: Columns of more events are embedded in `NARROW` numbers instead of a row of the first layer for each.
MOST_ROWS, NARROW = 512, 16

#: Places on the normal axis are cut to this; no row of a fit lies beyond.
FARTHEST_PLACE = 8.0


class EventEmbedding(nn.Module):
    """A linear layer on the events and places of columns; a reserved event adds nothing.

    Parameters
    ----------
    events : TableEvents
        The events of all columns.
    columns : sequence of int
        The columns to read.
    width : int
        Numbers out.
    """

    def __init__(self, events, columns, width):
        super().__init__()
        sizes = events.n_events
        binary = [j for j in columns if sizes[j] == 2]
        looked_up = [j for j in columns if 2 < sizes[j] <= MOST_ROWS]
        narrow = [j for j in columns if sizes[j] > MOST_ROWS]
        places = [len(sizes) + i for i, j in enumerate(events.numbers) if j in set(columns)]
        self._positions(binary=binary, looked_up=looked_up, narrow=narrow, places=places)
        self.register_buffer("means", torch.tensor([float(events.columns[j].share[1]) for j in binary]), False)
        n_dense = len(binary) + len(places) + NARROW * len(narrow)
        self.dense = nn.Linear(n_dense, width) if n_dense else None
        self.bias = None if n_dense else nn.Parameter(torch.zeros(width))
        self.narrow_rows = nn.ModuleList([nn.Embedding(sizes[j] + 1, NARROW, padding_idx=0) for j in narrow])
        starts = np.cumsum([1] + [sizes[j] for j in looked_up])
        self.register_buffer("starts", torch.as_tensor(starts[:-1]), False)
        self.rows = None
        if looked_up:
            self.rows = nn.EmbeddingBag(int(starts[-1]), width, mode="sum", padding_idx=0)
            nn.init.normal_(self.rows.weight, std=(n_dense + len(looked_up)) ** -0.5)

    def _positions(self, **positions):
        for name, columns in positions.items():
            self.register_buffer(f"at_{name}", torch.tensor(columns, dtype=torch.int64), False)

    def forward(self, x):
        dense = [x[:, self.at_places].clamp(-FARTHEST_PLACE, FARTHEST_PLACE)]
        if len(self.at_binary):
            codes = x[:, self.at_binary]
            dense.append(torch.where(codes < 0, 0.0, codes - self.means))
        for j, rows in zip(self.at_narrow, self.narrow_rows):
            dense.append(rows(x[:, j].long() + 1))
        h = self.bias.expand(len(x), -1) if self.dense is None else self.dense(torch.cat(dense, 1))
        if self.rows is None:
            return h
        codes = x[:, self.at_looked_up].long()
        return h + self.rows(torch.where(codes < 0, 0, codes + self.starts))
