"""Which images a run trains on, calibrates with and tests, and which names it accepts."""

import json
import logging
from typing import NamedTuple

import numpy as np
import pytest

from input_errors import message_of
from tools.data.example_set import ExampleSet
from tools.data.images.image_registry import IMAGE_DATASETS
from tools.data.images.preprocessing import FOUND, ReadOptions
from tools.errors import InputError
from tools.run.manifest import Alteration, manifest_from_json
from vae_wgan.data.image_data import (
    attacked_sets,
    calibration_count,
    load_experiment_data,
    load_image_data,
    split_calibration,
)
from vae_wgan.data.ood_names import named_sources, split_entry

DERIVED = ["hflip", "vflip", "uniform_noise", "normal_noise", "truncated_normal_noise"]


class Settings(NamedTuple):
    train_dataset: str
    data_dir: str = "no such folder"
    seed: int = 0
    eval_size: int = 10
    calibration_size: int = 1000
    ood_datasets: tuple[str, ...] = ()
    strict_data: bool = False
    corruptions: tuple[str, ...] = ()
    severity: tuple[str, ...] = ("1", "5")
    perturbations: tuple[str, ...] = ()
    altered_size: int = 4
    matched_resampling: str = "auto"
    adversarial: bool = False
    test_dataset: str = ""
    drop_copies: bool = False
    groups: str = ""
    model_dir: str = ""
    read_options: ReadOptions = FOUND


