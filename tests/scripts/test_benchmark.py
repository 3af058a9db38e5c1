"""The benchmark's figures, the dispatcher, and the workers that two libraries are timed in."""

import argparse
import io
import json
import sys

import numpy as np
import pytest

from input_errors import message_of
from scripts import benchmark
from scripts.benchmarks import detector_worker, detectors, peer_environment
from scripts.benchmarks.figure import Figure, interleaved_medians, json_line
from tools.data.example_set import ExampleSet
from tools.data.images.image_registry import load_images

FIGURE = Figure("part.subject.time", 2.5, "s", ratio=1.5, yardstick="the other: 3.75 s")
# Stands for both libraries: answers at once, with more memory for more rows.
FAKE_WORKER = """
import json, sys
for line in sys.stdin:
    print("a library says something", flush=True)
    action, name, *rows = line.split()
    seconds = {"anomaly": 1, "alibi_detect": 3}[sys.argv[1]]
    if name == "ModelDistillation" and action == "fit" and sys.argv[1] == "alibi_detect":
        sys.exit("out of memory")
    answer = {"seconds": seconds, "peak_bytes": 2**20 * int(rows[0] if rows else 0)}
    print(json.dumps(answer), flush=True)
"""


def test_a_figure_is_one_line_of_json_with_its_circumstances():
    line = json_line(FIGURE)
    assert "\n" not in line
    content = json.loads(line)
    assert content["name"] == "part.subject.time"
    assert (content["value"], content["unit"], content["ratio"]) == (2.5, "s", 1.5)
    assert content["machine"].endswith("cores")
    assert {"python", "numpy", "tensorflow"} <= content["versions"].keys()
    assert len(content["load"]) == 3


def test_a_figure_that_is_not_a_number_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        json_line(Figure("x", float("nan"), "s"))


def test_contestants_take_turns_and_the_median_counts():
    order, values = [], {"a": iter([5, 1, 3]), "b": iter([10, 30, 20])}

    def contestant(name):
        def measure():
            order.append(name)
            return next(values[name])

        return measure

    medians = interleaved_medians({name: contestant(name) for name in "ab"}, repeats=3)
    assert order == list("ababab")
    assert medians == {"a": 3, "b": 20}


def test_the_dispatcher_writes_the_figures_of_a_part(monkeypatch, capsys):
    monkeypatch.setattr(detectors, "figures", lambda options: iter([FIGURE] * options.repeats))
    assert benchmark.main(["--repeats=2", "detectors"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["part.subject.time"] * 2


def test_bad_input_is_one_line_and_exit_code_2(monkeypatch, capsys):
    with pytest.raises(SystemExit) as caught:
        benchmark.main(["detektors"])
    assert caught.value.code == 2
    assert "detektors" in capsys.readouterr().err
    monkeypatch.setattr(detectors, "figures", lambda options: load_images("no\nsuch", "test", ""))
    assert benchmark.main(["detectors"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.fixture
def options(monkeypatch, tmp_path):
    """The flags, with a fake worker for both libraries and few images."""
    worker = tmp_path / "worker.py"
    worker.write_text(FAKE_WORKER)
    images = ExampleSet("cifar10", np.zeros((30, 4, 4, 3), np.float32), np.arange(30), "")
    monkeypatch.setattr(detectors, "WORKER", worker)
    monkeypatch.setattr(detectors, "load_images", lambda *arguments: images)
    monkeypatch.setattr(detectors, "peer_python", lambda given: sys.executable)
    names = ["OutlierVAE", "AdversarialAE"]
    return argparse.Namespace(data_dir="", peer_python=None, images=10, repeats=2, detectors=names)


def test_times_are_compared_and_memory_of_few_and_many_images(options):
    figures = {figure.name: figure for figure in detectors.figures(options)}
    assert len(figures) == 6
    fit = figures["detectors.OutlierVAE.fit"]
    assert (fit.value, fit.ratio) == (1, 3)
    memory = figures["detectors.AdversarialAE.predict_memory"]
    assert (memory.value, memory.ratio) == (30, pytest.approx(1 / 3))


def test_a_worker_that_ends_is_named_with_its_request(options):
    options.detectors = ["ModelDistillation"]
    message = message_of(list, detectors.figures(options))
    assert "alibi_detect" in message
    assert "'fit ModelDistillation 10'" in message


def test_a_python_without_the_peer_is_refused():
    assert f"--peer_python={sys.executable} has no alibi-detect" in message_of(
        peer_environment.peer_python, sys.executable
    )


def test_the_worker_fits_and_predicts_on_request(monkeypatch, tmp_path):
    calls = []

    class Recorder:
        def __init__(self, library, name, image_shape):
            calls.append((library, name, image_shape))

        def fit(self, images, **options):
            calls.append(("fit", len(images), options))

        def predict(self, images, **options):
            calls.append(("predict", len(images), options))

    monkeypatch.setattr(detector_worker, "make_detector", Recorder)
    np.save(tmp_path / "images.npy", np.zeros((9, 4, 4, 3)))
    requests = io.StringIO("fit OutlierVAE 9\npredict OutlierVAE 5\nfit AdversarialAE 9\n")
    answers = io.StringIO()
    detector_worker.main("anomaly", str(tmp_path / "images.npy"), requests, answers)
    assert calls == [
        ("anomaly", "OutlierVAE", (4, 4, 3)),
        ("fit", 9, {"epochs": 1, "verbose": False}),
        ("predict", 5, {}),
        ("anomaly", "AdversarialAE", (4, 4, 3)),
        ("fit", 9, {"epochs": 1, "verbose": False}),
    ]
    for line in answers.getvalue().splitlines():
        answer = json.loads(line)
        assert answer["seconds"] >= 0
        assert answer["peak_bytes"] > 2**20
