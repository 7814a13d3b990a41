"""Nets that are always given a column obey the laws of densities, seeds and copies; mutants do not."""

import weakref

import condition_laws as laws
import numpy as np
import pytest
from toy_deep import ToyNet

from skgen import GAN, VAE, DiffusionModel, NormalizingFlow, _registry
from skgen.testing import LawNotApplicable

NETS = [
    ToyNet(8, [0], max_epochs=60, lr=0.02, batch_size=64, early_stopping=False),
    VAE(condition_on=[0], latent_dim=2, hidden_layer_sizes=(32,), n_importance_samples=256, max_epochs=60, lr=5e-3),
    GAN(condition_on=[0], hidden_layer_sizes=(32,), discriminator_layer_sizes=(32,), n_centres=300, max_epochs=60),
    NormalizingFlow(condition_on=[0], hidden_layer_sizes=(24,), n_bins=8, max_epochs=25),
    DiffusionModel(condition_on=[0], hidden_units=16, n_blocks=1, max_cells=16, sigma_min=0.1, max_epochs=25),
]
OF_ALL = [
    laws.law_of_the_other_integrates,
    laws.rows_follow_the_condition,
    laws.rows_repeat,
    laws.order_does_not_matter,
]

#: Fits of a few passes do where nothing has to be learnt.
QUICK = (laws.rows_repeat, laws.order_does_not_matter, laws.copies_go_on)


def quick(net, law):
    return type(net)(**{**net.get_params(), "max_epochs": 2}) if law in QUICK else net


def names(value):
    return value.__name__ if callable(value) else type(value).__name__


@pytest.mark.parametrize("law", OF_ALL, ids=names)
@pytest.mark.parametrize("net", NETS, ids=names)
def test_law(net, law):
    law(quick(net, law))


@pytest.mark.parametrize("net", NETS, ids=names)
def test_rows_follow_scores(net):
    if isinstance(net, VAE | GAN):
        with pytest.raises(LawNotApplicable):
            laws.rows_follow_scores(quick(net, laws.copies_go_on))
    else:
        laws.rows_follow_scores(net)


@pytest.mark.parametrize("net", NETS[1:], ids=names)
def test_copies_go_on(net, tmp_path):
    laws.copies_go_on(quick(net, laws.copies_go_on), tmp_path / "net")


# ---- mutants ---------------------------------------------------------------------------------------------------------


def blind(Z):
    return np.column_stack([np.zeros(len(Z)), Z[:, 1:]])


class BlindScores(ToyNet):
    """Scores do not look at what is given."""

    def _log_density(self, Z):
        return super()._log_density(blind(Z))


class BlindRows(ToyNet):
    """Rows do not look at what is given."""

    def _sample_given(self, Z, known, rng):
        return np.column_stack([Z[:, 0], super()._sample_given(blind(Z), known, rng)[:, 1:]])


class JointScores(ToyNet):
    """Scores count the given column too."""

    def _log_density(self, Z):
        return super()._log_density(Z) - 0.5 * Z[:, 0] ** 2 - 0.5 * np.log(2 * np.pi)


class FreshNoise(ToyNet):
    """Rows come from a generator of their own."""

    def _sample_given(self, Z, known, rng):
        return super()._sample_given(Z, known, np.random.Generator(np.random.Philox()))


class PlaceScores(ToyNet):
    """A score depends on the row's place in the call."""

    def _log_density(self, Z):
        return super()._log_density(Z) + 1e-9 * np.arange(len(Z))


_ADDED = weakref.WeakKeyDictionary()


class Forgetful(ToyNet):
    """What the fit learnt last is no part of the model's state."""

    def _finish(self, Z, sample_weight, rng):
        _ADDED[self] = 1e-3

    def _log_density(self, Z):
        return super()._log_density(Z) + _ADDED.get(self, 0.0)


@pytest.mark.parametrize(
    ("law", "mutant"),
    [
        (laws.law_of_the_other_integrates, JointScores),
        (laws.rows_follow_scores, BlindScores),
        (laws.rows_follow_scores, BlindRows),
        (laws.rows_follow_the_condition, BlindScores),
        (laws.rows_follow_the_condition, BlindRows),
        (laws.rows_repeat, FreshNoise),
        (laws.order_does_not_matter, PlaceScores),
    ],
    ids=names,
)
def test_mutants_are_found(law, mutant):
    with pytest.raises(AssertionError, match="."):
        law(quick(mutant(**NETS[0].get_params()), law))


def test_a_forgetful_copy_is_found(tmp_path, monkeypatch):
    monkeypatch.setitem(_registry.STATE_OBJECTS, "ToyModule", "toy_deep")
    for cls in (ToyNet, Forgetful):
        monkeypatch.setitem(_registry.MODELS, cls.__name__, (cls.__module__, "model"))
    net = quick(NETS[0], laws.copies_go_on)
    laws.copies_go_on(net, tmp_path / "net")
    with pytest.raises(AssertionError, match="scores otherwise"):
        laws.copies_go_on(Forgetful(**net.get_params()), tmp_path / "net")
