"""Normalizing flows: Jacobians, inverses, gradients, order of dependence, conditions, latent space, known laws."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from skgen import NormalizingFlow, load, save
from skgen.datasets import Rings, TwoMoons
from skgen.deep._flow.flow_module import ARCHITECTURES, FlowModule, group_orders
from skgen.exceptions import UnsupportedGivenError


def module(architecture="nsf", d=4, n_groups=None, condition=(), **changes):
    """A flow in float64 whose weights are far from the start."""
    settings = {
        "is_condition": [j in condition for j in range(d)],
        "architecture": architecture,
        "n_transforms": 3,
        "n_groups": n_groups or d,
        "n_bins": 5,
        "hidden_layer_sizes": [12, 12, 9],
        "n_frequencies": 2,
        "activation": "tanh",
        "dropout": 0.0,
    }
    torch.manual_seed(0)
    flow = FlowModule(**{**settings, **changes})
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return flow.double().eval()


ALL = [(name, d, groups) for name in ARCHITECTURES for d, groups in ((1, 1), (2, 2), (4, 2), (4, 4), (5, 3))]


@pytest.fixture(autouse=True)
def global_generator():
    """The tests' own use of the global generator leaves no trace."""
    state = torch.get_rng_state()
    yield
    torch.set_rng_state(state)


# ---- the module ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "d", "groups"), ALL)
def test_log_determinants_are_those_of_autograd(name, d, groups):
    flow, x = module(name, d, groups), 1.5 * torch.randn(6, d, dtype=torch.float64)
    z, log_slope = flow.to_latent(x)
    for i in range(len(x)):
        jacobian = torch.autograd.functional.jacobian(lambda row: flow.to_latent(row[None])[0][0], x[i])
        assert abs(torch.linalg.slogdet(jacobian)[1] - log_slope[i]) < 1e-9
    assert not torch.allclose(z, x, atol=0.1)


@pytest.mark.parametrize(("name", "d", "groups"), ALL)
def test_inverse_leads_back(name, d, groups):
    """Inside the splines' interval and far outside."""
    flow = module(name, d, groups)
    for scale in (1.0, 30.0):
        x = scale * torch.randn(200, d, dtype=torch.float64)
        assert (flow.from_latent(flow.to_latent(x)[0]) - x).abs().max() < 1e-7 * scale


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize(("d", "condition"), [(4, ()), (4, (1,)), (1, ()), (2, (0,))])
def test_gradients_reach_every_parameter(name, d, condition):
    flow = module(name, d, 2, condition)
    flow.log_prob(torch.randn(50, d, dtype=torch.float64)).sum().backward()
    for label, parameter in flow.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, label


@pytest.mark.parametrize("groups", [2, 3, 5])
def test_a_step_reads_earlier_groups_alone(groups):
    """The Jacobian of one step is 0 wherever a column comes from its own group or a later one, but for itself."""
    steps = [s for s in module("maf", 5, groups, n_transforms=4).steps if hasattr(s, "conditioner")]
    torch.manual_seed(0)
    for step, group in zip(steps, group_orders(5, groups, 4)):
        jacobian = torch.autograd.functional.jacobian(lambda row, s=step: s(row[None])[0][0], torch.randn(5).double())
        earlier = group[None, :] < group[:, None]
        assert (jacobian[~earlier & ~torch.eye(5, dtype=torch.bool)] == 0).all()
        assert (jacobian[earlier] != 0).all()


def test_orders_come_in_pairs_that_mirror_each_other():
    torch.manual_seed(0)
    for groups in (2, 4, 7):
        orders = group_orders(7, groups, 6)
        for forth, back in zip(orders[::2], orders[1::2]):
            assert set(forth.tolist()) == set(back.tolist()) == set(range(int(forth.max()) + 1))
            assert ((forth + back - forth.max()).abs() <= 1).all()


def test_an_untrained_flow_is_normal():
    """The start is a standard normal law, so that training begins at independent columns."""
    torch.manual_seed(0)
    x = torch.randn(100, 3)
    for name in ARCHITECTURES:
        flow = FlowModule([False] * 3, name, 2, 3, 8, [16], 4, "silu", 0.0)
        normal = torch.distributions.Normal(0.0, 1.0).log_prob(x).sum(1)
        assert (flow.log_prob(x) - normal).abs().max() < 0.05


# ---- the model -------------------------------------------------------------------------------------------------------


def small(**changes):
    return NormalizingFlow(**{"hidden_layer_sizes": (32,), "n_bins": 16, "random_state": 0, **changes})


@pytest.fixture(scope="module")
def moons():
    return TwoMoons().sample(4000, random_state=0)


@pytest.fixture(scope="module")
def flow(moons):
    return small(max_epochs=15).fit(moons)


def test_comes_close_to_a_known_law(flow):
    """Two moons from 4,000 rows: far below the .75 nats of independent columns, never above the law."""
    law, X = TwoMoons(), TwoMoons().sample(5000, random_state=1)
    gap = law.log_density(X) - flow.score_samples(X)
    assert -4.9 * gap.std() / np.sqrt(len(gap)) < gap.mean() < 0.08


def test_latent_rows_are_normal_and_lead_back(flow, moons):
    fresh = TwoMoons().sample(2000, random_state=3)
    H = flow.transform(fresh)
    assert np.abs(H.mean(0)).max() < 0.12 and np.abs(np.cov(H.T) - np.eye(2)).max() < 0.15
    assert np.abs(flow.inverse_transform(H) - fresh).max() < 1e-7
    assert flow.get_feature_names_out().tolist() == ["normalizingflow0", "normalizingflow1"]