def different_images(count, offset=0, shape=(28, 28)):
    """uint8 images, each with a number of its own in the first two pixels."""
    images = np.zeros((count, *shape), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.divmod(np.arange(offset, offset + count), 256)
    return images


def numbers_of(images):
    """The numbers that `different_images` gave, a list."""
    pixels = np.rint(255 * images[:, 0, :2, 0]).astype(int)
    return (256 * pixels[:, 0] + pixels[:, 1]).tolist()


@pytest.fixture(autouse=True)
def _no_downloads(monkeypatch):
    def fail(name, *_):
        raise InputError(f"{name} cannot be had")

    monkeypatch.setattr("tools.data.images.image_registry.obtain", fail)


@pytest.fixture
def own(tmp_path):
    """Settings with 400 own images to train on and 100 to test, numbered from 0 and from 1000."""
    path = tmp_path / "own.npz"
    np.savez(path, x_train=different_images(400), x_test=different_images(100, offset=1000))
    np.save(tmp_path / "other.npy", different_images(30, offset=2000))
    return Settings(str(path), ood_datasets=("hflip",))


# Training, calibration, test


def test_calibration_is_cut_off_the_training_images_and_test_is_apart(own):
    data = load_experiment_data(own._replace(eval_size=1000))
    training, calibration = (
        numbers_of(data.training.examples),
        numbers_of(data.calibration.examples),
    )
    assert len(calibration) == 60
    assert sorted(training + calibration) == list(range(400))
    assert calibration != list(range(60))
    assert numbers_of(data.test.examples) == list(range(1000, 1100))
    assert data.training.ids.tolist() == training
    assert data.calibration.ids.tolist() == calibration


def test_no_row_of_undivided_own_data_is_in_two_parts(tmp_path):
    np.save(tmp_path / "all.npy", different_images(300))
    data = load_experiment_data(Settings(str(tmp_path / "all.npy"), eval_size=1000))
    parts = [numbers_of(part.examples) for part in (data.training, data.calibration, data.test)]
    assert [len(part) for part in parts] == [221, 49, 30]
    assert sorted(np.concatenate(parts)) == list(range(300))


def test_no_row_that_is_trained_on_or_tested_is_in_the_calibration_split(tmp_path):
    np.save(tmp_path / "all.npy", different_images(300))
    np.save(tmp_path / "other.npy", different_images(30, offset=2000))
    ood = (f"mine={tmp_path / 'other.npy'}", "hflip", "vflip", "uniform_noise")
    for seed in range(3):
        data = load_experiment_data(
            Settings(str(tmp_path / "all.npy"), seed=seed, eval_size=1000, ood_datasets=ood)
        )
        calibration = set(data.calibration.ids)
        of_one_file = {part.name: part.ids for part in (data.training, data.test, *data.ood[1:3])}
        assert len(calibration) == 49
        assert all(calibration.isdisjoint(ids) for ids in of_one_file.values())
        mirrors = [(1, 1), (1, -1), (-1, 1)]
        values = {
            image[::down, ::across].tobytes()
            for image in data.calibration.examples
            for down, across in mirrors
        }
        for part in (data.training, data.test, *data.ood):
            assert values.isdisjoint(image.tobytes() for image in part.examples), part.name


def test_evaluated_rows_are_a_seeded_choice_that_training_does_not_see(own):
    sizes = (own._replace(eval_size=size, calibration_size=size) for size in (10, 1000))
    small, large = map(load_experiment_data, sizes)
    for name in ("calibration", "test"):
        few, all_rows = (numbers_of(getattr(data, name).examples) for data in (small, large))
        assert len(few) == 10
        assert set(few) < set(all_rows)
    assert small.training.ids.tolist() == large.training.ids.tolist()
    np.testing.assert_array_equal(small.monitored, large.calibration.examples)
    assert len(small.monitored) == 60


def test_the_seed_decides_and_nothing_else(own):
    def rows(settings):
        data = load_experiment_data(settings)
        return [part.ids.tolist() for part in (data.training, data.calibration, data.test)]

    assert rows(own) == rows(own._replace(ood_datasets=("vflip",)))
    assert all(a != b for a, b in zip(rows(own), rows(own._replace(seed=1)), strict=True))


@pytest.mark.parametrize(
    ("images", "kept"),
    [(2, 1), (45, 20), (50, 21), (200, 42), (1000, 95), (3600, 180), (60_000, 3000)],
)
def test_of_few_images_a_larger_share_is_kept_for_calibration(images, kept):
    assert calibration_count(images) == kept


def test_at_least_one_row_is_held_out_and_one_is_trained_on():
    images = different_images(2)[..., None].astype(np.float32) / 255
    training, calibration = split_calibration(ExampleSet("two", images, np.arange(2), ""), seed=0)
    assert sorted(numbers_of(training.examples) + numbers_of(calibration.examples)) == [0, 1]
    one = ExampleSet("one", images[:1], np.arange(1), "")
    assert "one has 1 training image" in message_of(split_calibration, one, seed=0)


def test_test_images_of_another_shape_are_refused(tmp_path):
    path = tmp_path / "own.npz"
    np.savez(path, x_train=different_images(9), x_test=different_images(9, shape=(32, 32)))
    assert f"--train_dataset={path}" in message_of(load_experiment_data, Settings(str(path)))


# Out-of-distribution sets


def test_the_sets_that_are_scored_have_their_names_and_order(own, tmp_path):
    entries = (f"mine={tmp_path / 'other.npy'}", "uniform_noise", "hflip")
    data = load_experiment_data(own._replace(ood_datasets=entries))
    assert [example_set.name for example_set in data.scored] == [
        "own", "calibration", "mine", "uniform_noise", "hflip"
    ]  # fmt: skip
    assert [len(example_set.examples) for example_set in data.scored] == [10, 60, 10, 10, 10]
    assert set(numbers_of(data.ood[0].examples)) < set(range(2000, 2030))
    np.testing.assert_array_equal(data.ood[2].examples, data.test.examples[:, :, ::-1])
    assert data.missing == {}


def test_a_set_of_the_default_that_cannot_be_had_is_left_out_with_the_reason(own, caplog):
    data = load_experiment_data(own._replace(ood_datasets=()))
    assert [example_set.name for example_set in data.ood] == DERIVED
    same_shape = [
        name
        for name, known in IMAGE_DATASETS.items()
        if known.image_shape == (28, 28, 1) and known.by_default
    ]
    assert data.missing == {name: f"{name} cannot be had" for name in same_shape}
    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert "omniglot is left out: omniglot cannot be had" in warnings


@pytest.mark.parametrize("change", [{"strict_data": True}, {"ood_datasets": ("mnist", "hflip")}])
def test_a_missing_set_is_an_error_where_it_was_asked_for(own, change):
    message = message_of(load_experiment_data, own._replace(**{"ood_datasets": ()} | change))
    assert message == "--ood_datasets: mnist cannot be had"


def test_images_of_another_shape_get_that_of_the_training_images(own, tmp_path):
    np.save(tmp_path / "big.npy", different_images(5, shape=(32, 32)))
    settings = own._replace(ood_datasets=(f"big={tmp_path / 'big.npy'}",))
    assert load_experiment_data(settings).ood[0].examples.shape == (5, 28, 28, 1)


@pytest.mark.parametrize(
    ("entry", "name_and_source"),
    [
        ("mnist", ("mnist", "mnist")),
        ("mine=/data/x.npz", ("mine", "/data/x.npz")),
        ("/data/x.npz", ("x.npz", "/data/x.npz")),
        ("scans/", ("scans", "scans/")),
        ("Größe-2_b.v1=a=b.npy", ("Größe-2_b.v1", "a=b.npy")),
    ],
)
def test_entries_are_a_name_or_name_and_source(entry, name_and_source):
    assert named_sources(["first", entry]) == dict([("first", "first"), name_and_source])


@pytest.mark.parametrize(
    "entry",
    ["", "=x.npz", "mine=", "/data/x y.npz", "a b=x", "../up=x", ".lock=x", "a,b=x"],
)
def test_bad_names_are_refused_because_they_become_file_names(entry):
    message = message_of(named_sources, [entry])
    assert f"--ood_datasets={entry}:" in message
    assert "NAME=PATH" in message


@pytest.mark.parametrize("name", ["own", "calibration"])
def test_no_other_set_takes_the_name_of_the_runs_own_images(own, name):
    message = message_of(load_experiment_data, own._replace(ood_datasets=(f"{name}=hflip",)))
    assert f"--ood_datasets: the run's own images are called {name}" in message


def test_no_name_stands_for_two_sets(own, tmp_path):
    settings = own._replace(ood_datasets=("mine=hflip", "mine=vflip"))
    assert "mine is given twice" in message_of(load_experiment_data, settings)
    np.save(tmp_path / "calibration.npy", different_images(30))
    settings = own._replace(train_dataset=str(tmp_path / "calibration.npy"))
    assert "rename" in message_of(load_experiment_data, settings)


def test_own_data_named_as_a_known_set_are_not_mixed_up_with_it(own, tmp_path):
    np.save(tmp_path / "mnist.npy", different_images(30))
    settings = own._replace(train_dataset=str(tmp_path / "mnist.npy"), ood_datasets=())
    data = load_experiment_data(settings)
    assert data.test.name == "mnist"
    assert "called mnist" in data.missing["mnist"]


def test_the_data_of_networks_are_those_of_a_run_with_their_shape_checked(own, tmp_path):
    np.testing.assert_array_equal(load_image_data(own).test.ids, load_experiment_data(own).test.ids)
    np.save(tmp_path / "odd.npy", different_images(40, shape=(30, 30)))
    message = message_of(load_image_data, own._replace(train_dataset=str(tmp_path / "odd.npy")))
    assert "30x30x1" in message


def test_altered_images_are_chosen_test_images(own):
    data = load_image_data(own._replace(corruptions=("contrast",), perturbations=("rotate",)))
    names = [example_set.name for example_set in data.altered]
    assert names[:3] == ["corruption.contrast.1", "corruption.contrast.5", "perturbation.rotate.0"]
    assert len(names) == 2 + 31
    datasets = data.described()
    assert datasets.altered == tuple(names)
    assert datasets.alterations["corruption.contrast.5"] == Alteration("corruption", "contrast", 5)
    assert datasets.sizes["training"] == len(data.training)
    assert datasets.checksums.keys() == {part.name for part in data.scored}
    chosen = data.altered[2]
    assert len(chosen) == 4
    assert set(chosen.ids) <= set(data.test.ids)
    rows = np.searchsorted(data.test.ids, chosen.ids)
    np.testing.assert_array_equal(chosen.examples, data.test.examples[rows])
    assert not load_image_data(own).altered


def test_colour_sets_of_other_sharpness_are_matched(tmp_path):
    random = np.random.default_rng(0)
    sharp = random.integers(256, size=(60, 28, 28, 3), dtype=np.uint8)
    soft = sharp.repeat(2, axis=1)[:, :28].repeat(2, axis=2)[:, :, :28]
    for name, images in {"own": sharp, "soft": soft, "alike": sharp[::-1]}.items():
        np.save(tmp_path / f"{name}.npy", images)
    others = tuple(f"{name}={tmp_path / name}.npy" for name in ("soft", "alike"))
    settings = Settings(str(tmp_path / "own.npy"), ood_datasets=(*others, "hflip"))
    data = load_image_data(settings)
    assert [part.name for part in data.altered] == ["resampling.soft.0", "resampling.soft.1"]
    entries = json.loads(json.dumps({"settings": {}, "datasets": data.described().to_json()}))
    datasets = manifest_from_json(entries).datasets
    assert datasets.alterations["resampling.soft.1"] == Alteration("resampling", "soft", 1)
    assert not load_image_data(settings._replace(matched_resampling="no")).altered


def test_noise_and_test_images_are_attacked_on_demand(own):
    attacked = own._replace(adversarial=True, ood_datasets=("hflip", "uniform_noise"))
    data = load_image_data(attacked)
    assert [example_set.name for example_set in attacked_sets(attacked, data)] == [
        "uniform_noise",
        "own",
    ]
    assert attacked_sets(own, data) == ()
    without = own._replace(adversarial=True)
    assert "--adversarial starts from" in message_of(
        attacked_sets, without, load_image_data(without)
    )


@pytest.mark.parametrize("name", ["adv_uniform_noise", "corruption.fog.1", "resampling.a.0"])
def test_names_of_sets_that_a_run_makes_are_refused(name):
    assert "write OTHER=PATH" in message_of(split_entry, f"{name}=own.npz")
