"""BayesianNetwork: tables, graphs and sums against what brute force says."""

import itertools

import networkx
import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax

from skgen import BayesianNetwork
from skgen.classic._network import elimination, family, search
from skgen.classic._network.discrete import DiscreteNetwork
from skgen.exceptions import UnsupportedGivenError


def draw_levels(n, seed=0):
    """Rows of a network whose law is known: (table, log-density). c is an exclusive or of a and b, with noise."""
    rng = np.random.default_rng(seed)
    a, b = rng.random(n) < 0.4, rng.random(n) < 0.5
    p_c = np.where(a ^ b, 0.9, 0.05)
    c = rng.random(n) < p_c
    p_d = np.where(c, 0.7, 0.2)
    d = rng.random(n) < p_d
    parts = [(a, np.full(n, 0.4)), (b, np.full(n, 0.5)), (c, p_c), (d, p_d)]
    return pd.DataFrame({"a": a, "b": b, "c": c, "d": d}), sum(np.log(np.where(x, p, 1 - p)) for x, p in parts)


# ---- tables ----------------------------------------------------------------------------------------------------------


def test_left_out_scores_are_those_of_tables_without_the_row():
    rng = np.random.default_rng(1)
    u, v = rng.integers(0, 3, 40), rng.integers(0, 2, 40)
    x = (u + (rng.random(40) < 0.4)) % 3
    weight = np.ones(40)

    def grown(keep, grids):
        level = family.Level(np.zeros(keep.sum(), np.int64), 1, x[keep], 3, weight[keep], grid=grids[0])
        level = family.grow(level, x[keep], 3, u[keep], 3, weight[keep], grids[1])
        return family.grow(level, x[keep], 3, v[keep], 2, weight[keep], grids[2])

    every = np.ones(40, bool)
    level = grown(every, [family.COARSE] * 3)
    strengths = [np.array([part.strength]) for part in (level.below.below, level.below, level)]
    total = 0.0
    for i in range(40):
        rest = every.copy()
        rest[i] = False
        total += np.log(grown(rest, strengths).table()[u[i] * 2 + v[i], x[i]])
    np.testing.assert_allclose(level.score, total, rtol=1e-12)
    np.testing.assert_allclose(level.table().sum(axis=1), 1.0)


def test_a_number_is_the_rows_added_to_every_entry():
    X = pd.DataFrame({"x": list("aabb"), "y": list("pqpq")})
    model = BayesianNetwork("chow-liu", smoothing=0.5, criterion="bic").fit(X)
    assert model.edges_ == []
    expected = np.log(2.5 / 5 * 2.5 / 5 * (1 - 1 / 6) ** 2)
    np.testing.assert_allclose(model.score_samples(X.iloc[:1]), expected)
    X = pd.concat([X.assign(y=X["x"])] * 10, ignore_index=True)
    model = BayesianNetwork("chow-liu", smoothing=0.5, criterion="bic").fit(X)
    assert len(model.edges_) == 1
    np.testing.assert_allclose(model.score_samples(X.iloc[:1]), np.log(20.5 / 41 * 20.5 / 21 * (1 - 1 / 42) ** 2))


def test_rare_levels_of_a_long_category_share_a_state():
    rng = np.random.default_rng(2)
    code = np.minimum(rng.geometric(0.01, 4000), 300)
    X = pd.DataFrame({"long": [f"level {c:03d}" for c in code], "half": np.where(code < 70, "low", "high")})
    model = BayesianNetwork().fit(X)
    assert model.edges_ and model._states_[0].n_states == 128
    levels = sorted(X["long"].unique())
    cells = pd.DataFrame([(a, b) for a in levels for b in ("low", "high")], columns=["long", "half"])
    np.testing.assert_allclose(np.exp(model.score_samples(cells)).sum(), (1 - 1 / 4002) ** 2, rtol=1e-12)
    assert model.sample(2000, given={"half": "low"}, random_state=0)["long"].isin(levels[:70]).mean() > 0.95


