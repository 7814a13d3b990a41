"""compare_densities: known answers by hand, one base measure, refusals that name their cause."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.mixture import GaussianMixture as SklearnMixture
from sklearn.model_selection import GridSearchCV, KFold, RepeatedKFold
from sklearn.neighbors import KernelDensity as SklearnKernels
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from toy_densities import ToyNormal

from skgen import AutoDensity, GaussianMixture, HiddenMarkovModel, KernelDensity, NormalizingFlow, Schema
from skgen.compose import TransformedDensity, make_density_pipeline
from skgen.model_selection import LikelihoodComparison, compare_densities


def data(n=103, d=2, seed=0):
    rng = np.random.default_rng(seed)
    return np.sort(rng.normal(size=(n, d)), axis=0) * [1.0, 3.0][:d]


def by_hand(model, X, folds, swap=False):
    scores = np.full(len(X), np.nan)
    for train, test in folds:
        if swap:
            train = test
        scores[test] = model.fit(X[train]).score_samples(X[test])
    return scores


def test_means_errors_and_intervals_equal_hand_made_ones():
    X = data()
    models = {
        "kernels": SklearnKernels(bandwidth=0.5),
        "mixture": SklearnMixture(2, random_state=0),
        "toy": ToyNormal(),
    }
    folds = list(KFold(5, shuffle=True, random_state=3).split(X))
    hand = {name: by_hand(model, X, folds) for name, model in models.items()}
    frame = compare_densities(models, X, random_state=3).to_frame()
    best = max(hand, key=lambda name: hand[name].mean())
    quantile = student.ppf(0.975, len(X) - 1)
    assert frame.index[0] == best
    for name, scores in hand.items():
        row, paired = frame.loc[name], scores - hand[best]
        error = paired.std(ddof=1) / np.sqrt(len(X))
        np.testing.assert_allclose(row["nats"], scores.mean(), rtol=0, atol=1e-12)
        np.testing.assert_allclose(row["se"], scores.std(ddof=1) / np.sqrt(len(X)), rtol=1e-12)
        np.testing.assert_allclose(row["difference"], paired.mean(), rtol=0, atol=1e-12)
        np.testing.assert_allclose(row["difference_se"], error, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(row["low"], paired.mean() - quantile * error, rtol=0, atol=1e-12)
        np.testing.assert_allclose(row["high"], paired.mean() + quantile * error, rtol=0, atol=1e-12)


def test_scoring_the_training_fold_would_be_seen():
    X = data()
    folds = list(KFold(5, shuffle=True, random_state=3).split(X))
    nats = compare_densities({"toy": ToyNormal()}, X, cv=folds).to_frame().loc["toy", "nats"]
    assert abs(nats - by_hand(ToyNormal(), X, folds).mean()) <= 1e-12
    assert abs(nats - by_hand(ToyNormal(), X, folds, swap=True).mean()) > 1e-3


def test_an_integer_cv_shuffles_so_that_sorted_rows_do_no_harm():
    X = data(n=200, d=1)
    shuffled = compare_densities({"toy": ToyNormal()}, X, random_state=0).to_frame().loc["toy", "nats"]
    in_order = compare_densities({"toy": ToyNormal()}, X, cv=KFold(5)).to_frame().loc["toy", "nats"]
    assert shuffled > in_order + 0.3


def test_rows_held_out_repeatedly_count_once():
    X = data()
    cv = RepeatedKFold(n_splits=4, n_repeats=3, random_state=1)
    comparison = compare_densities({"toy": ToyNormal()}, X, cv=cv)
    folds = list(cv.split(X))
    rounds = [by_hand(ToyNormal(), X, folds[i : i + 4]) for i in (0, 4, 8)]
    np.testing.assert_allclose(comparison.scores["toy"], np.mean(rounds, axis=0), rtol=1e-13)
    row = comparison.to_frame().loc["toy"]
    np.testing.assert_allclose(row["se"], np.mean(rounds, axis=0).std(ddof=1) / np.sqrt(len(X)), rtol=1e-12)


def test_rows_that_no_fold_holds_out_do_not_count():
    X = data(n=50)
    train, test = np.arange(30), np.arange(30, 45)
    comparison = compare_densities({"toy": ToyNormal()}, X, cv=[(train, test)])
    np.testing.assert_allclose(
        comparison.to_frame().loc["toy", "nats"], ToyNormal().fit(X[train]).score(X[test]), atol=1e-12
    )
    assert np.isnan(comparison.scores["toy"][:30]).all() and "15 rows" in repr(comparison)


def test_weights_equal_repeated_rows_and_weight_zero_a_dropped_row():
    X = data(n=40)
    weight = np.arange(40) % 4
    rows = np.repeat(np.arange(40), weight)
    train = np.arange(40) % 5 < 3
    models = {"a": ToyNormal(), "b": ToyNormal(scale=1.3)}
    split = [(np.flatnonzero(train), np.flatnonzero(~train))]
    repeated = [(np.flatnonzero(train[rows]), np.flatnonzero(~train[rows]))]
    weighted = compare_densities(models, X, cv=split, sample_weight=weight).to_frame()
    plain = compare_densities(models, X[rows], cv=repeated).to_frame()
    columns = ["nats", "se", "difference", "difference_se", "low", "high"]
    np.testing.assert_allclose(
        weighted[columns].to_numpy(), plain.loc[weighted.index, columns].to_numpy(), rtol=1e-10, atol=1e-12
    )
    with pytest.raises(ValueError, match="fit of 'sk' takes none"):
        compare_densities({"sk": SklearnMixture()}, X, sample_weight=weight)


def test_the_scale_of_weights_below_one_does_not_matter():
    X, models = data(n=40), {"a": ToyNormal(), "b": ToyNormal(scale=1.3)}
    plain = compare_densities(models, X, random_state=0).to_frame()
    small = compare_densities(models, X, random_state=0, sample_weight=np.full(40, 1 / 40)).to_frame()
    columns = ["nats", "se", "difference", "difference_se", "low", "high"]
    np.testing.assert_allclose(small[columns], plain[columns], rtol=1e-12)
    assert np.isfinite(small["se"]).all()


def test_every_model_gets_one_schema_inferred_from_all_rows():
    frame = pd.DataFrame({"whole": np.arange(60) % 7, "fine": np.round(np.linspace(0, 1, 60), 2)})
    seen = []

    class Recorder(ToyNormal):
        def fit(self, X, y=None, sample_weight=None):
            seen.append(self.schema)
            return super().fit(X)

    model = Recorder()
    comparison = compare_densities({"a": model, "b": GridSearchCV(Recorder(), {"scale": [1.0, 2.0]}, cv=2)}, frame)
    assert len(seen) == 5 + 5 * (2 * 2 + 1)
    assert all(schema == Schema.infer(frame) == comparison.schema for schema in seen)
    assert model.schema is None and not hasattr(model, "mean_")


def test_a_given_schema_or_kinds_reach_the_models():
    frame = pd.DataFrame({"code": np.arange(60) % 7, "fine": np.round(np.linspace(0, 1, 60), 2)})
    schema = Schema.infer(frame, categorical_features=["code"])
    assert compare_densities({"a": ToyNormal()}, frame, schema=schema).schema is schema
    assert compare_densities({"a": ToyNormal()}, frame, categorical_features=["code"]).schema == schema
    mask = np.array([True, False])
    for own in (ToyNormal(schema=schema), *(ToyNormal(categorical_features=c) for c in (["code"], mask))):
        with pytest.raises(ValueError, match="'a' sets its own schema or categorical_features"):
            compare_densities({"a": own}, frame)


def test_densities_without_a_schema_stand_beside_ours_on_float_arrays_only():
    models = {"ours": ToyNormal(), "theirs": SklearnMixture()}
    X = data()
    assert len(compare_densities(models, X).to_frame()) == 2
    for table in (pd.DataFrame(X, columns=["a", "b"]), np.round(X).astype(int)):
        with pytest.raises(ValueError, match="'theirs': no parameter `schema`"):
            compare_densities(models, table)
    assert len(compare_densities({"theirs": SklearnMixture()}, pd.DataFrame(X, columns=["a", "b"])).to_frame()) == 1


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ({}, "at least one entry"),
        ([ToyNormal()], "must be a dict"),
        ({1: ToyNormal()}, "named by strings"),
        ({"toy": ToyNormal}, "'toy' must be an estimator"),
        ({"scaler": StandardScaler()}, "'scaler' must be an estimator"),
        ({"forest": IsolationForest()}, "outlier score, not a log-density"),
        ({"pipe": make_pipeline(StandardScaler(), SklearnMixture())}, "'pipe' is a Pipeline"),
        (
            {"pipe": GridSearchCV(make_pipeline(StandardScaler(), SklearnMixture()), {})},
            "'pipe' is a Pipeline.*make_density_pipeline",
        ),
    ],
)
def test_what_is_no_density_of_the_rows_is_refused(models, message):
    with pytest.raises(ValueError, match=message):
        compare_densities(models, data())


class Conditional(ToyNormal):
    """Says after its fit that it is a density given some columns."""

    def __init__(self, columns=(), scale=1.0):
        super().__init__(scale=scale)
        self.columns = columns

    def fit(self, X, y=None, sample_weight=None):
        super().fit(X, sample_weight=sample_weight)
        self.conditional_on_ = list(self.columns)
        return self


def test_densities_given_other_columns_are_refused():
    models = {"a": Conditional(), "b": Conditional(("x",)), "c": ToyNormal()}
    with pytest.raises(ValueError, match=r"cannot be compared: 'a', 'c' given \[\]; 'b' given \['x'\]"):
        compare_densities(models, data(), cv=2)
    both = compare_densities({"a": Conditional(("x", "y")), "b": Conditional(("y", "x"), 1.2)}, data(), cv=2)
    assert both.conditional_on == ("x", "y") and "Held-out log-likelihood, given x, y in nats" in repr(both)


def test_conditions_that_differ_are_refused_before_work_starts():
    frame = pd.DataFrame(data(), columns=["a", "b"])
    models = {"flow": NormalizingFlow(condition_on=[0]), "mixture": GaussianMixture(), "slow": ToyNormal(fail="fit")}
    with pytest.raises(ValueError, match=r"'flow' given \['a'\]; 'mixture' given"):
        compare_densities(models, frame)
    models["mixture"] = NormalizingFlow(condition_on=["a"])
    with pytest.raises(RuntimeError, match="no luck"):
        compare_densities({"slow": models.pop("slow"), **models}, frame)


def test_a_density_behind_preprocessing_is_one_of_the_rows():
    """An affine map changes neither the law of a Gaussian nor its units."""
    models = {
        "plain": SklearnMixture(reg_covar=0.0),
        "scaled": make_density_pipeline(StandardScaler(), SklearnMixture(reg_covar=0.0)),
        "ours": TransformedDensity(StandardScaler(), GaussianMixture(reg_covar=0.0)),
        "searched": GridSearchCV(
            make_density_pipeline(StandardScaler(), GaussianMixture(reg_covar=0.0)),
            {"density__n_components": [1]},
            cv=2,
        ),
    }
    nats = compare_densities(models, data(), cv=2).to_frame()["nats"]
    np.testing.assert_allclose(nats, nats["plain"], rtol=0, atol=1e-9)


class OwnSchema(ToyNormal):
    """A toy that reads its columns in its own way, whatever the others share."""

    def fit(self, X, y=None):
        super().fit(X)
        self.schema_ = Schema.infer(np.round(X), categorical_features=[0])
        return self


def test_a_fitted_model_of_another_schema_is_found_out():
    with pytest.raises(ValueError, match="another base measure") as caught:
        compare_densities({"ours": GaussianMixture(), "other": OwnSchema()}, data(), cv=2)
    assert caught.value.__notes__ == ["compare_densities: model 'other', fold 0."]


@pytest.mark.parametrize("hold", [
    lambda frozen: frozen,
    lambda frozen: make_density_pipeline(StandardScaler(), frozen),
    lambda frozen: GridSearchCV(make_density_pipeline(None, frozen), {"transformer": [StandardScaler(), None]}, cv=2),
])  # fmt: skip
def test_a_frozen_density_is_refused(hold):
    frozen = hold(FrozenEstimator(GaussianMixture().fit(data())))
    with pytest.raises(ValueError, match="'frozen' is frozen: it keeps what it learnt before"):
        compare_densities({"ours": GaussianMixture(), "frozen": frozen}, data(), cv=2)
    with pytest.raises(ValueError, match="'frozen' is frozen"):
        AutoDensity(models={"ours": GaussianMixture(), "frozen": frozen}, cv=2).fit(data())


def test_a_frozen_transformer_is_none_of_a_density():
    models = {"scaled": make_density_pipeline(FrozenEstimator(StandardScaler().fit(data())), SklearnMixture())}
    assert compare_densities(models, data(), cv=2).best == "scaled"


@pytest.mark.parametrize("as_rows", [np.asarray, np.ndarray.tolist])
def test_a_lone_missing_cell_of_an_array_is_learnt_and_not_held_out(as_rows):
    X = data(40)
    X[7, 1] = np.nan
    models = {"one": GaussianMixture(1, random_state=0), "kernels": KernelDensity()}
    comparison = compare_densities(models, as_rows(X), cv=4, random_state=0)
    assert all(np.flatnonzero(np.isnan(scores)).tolist() == [7] for scores in comparison.scores.values())
    assert "39 rows" in repr(comparison)
    X[8, 1] = np.nan  # in another fold, so that each is learnt where the other is held out
    comparison = compare_densities(models, as_rows(X), cv=[(r, np.setdiff1d(np.arange(40), r)) for r in
                                                           (np.arange(0, 40, 2), np.arange(1, 40, 2))])  # fmt: skip
    assert all(np.isfinite(scores).all() for scores in comparison.scores.values())
    lists = [(list(range(0, 40, 2)), list(range(1, 40, 2))), (list(range(1, 40, 2)), list(range(0, 40, 2)))]
    assert (compare_densities(models, as_rows(X), cv=lists).to_frame()["nats"] == comparison.to_frame()["nats"]).all()
    frame = pd.DataFrame(X[:8], columns=["a", "b"])
    assert "8 rows" in repr(compare_densities(models, frame, cv=4, random_state=0))


def test_progress_is_one_line_a_fit(capsys):
    compare_densities({"a": ToyNormal(), "b": ToyNormal(kind="lower_bound")}, data(), cv=2)
    assert capsys.readouterr().out == ""
    compare_densities({"a": ToyNormal(), "b": ToyNormal(kind="lower_bound")}, data(), cv=2, verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "[1/4] a, fold 1 of 2", "[2/4] a, fold 2 of 2", "[3/4] b, fold 1 of 2", "[4/4] b, fold 2 of 2"
    ]  # fmt: skip
    assert ">= -" in lines[2] and ">=" not in lines[0]


def test_progress_shows_the_weighted_mean_of_the_fold(capsys):
    X, weight = data(n=40), 1.0 + np.arange(40) % 5
    train, test = np.arange(30), np.arange(30, 40)
    compare_densities({"a": ToyNormal()}, X, cv=[(train, test)], sample_weight=weight, verbose=1)
    scores = ToyNormal().fit(X[train], sample_weight=weight[train]).score_samples(X[test])
    line, means = capsys.readouterr().out, (np.average(scores, weights=weight[test]), scores.mean())
    assert f"{means[0]:.3f} nats" in line and f"{means[1]:.3f}" not in line


def test_an_error_names_its_model_and_fold():
    with pytest.raises(RuntimeError, match="no luck") as caught:
        compare_densities({"fine": ToyNormal(), "bad": ToyNormal(fail="fit")}, data())
    assert caught.value.__notes__ == ["compare_densities: model 'bad', fold 0."]
    with pytest.raises(ValueError, match="one number for each of"):
        compare_densities({"bad": ToyNormal(fail="score")}, data())


def test_rows_of_density_zero_are_counted_and_break_nothing():
    X = data(n=60, d=1)
    models = {"tophat": SklearnKernels(kernel="tophat", bandwidth=0.05), "toy": ToyNormal()}
    comparison = compare_densities(models, X, random_state=0)
    frame = comparison.to_frame()
    zero = int(np.isneginf(comparison.scores["tophat"]).sum())
    assert zero > 0 and frame.loc["tophat", "n_zero"] == zero and frame.loc["tophat", "nats"] == -np.inf
    assert frame.index.tolist() == ["toy", "tophat"] and np.isnan(frame.loc["tophat", "difference_se"])
    assert f"tophat: density zero at {zero} held-out rows." in repr(comparison)
    comparison.plot()


def test_workers_and_the_global_random_state():
    X = data()
    models = {"a": ToyNormal(), "mixture": SklearnMixture(2, random_state=0)}
    before = np.random.get_state()[1].copy()
    one = compare_densities(models, X, random_state=7)
    two = compare_densities(models, X, random_state=7, n_jobs=2)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    for name in models:
        np.testing.assert_array_equal(one.scores[name], two.scores[name])
    other = compare_densities(models, X, random_state=8)
    assert not np.array_equal(one.scores["a"], other.scores["a"])
    a, b = (compare_densities(models, X, random_state=np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(a.scores["a"], b.scores["a"])


def made(scores, kinds, **options):
    seconds = dict.fromkeys(scores, 0.25)
    return LikelihoodComparison(scores, kinds, seconds, seconds, **options)


def mixed_comparison():
    base = np.array([-1.0, -2.0, -4.0])
    scores = {"gan": base + 5, "low": base - 2, "vae": base + 1, "exact b": base - [0, 1, 2], "exact a": base}
    kinds = {"gan": "estimate", "low": "lower_bound", "vae": "lower_bound", "exact a": "exact", "exact b": "exact"}
    return made(scores, kinds, bound_gap={"vae": 0.0123})


def test_exact_rows_are_ranked_bounds_marked_and_estimates_stand_below_the_line():
    comparison = mixed_comparison()
    assert comparison.names == ["vae", "exact a", "exact b", "low", "gan"] and comparison.best == "exact a"
    frame = comparison.to_frame()
    assert frame["rank"].astype(object).where(frame["rank"].notna(), None).tolist() == [None, 1, 2, None, None]
    np.testing.assert_allclose(frame["difference"], [1, 0, -1, -2, 5])
    lines = repr(comparison).splitlines()
    rules = [i for i, line in enumerate(lines) if set(line) == {"-"}]
    assert lines[rules[1] + 1].split()[:3] == ["gan", "~", "2.667"] and len(rules) == 2
    assert "vae" in lines[rules[0] + 1] and ">= -1.333" in lines[rules[0] + 1]
    assert any("A bound above an exact score by more than chance proves" in line for line in lines)
    assert "vae: twice the draws raised the bound by 0.012." in lines


def test_columns_of_the_printed_table_are_aligned():
    lines = repr(mixed_comparison()).splitlines()
    table = [line for line in lines[1:8] if set(line) != {"-"}]
    ends = [line.index("0.25") for line in table[1:]]
    assert len(set(ends)) == 1 and table[0].index("fit s") + 1 == ends[0]


def test_without_an_exact_model_differences_are_to_the_first():
    a = np.array([-1.0, -2.0])
    assert made({"x": a - 1, "y": a}, {"x": "lower_bound", "y": "lower_bound"}).best == "y"
    assert made({"x": a - 1, "y": a}, {"x": "lower_bound", "y": "estimate"}).best == "x"


def test_a_row_of_weight_zero_is_invisible_in_the_result():
    a, kept = np.array([-1.0, -np.inf, -2.0]), [0, 2]
    weighted = made({"x": a}, {"x": "exact"}, sample_weight=[2, 0, 1]).to_frame().loc["x"]
    plain = made({"x": a[[0, *kept]]}, {"x": "exact"}).to_frame().loc["x"]
    assert weighted["n_zero"] == 0
    np.testing.assert_allclose([weighted["nats"], weighted["se"]], [plain["nats"], plain["se"]], rtol=1e-14)


def test_html_is_escaped_and_whole():
    html = made({"<b>&": np.array([-1.0, -2.0])}, {"<b>&": "exact"})._repr_html_()
    assert "&lt;b&gt;&amp;" in html and "<b>" not in html
    assert html.count("<tr") == html.count("</tr>") == 2


def test_plot_shows_every_model_at_its_difference():
    ax = mixed_comparison().plot().ax_
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert [label.split("  ")[0] for label in labels] == mixed_comparison().names
    drawn = [float(container.lines[0].get_xdata()[0]) for container in ax.containers]
    np.testing.assert_allclose(drawn, [1, 0, -1, -2, 5])
    assert mixed_comparison().plot(ax=ax).ax_ is ax


def test_one_row_can_be_a_sequence():
    rng = np.random.default_rng(0)
    X = [np.cumsum(rng.normal(size=(5 + i % 4, 2)), axis=0) for i in range(30)]
    models = {k: HiddenMarkovModel(n, random_state=0, max_iter=5, tol=0.1) for k, n in (("one", 1), ("two", 2))}
    folds = list(KFold(3, shuffle=True, random_state=0).split(X))
    comparison = compare_densities(models, X, cv=folds)
    train, test = folds[0]
    fitted = HiddenMarkovModel(1, random_state=0, max_iter=5, tol=0.1).fit([X[i] for i in train])
    np.testing.assert_allclose(comparison.scores["one"][test], fitted.score_samples([X[i] for i in test]), rtol=1e-12)
    assert comparison.schema is None and comparison.best == "two"
