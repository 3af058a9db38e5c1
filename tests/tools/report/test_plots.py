import io
import subprocess
import sys
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
from PIL import Image

from tools.report import plots
from tools.report.image_rows import _tiled, image_rows


def picture(png):
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    assert "Software" not in image.info
    return np.asarray(image.convert("RGB"))


def normal(mean, size=50, seed=0):
    return np.random.default_rng(seed).normal(mean, 1, size)


def curves(n_sets=2, size=50):
    names = [f"set {index}" for index in range(n_sets)]
    scores = {name: normal(index, size, seed=index) for index, name in enumerate(names)}
    return normal(0, size, seed=99), scores, dict.fromkeys(names, 0.75)


def histories(members=2, records=3):
    quantities = {"iwae": -90.0, "elbo": -95.0, "rate": 20.0, "distortion": 75.0}
    return {
        member: [{"step": 10 * step} | quantities for step in range(1, records + 1)]
        for member in range(members)
    }


DRAWINGS = {
    "roc": lambda: plots.roc_curves(*curves()),
    "roc of one example": lambda: plots.roc_curves(*curves(size=1)),
    "roc of equal scores": lambda: plots.roc_curves(np.zeros(9), {"a": np.zeros(9)}, {"a": 0.5}),
    "roc of many sets": lambda: plots.roc_curves(*curves(n_sets=24)),
    "histograms": lambda: plots.histograms({"a": normal(-90), "b": normal(-3000)}, "nats"),
    "histogram of one example": lambda: plots.histograms({"a": np.array([-90.0])}, "nats"),
    "histograms of equal values": lambda: plots.histograms(
        {"a": np.full(9, -90.0), "b": np.full(9, -90.0)}, "nats"
    ),
    "variance": lambda: plots.value_against_variance(
        {"a": normal(-90), "b": normal(-3000)}, {"a": normal(0) ** 2, "b": normal(9) ** 2}, "nats"
    ),
    "variance of copies": lambda: plots.value_against_variance(
        {"a": normal(-90)}, {"a": np.zeros(50)}, "nats"
    ),
    "history": lambda: plots.training_history(histories()),
    "history of one record": lambda: plots.training_history(histories(members=1, records=1)),
    "history of another model": lambda: plots.training_history(
        {3: [{"step": 1, "loss": 2.0, "gap": 3.0, "penalty": 0.5, "learning_rate": 1e-3}]}
    ),
    "images": lambda: image_rows({"inputs": np.zeros((3, 28, 28, 1), np.uint8)}),
}


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_a_drawing_has_content_and_is_the_same_twice(drawing):
    png = DRAWINGS[drawing]()
    assert len(np.unique(picture(png).reshape(-1, 3), axis=0)) > 2
    assert DRAWINGS[drawing]() == png


def test_drawing_leaves_no_global_state():
    with matplotlib.rc_context({"font.size": 33}):
        before = dict(matplotlib.rcParams)
        plots.roc_curves(*curves())
        assert dict(matplotlib.rcParams) == before
    code = "import sys, tools.report.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_images_keep_their_colours():
    red = np.zeros((2, 4, 4, 3), np.uint8)
    red[..., 0] = 201
    grey = np.full((2, 4, 4, 1), 77, np.uint8)
    colours = {tuple(pixel) for pixel in picture(image_rows({"a": red})).reshape(-1, 3)}
    assert (201, 0, 0) in colours
    colours = {tuple(pixel) for pixel in picture(image_rows({"a": grey})).reshape(-1, 3)}
    assert (77, 77, 77) in colours


def test_tiles_stand_in_reading_order():
    images = np.arange(9, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 1), np.uint8)
    page = _tiled(images)
    assert page.shape == (8, 40, 3)
    assert page[0, ::5, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert page[4, ::5, 2].tolist() == [8] + 7 * [255]


def test_pages_are_as_wide_as_the_plots_and_hold_all_blocks():
    blocks = {"a": np.zeros((16, 28, 28, 1), np.uint8), "b": np.zeros((1, 28, 28, 1), np.uint8)}
    assert picture(image_rows(blocks)).shape == (34 + 180 + 34 + 90, 720, 3)


@pytest.mark.parametrize("numbers", [[-90.0], [-3000.0, -90.0, -89.0], [-5.0, 0.0, 1e6]])
def test_bins_hold_all_numbers(numbers):
    axes = matplotlib.figure.Figure().subplots()
    numbers = np.array(numbers)
    plots.spread_out(axes, numbers)
    edges = plots._equal_bins(axes, numbers)
    assert (np.diff(edges) > 0).all()
    assert np.histogram(numbers, edges)[0].sum() == len(numbers)


@pytest.mark.parametrize("low", [-25, -3e3, -1e5, -1e9, -1e12])
def test_ticks_are_few_and_lie_within(low):
    ticks = plots._round_numbers(low, 20.0)
    assert 0 in ticks
    assert ticks == sorted(ticks)
    assert low <= ticks[0] <= max(low / 10, -10)
    assert ticks[-1] <= 20
    places = np.arcsinh(np.array(ticks) / plots.LINEAR_WIDTH)
    ends = np.arcsinh(np.array([low, 20.0]) / plots.LINEAR_WIDTH)
    assert len(ticks) == 1 or np.diff(places).min() >= np.diff(ends)[0] / plots.MOST_TICKS


def test_one_outlier_does_not_stretch_the_axis():
    crowd = normal(0, 1000)
    low, high = plots.robust_range([np.append(crowd, 1e9), crowd - 50])
    assert -54 < low < -52
    assert 2 < high < 4
    assert plots.robust_range([np.array([-3.0, 8.0])]) == (-3, 8)


def test_a_threshold_is_drawn_where_it_lies_on_the_axis():
    values = {"a": normal(0), "b": normal(3)}
    without, within, beyond = (plots.histograms(values, "nats", t) for t in (None, 1.5, 99.0))
    assert without == beyond != within


def test_the_only_record_of_a_training_is_seen():
    panel = picture(plots.training_history(histories(members=1, records=1)))
    blue = [0, 0x72, 0xB2]
    assert (panel == blue).all(axis=-1).sum() > 4 * 9


def test_50_sets_look_different_and_neighbours_do_so_in_grey():
    for look, kind in ((plots.line_look, "linestyle"), (plots.point_look, "marker")):
        looks = [look(index) for index in range(50)]
        assert len({(each["color"], each[kind]) for each in looks}) == 50
        assert all(each[kind] != other[kind] for each, other in pairwise(looks))
