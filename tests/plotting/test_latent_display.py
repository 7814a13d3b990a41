"""LatentDisplay: where codes and walks lie, checked on linear maps, and what is drawn of them."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

mpl.use("Agg")
import matplotlib.pyplot as plt

from skgen import VAE, GaussianMixture, LatentDisplay, NormalizingFlow
from skgen.plotting._mosaic import mosaic


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal(size=(60, 12)) * np.arange(1, 13)


@pytest.fixture(scope="module")
def pca(X):
    return PCA(4, random_state=0).fit(X)


def test_an_interpolation_is_a_straight_line_between_pairs(X, pca):
    display = LatentDisplay.from_estimator(pca, X[:4], kind="interpolation", n_steps=3, image_shape=(3, 4))
    codes = pca.transform(X[:4])
    np.testing.assert_allclose(display.walk.places[1], [codes[2], (codes[2] + codes[3]) / 2, codes[3]])
    np.testing.assert_allclose(display.decoded[:1], pca.inverse_transform(codes[:1]))
    sheet = display.ax_.images[0].get_array()
    np.testing.assert_allclose(sheet[:3, :4], X[0].reshape(3, 4))
    np.testing.assert_allclose(sheet[-3:, -4:], X[3].reshape(3, 4))
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == ["row", "0%", "50%", "100%", "row"]
    with pytest.raises(ValueError, match="even number of them, got 3"):
        LatentDisplay.from_estimator(pca, X[:3], kind="interpolation")


def test_a_traversal_moves_one_coordinate_over_its_deviations(X, pca):
    display = LatentDisplay.from_estimator(pca, X, kind="traversal", coordinates=[2, 0], n_steps=5, extent=1.5)
    codes, places = pca.transform(X), display.walk.places
    np.testing.assert_allclose(
        places[0][:, 2], codes[:, 2].mean() + np.linspace(-1.5, 1.5, 5) * codes[:, 2].std(), atol=1e-9
    )
    np.testing.assert_allclose(places[0][:, [0, 1, 3]], np.tile(codes[0, [0, 1, 3]], (5, 1)))
    np.testing.assert_allclose(places[1][:, 2], codes[0, 2])
    every = LatentDisplay.from_estimator(pca, X, kind="traversal", plot=False).walk
    assert every.lines == [f"coordinate {j}" for j in range(4)], "the coordinates of PCA come by falling deviation"


def test_a_plane_grows_to_the_right_and_upwards(X, pca):
    display = LatentDisplay.from_estimator(pca, X, kind="plane", n_steps=4, image_shape=(3, 4))
    places = display.walk.places
    assert places.shape == (4, 4, 4) and (np.diff(places[0, :, 0]) > 0).all() and (np.diff(places[:, 0, 1]) < 0).all()
    np.testing.assert_allclose(places[..., 2:], 0, atol=1e-12)
    with pytest.raises(ValueError, match="needs 2 coordinates, got 3"):
        LatentDisplay.from_estimator(pca, X, kind="plane", coordinates=[0, 1, 2])


def test_codes_lie_in_their_directions_of_most_variance(X, pca):
    display = LatentDisplay.from_estimator(pca, X, y=np.repeat(["a", "b", "c"], 20))
    drawn = np.concatenate([dots.get_offsets() for dots in display.ax_.collections])
    np.testing.assert_allclose(np.abs(drawn), np.abs(pca.transform(X)[:, :2]), atol=1e-9)
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["a", "b", "c"]
    assert "of 4" in display.ax_.get_xlabel()
    plain = LatentDisplay.from_estimator(pca, X, coordinates=[3, 1]).ax_
    np.testing.assert_allclose(plain.collections[0].get_offsets(), pca.transform(X)[:, [3, 1]])
    assert plain.get_xlabel() == "coordinate 3"


def test_numbers_get_a_scale_and_too_many_labels_an_error(X, pca):
    display = LatentDisplay.from_estimator(pca, X, y=X[:, 0])
    np.testing.assert_allclose(display.ax_.collections[0].get_array(), X[:, 0])
    assert len(display.figure_.axes) == 2
    with pytest.raises(ValueError, match="y has 60 labels"):
        LatentDisplay.from_estimator(pca, X, y=np.arange(60).astype(str))


def test_dots_without_a_label_are_drawn_faintly_and_all_are_there(X, pca):
    labels = np.array(["a"] * 30 + [None] * 30, dtype=object)
    display = LatentDisplay.from_estimator(pca, X, y=labels)
    assert sum(len(dots.get_offsets()) for dots in display.ax_.collections) == 60
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["a", "(missing)"]


@pytest.mark.parametrize("backend", [lambda t: t, pl.from_pandas])
def test_a_mixed_table_is_drawn_with_its_values(backend):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(20, 60, 300)})
    frame["job"] = np.where(frame.age > 40, "boss", "clerk")
    frame["since"] = pd.Timestamp("2020-01-01") - pd.to_timedelta(frame.age, unit="D")
    table = backend(frame)
    model = VAE(2, hidden_layer_sizes=(16,), max_epochs=3, random_state=0).fit(table)
    display = LatentDisplay.from_estimator(model, table[:2], kind="interpolation", n_steps=3)
    texts = [text.get_text() for text in display.ax_.texts]
    assert len(texts) == 5 * 3
    assert texts[:3] == [str(frame.age[0]), frame.job[0], str(frame.since[0])[:10]]
    assert texts[-3:] == [str(frame.age[1]), frame.job[1], str(frame.since[1])[:10]]
    assert [text.get_text() for text in display.ax_.get_yticklabels()] == ["row", "0%", "50%", "100%", "row"]
    codes = LatentDisplay.from_estimator(model, table, y="job")
    assert codes.ax_.get_legend().get_title().get_text() == "job"
    assert len(LatentDisplay.from_estimator(model, table, kind="traversal", n_steps=3).ax_.texts) == 2 * 3 * 3


def test_a_flow_has_a_latent_space_too():
    X = np.random.default_rng(0).normal(3.0, 2.0, size=(200, 2))
    flow = NormalizingFlow(max_epochs=1, random_state=0).fit(X)
    display = LatentDisplay.from_estimator(flow, X[:2], kind="interpolation", n_steps=3)
    np.testing.assert_allclose(display.decoded[[0, 2]], X[:2], atol=1e-4)


def test_a_mosaic_holds_every_image_at_its_place():
    images = np.arange(24.0).reshape(6, 2, 2)
    sheet, x, y = mosaic(images, 3, breaks=(2,))
    assert sheet.shape == (5, 9) and x.tolist() == [0.5, 3.5, 7.5] and y.tolist() == [0.5, 3.5]
    np.testing.assert_array_equal(sheet[3:, 7:], images[5])
    assert np.isnan(sheet[:, [2, 5, 6]]).all() and np.isnan(sheet[2]).all() and np.isfinite(sheet).sum() == 24


def test_colour_images_are_transparent_between(X):
    pca = PCA(2).fit(X)
    display = LatentDisplay.from_estimator(pca, X, kind="traversal", n_steps=2, image_shape=(2, 2, 3))
    alpha = np.asarray(display.ax_.images[0].get_array())[..., 3]
    assert alpha.shape == (5, 5) and alpha[2].max() == 0 and alpha[:2, :2].min() == 1


def test_what_has_no_latent_space_is_refused(X, pca):
    draw = LatentDisplay.from_estimator
    with pytest.raises(ValueError, match="GaussianMixture has no transform"):
        draw(GaussianMixture().fit(X), X)
    with pytest.raises(ValueError, match="kind must be one of 'codes', 'interpolation'"):
        draw(pca, X, kind="tsne")
    with pytest.raises(ValueError, match="numbers from 0 to 3"):
        draw(pca, X, kind="traversal", coordinates=[4])
    with pytest.raises(ValueError, match=r"of 12 numbers in all, got \(3, 3\)"):
        draw(pca, X, kind="traversal", image_shape=(3, 3))
    with pytest.raises(NotFittedError):
        draw(VAE(), X)


def test_codes_alone_are_drawn_as_those_of_an_estimator(X, pca):
    y = pd.Series(np.arange(60) % 3, name="kind")
    codes = pca.transform(X)
    display = LatentDisplay.from_predictions(codes, y=y, coordinates=[0, 2])
    same = LatentDisplay.from_estimator(pca, X, y=y.to_numpy(), coordinates=[0, 2])
    for mine, other in zip(display.ax_.collections, same.ax_.collections, strict=True):
        np.testing.assert_array_equal(mine.get_offsets(), other.get_offsets())
    assert display.ax_.get_legend().get_title().get_text() == "kind" and display.figure_ is display.ax_.figure
    assert LatentDisplay.from_predictions(codes[:, :1], plot=False).codes.shape == (60, 1)
    with pytest.raises(ValueError, match=r"\(n_samples, latent_dim\), got shape \(60,\)"):
        LatentDisplay.from_predictions(codes[:, 0])
    with pytest.raises(ValueError, match=r"one entry for each of 60 codes, got shape \(3,\)"):
        LatentDisplay.from_predictions(codes, y=[0, 1, 2])
    with pytest.raises(ValueError, match=r"got shape \(60, 2\)"):
        LatentDisplay.from_predictions(codes, y=np.zeros((60, 2)))
    with pytest.raises(ValueError, match="codes must be finite"):
        LatentDisplay.from_predictions(np.where(codes > 0, codes, np.nan))
    with pytest.raises(ValueError, match=r"choose coordinates=\[i, j\]"):
        LatentDisplay.from_predictions(codes[:1])
    assert LatentDisplay.from_predictions(codes[:1], coordinates=[0, 1]).ax_ is not None