def test_latent_density_and_determinant_make_the_score(flow, moons):
    """log p(x) = log N(h) + log |det dh/dx|, the determinant by differences of `transform`."""
    x, step = moons[:20], 1e-5
    columns = [(flow.transform(x + step * e) - flow.transform(x - step * e)) / (2 * step) for e in np.eye(2)]
    log_det = np.log(np.abs(np.linalg.det(np.stack(columns, axis=-1))))
    H = flow.transform(x)
    expected = -0.5 * (H**2).sum(1) - np.log(2 * np.pi) + log_det
    np.testing.assert_allclose(flow.score_samples(x), expected, atol=1e-4)


def mixed(n=400):
    rng = np.random.default_rng(0)
    kind = rng.choice(["a", "b", "c"], n)
    size = rng.normal(pd.Series(kind).map({"a": 0, "b": 5, "c": 20}), 1)
    return pd.DataFrame({"kind": kind, "size": size.round(2), "count": rng.poisson(3, n), "note": size > 4})


def test_tables_go_to_latent_space_and_back():
    table = mixed()
    model = small(max_epochs=2).fit(table)
    assert model.likelihood_ == "lower_bound"
    pd.testing.assert_frame_equal(model.inverse_transform(model.transform(table)), table)
    far = model.inverse_transform(np.full((1, 4), 9.0))
    assert table["size"].min() <= far["size"].item() <= table["size"].max() and far["kind"].item() in "abc"


def test_condition_on_learns_the_conditional_law():
    """Sizes lie 5 and 20 apart by kind: each conditional is a unit normal around its own mean."""
    table = mixed(1500)[["kind", "size"]]
    model = small(condition_on=["kind"], max_epochs=60, batch_size=128).fit(table)
    assert model.conditional_on_ == ["kind"]
    for kind, mean in {"a": 0, "b": 5, "c": 20}.items():
        drawn = model.sample(600, given={"kind": kind}, random_state=0)
        assert (drawn["kind"] == kind).all()
        assert abs(drawn["size"].median() - mean) < 0.4
    # the conditional entropy is that of a unit normal
    assert -1.419 - 0.35 < model.score(mixed(500)[["kind", "size"]]) < -1.419 + 0.1
    with pytest.raises(UnsupportedGivenError, match="kind"):
        model.sample(3)
    latent = model.transform(table)
    pd.testing.assert_frame_equal(model.inverse_transform(latent), table)


def test_saved_flow_scores_the_same_bits(flow, moons, tmp_path):
    save(flow, tmp_path / "flow")
    again = load(tmp_path / "flow")
    assert (again.score_samples(moons[:50]) == flow.score_samples(moons[:50])).all()
    assert (again.sample(5, random_state=1) == flow.sample(5, random_state=1)).all()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_orders_drawn_at_random_go_with_the_weights(architecture, tmp_path):
    """Six columns in more than two steps: a saved flow and one that a warm start of another seed takes over."""
    X = np.random.default_rng(0).normal(size=(200, 6)) @ np.random.default_rng(1).normal(size=(6, 6))
    model = NormalizingFlow(
        architecture, n_transforms=4, hidden_layer_sizes=(16, 16), max_epochs=3, warm_start=True, random_state=0
    ).fit(X)
    scores = model.score_samples(X)
    save(model, tmp_path / "flow.skgen")
    np.testing.assert_array_equal(load(tmp_path / "flow.skgen").score_samples(X), scores)
    again = model.set_params(random_state=1, max_epochs=0).fit(X)
    np.testing.assert_array_equal(again.score_samples(X), scores)


def test_one_column():
    rng = np.random.default_rng(0)
    X = np.where(rng.random(2000) < 0.5, rng.normal(-3, 0.5, 2000), rng.normal(3, 0.5, 2000))[:, None]
    for architecture in ARCHITECTURES:
        model = small(architecture=architecture, max_epochs=3).fit(X)
        grid = np.linspace(-8, 8, 4001)[:, None]
        assert abs(np.exp(model.score_samples(grid)).sum() * 0.004 - 1) < 5e-3


def test_wrong_widths_are_named(flow):
    with pytest.raises(ValueError, match="2 features, got 3"):
        flow.inverse_transform(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        small(hidden_layer_sizes=(0,)).fit(np.zeros((20, 2)) + np.arange(20)[:, None])


@pytest.mark.slow
def test_rings_within_a_tenth_on_few_rows():
    """Thin rings from 20,000 rows: the splines' bins and the waves resolve them."""
    law = Rings()
    model = NormalizingFlow(random_state=0).fit(law.sample(20_000, random_state=1))
    X = law.sample(20_000, random_state=2)
    gap = law.log_density(X) - model.score_samples(X)
    assert -4.9 * gap.std() / np.sqrt(len(gap)) < gap.mean() < 0.10


def test_a_subclass_may_have_a_constructor_of_its_own():
    class Deep(NormalizingFlow):
        def __init__(self, depth=2, max_epochs=1, random_state=0):
            super().__init__(n_transforms=depth, max_epochs=max_epochs, random_state=random_state)
            self.depth = depth

    model = clone(Deep(depth=1)).fit(np.random.default_rng(0).normal(size=(60, 2)))
    assert model.n_transforms == 1 and np.isfinite(model.score(np.zeros((1, 2))))
