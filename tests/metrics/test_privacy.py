"""Privacy figures: copies, nearest records and membership attacks against brute force, closed forms and leaks."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import norm

from skgen import GaussianMixture, KernelDensity
from skgen.exceptions import SchemaError
from skgen.metrics import _neighbours as neighbours
from skgen.metrics import (
    copied_share,
    distance_membership,
    likelihood_membership,
    membership_attack,
    nearest_record_share,
)
from skgen.metrics._neighbours import nearest_rows
from skgen.metrics._rows import paired_rows


def mixed(n, seed):
    """Numbers, a date, levels and missing cells of every kind."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 4, n)
    frame = pd.DataFrame(
        {
            "x": np.round(rng.normal(group, 0.5), 3),
            "count": rng.poisson(2, n),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), "D"),
            "group": np.array(["a", "b", "c", "d"], dtype=object)[group],
            "flag": rng.random(n) < 0.3,
        }
    )
    frame.loc[rng.random(n) < 0.2, "x"] = np.nan
    frame.loc[rng.random(n) < 0.1, "group"] = None
    frame.loc[rng.random(n) < 0.1, "day"] = pd.NaT
    return frame


def brute_distances(A, B, spans, is_category):
    """The distance of the docstring, written out."""
    out = np.zeros((len(A), len(B)))
    for i, a in enumerate(A):
        for k, b in enumerate(B):
            for j in range(len(a)):
                if np.isnan(a[j]) or np.isnan(b[j]):
                    out[i, k] += np.isnan(a[j]) != np.isnan(b[j])
                elif is_category[j]:
                    out[i, k] += a[j] != b[j]
                else:
                    out[i, k] += min(abs(a[j] - b[j]) / spans[j], 1.0)
    return out


# ---- nearest records -------------------------------------------------------------------------------------------------


def test_distances_are_those_of_brute_force(monkeypatch):
    monkeypatch.setattr(neighbours, "BLOCK_QUERIES", 7)
    monkeypatch.setattr(neighbours, "BLOCK_REFERENCE", 11)
    real, other = mixed(60, 0), mixed(40, 1)
    other.loc[0, "x"], other.loc[1, "group"] = 50.0, "unseen"
    rows = paired_rows(real, other)
    A, B = rows.tables[1], rows.tables[0]
    expected = brute_distances(A, B, rows.high - rows.low, rows.is_category)
    distance, index = nearest_rows(A, B, rows)
    np.testing.assert_allclose(distance, expected.min(axis=1), atol=1e-5)
    np.testing.assert_allclose(expected[np.arange(40), index], expected.min(axis=1), atol=1e-5)


def test_many_levels_are_told_apart():
    levels = np.array([f"l{i}" for i in range(700)], dtype=object)
    rows = paired_rows(pd.DataFrame({"a": levels, "b": levels}), pd.DataFrame({"a": levels[:600], "b": levels[:600]}))
    distance, index = nearest_rows(rows.tables[1], rows.tables[0], rows)
    assert not distance.any() and index.tolist() == list(range(600))


def test_nearest_share_of_copies_of_fresh_rows_and_of_ties():
    train, holdout, fresh = mixed(400, 0), mixed(400, 1), mixed(800, 2)
    assert nearest_record_share(train, holdout, train.head(200)) > 0.97  # a few rows are in both
    assert nearest_record_share(train, holdout, holdout.head(200)) < 0.03
    assert nearest_record_share(train, train, fresh) == 0.5
    share, std = nearest_record_share(train, holdout, fresh, return_std=True)
    assert abs(share - 0.5) < 4 * std and 0.01 < std < 0.04


def test_the_larger_real_table_is_cut():
    rng = np.random.default_rng(0)
    train, holdout, fresh = rng.normal(size=(4000, 2)), rng.normal(size=(400, 2)), rng.normal(size=(2000, 2))
    share, std = nearest_record_share(train, holdout, fresh, return_std=True, random_state=0)
    assert abs(share - 0.5) < 4 * std  # 0.9 without the cut
    again = nearest_record_share(train, holdout, fresh, random_state=0)
    assert again == share != nearest_record_share(train, holdout, fresh, random_state=1)
    assert nearest_record_share(train, holdout, fresh, max_rows=50, random_state=0) != share


def test_the_standard_error_counts_clusters():
    rng = np.random.default_rng(0)
    train, holdout, few = rng.normal(size=(3, 300, 2))
    many = np.repeat(few[:30], 100, axis=0)
    shares = [
        nearest_record_share(*rng.permuted(np.stack([train, holdout]).reshape(-1, 2), axis=0).reshape(2, 300, 2), many)
        for _ in range(60)
    ]
    std = nearest_record_share(train, holdout, many, return_std=True)[1]
    naive = 0.5 / np.sqrt(len(many))
    assert 5 * naive < np.std(shares) and 0.6 < std / np.std(shares) < 1.6


# ---- copies ----------------------------------------------------------------------------------------------------------


