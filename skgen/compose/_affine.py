"""Affine changes: scalers, one factor and one shift a column."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from ..exceptions import NotInvertibleError
from ._change import Change, as_numbers, as_seen, known_change, log_abs


class AffineChange(Change):
    """z_j = s_j x_j + t_j, as a fitted scaler has it."""

    def __init__(self, scaler, scales):
        super().__init__(np.arange(len(scales)), scales)
        self.scaler = scaler

    def forward(self, X):
        return as_numbers(self.scaler.transform(as_seen(self.scaler, X)))

    def inverse(self, Z):
        return as_numbers(self.scaler.inverse_transform(as_seen(self.scaler, Z)))

    def log_derivatives(self, X):
        return np.where(np.isnan(X), 0.0, log_abs(self.scales))


@known_change.register(StandardScaler)
@known_change.register(RobustScaler)
@known_change.register(MaxAbsScaler)
def _divided(scaler, n_columns):
    _check_no_clip(scaler)
    scale = np.ones(n_columns) if scaler.scale_ is None else scaler.scale_
    return AffineChange(scaler, 1 / scale)


@known_change.register(MinMaxScaler)
def _min_max(scaler, n_columns):
    _check_no_clip(scaler)
    return AffineChange(scaler, scaler.scale_)


def _check_no_clip(scaler):
    if getattr(scaler, "clip", False):
        raise NotInvertibleError(
            f"{type(scaler).__name__}(clip=True) sends all rows beyond the range to its ends, so it is not "
            "one-to-one: set clip=False."
        )