# ---- graphs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("criterion", search.CRITERIA)
def test_chow_liu_is_the_heaviest_tree(criterion):
    rng = np.random.default_rng(3)
    codes = [rng.integers(0, 3, 500)]
    for j in range(1, 8):
        source = codes[rng.integers(0, j)]
        codes.append(np.where(rng.random(500) < 0.5, source, rng.integers(0, 3, 500)))
    families = search.Families(codes, [3] * 8, np.ones(500), criterion)
    gains = search.pair_gains(families)
    parents = search.chow_liu(families)
    graph = networkx.Graph()
    for i, j in itertools.combinations(range(8), 2):
        if gains[i, j] + gains[j, i] > 0:
            graph.add_edge(i, j, weight=(gains[i, j] + gains[j, i]) / 2)
    found = {frozenset((j, u)) for j, own in enumerate(parents) for u in own}
    assert found == {frozenset(edge) for edge in networkx.maximum_spanning_tree(graph).edges}
    total = sum(gains[j, own[0]] for j, own in enumerate(parents) if own)
    tree = networkx.Graph([tuple(edge) for edge in found])
    assert networkx.is_forest(tree)
    for part in networkx.connected_components(tree):
        rooted = [sum(gains[j, u] for u, j in networkx.bfs_edges(tree, root)) for root in part]
        total -= max(rooted)
    np.testing.assert_allclose(total, 0.0, atol=1e-9)


def test_hill_climbing_finds_what_no_pair_shows():
    X, log_p = draw_levels(4000)
    test, log_p = draw_levels(20_000, seed=1)
    tree = BayesianNetwork("chow-liu").fit(X)
    model = BayesianNetwork().fit(X)
    assert {frozenset(edge) for edge in model.edges_} >= {frozenset("ac"), frozenset("bc"), frozenset("cd")}
    assert networkx.is_directed_acyclic_graph(model.to_networkx())
    assert list(model.to_networkx().nodes) == list("abcd")
    gap = (log_p - model.score_samples(test)).mean()
    assert gap < 0.005 < 0.2 < (log_p - tree.score_samples(test)).mean()
    assert len(model.edge_gains_) == len(model.edges_) and (model.edge_gains_ > 0).all()


def test_most_parents():
    X, _ = draw_levels(2000)
    X["e"] = X.sum(axis=1) > 1
    for k in (0, 1, 2):
        children = [child for _, child in BayesianNetwork(max_parents=k).fit(X).edges_]
        assert max([children.count(child) for child in children], default=0) <= k


def test_bins_have_no_count_of_parameters():
    X, _ = draw_levels(2000)
    model = BayesianNetwork("chow-liu").fit(X)
    sizes = [2 ** (child in {c for _, c in model.edges_}) for child in X]
    assert model.bic(X) == pytest.approx(np.log(2000) * sum(sizes) - 2 * model.score_samples(X).sum())
    assert not hasattr(BayesianNetwork().fit(np.random.default_rng(0).normal(size=(50, 2))), "bic")


def test_chow_liu_recovers_its_own_law():
    """Refitted on n rows of a tree of levels, the divergence is about k / 2n."""
    truth = BayesianNetwork("chow-liu", smoothing=0.5).fit(draw_levels(3000)[0][["c", "d"]].assign(e=lambda t: t["d"]))
    cells = pd.DataFrame(list(itertools.product([False, True], repeat=3)), columns=["c", "d", "e"])
    log_p = log_softmax(truth.score_samples(cells))  # given no reserved event
    for n in (1000, 10_000):
        gaps = []
        for seed in range(30):
            fit = BayesianNetwork("chow-liu", smoothing=0.5).fit(truth.sample(n, random_state=seed))
            gaps.append(np.exp(log_p) @ (log_p - log_softmax(fit.score_samples(cells))))
        assert 1 / 3 < np.mean(gaps) * 2 * n / truth._n_parameters() < 3


@pytest.mark.parametrize(("n", "noise", "finer"), [(20_000, 0.002, True), (1000, 0.2, False)])
def test_left_out_rows_choose_the_number_of_bins(n, noise, finer):
    rng = np.random.default_rng(6)
    x = rng.random(2 * n)
    X = np.column_stack([x, x + noise * rng.normal(size=2 * n)])
    chosen = BayesianNetwork().fit(X[:n])
    assert (chosen.n_bins_ > 32) == finer and (chosen.n_bins_ < 32) != finer
    assert chosen.score(X[n:]) > BayesianNetwork(n_bins=32).fit(X[:n]).score(X[n:])


# ---- sums ------------------------------------------------------------------------------------------------------------


