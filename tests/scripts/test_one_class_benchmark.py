"""The benchmark of one class as normal, on a few made-up pictures of two kinds."""

import numpy as np

from input_errors import message_of
from scripts.benchmarks.one_class import Labelled, class_figures, figures
from tools.scores.image_floors import IMAGE_FLOORS


def made_up(count, seed):
    """Stripes of class 0 are level, those of class 1 upright."""
    random = np.random.default_rng(seed)
    stripes = np.zeros((count, 12, 12, 1), np.float32)
    stripes[:, ::3] = 0.8
    stripes[count // 2 :] = stripes[count // 2 :].swapaxes(1, 2)
    noisy = stripes + 0.2 * random.random(stripes.shape).astype(np.float32)
    return Labelled(np.clip(noisy, 0, 1), np.arange(count) * 2 // count)


def test_the_other_class_is_found_and_stands_beside_the_best_floor():
    found = {f.name: f.value for f in class_figures(made_up(60, 0), made_up(40, 1), 0, 25, 0)}
    assert found["headline"] > 0.99
    assert {"whole", "local", "unfamiliar", *IMAGE_FLOORS} <= set(found)
    best = max(found[name] for name in IMAGE_FLOORS)
    assert found["over_best_floor"] == found["headline"] - best
    assert found["over_best_floor.low"] <= found["over_best_floor"]
    assert found["over_best_floor"] <= found["over_best_floor.high"]
    assert 0 <= found["false_alarms"] <= 0.5


def test_unknown_sets_are_named():
    class Options:
        sets, sizes, classes, seeds, data_dir = "letters", "20", 1, 1, "nowhere"

    assert "--sets=letters: known are mnist" in message_of(list, figures(Options()))
