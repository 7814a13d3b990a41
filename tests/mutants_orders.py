"""Mutants of models that take the columns in several orders: one wrong thing each."""

from __future__ import annotations

from scipy.special import logsumexp

from skgen import AutoregressiveTrees


class PriorWeightsScored(AutoregressiveTrees):
    """Scores given some columns weigh the parts evenly, whatever they say of the known cells."""

    def _log_density(self, Z, known=None):
        if known is None:
            return super()._log_density(Z)
        codes, near, log_within = self._locate(Z)
        joint, marginal = (self._log_parts(codes, near, n) for n in (None, int(known.sum())))
        conditional = logsumexp(joint - marginal + self._log_priors()[:, None], axis=0)
        return super()._log_density(Z) - conditional - log_within[:, ~known].sum(axis=1)


class PriorWeightsDrawn(AutoregressiveTrees):
    """Rows given some columns are drawn of the parts evenly, whatever they say of the known cells."""

    def _draw_parts(self, n, rng, log_parts=None):
        return super()._draw_parts(n, rng)
