r"""AutoregressiveStep: each coordinate goes through an increasing map whose parameters depend on earlier groups.

.. math:: y_i = f(x_i;\, \theta_i(x_j : \text{group}(j) < \text{group}(i)))

With as many groups as coordinates it is autoregressive, with two a coupling whose first half goes through maps of
fixed parameters. f is affine (Dinh et al., 2017; Papamakarios et al., 2017) or a rational-quadratic spline on an
interval and the identity outside (Durkan et al., "Neural spline flows", 2019).
"""

from __future__ import annotations

import torch
from torch import nn
from zuko.transforms import MonotonicAffineTransform, MonotonicRQSTransform

from .conditioner import Conditioner

#: Splines act on [-BOUND, BOUND]; the coordinates are about standard normal.
BOUND = 5.0

#: Least ratio of slopes that a map can have.
LEAST_SLOPE = 1e-3


class AffineMap:
    """y = a x + b, with a > 0.

    Parameters
    ----------
    n_bins : int
        Not used.
    """

    def __init__(self, n_bins):
        self.n_parameters = 2

    def __call__(self, theta):
        return MonotonicAffineTransform(theta[..., 0], theta[..., 1], slope=LEAST_SLOPE)


class SplineMap:
    """A monotone rational-quadratic spline.

    Parameters
    ----------
    n_bins : int
        Bins between the knots.
    """

    def __init__(self, n_bins):
        self.n_bins, self.n_parameters = n_bins, 3 * n_bins - 1

    def __call__(self, theta):
        widths, heights, slopes = theta.split([self.n_bins, self.n_bins, self.n_bins - 1], dim=-1)
        return MonotonicRQSTransform(widths, heights, slopes, bound=BOUND, slope=LEAST_SLOPE)


MAPS = {"affine": AffineMap, "spline": SplineMap}


class AutoregressiveStep(nn.Module):
    """One step of a flow.

    Parameters
    ----------
    groups : torch.Tensor of int64 of shape (d,)
        The group of each coordinate, from 0.
    n_context : int
        Numbers of the context.
    map_name : {"affine", "spline"}
        The increasing maps.
    n_bins : int
        Bins of splines.
    **net
        Of the `Conditioner`.
    """

    def __init__(self, groups, n_context, map_name, n_bins, **net):
        super().__init__()
        self.map = MAPS[map_name](n_bins)
        self.n_groups = int(groups.max()) + 1
        self.register_buffer("groups", groups)
        self.conditioner = Conditioner(groups, n_context, self.map.n_parameters, **net)

    def forward(self, x, context=None):
        """The points and the log-determinant of each row."""
        y, log_slope = self.map(self.conditioner(x, context)).call_and_ladj(x)
        return y, log_slope.sum(dim=1)

    def inverse(self, y, context=None):
        """The points that come out as `y`: pass k finds group k from those before it."""
        x = torch.zeros_like(y)
        for k in range(self.n_groups):
            columns = (self.groups == k).nonzero()[:, 0]
            theta = self.conditioner(x, context, columns)
            x = x.index_copy(1, columns, self.map(theta).inv(y[:, columns]))
        return x
