r"""EventHeads: the law of a row of `TableEvents` given the numbers that a net puts out, independent between columns.

An event has a softmax; "any number" a mixture of logistic laws on the normal axis, of which the cell [a, b] holds

.. math:: \sum_k w_k \bigl[\sigma\bigl(\tfrac{b - \mu_k}{s_k}\bigr) - \sigma\bigl(\tfrac{a - \mu_k}{s_k}\bigr)\bigr]

(Salimans et al., 2017, PixelCNN++); on the line, its density. Columns of about equally many events share a softmax.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

#: Columns share a softmax if the smaller has at least this share of the larger's events.
LEAST_SHARE = 0.6

#: Columns of more events reach them through `NARROW` numbers.
MOST_ROWS, NARROW = 512, 32

#: The least scale of a logistic law on the normal axis, in logarithm.
LEAST_LOG_SCALE = -5.0


class EventHeads(nn.Module):
    """The last layer of a net, and the law that it stands for.

    Parameters
    ----------
    events : TableEvents
        The events of all columns.
    columns : sequence of int
        The columns whose law this is.
    width : int
        Numbers in.
    n_components : int
        Logistic laws in a mixture.
    """

    def __init__(self, events, columns, width, n_components):
        super().__init__()
        sizes, d, M = events.n_events, len(events.columns), n_components
        self.M = M
        binary = [j for j in columns if sizes[j] == 2]
        groups = _groups({j: sizes[j] for j in columns if sizes[j] > 2})
        single = [j for j in columns if sizes[j] == 1]
        self._binary, self._groups = binary, groups
        self.order = binary + [j for group in groups for j in group] + single
        numbers = [i for i, j in enumerate(events.numbers) if j in set(columns)]
        self._shapes = [(len(group), max(sizes[j] for j in group)) for group in groups]
        self.Q = len(numbers)
        self._set_positions(events, binary, groups, numbers, d)
        wide = [i for i, (_, K) in enumerate(self._shapes) if K > MOST_ROWS]
        self._wide = set(wide)
        self.sizes = [len(binary)] + [G * (NARROW if i in wide else K) for i, (G, K) in enumerate(self._shapes)]
        self.sizes += [3 * self.Q * M]
        self.out = nn.Linear(width, max(sum(self.sizes), 1))  # all columns may be constant
        self.levels = nn.ModuleDict({str(i): nn.Linear(NARROW, self._shapes[i][1]) for i in wide})
        self._set_start(events, binary, groups)

    def _set_positions(self, events, binary, groups, numbers, d):
        q = len(events.numbers)
        self._index("binary", binary)
        for i, group in enumerate(groups):
            self._index(f"group{i}", group)
            K = self._shapes[i][1]
            gap = [[0.0 if k < events.n_events[j] else -torch.inf for k in range(K)] for j in group]
            self.register_buffer(f"gap{i}", torch.tensor(gap), False)
        self._index("low", [d + i for i in numbers])
        self._index("log_width", [d + q + i for i in numbers])
        columns = [events.numbers[i] for i in numbers]
        self._index("number_code", columns)
        self._index("number_at", [self.order.index(j) for j in columns])
        any_number = [events.columns[j].any_number for j in columns]
        self._index("any_number", any_number)
        self.is_plain = all(events.columns[j].is_plain and not events.columns[j].column.rho for j in columns)
        self.has_split = any(events.n_events[j] > 1 for j in columns)
        grid = [events.columns[j].column.resolution > 0 for j in columns]
        self.register_buffer("is_grid", torch.tensor(grid, dtype=torch.bool), False)
        self.any_grid = any(grid)
        self._any_of = dict(zip(columns, any_number))
        self._index("inverse", np.argsort(np.asarray(self.order, int)).tolist())

    def _index(self, name, positions):
        self.register_buffer(f"at_{name}", torch.tensor(positions, dtype=torch.int64), False)

    @torch.no_grad()
    def _set_start(self, events, binary, groups):
        """Biases at the marginal laws, so that training starts from independent columns."""

        def log_share(j):
            return np.log(np.maximum(events.columns[j].share, 1e-6))

        bias = [np.diff(log_share(j)) for j in binary]
        for i, (group, (_, K)) in enumerate(zip(groups, self._shapes)):
            if i in self._wide:
                self.levels[str(i)].bias.copy_(torch.as_tensor(log_share(group[0])))  # it stands alone
                bias.append(np.zeros(NARROW))
                continue
            bias += [np.pad(log_share(j), (0, K - events.n_events[j])) for j in group]
        spread = np.repeat(np.linspace(-1.5, 1.5, self.M) if self.M > 1 else np.zeros(1), self.Q)
        bias += [np.zeros(self.Q * self.M), spread, np.full(self.Q * self.M, -0.7)]
        self.out.bias[: sum(self.sizes)].copy_(torch.as_tensor(np.concatenate(bias)))
        self.out.weight.mul_(0.5)

    # ---- log-probabilities ---------------------------------------------------------------------------------------

    def _parts(self, h):
        """Logits of the binary columns, of each group, and the three numbers of each logistic law (..., 3, M, q)."""
        binary, *rest = self.out(h)[..., : sum(self.sizes)].split(self.sizes, -1)
        groups = []
        for i, ((G, K), part) in enumerate(zip(self._shapes, rest)):
            logits = part.unflatten(-1, (G, NARROW if i in self._wide else K))
            logits = self.levels[str(i)](logits) if i in self._wide else logits
            groups.append(logits + getattr(self, f"gap{i}"))
        return binary, groups, rest[-1].unflatten(-1, (3, self.M, self.Q))

    def log_prob(self, h, x, known=None):
        """Log-probability of rows.

        Parameters
        ----------
        h : torch.Tensor of shape (..., n, width)
            What the net puts out.
        x : torch.Tensor of shape (n, d + 2 q)
            Rows of `TableEvents`.
        known : torch.Tensor of bool of shape (d,), default=None
            The columns that count; all where None.

        Returns
        -------
        torch.Tensor of shape (..., n)
            Nats; a reserved event counts 0.
        """
        binary, groups, laws = self._parts(h)
        if known is None and not groups and not self.Q:
            return _log_bernoulli(binary, x[:, self.at_binary]).sum(-1)
        pieces = [_log_bernoulli(binary, x[:, self.at_binary])]
        pieces += [_log_pick(logits, x[:, getattr(self, f"at_group{i}")]) for i, logits in enumerate(groups)]
        n_single = len(self.order) - sum(piece.shape[-1] for piece in pieces)
        pieces.append(binary.new_zeros(*binary.shape[:-1], n_single))
        log_event = torch.cat(pieces, -1)  # (..., n, columns in order)
        if self.Q:
            at = self.at_number_at
            log_event = log_event.index_add(-1, at, self._log_places(binary, groups, laws, log_event[..., at], x))
        return log_event.sum(-1) if known is None else log_event[..., known[self.order]].sum(-1)

    def _log_places(self, binary, groups, laws, log_event, x):
        """What a place adds to the log-probability of its column's event (..., n, q)."""
        log_law = self._log_logistics(laws, x[:, self.at_low], x[:, self.at_log_width])
        if self.is_plain:
            return log_law
        codes = x[:, self.at_number_code]
        if not self.has_split:
            return torch.where(codes < 0, 0.0, log_law)
        log_any = self._log_any_number(binary, groups)
        # a value that repeats can come of either event
        either = torch.logaddexp(log_event, log_any + log_law) - log_event
        is_value = (codes < self.at_any_number) & (codes >= 0)
        return torch.where(codes == self.at_any_number, log_law, torch.where(is_value, either, 0.0))

    def _log_any_number(self, binary, groups):
        """Log-probability of the event "any number" of each number column."""
        found = {}
        for i, j in enumerate(self._binary):
            if j in self._any_of:
                sign = 1.0 if self._any_of[j] == 1 else -1.0
                found[j] = F.logsigmoid(sign * binary[..., i])
        for i, logits in enumerate(groups):
            for g, j in enumerate(self._groups[i]):
                if j in self._any_of:
                    found[j] = logits[..., g, self._any_of[j]] - logits[..., g, :].logsumexp(-1)
        zero = binary.new_zeros(binary.shape[:-1])
        return torch.stack([found.get(j, zero) for j in self._any_of], -1)

    def _log_logistics(self, laws, low, log_width):
        """Log-mass of cells, or log-density of places times the slope there, (..., n, q)."""
        logits, means, raw = laws.unbind(-3)  # (..., n, M, q)
        log_s = _log_scale(raw)
        a = (low.unsqueeze(-2) - means) * (-log_s).exp()
        log_delta = log_width.unsqueeze(-2) - log_s
        if not self.any_grid:
            log_law = F.logsigmoid(a) + F.logsigmoid(-a) + log_delta
        else:
            delta = torch.where(self.is_grid, log_delta, -torch.inf).exp()
            # sigma(b) - sigma(a) = sigma(b) sigma(-a) (1 - exp(a - b))
            log_law = F.logsigmoid(a + delta) + F.logsigmoid(-a) + log_delta + _log_shrink(delta)
        return torch.logsumexp(log_law + logits, -2) - logits.logsumexp(-2)

    # ---- draws ---------------------------------------------------------------------------------------------------

    def mode(self, h):
        """The likeliest event of each column, and the mean place of each number column; shapes as of `draw`."""
        binary, groups, laws = self._parts(h)
        logits, means, _ = laws.unbind(-3)
        codes = torch.cat([(binary > 0).long(), *(part.argmax(-1) for part in groups)], -1)
        n_single = len(self.order) - codes.shape[-1]
        codes = torch.cat([codes, codes.new_zeros(len(codes), n_single)], -1)
        return codes[:, self.at_inverse], (logits.softmax(-2) * means).sum(-2)

    @property
    def n_uniforms(self) -> int:
        """Uniform numbers that one row takes."""
        return len(self.at_binary) + sum(G for G, _ in self._shapes) + 2 * self.Q

    @torch.no_grad()
    def draw(self, h, u):
        """Events and places of rows.

        Parameters
        ----------
        h : torch.Tensor of shape (n, width)
            What the net puts out.
        u : torch.Tensor of shape (n, n_uniforms)
            Uniform numbers.

        Returns
        -------
        codes : torch.Tensor of int64 of shape (n, columns)
            Events of the columns of this law, in their order.
        places : torch.Tensor of shape (n, q)
            Places on the normal axis of its number columns.
        """
        binary, groups, laws = self._parts(h)
        n_each = [len(self.at_binary), *(G for G, _ in self._shapes), self.Q, self.Q]
        u_binary, *u_groups, u_law, u_place = u.split(n_each, -1)
        places = _draw_places(laws, u_law, u_place) if self.Q else u_place
        codes = [(u_binary < binary.sigmoid()).long()] if len(self.at_binary) else []
        codes += [_draw_index(part, v) for part, v in zip(groups, u_groups)]
        if not codes:
            return None, places
        n_single = len(self.order) - sum(part.shape[-1] for part in codes)
        codes.append(codes[0].new_zeros(len(u), n_single))
        return torch.cat(codes, -1)[:, self.at_inverse], places


