r"""RowTerms: between the outputs of a generator and the inputs of a discriminator.

Cells are drawn by the Gumbel trick with a straight-through gradient (Jang et al., 2017): forward the one-hot code of
:math:`\arg\max_k (l_k + g_k)`, backward the gradient of :math:`\mathrm{softmax}((l + g) / \tau)`.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from .features import FARTHEST

#: A logit that is never drawn.
_NEVER = -1e9


class RowTerms(nn.Module):
    """Logits and scores of a layout as torch reads them.

    Parameters
    ----------
    layout : RowLayout
        Columns, blocks and scores.
    """

    def __init__(self, layout):
        super().__init__()
        self.runs, self.n_logits, self.n_scores = layout.runs, layout.n_logits, layout.n_scores
        places, gates = layout.places(), layout.gates()
        self.n_features = self.n_scores + self.n_logits + places.shape[1]
        self.is_gated = bool((gates < self.n_logits).any())
        self._keep("never", np.where(layout.mask(), 0.0, _NEVER))
        self._keep("places", places)
        self.register_buffer("gates", torch.as_tensor(gates), persistent=False)

    def _keep(self, name, values):
        self.register_buffer(name, torch.as_tensor(values, dtype=torch.get_default_dtype()), persistent=False)

    # ---- rows ----------------------------------------------------------------------------------------------------

    def one_hot(self, hot):
        """Codes (n, n_logits) of cells given by their logits (n, blocks)."""
        return self.never.new_zeros(len(hot), self.n_logits).scatter_(1, hot, 1.0)

    def scores(self, start, width, generator):
        """Scores drawn in intervals of probability."""
        u = torch.rand(start.shape, generator=generator).to(start)
        return torch.special.ndtri(start + u * width).clamp(-FARTHEST, FARTHEST)

    # ---- outputs of a net ----------------------------------------------------------------------------------------

    def noise(self, n, generator):
        """Gumbel noise (n, n_logits), which is never drawn where no cell is."""
        u = torch.rand(n, self.n_logits, generator=generator).to(self.never)
        tiny = torch.finfo(torch.float32).tiny
        return self.never - torch.log(-torch.log(u.clamp(tiny, 1 - 1e-7)))

    def soft_codes(self, logits, generator, temperature):
        """One-hot codes (n, n_logits) drawn from logits, with a gradient."""
        n, at, codes = len(logits), 0, []
        noisy = logits + self.noise(n, generator)
        for n_blocks, width in self.runs:
            block = noisy[:, at : at + n_blocks * width].view(n, n_blocks, width)
            at += n_blocks * width
            soft = (block / temperature).softmax(-1)
            hard = torch.zeros_like(soft).scatter_(-1, block.argmax(-1, keepdim=True), 1.0)
            codes.append((hard + soft - soft.detach()).reshape(n, -1))
        return torch.cat(codes, 1) if codes else logits

    def cells(self, logits, generator):
        """Cells (n, blocks) drawn from logits, counted from the start of their block."""
        n, at, cells = len(logits), 0, []
        if not self.runs:
            return torch.zeros(n, 0, dtype=torch.int64)
        noisy = logits + self.noise(n, generator)
        for n_blocks, width in self.runs:
            cells.append(noisy[:, at : at + n_blocks * width].view(n, n_blocks, width).argmax(-1))
            at += n_blocks * width
        return torch.cat(cells, 1)

    # ---- inputs of a net -----------------------------------------------------------------------------------------

    def features(self, scores, codes):
        """What a net reads: scores where they count, codes, and the places of atoms among the numbers."""
        if not self.n_logits:
            return scores
        if self.is_gated:
            open_gate = codes.new_ones(len(codes), 1)
            scores = scores * torch.cat([codes, open_gate], 1)[:, self.gates]
        return torch.cat([scores, codes, codes @ self.places], 1)
