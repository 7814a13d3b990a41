"""Walk: drawing rows column by column, each hidden unit computed once, when all that it sees is known."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F


class Walk:
    """Rows of codes that are drawn along the order of a net.

    Parameters
    ----------
    net : MaskedNet
        The net.
    near : torch.Tensor of shape (n, d)
        Codes, of which those of known columns count.
    known : ndarray of bool of shape (d,)
        The known columns.
    is_shown : bool
        Whether the known columns are shown to all the others, or only to later ones.

    Attributes
    ----------
    codes : torch.Tensor of int of shape (n, d)
        The rows, filled as they are drawn.
    """

    def __init__(self, net, near, known, is_shown):
        self.net, self.codes, self.known = net, near.clone(), known
        layout, n, H = net.layout, len(near), len(net.degree)
        flags = torch.as_tensor(known, device=near.device)
        full = net.features(near)
        self.x = full * flags[net.feature_column]
        shown = flags.expand(n, -1) if is_shown else None
        self.context = torch.zeros_like(full[:, :1]).expand(n, H) + net.context(full, shown)
        self.h, self.active, self.inner = (
            [full.new_zeros(n, H) for _ in range(len(net.blocks) + extra)] for extra in (1, 1, 0)
        )
        self.first = net.first.matrix(), net.first.bias
        self.blocks = [[(layer.matrix(), layer.bias) for layer in block] for block in net.blocks]
        self.out = net.out.matrix() * net.out_mask
        self.ends = np.searchsorted(net.degree, np.arange(len(layout.order)), side="right")
        self.tables = {}
        for (members, _), table in zip(layout.inputs, net.tables):
            self.tables.update(dict.fromkeys(members.tolist(), table.matrix()))

    def columns(self):
        """Pairs (j, logits (n, n_outcomes)) of the unknown columns; `codes[:, j]` must be set before the next pair."""
        start = 0
        for j, end in zip(self.net.layout.order, self.ends):
            self._compute_units(start, end)
            start = max(start, end)
            if not self.known[j]:
                yield j, self._logits(j, end)
            self._read(j, self.codes[:, j])

    @torch.no_grad()
    def run(self, shares, generator):
        """Draw the unknown codes.

        Parameters
        ----------
        shares : list of ndarray of shape (K + 1,) or None
            Shares of the outcomes of unknown columns that are left open.
        generator : torch.Generator
            Source of the draws.

        Returns
        -------
        log_q, log_open : torch.Tensor of shape (n,)
            Log-probability of the drawn codes before shares; log-mass that shares left open.
        """
        log_q, log_open = torch.zeros((2, len(self.codes)), dtype=torch.float64, device=self.codes.device)
        for j, logits in self.columns():
            log_p = logits.double().log_softmax(dim=1)
            code, mass = draw_codes(log_p, shares[j], generator)
            self.codes[:, j] = code
            log_q += log_p.gather(1, code[:, None])[:, 0]
            log_open += mass.log()
        return log_q, log_open

    def _compute_units(self, start, end):
        """The hidden units from `start` to `end`."""
        if start >= end:
            return
        part = slice(start, end)
        weight, bias = self.first
        h = F.linear(self.x, weight[part], bias[part]) + self.context[:, part]
        self.active[0][:, part] = F.relu(h)
        for k, ((w_inner, b_inner), (w_outer, b_outer)) in enumerate(self.blocks):
            self.inner[k][:, part] = F.relu(F.linear(self.active[k][:, :end], w_inner[part, :end], b_inner[part]))
            h = h + F.linear(self.inner[k][:, :end], w_outer[part, :end], b_outer[part])
            self.active[k + 1][:, part] = F.relu(h)

    def _logits(self, j, end):
        start = self.net.layout.outcome_start[j]
        rows = slice(start, start + self.net.layout.columns[j].n_outcomes)
        H = len(self.net.degree)
        seen = F.linear(self.active[-1][:, :end], self.out[rows, :end])
        return seen + F.linear(self.x, self.out[rows, H:], self.net.out_bias[rows])

    def _read(self, j, codes):
        """Let later columns see the column."""
        layout = self.net.layout
        start = layout.feature_start[j]
        self.x[:, start : start + layout.n_features[j]] = F.embedding(codes + layout.code_start[j], self.tables[int(j)])


def draw_codes(log_p, share, generator):
    """Codes of log-probabilities (n, V) where a share of each is left open, and the mass that is."""
    p = log_p.exp()
    if share is not None:
        p = p * torch.as_tensor(share[: p.shape[1]], device=p.device)
    upto = p.cumsum(dim=1)
    mass = upto[:, -1]
    u = torch.rand(len(p), generator=generator, dtype=torch.float64).to(p.device) * mass
    codes = torch.searchsorted(upto, u[:, None], right=True)[:, 0]
    last = p.shape[1] - 1 - (p > 0).to(torch.int8).flip(1).argmax(dim=1)
    return torch.minimum(codes, last), mass