def _groups(sizes):
    """Columns in groups of about equally many events."""
    groups = []
    for j in sorted(sizes, key=lambda j: (-sizes[j], j)):
        if groups and sizes[j] >= LEAST_SHARE * sizes[groups[-1][0]] and sizes[groups[-1][0]] <= MOST_ROWS:
            groups[-1].append(j)
        else:
            groups.append([j])
    return [sorted(group) for group in groups]


def _log_scale(raw):
    """log(exp(raw) + the least scale)."""
    return F.softplus(raw - LEAST_LOG_SCALE) + LEAST_LOG_SCALE


def _draw_places(laws, u_law, u_place):
    """Draws (n, q) of logistic mixtures (n, 3, M, q): a law by inversion, then a place by inversion of it."""
    laws = laws.permute(1, 2, 0, 3).clone(memory_format=torch.contiguous_format)  # (3, M, n, q), written over
    upto = laws[0].sub_(laws[0].amax(0)).exp_()
    for before, here in zip(upto, upto[1:]):  # few laws, each step a whole block
        here.add_(before)
    is_past = upto[:-1].lt_(u_law * upto[-1])  # 0 or 1, by which a lerp is exact
    drawn = laws[1:, 0]  # the mean and the scale, (2, n, q)
    for m, past in enumerate(is_past, 1):
        drawn.lerp_(laws[1:, m], past)
    mean, raw = drawn
    return raw.exp_().add_(math.exp(LEAST_LOG_SCALE)).mul_(u_place.logit(2.0**-25)).add_(mean)


def _log_bernoulli(logits, codes):
    """Log-probability of codes 0 and 1; 0 at a negative code."""
    log_p = codes * logits - F.softplus(logits)
    return torch.where(codes < 0, 0.0, log_p)


def _log_pick(logits, codes):
    """Log-probability of codes under softmaxes (..., n, G, K); 0 at a negative code."""
    at = codes.clamp(min=0).long().expand(logits.shape[:-1]).unsqueeze(-1)
    log_p = logits.gather(-1, at).squeeze(-1) - logits.logsumexp(-1)
    return torch.where(codes < 0, 0.0, log_p)


def _log_shrink(delta):
    """log((1 - exp(-delta)) / delta), to its limit 0 at 0."""
    small = delta < 1e-3
    safe = torch.where(small, 1.0, delta)
    return torch.where(small, -0.5 * delta, torch.log(-torch.expm1(-safe)) - safe.log())


def _draw_index(logits, u):
    """Draws (n, G) of softmaxes (n, G, K) by inversion."""
    upto = logits.softmax(-1).cumsum(-1)
    return (upto < u.unsqueeze(-1) * upto[..., -1:]).sum(-1).clamp(max=logits.shape[-1] - 1)