def test_copies_are_counted_by_cell():
    train = pd.DataFrame({"price": [1.25, 2.5, 0.0], "city": ["Rome", None, "Oslo"], "n": [1.0, np.nan, 3.0]})
    same = pd.DataFrame({"price": [1.25, 2.5, -0.0], "city": ["Rome", None, "Oslo"], "n": [1.0, np.nan, 3.0]})
    assert copied_share(train, same) == 1.0
    assert copied_share(train, same.assign(price=same["price"] + 1e-7)) == 1.0
    assert copied_share(train, same.assign(price=same["price"] + 0.01)) == 0.0
    assert copied_share(train, same.assign(city=["Rome", "Oslo", "Oslo"])) == pytest.approx(2 / 3)
    assert copied_share(train, same.assign(city=["Roma", "Roma", "Roma"])) == 0.0
    assert copied_share(train, same.assign(n=[1.0, 2.0, 3.0])) == pytest.approx(2 / 3)


def test_copies_do_not_depend_on_container_or_column_order():
    train, synthetic = mixed(300, 0), pd.concat([mixed(300, 0).head(30), mixed(70, 9)])
    share = copied_share(train, synthetic)
    assert share >= 0.3 and copied_share(train, synthetic[list(train)[::-1]]) == share
    assert copied_share(pl.from_pandas(train), pl.from_pandas(synthetic.reset_index(drop=True))) == share
    with pytest.raises(SchemaError, match="flag"):
        copied_share(train, synthetic.drop(columns="flag"))


# ---- membership ------------------------------------------------------------------------------------------------------


def test_auc_and_tpr_of_shifted_normals():
    rng = np.random.default_rng(0)
    attack = membership_attack(rng.normal(1.0, 1.0, 200_000), rng.normal(size=200_000))
    assert attack.auc == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.003)
    assert attack.tpr == pytest.approx(norm.sf(norm.isf(0.01) - 1.0), abs=0.004)
    assert attack.auc_low < attack.auc < attack.auc_high and attack.tpr_low < attack.tpr < attack.tpr_high


def test_intervals_hold_what_they_promise():
    rng = np.random.default_rng(0)
    truth = norm.sf(norm.isf(0.01) - 0.5), norm.cdf(0.5 / np.sqrt(2))
    hits = np.zeros(2)
    for _ in range(400):
        attack = membership_attack(rng.normal(0.5, 1.0, 700), rng.normal(size=900))
        hits += attack.tpr_low <= truth[0] <= attack.tpr_high, attack.auc_low <= truth[1] <= attack.auc_high
    assert hits[0] >= 0.94 * 400 and 0.92 * 400 <= hits[1] <= 0.98 * 400


def test_the_interval_holds_with_ties():
    rng = np.random.default_rng(1)
    false, true = (norm.sf([2.75, 2.25], shift) for shift in (0.0, 1.0))  # the cells above and at the threshold
    truth = true[0] + (true[1] - true[0]) * (0.01 - false[0]) / (false[1] - false[0])
    rounded = [np.round(2 * rng.normal(shift, 1.0, (400, 900))) / 2 for shift in (1.0, 0.0)]
    attacks = [membership_attack(members, others) for members, others in zip(*rounded)]
    assert np.mean([a.tpr for a in attacks]) == pytest.approx(truth, abs=0.004)
    assert np.mean([a.tpr_low <= truth <= a.tpr_high for a in attacks]) >= 0.94


def test_ties_are_drawn_by_lot():
    blind = membership_attack(np.zeros(50), np.zeros(80))
    assert (blind.auc, blind.tpr, blind.tpr_high) == (0.5, pytest.approx(0.01), pytest.approx(0.16, abs=0.03))
    half = membership_attack(np.repeat([0.0, 1.0], 50), np.zeros(80), fpr=0.1)
    assert half.auc == 0.75 and half.tpr == pytest.approx(0.5 + 0.5 * 0.1)
    sure = membership_attack(np.ones(500), np.zeros(500))
    assert (sure.auc, sure.tpr) == (1.0, 1.0) and sure.tpr_low > 0.98
    assert membership_attack(np.full(5, -np.inf), np.append(np.zeros(4), -np.inf)).auc == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("scores", "fpr", "words"),
    [(([], [1.0]), 0.01, "0 of members"), (([1.0], [np.nan]), 0.01, "NaN"), (([1.0], [1.0]), 1.0, "strictly between")],
)
def test_scores_that_cannot_be_judged_are_refused(scores, fpr, words):
    with pytest.raises(ValueError, match=words):
        membership_attack(*scores, fpr=fpr)


def test_likelihood_sees_an_overfitted_model_and_absolves_a_plain_one():
    X = np.random.default_rng(0).normal(size=(1000, 6))
    members, others = X[:500], X[500:]
    plain = likelihood_membership(GaussianMixture(random_state=0).fit(members), members, others)
    sharp = likelihood_membership(KernelDensity(bandwidth=0.2).fit(members), members, others)
    assert plain.auc_low < 0.5 + 0.03 and plain.tpr_low < 0.01
    assert sharp.auc > 0.99 and sharp.tpr_low > 0.9


def test_distance_sees_copies_through_blur_and_absolves_fresh_rows():
    members, others, fresh = mixed(600, 0), mixed(600, 1), mixed(600, 2)
    blurred = members.assign(x=members["x"] + 0.01)
    clean, leak = (distance_membership(members, others, X, random_state=0) for X in (fresh, blurred))
    assert clean.auc_low < 0.5 < clean.auc_high and clean.tpr_low < 0.01
    assert leak.auc > 0.95 and leak.tpr > 0.95 and leak.tpr_low > 0.01
    small = distance_membership(members, others, blurred, max_rows=100, random_state=0)
    assert small.n_members == 100 and small.auc < leak.auc