def dense_network(seed=4):
    """Five columns with up to three parents, random tables, a reserved state each: (network, reserved)."""
    rng = np.random.default_rng(seed)
    sizes, parents = [3, 4, 3, 3, 4], [(), (0,), (1, 0), (0, 2), (3, 1, 0)]
    tables = []
    for size, own in zip(sizes, parents):
        p = rng.dirichlet(np.ones(size - 1), [sizes[u] for u in own])
        tables.append(np.append(p, np.ones((*p.shape[:-1], 1)), axis=-1))
    return DiscreteNetwork(parents, tables), np.full(5, 0.1)


def joint(network, weights):
    """The whole table, each column's states weighted."""
    cells = np.array(list(itertools.product(*map(range, network.sizes))))
    mass = np.exp(network.log_mass(cells)) * np.prod([w[c] for w, c in zip(weights, cells.T)], axis=0)
    return cells, mass.reshape(network.sizes)


def test_marginals_are_sums_of_the_joint():
    network, reserved = dense_network()
    weights = [np.append(np.full(size - 1, 0.9), 0.1) for size in network.sizes]
    cells, mass = joint(network, weights)
    np.testing.assert_allclose(mass.sum(), 1.0)
    for mask in itertools.product([False, True], repeat=5):
        known = np.array(mask)
        if not known.any():
            continue
        marginal = mass.sum(axis=tuple(np.flatnonzero(~known)), keepdims=True)
        own = np.prod([w[c] for w, c, k in zip(weights, cells.T, known) if k], axis=0)
        expected = np.log(np.broadcast_to(marginal, mass.shape).ravel() / own)
        np.testing.assert_allclose(network.log_marginal(cells, known, reserved), expected, atol=1e-12)


@pytest.mark.parametrize("exact", [True, False])
def test_draws_follow_the_conditional_law(exact):
    network, _ = dense_network()
    overlaps = [None, None, np.array([0.3, 1.0, 0.0]), None, None]
    weights = [np.append(np.ones(size - 1), 0.0) if o is None else o for size, o in zip(network.sizes, overlaps)]
    _, mass = joint(network, weights)
    known = np.array([False, False, False, True, False])
    expected = mass[:, :, :, 1].sum(axis=3)
    states = np.zeros((200_000, 5), np.int64)
    states[:, 3] = 1
    rng = np.random.default_rng(5)
    if exact:
        drawn, log_weight = network.draw_given(states, known, overlaps, rng), np.zeros(len(states))
    else:
        drawn, log_weight = network.propose(states, known, overlaps, rng)
        np.testing.assert_allclose(np.exp(log_weight).mean(), expected.sum(), rtol=0.02)
    assert (drawn[:, 3] == 1).all()
    seen = np.zeros(expected.shape)
    np.add.at(seen, tuple(drawn[:, :3].T), np.exp(log_weight))
    np.testing.assert_allclose(seen / seen.sum(), expected / expected.sum(), atol=0.006)


def test_long_chains_do_not_underflow():
    """Sums over 600 unknown columns: the two ends of a chain of copies with noise."""
    table = np.array([[0.9, 0.1, 1.0], [0.1, 0.9, 1.0], [0.5, 0.5, 1.0]])
    network = DiscreteNetwork([()] + [(j,) for j in range(600)], [np.array([0.5, 0.5, 1.0])] + [table] * 600)
    known = np.zeros(601, bool)
    known[[0, 10, 600]] = True
    states = np.zeros((1, 601), np.int64)
    stay = 0.5 + 0.5 * 0.8 ** np.array([10, 590])
    expected = np.log(0.5) + np.log(stay).sum()
    np.testing.assert_allclose(network.log_marginal(states, known, np.zeros(601)), expected, rtol=1e-12)


def test_a_graph_too_dense_for_sums(monkeypatch):
    X, _ = draw_levels(4000)
    model = BayesianNetwork(random_state=0).fit(X)
    exact = model.sample(20_000, given={"d": True}, random_state=1)
    assert model.given_ess_ == np.inf
    monkeypatch.setattr(elimination, "MOST_ENTRIES", 4)
    with pytest.raises(UnsupportedGivenError, match="too dense"):
        model.score_samples(X, given=["d"])
    weighted = model.sample(20_000, given={"d": True}, random_state=1)
    assert model.given_ess_ > 100
    np.testing.assert_allclose(weighted.mean(), exact.mean(), atol=0.02)
    parity = [(table["a"] ^ table["b"] ^ table["c"]).mean() for table in (weighted, exact)]
    np.testing.assert_allclose(parity[0], parity[1], atol=0.02)
