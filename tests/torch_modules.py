"""Torch modules of a user's, as `TorchDensity` takes them, and callbacks for its training."""

from __future__ import annotations

import math
import os
import shutil
import signal

import torch
from skorch.callbacks import Callback
from torch import nn

from skgen.deep._blocks import Dropout


class AutoregressiveNormal(nn.Module):
    """Each coordinate is normal, its mean and scale read off the earlier ones by a small net.

    Parameters
    ----------
    n_features : int
        Coordinates.
    width : int, default=8
        Hidden numbers per coordinate.
    """

    def __init__(self, n_features, width=8):
        super().__init__()
        self.register_buffer("before", torch.ones(n_features, n_features).tril(-1)[:, None])  # (d, 1, d)
        self.hidden = nn.Parameter(0.3 * torch.randn(n_features, width, n_features))
        self.offset = nn.Parameter(0.3 * torch.randn(n_features, width))
        self.out = nn.Parameter(0.1 * torch.randn(n_features, 2, width))

    def _mean_and_log_scale(self, x):
        hidden = torch.tanh(torch.einsum("nj,iwj->niw", x, self.hidden * self.before) + self.offset)
        return torch.einsum("niw,ikw->kni", hidden, self.out)

    def log_prob(self, x):
        mean, log_scale = self._mean_and_log_scale(x)
        z = (x - mean) * torch.exp(-log_scale)
        return -(0.5 * z**2 + log_scale + 0.5 * math.log(2 * math.pi)).sum(1)

    def sample(self, n, generator):
        noise = torch.randn(n, len(self.out), generator=generator).to(self.out)
        x = torch.zeros_like(noise)
        for j in range(x.shape[1]):  # each coordinate needs those before it
            mean, log_scale = self._mean_and_log_scale(x)
            x[:, j] = mean[:, j] + torch.exp(log_scale[:, j]) * noise[:, j]
        return x


class Mean(nn.Module):
    """A normal of unit variance, fitted by plain gradient steps: with rate 1 one step on all rows ends at their mean.

    Parameters
    ----------
    n_features : int
        Coordinates.
    """

    def __init__(self, n_features):
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(n_features))

    def make_optimizers(self, lr, weight_decay):
        return {"all": torch.optim.SGD(self.parameters(), lr=lr)}

    def log_prob(self, x):
        return -0.5 * ((x - self.mean) ** 2 + math.log(2 * math.pi)).sum(1)

    def sample(self, n, generator):
        return self.mean + torch.randn(n, len(self.mean), generator=generator).to(self.mean)


class Faulty(AutoregressiveNormal):
    """A module whose losses in training fail at certain calls, which no state of the weights takes back.

    Parameters
    ----------
    n_features : int
        Coordinates.
    nan_calls : sequence of int, default=()
        Calls, counted from 1, whose loss is no number.
    nan_from : int or None, default=None
        Call from which on no loss is a number.
    interrupt_at : int or None, default=None
        Call that is interrupted as by Ctrl-C.
    dropout : float, default=0.0
        Probability that a number of a row is dropped in training.
    """

    def __init__(self, n_features, nan_calls=(), nan_from=None, interrupt_at=None, dropout=0.0):
        super().__init__(n_features, width=4)
        self.nan_calls, self.nan_from, self.interrupt_at, self.calls = nan_calls, nan_from, interrupt_at, 0
        self.dropout = Dropout(dropout)

    def loss(self, x):
        loss = -self.log_prob(self.dropout(x))
        if not self.training:
            return loss
        self.calls += 1
        if self.calls == self.interrupt_at:
            raise KeyboardInterrupt
        failed = self.calls in self.nan_calls or (self.nan_from is not None and self.calls >= self.nan_from)
        return loss * float("nan") if failed else loss


class KillsAt(Callback):
    """A callback that kills its own process after an epoch, as the kernel does where memory ends.

    Parameters
    ----------
    epoch : int
        The epoch.
    """

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            os.kill(os.getpid(), signal.SIGKILL)


class CopiesAt(Callback):
    """A callback that copies the file of a checkpoint after an epoch.

    Parameters
    ----------
    epoch : int
        The epoch.
    source, target : str
        From where to where.
    """

    def __init__(self, epoch, source, target):
        self.epoch, self.source, self.target = epoch, source, target

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) == self.epoch + 1:  # the row of the next epoch has been begun
            shutil.copy(self.source, self.target)

    def on_train_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            shutil.copy(self.source, self.target)


class InterruptsAt(Callback):
    """A callback that raises KeyboardInterrupt at the beginning of an epoch, where it is no request to stop.

    Parameters
    ----------
    epoch : int
        The epoch.
    """

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) == self.epoch:
            raise KeyboardInterrupt
