"""Known answers of AutoregressiveNetwork: its masks, its laws, its walk along the order."""

from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest
import torch

from skgen import AutoregressiveNetwork
from skgen.deep._autoregressive.code_column import CodeColumn
from skgen.deep._autoregressive.masked_net import MaskedNet
from skgen.deep._autoregressive.mixture import OrderMixture
from skgen.deep._autoregressive.tilt import _shift
from skgen.deep._autoregressive.walk import Walk
from skgen.exceptions import SchemaError, UnsupportedGivenError

SMALL = {"hidden_units": 32, "dropout": 0.0, "lr": 5e-3, "random_state": 0}


def columns_of(sizes):
    """Columns with so many outcomes, every other one with the missing cell among them."""
    return [CodeColumn(np.ones(s + (k + 1) % 2), k % 2 == 1, []) for k, s in enumerate(sizes)]


def random_net(sizes, order, any_order=True, cls=MaskedNet):
    """A net in float64 whose weights, which start at 0 in part, are all random."""
    torch.manual_seed(0)
    net = cls(columns_of(sizes), np.array(order), 24, 1, 0.0, any_order).double().eval()
    net.requires_grad_(False)
    for p in net.parameters():
        p += 0.3 * torch.randn_like(p)
    return net


def all_codes(sizes):
    return torch.as_tensor(list(product(*(range(s) for s in sizes))))


def chain_table(n, seed):
    """Three levels in a chain: b is a four times of five, c is whether a and b agree nine times of ten."""
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 3, n)
    b = np.where(rng.random(n) < 0.8, a, rng.integers(0, 3, n))
    c = (a == b) ^ (rng.random(n) < 0.1)
    return pd.DataFrame({"a": np.array(["x", "y", "z"])[a], "b": np.array(["u", "v", "w"])[b], "c": c})


def true_log_p(table):
    a, b = table["a"].map("xyz".index), table["b"].map("uvw".index)
    agree = (a == b).to_numpy()
    log_b = np.log(np.where(agree, 0.8 + 0.2 / 3, 0.2 / 3))
    return np.log(1 / 3) + log_b + np.log(np.where(agree == table["c"], 0.9, 0.1))


@pytest.mark.parametrize("any_order", [False, True])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_no_column_sees_itself_or_a_later_one(order, any_order):
    sizes = (2, 5, 3)
    net = random_net(sizes, order, any_order)
    x = torch.tensor([[0, 1, 1]])
    outcomes = [slice(s, s + c.n_outcomes) for s, c in zip(net.layout.outcome_start, net.layout.columns)]
    base = net.logits(x)
    for place, j in enumerate(order):
        other = x.clone()
        other[0, j] = (other[0, j] + 1) % sizes[j]
        moved = [not torch.equal(net.logits(other)[:, at], base[:, at]) for at in outcomes]
        assert [moved[k] for k in order] == [False] * (place + 1) + [True] * (2 - place)


@pytest.mark.parametrize("shown", [None, [False, True, False], [True, False, True]])
def test_laws_sum_to_one(shown):
    sizes = (2, 5, 3)
    net, x = random_net(sizes, [1, 2, 0]), all_codes(sizes)
    if shown is None:
        total = net.log_probs(x).sum(dim=1).exp().sum()
        assert float(total) == pytest.approx(1, abs=1e-12)
        return
    shown = torch.tensor(shown)
    p = (net.log_probs(x, shown.expand(len(x), -1)) * ~shown).sum(dim=1).exp()
    keys = x[:, shown]
    for key in keys.unique(dim=0):  # a law of the others for each value of the shown columns
        assert float(p[(keys == key).all(dim=1)].sum()) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("known", [[0, 0, 0, 0], [0, 1, 0, 1], [1, 0, 0, 1]])
@pytest.mark.parametrize("any_order", [False, True])
def test_the_walk_draws_from_the_law_of_the_whole_pass(known, any_order):
    sizes, known = (2, 5, 1, 3), np.array(known, bool)
    net = random_net(sizes, [3, 0, 2, 1], any_order)
    x = all_codes(sizes).repeat(3, 1)
    walk = Walk(net, x, known, is_shown=any_order)
    log_q, log_open = walk.run([None] * 4, torch.Generator().manual_seed(0))
    flags = torch.as_tensor(known)
    shown = flags.expand(len(x), -1) if any_order else None
    expected = (net.log_probs(walk.codes, shown) * ~flags).sum(dim=1)
    assert torch.allclose(log_q, expected, atol=1e-12)
    assert torch.allclose(log_open, torch.zeros_like(log_open), atol=1e-12)
    assert torch.equal(walk.codes[:, known], x[:, known])


def test_a_tilt_reaches_masses_that_softmax_rounds_to_nothing():
    logits, mass = torch.tensor([[0.0, -200.0], [1.0, -199.0]]), torch.tensor([0.5, 0.5], dtype=torch.float64)
    law = (logits + _shift(logits, mass)).double().softmax(dim=1).mean(dim=0)
    np.testing.assert_allclose(law, mass, atol=0.01)


def test_the_walk_draws_at_the_rates_of_the_law():
    sizes = (2, 4)
    net = random_net(sizes, [1, 0])
    walk = Walk(net, torch.zeros(40_000, 2, dtype=torch.int64), np.zeros(2, bool), is_shown=False)
    walk.run([None, None], torch.Generator().manual_seed(0))
    x = all_codes(sizes)
    counts = torch.stack([(walk.codes == row).all(dim=1).sum() for row in x]) / 40_000
    p = net.log_prob(x).exp()
    assert float(((counts - p) / (p * (1 - p) / 40_000).sqrt()).abs().max()) < 4


