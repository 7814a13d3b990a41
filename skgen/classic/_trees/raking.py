r"""Raking: laws of leaves corrected until the joint law with each feature comes out right.

A smoothed law leaks a little towards independence. With s_lh the share of the rows of leaf l whose feature lies in
group h, each sweep multiplies the law of a leaf, feature by feature, by what the joint table of group and target lacks
(iterative proportional fitting, Deming and Stephan, 1940):

.. math:: P_l(y) \leftarrow P_l(y) \prod_h \Big[\frac{n_{hy} + k\,\pi_y}{\sum_l n_{lh} P_l(y) + k\,\pi_y}\Big]^{s_{lh}}
"""

from __future__ import annotations

import numpy as np

#: Times that each feature is gone through, and rows of prior weight in each table.
N_SWEEPS, PRIOR_ROWS = 2, 100.0

#: How far one step may go.
LEAST_RATIO, MOST_RATIO = 0.1, 10.0


def rake(law, leaf, target, weight, features):
    """What to multiply the laws of leaves by.

    Parameters
    ----------
    law : ndarray of shape (n_leaves, G)
        Probabilities of the target's groups in each leaf.
    leaf, target : ndarray of int of shape (n,)
        The leaf and the target's group of each row.
    weight : ndarray of shape (n,)
        Weights of the rows.
    features : list of ndarray of int of shape (n,)
        Each feature's group of every row.

    Returns
    -------
    ndarray of shape (n_leaves, G)
        Factors, not normalised.
    """
    n_leaves, G = law.shape
    marginal = np.bincount(target, weight, G) / weight.sum()
    tables = []
    for group in features:
        H = group.max() + 1
        counts = np.bincount(leaf * H + group, weight, n_leaves * H).reshape(n_leaves, H)
        joint = np.bincount(group * G + target, weight, H * G).reshape(H, G)
        tables.append((counts, counts / counts.sum(axis=1, keepdims=True), joint + PRIOR_ROWS * marginal))
    found = law.copy()
    for _ in range(N_SWEEPS):
        for counts, share, wanted in tables:
            reached = np.maximum(counts.T @ found + PRIOR_ROWS * marginal, 1e-300)
            step = np.clip(wanted / reached, LEAST_RATIO, MOST_RATIO)
            found *= np.exp(share @ np.log(step))
            found /= found.sum(axis=1, keepdims=True)
    return np.divide(found, law, out=np.ones_like(law), where=law > 0)
