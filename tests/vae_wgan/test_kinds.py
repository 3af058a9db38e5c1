"""A new kind of model is a settings class, a member and a kind: the whole of it is in this file."""

import dataclasses
import shutil
from typing import ClassVar

import numpy as np
import pytest

from parsed_settings import parsed
from tiny_run import bytes_by_path, write_data
from tools.run.batches import batch_rows
from tools.run.manifest import Manifest
from tools.run.options import option
from tools.run.run_folder import RunFolder
from tools.run.seeds import child_seed
from vae_wgan.data.image_data import load_image_data
from vae_wgan.ensemble.member import Member
from vae_wgan.ensemble.model_kind import ModelKind
from vae_wgan.features.features_kind import FeaturesKind
from vae_wgan.kinds import KINDS, kept_settings, kind_named, kind_of_run
from vae_wgan.run.run import Run
from vae_wgan.settings.any_settings import AnySettings
from vae_wgan.settings.image_settings import ImageSettings
from vae_wgan.table.table_kind import TableKind
from vae_wgan.vae.vae_kind import VAEKind
from vae_wgan.wgan.wgan_kind import WGANKind


@dataclasses.dataclass(frozen=True)
class ToySettings(ImageSettings):
    MODEL: ClassVar[str] = "toy"
    HELP_TITLE: ClassVar[str] = "The pixels' means"

    max_steps: int = option(20, "Training steps of a member.", at_least=1, shapes_members=True)
    rate: float = option(0.1, "Share of a batch in the mean.", above=0, shapes_members=True)
    score_keys: tuple[str, ...] = option(
        ("log_likelihood",), "Scores in the tables.", choices=("log_likelihood",)
    )

    @property
    def total_steps(self) -> int:
        return self.max_steps


class ToyMember(Member):
    """A normal distribution of each pixel, whose mean runs after that of the batches."""

    def __init__(self, settings, image_shape, monitored, quantities):
        self.settings, self.mean = settings, np.zeros(image_shape, np.float32)

    def initialize(self, seed):
        self.mean = np.random.default_rng(seed).random(self.mean.shape, np.float32)

    def state(self):
        return {"mean": self.mean}

    def load_state(self, arrays):
        self.mean = arrays["mean"]

    def with_state(self, arrays):
        member = ToyMember(self.settings, self.mean.shape, None, ())
        member.load_state(arrays)
        return member

    def train_steps(self, examples, seed, steps):
        for step in steps:
            rows = batch_rows(child_seed(seed, "order"), len(examples), 8, step)
            self.mean = self.mean + self.settings.rate * (examples[rows].mean(axis=0) - self.mean)
        return {"brightness": float(self.mean.mean())}

    def score(self, images, ids, seed):
        return {"log_likelihood": -((images - self.mean) ** 2).sum(axis=(1, 2, 3)) / 2}


class ToyKind(ModelKind[ToySettings, object]):
    name, settings_class, member_class = "toy", ToySettings, f"{__name__}:ToyMember"

    def load_data(self, settings):
        return load_image_data(settings)

    def score_keys(self, settings):
        return ["log_likelihood"]


@pytest.fixture(scope="module", autouse=True)
def toy_is_a_kind():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(KINDS, "toy", f"{__name__}:ToyKind")  # its one line
        yield


def run(folder, name):
    """A run of four members of it, by its flags."""
    settings, given = parsed(
        ToySettings,
        f"--train_dataset={folder / 'bars.npz'}",
        f"--ood_datasets=columns={folder / 'columns.npy'}",
        f"--model_dir={folder / name}",
        "--num_models=4",
        "--viz_steps=5",
        "--eval_size=20",
        "--bootstrap=20",
        "--baselines=",
    )
    Run(kind_named("toy"), settings, given).execute()
    return RunFolder(folder / name)


@pytest.fixture(scope="module")
def whole(toy_is_a_kind, tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    write_data(folder)
    return run(folder, "whole")


def test_a_new_kind_trains_scores_and_reports(whole):
    folder = whole
    assert folder.manifest().status == "finished"
    assert (folder.path / "analysis" / "report.html").exists()
    assert len((folder.path / "analysis" / "metrics.csv").read_text().splitlines()) > 4
    assert kind_of_run(folder.manifest()).name == "toy"


def test_a_new_kind_that_was_stopped_ends_with_the_same_bytes(whole, tmp_path, capsys):
    wanted = r"checkpoint-00000020|scores/|metrics.csv"
    expected = bytes_by_path(whole.path, wanted)
    shutil.copytree(whole.path.parent, tmp_path, dirs_exist_ok=True)
    for path in (tmp_path / "whole").rglob("*.npz"):
        if path.name != "checkpoint-00000015.npz":  # as if it had been killed after step 15
            path.unlink()
    assert bytes_by_path(run(tmp_path, "whole").path, wanted) == expected
    assert len(expected) == 4 + 3 + 1
    assert "log_likelihood" in capsys.readouterr().out


def test_a_program_scores_by_a_run_of_a_new_kind(whole):
    from anomaly import EnsembleDetector

    images = np.load(whole.path.parent / "columns.npy")[:5]
    detector = EnsembleDetector(whole.path, "mean")
    states = detector.networks().values()
    pixels = images[..., None] / np.float32(255)
    distances = [((pixels - s["mean"]) ** 2).sum(axis=(1, 2, 3)) / 2 for s in states]
    np.testing.assert_allclose(detector.score(images), np.mean(distances, axis=0), rtol=1e-5)
    detector.fit(images, model="toy", max_steps=5, num_models=2)
    assert detector.score(images).shape == (5,)


@pytest.mark.parametrize("name", ["vae", "wgan", "table", "features"])
def test_a_run_is_known_by_the_settings_that_it_has_saved(name):
    kind = kind_named(name)
    settings = dataclasses.asdict(kind.settings_class())
    manifest = Manifest(settings, encoder={} if kind.takes_tables else None)
    assert kind_of_run(manifest).name == name
    assert kind_of_run(Manifest({"latent_size": 3})) is None


def test_what_members_depend_on_is_kept_whatever_their_kind():
    settings = [kind_named(name).settings_class() for name in ("vae", "table")]
    for each in settings:
        assert {"seed", "num_models", "n_samples", "compile"} <= kept_settings(each).keys()
    assert "model" in kept_settings(settings[1])


def test_kinds_are_found_by_their_names():
    kinds = {"vae": VAEKind, "wgan": WGANKind, "table": TableKind, "features": FeaturesKind}
    assert {name: type(kind_named(name)) for name in kinds} == kinds
    assert {name: kind.name for name, kind in kinds.items()} == {name: name for name in kinds}


@pytest.mark.parametrize("kind", [VAEKind, WGANKind, TableKind, FeaturesKind])
def test_settings_have_all_that_a_run_reads(kind):
    read = {*AnySettings.__annotations__} | {n for n in vars(AnySettings) if n[0] != "_"}
    assert len(read) > 15
    assert [name for name in read if not hasattr(kind.settings_class(), name)] == []