def test_weighted_proposals_have_the_mass_of_the_condition():
    """The mean weight of draws given known columns is their marginal probability, whatever the proposals are."""
    sizes, known = (2, 5, 3), np.array([True, False, True])
    mixture = random_net(sizes, [[1, 2, 0], [0, 1, 2]], cls=OrderMixture)
    x = all_codes(sizes)
    wanted = torch.tensor([1, 0, 2])
    truth = mixture.log_prob(x)[(x[:, known] == wanted[known]).all(dim=1)].logsumexp(dim=0)
    rows = wanted.expand(40_000, -1)
    weight = mixture.draw_given(rows, known, [None] * 3, False, torch.Generator().manual_seed(0))[1].exp()
    assert abs(float(weight.mean() - truth.exp())) < 4 * float(weight.std()) / 200


def test_a_known_law_is_learned():
    train, test = chain_table(8_000, 0), chain_table(4_000, 1)
    model = AutoregressiveNetwork(**SMALL, max_epochs=12).fit(train)
    gap = true_log_p(test) - model.score_samples(test)
    assert abs(gap.mean()) < 0.006
    assert model.column_orders_ == [["c", "a", "b"]]


def test_conditions_on_a_late_column_follow_bayes():
    model = AutoregressiveNetwork(**SMALL, max_epochs=12, column_order="given").fit(chain_table(8_000, 0))
    drawn = model.sample(8_000, given={"c": False})
    agree = (drawn["a"].map("xyz".index) == drawn["b"].map("uvw".index)).mean()
    p_agree = 0.8 + 0.2 / 3
    assert agree == pytest.approx(p_agree * 0.1 / (p_agree * 0.1 + (1 - p_agree) * 0.9), abs=0.03)
    assert model.given_ess_ > 3_000
    assert 0 <= model.order_discrepancy_ < 0.05


def test_calibration_gives_the_marginal_laws():
    table = chain_table(2_000, 0)
    shares = {}
    for calibrate in (False, True):
        model = AutoregressiveNetwork(**SMALL, max_epochs=1, calibrate=calibrate).fit(table)
        drawn = model.sample(40_960)
        shares[calibrate] = max(abs((drawn[k] == v).mean() - (table[k] == v).mean()) for k in "ab" for v in "xyzuvw")
    assert shares[True] < 0.015 < shares[False]


def test_a_warm_start_has_the_marginal_laws_of_its_own_rows():
    first = chain_table(1_000, 0)
    second = first.assign(a=np.where(np.arange(1_000) % 2 == 0, first["a"], "x"))
    model = AutoregressiveNetwork(**SMALL, max_epochs=4, warm_start=True).fit(first).fit(second)
    assert (model.sample(20_480)["a"] == "x").mean() == pytest.approx((second["a"] == "x").mean(), abs=0.02)


def test_places_without_an_outcome_stay_impossible():
    """27 outcomes take 28 places: strong weight decay must not give the last one a share."""
    table = pd.DataFrame({"a": np.arange(540) % 27, "b": np.arange(540) % 2}).astype(str)
    model = AutoregressiveNetwork(**{**SMALL, "lr": 0.05}, weight_decay=1.0, max_epochs=30, early_stopping=False)
    net = model.fit(table).module_.nets[0].double()
    x = all_codes((27, 2))
    with torch.no_grad():
        assert float(net.log_prob(x).exp().sum()) == pytest.approx(1, abs=1e-12)


def test_a_mixture_of_orders_is_the_mean_of_its_nets():
    table = chain_table(500, 0)
    model = AutoregressiveNetwork(**SMALL, max_epochs=2, n_orders=3, column_order=[["a", "b", "c"], ["c", "b", "a"]])
    model.fit(table)
    assert len(model.column_orders_) == 3 and model.column_orders_[:2] == [["a", "b", "c"], ["c", "b", "a"]]
    x = model._inputs(model._encode(table), torch.float64)[0]
    scorer = model.module_.in_double()
    each = torch.stack([net.log_prob(x) for net in scorer.nets])
    assert torch.allclose(scorer.log_prob(x), each.exp().mean(dim=0).log())


def test_partial_fit_goes_on_and_leaves_the_marginals_alone():
    table = chain_table(2_000, 0)
    model = AutoregressiveNetwork(**SMALL, lr_schedule="constant")
    scores = [model.partial_fit(table).score(table) for _ in range(4)]
    assert scores == sorted(scores) and model.n_epochs_ == 4
    assert scores[-1] > true_log_p(table).mean() - 0.05


def test_orders_are_checked():
    table = chain_table(100, 0)
    with pytest.raises(SchemaError, match="column_order must name each of the 3 columns once"):
        AutoregressiveNetwork(column_order=["a", "b"], max_epochs=1).fit(table)
    model = AutoregressiveNetwork(**SMALL, column_order=["b", "a", "c"], max_epochs=1, any_order=False).fit(table)
    assert np.isnan(model.order_discrepancy_)
    assert np.isfinite(model.score_samples(table, given=["b"])).all()
    with pytest.raises(UnsupportedGivenError, match="first columns of the order"):
        model.score_samples(table, given=["a"])
