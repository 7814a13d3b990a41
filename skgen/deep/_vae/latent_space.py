"""LatentSpace: the public verbs that go between rows and latent places."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from ..._sklearn import check_array, check_is_fitted
from ...exceptions import UnsupportedGivenError
from .._random import torch_generator


class LatentSpace(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """What models with `EncoderDecoder` nets share beside the contract.

    A model has `events_`, `module_` with `nets`, and writes `_places(module, x)`, the places that stand for rows, and
    `_decoded_prior(module, n, rng)`, what the heads read at places drawn from its latent law, and uniform numbers.
    """

    def transform(self, X):
        """Latent places of rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.

        Returns
        -------
        H : ndarray of shape (n_samples, latent_dim)
            The places.
        """
        check_is_fitted(self)
        x, _ = self._double_rows(self._encode(X))
        with torch.inference_mode():
            return self._places(self.module_.in_double(), x).cpu().numpy()

    def inverse_transform(self, H):
        """The typical row at latent places: the likeliest event of each column, the mean place of a number.

        Parameters
        ----------
        H : array of shape (n_samples, latent_dim)
            Latent places.

        Returns
        -------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows in the container, columns, order and dtypes of fit.
        """
        check_is_fitted(self)
        if self._condition.any():
            raise UnsupportedGivenError(
                f"This {type(self).__name__} was fitted with condition_on={self.conditional_on_}, so a latent place "
                "alone is no row. Use sample with given."
            )
        H = check_array(H)
        if H.shape[1] != self._n_features_out:
            raise ValueError(f"H must have {self._n_features_out} columns, one per coordinate, got {H.shape[1]}.")
        nets = self.module_.in_double().nets
        with torch.inference_mode():
            out = nets.decode(torch.as_tensor(H, dtype=torch.float64, device=self.module_.device()))
            Z = self._typed_rows(*nets.heads.mode(out))
        columns = self.codec_.columns
        return self.codec_.decode_typed(np.clip(Z, [c.lower for c in columns], [c.upper for c in columns]))

    def interpolate(self, X_a, X_b, n_steps=8):
        """Typical rows on the latent lines between pairs of rows.

        Parameters
        ----------
        X_a, X_b : DataFrame or array of shape (n_samples, n_features)
            The ends of each line.
        n_steps : int, default=8
            Rows on a line, its ends included.

        Returns
        -------
        X : DataFrame or array of shape (n_samples * n_steps, n_features)
            The rows of the first line, then those of the second, and so on.
        """
        share = np.linspace(0, 1, n_steps)[None, :, None]
        a, b = self.transform(X_a)[:, None], self.transform(X_b)[:, None]
        return self.inverse_transform(((1 - share) * a + share * b).reshape(-1, a.shape[-1]))

    @property
    def _n_features_out(self):
        return int(self.module_.config["latent_dim"])

    # ---- for the models ------------------------------------------------------------------------------------------

    def _double_rows(self, Z):
        """Rows for the float64 copy of the module, and what the columns add to their log-probabilities."""
        x, extra = self.events_.encode(Z, np.float64)
        return torch.as_tensor(x).to(self.module_.device()), extra

    def _typed_rows(self, codes, places, Z=None):
        """Rows of the typed view from events and places of the columns that are not given, the others as in Z."""
        codes, places = None if codes is None else codes.cpu().numpy(), places.double().cpu().numpy()
        if Z is None:
            return self.events_.decode(codes, places)
        rest, rows = ~self._condition, Z.copy()
        rows[:, rest] = self.events_.only(rest).decode(codes, places)
        return rows

    def _propose_given(self, Z, known, rng, allowed=None):
        x, extra = self._double_rows(Z)
        module = self.module_.in_double()
        with torch.inference_mode():
            out, u = self._decoded_prior(module, len(Z), rng)
            log_weight = module.nets.heads.log_prob(out, x, torch.as_tensor(known, device=x.device)).cpu().numpy()
            drawn = self._typed_rows(*module.nets.heads.draw(out, u))
        return np.where(known, Z, drawn), log_weight + extra[:, known].sum(1)

    def _uniforms(self, module, n, rng):
        return torch.rand((n, module.nets.heads.n_uniforms), generator=torch_generator(rng)).to(module.device())
