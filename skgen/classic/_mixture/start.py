"""Where EM starts: responsibilities from a clustering of the distinct weighted rows."""

from __future__ import annotations

import numpy as np

#: Distinct rows that the clustering looks at, and its most iterations.
_MOST_ROWS, _MOST_ITERATIONS = 20_000, 30

#: Levels with a smaller share do not enter the distances.
_LEAST_SHARE = 0.01


def canonical_columns(Z, weight):
    """The columns in an order that depends on their cells alone, not on their places or units."""
    keys = []
    for z in Z.T:
        seen = ~np.isnan(z)
        w, z = weight[seen], z[seen] / max(np.abs(z[seen]).max(initial=0.0), 1e-300)
        total = max(w.sum(), 1e-300)
        z = z - w @ z / total
        z = z / max(np.sqrt(w @ (z * z) / total), 1e-12)
        square = z * z
        keys.append(np.round([w.sum() / weight.sum(), w @ (square * z) / total, w @ (square * square) / total], 7))
    return np.lexsort(np.array(keys).T[::-1])


def embed(Z, weight, block, laws):
    """Points whose distances the clustering uses: standardised numbers, indicators of levels; (n, e).

    Every column has variance one (missing numbers lie at the mean), so that none outweighs the others.
    """
    X = np.nan_to_num(block.standardise(Z).round(9), nan=0.0)
    parts = [X]
    for law in laws:
        code, size = law.fit_codes(Z[:, law.index])
        share = np.bincount(code, weight, minlength=size) / weight.sum()
        common = np.flatnonzero((share >= _LEAST_SHARE) & (share < 1))
        spread = np.sqrt((share[common] * (1 - share[common])).sum())
        if len(common):
            parts.append((code[:, None] == common) / spread)
    return np.concatenate(parts, axis=1)


def responsibilities(E, weight, K, init_params, rng):
    """Responsibilities (n, K), 0 or 1, from k-means ("kmeans") or K random rows ("random")."""
    rows = np.arange(len(E))
    if len(E) > _MOST_ROWS:
        rows = np.sort(rng.choice(len(E), _MOST_ROWS, replace=False, p=weight / weight.sum()))
    points, w = E[rows], weight[rows]
    if init_params == "kmeans":
        centres = _lloyd(points, w, _spread_out(points, w, K, rng))
    else:
        centres = points[rng.choice(len(points), K, replace=len(points) < K, p=w / w.sum())]
    R = np.zeros((len(E), K))
    R[np.arange(len(E)), _nearest(E, centres)[0]] = 1
    return R


def _nearest(E, centres):
    """The nearest centre of each point, and its squared distance."""
    D = (E * E).sum(1)[:, None] - 2 * E @ centres.T + (centres * centres).sum(1)
    label = D.argmin(axis=1)
    return label, np.maximum(D[np.arange(len(E)), label], 0)


def _spread_out(E, w, K, rng):
    """K points by k-means++, the best of a few candidates each time."""
    n_trials = 2 + int(np.log(K))
    centres = E[rng.choice(len(E), 1, p=w / w.sum())]
    D = ((E - centres[0]) ** 2).sum(1)
    for _ in range(K - 1):
        p = w * D
        p = p / p.sum() if p.sum() > 0 else w / w.sum()
        picks = rng.choice(len(E), n_trials, p=p)
        trials = np.minimum(D, ((E * E).sum(1) - 2 * E[picks] @ E.T + (E[picks] ** 2).sum(1)[:, None]).clip(0))
        best = (trials @ w).argmin()
        centres, D = np.vstack([centres, E[picks[best]]]), trials[best]
    return centres


def _lloyd(E, w, centres):
    label = None
    for _ in range(_MOST_ITERATIONS):
        before, (label, _) = label, _nearest(E, centres)
        if before is not None and (label == before).all():
            break
        R = np.zeros((len(E), len(centres)))
        R[np.arange(len(E)), label] = w
        mass = R.sum(0)
        centres = np.where(mass[:, None] > 0, (R.T @ E) / np.where(mass > 0, mass, 1)[:, None], centres)
    return centres
