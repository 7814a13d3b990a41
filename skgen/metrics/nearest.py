r"""Whether synthetic rows lie nearer to training rows than to rows that the model never saw.

With d(s, A) the distance from a row to the nearest row of A, and train and holdout cut to one size,

.. math:: \operatorname{share} = P(d(s, train) < d(s, holdout)) + P(d(s, train) = d(s, holdout)) / 2.

Had the model seen neither table, swapping the two would change nothing: the share would be 1/2.
"""

from __future__ import annotations

import numpy as np

from .._random import generator_from
from ._neighbours import TIE, nearest_rows
from ._rows import paired_rows, subsample


def nearest_record_share(train, holdout, synthetic, *, max_rows=None, return_std=False, schema=None, random_state=0):
    """Share of synthetic rows that are nearer to a training row than to a holdout row.

    The distance adds over columns: numbers by their absolute difference over the training range (at most 1),
    categories by 0 or 1, a missing cell beside a present one by 1. Ties count half. The larger of `train` and
    `holdout` is cut to the size of the smaller.

    Parameters
    ----------
    train : DataFrame or array of shape (n_samples, n_features)
        The rows that the model was fitted to.
    holdout : DataFrame or array of shape (n_samples, n_features)
        Real rows of the same law that the model never saw.
    synthetic : DataFrame or array of shape (n_samples, n_features)
        Rows that the model generated, with the columns of `train` in any order.
    max_rows : int or None, default=None
        Most rows of each table that are used, drawn without replacement; all of them where None.
    return_std : bool, default=False
        Whether to return the standard error too. It counts synthetic rows that share their nearest real row as one.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from `train` where None.
    random_state : int, RandomState instance, Generator or None, default=0
        Seed of subsamples.

    Returns
    -------
    share : float
        The share.
    std : float
        Its standard error, with `return_std`.

    Notes
    -----
    Range 0 to 1; 0.5 is best and the floor of fresh real rows, within some two standard errors. More means that rows
    were memorised, 1 that all are near copies of the training rows that were looked at: as many as there are test rows,
    drawn at random, so that copies of all of them may show little. Less than 0.5 comes of chance alone. A share near
    0.5 is no proof of privacy: a few rows may be copied while all others are not, so look at :func:`copied_share` and
    at a membership attack too.
    Cost: the distances of all synthetic to all real rows, 5 s on Adult.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen.metrics import nearest_record_share
    >>> train, holdout, fresh = np.random.default_rng(0).normal(size=(3, 500, 2))
    >>> round(nearest_record_share(train, holdout, fresh), 3)
    0.522
    >>> nearest_record_share(train, holdout, train)
    1.0
    """
    rows = paired_rows(train, holdout, synthetic, schema=schema)
    share, std = share_of_nearest(*rows.tables, rows, max_rows, generator_from(random_state))
    return (share, std) if return_std else share


def share_of_nearest(train, holdout, synthetic, rows, max_rows, rng):
    """The share and its standard error for typed rows."""
    n = min([len(train), len(holdout)] + ([] if max_rows is None else [max_rows]))
    train, holdout = subsample(train, n, rng), subsample(holdout, n, rng)
    synthetic = subsample(synthetic, max_rows, rng)
    to_train, to_holdout = (nearest_rows(synthetic, real, rows) for real in (train, holdout))
    return share_from_distances(to_train, to_holdout)


def share_from_distances(to_train, to_holdout):
    """The share and its standard error from `nearest_rows` of both tables.

    Were the tables exchangeable, each real row would carry a coin; the rows that are nearest to it share its face.
    """
    (d_train, i_train), (d_holdout, i_holdout) = to_train, to_holdout
    gap = d_holdout - d_train
    side = np.where(np.abs(gap) <= TIE, 0.5, (gap > 0).astype(float))
    share = float(side.mean())
    nearest = np.where(gap >= 0, i_train, i_train.max() + 1 + i_holdout)
    of_coin = np.bincount(nearest, weights=side - share)
    return share, float(np.sqrt(of_coin @ of_coin) / len(side))
