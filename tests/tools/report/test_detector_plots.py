"""Plots of predictions: what is drawn, in which order, and that it is shown."""

import logging

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from tools.report.detector_plots import (
    draw_change,
    draw_feature_outliers,
    draw_instance_score,
    plot_feature_outlier_image,
    plot_instance_score,
    shown_rows,
)

RNG = np.random.default_rng(0)
IMAGES = RNG.random((12, 6, 6, 3))


def predictions(images=IMAGES, flagged=(2, 5)):
    flags = np.isin(np.arange(len(images)), flagged).astype(int)
    scores = {"instance_score": RNG.random(len(images)), "feature_score": RNG.random(images.shape)}
    return {"data": scores | {"is_outlier": flags}, "meta": {}}


@pytest.fixture
def shown(monkeypatch):
    """The figures that were shown; they are closed afterwards."""
    matplotlib.use("agg")
    figures = []
    monkeypatch.setattr(pyplot, "show", lambda: figures.append(pyplot.gcf()))
    yield figures
    pyplot.close("all")


def test_instance_scores_are_points_by_class_and_a_line(shown):
    preds, target = predictions(), np.arange(12) % 2
    result = plot_instance_score(preds, target, ["normal", "outlier"], 0.3, ylim=(0, None))
    assert result is None
    (axes,) = shown[0].axes
    scores = preds["data"]["instance_score"]
    for index, points in enumerate(axes.collections):
        rows = np.flatnonzero(target == index)
        np.testing.assert_allclose(points.get_offsets(), np.stack([rows, scores[rows]], axis=1))
    assert list(axes.lines[0].get_ydata()) == [0.3, 0.3]
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["normal", "outlier", "threshold"]
    assert axes.get_ylim()[0] == 0
    assert axes.get_xlabel()
    assert axes.get_ylabel()


def test_a_class_without_instances_is_not_in_the_legend():
    figure = Figure()
    draw_instance_score(figure, predictions(), np.ones(12), ["normal", "outlier"], 0.3)
    names = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert names == ["outlier", "threshold"]


@pytest.mark.parametrize("target", [np.zeros(11, int), np.full(12, 2), np.full(12, 0.5)])
def test_a_target_that_fits_neither_scores_nor_labels_is_refused(target):
    with pytest.raises(ValueError, match="target"):
        draw_instance_score(Figure(), predictions(), target, ["normal", "outlier"], 0.3)


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({"X_recon": IMAGES, "max_instances": 11}, (11, 5)),
        ({"X_recon": IMAGES, "instance_ids": [8, 1, 10, 3]}, (4, 5)),
        ({}, (5, 4)),
        ({"n_channels": 1}, (5, 2)),
        ({"outliers_only": True}, (2, 4)),
        ({"outliers_only": True, "instance_ids": [0, 1, 2]}, (3, 4)),
    ],
)
def test_a_line_per_instance_with_titles_on_the_first(shown, options, shape):
    assert plot_feature_outlier_image(predictions(), IMAGES, figsize=(5, 5), **options) is None
    axes = shown[0].axes
    assert len(axes) == shape[0] * shape[1]
    titles = [bool(one.get_title()) for one in axes]
    assert titles == [True] * shape[1] + [False] * (len(axes) - shape[1])


def test_the_pictures_are_original_reconstruction_and_score_maps():
    preds, figure = predictions(), Figure()
    draw_feature_outliers(figure, preds, IMAGES, 1 - IMAGES, rows=[7])
    pictures = [axes.images[0].get_array() for axes in figure.axes]
    np.testing.assert_allclose(pictures[0], IMAGES[7])
    np.testing.assert_allclose(pictures[1], 1 - IMAGES[7])
    for channel in range(3):
        scores = preds["data"]["feature_score"][7, ..., channel]
        np.testing.assert_allclose(pictures[2 + channel], scores)


def test_grey_images_have_one_score_map():
    figure, grey = Figure(), IMAGES[..., :1]
    draw_feature_outliers(figure, predictions(grey), grey, rows=[0, 1])
    assert len(figure.axes) == 4


def test_rows_are_all_or_the_flagged_ones_or_those_asked_for():
    preds = predictions()
    assert list(shown_rows(preds)) == [0, 1, 2, 3, 4]
    assert list(shown_rows(preds, outliers_only=True)) == [2, 5]
    assert list(shown_rows(preds, [9, 2], outliers_only=True)) == [9, 2]
    preds["data"]["is_outlier"] = np.zeros(IMAGES.shape, int)  # of outlier_type="feature"
    preds["data"]["is_outlier"][4, 1, 1, 0] = 1
    assert list(shown_rows(preds, outliers_only=True)) == [4]


def test_nothing_flagged_is_a_warning_and_no_figure(shown, caplog):
    with caplog.at_level(logging.WARNING):
        plot_feature_outlier_image(predictions(flagged=()), IMAGES, outliers_only=True)
    assert "no instance is flagged" in caplog.text
    assert shown == []


@pytest.mark.parametrize("key", ["instance_score", "feature_score"])
def test_scores_that_were_not_asked_for_are_named(key):
    preds = predictions()
    preds["data"][key] = None
    with pytest.raises(ValueError, match=f"return_{key}=True"):
        if key == "instance_score":
            draw_instance_score(Figure(), preds, np.zeros(12, int), ["normal"], 0.3)
        else:
            draw_feature_outliers(Figure(), preds, IMAGES, rows=[0])


def test_evidence_of_a_change_is_a_line_below_or_above_the_alarm():
    figure = Figure()
    draw_change(figure, [1.0, 20.0, 300.0, 0.0])
    line, alarm = figure.axes[0].lines
    assert line.get_ydata().tolist() == [1.0, 20.0, 300.0, 1e-6]
    assert alarm.get_ydata()[0] == 100
