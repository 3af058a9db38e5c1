"""A model of three numbers that trains and scores as a real one does, in microseconds."""

import copy
from types import SimpleNamespace

import numpy as np

from tools.data.example_set import ExampleSet
from tools.run.seeds import normal_rows
from vae_wgan.ensemble.member import Member
from vae_wgan.ensemble.model_kind import ModelKind
from vae_wgan.settings.vae_settings import VAESettings


def made_up_set(name: str, count: int, first_id: int = 0) -> ExampleSet:
    """Images 4x4x1, all different, with ids from first_id on."""
    ids = np.arange(first_id, first_id + count)
    images = np.random.default_rng(count).random((count, 4, 4, 1), np.float32)
    return ExampleSet(name, images, ids, f"checksum of {name}")


class FakeModel(Member):
    """A member whose every step and score depends on weights, images and seeds."""

    def __init__(self):
        self.steps: list[int] = []  # all that were ever trained
        self.diverges_at: int | None = None
        self.weights = self.velocity = np.zeros(3)

    def initialize(self, seed):
        self.weights = np.random.default_rng(seed).normal(size=3)
        self.velocity = np.zeros(3)

    def state(self):
        return {"weights": self.weights.copy(), "optimizer/velocity": self.velocity.copy()}

    def load_state(self, arrays):
        self.weights, self.velocity = arrays["weights"], arrays["optimizer/velocity"]

    def with_state(self, arrays):
        member = copy.copy(self)
        member.load_state(arrays)
        return member

    def train_steps(self, examples, seed, steps):
        for step in steps:
            self.train_step(examples, seed, step)
        return {"elbo": self.weights.sum()}

    def train_step(self, examples, seed, step):
        noise = np.random.default_rng((seed, step)).normal(size=3)
        self.velocity = 0.9 * self.velocity + examples[step % 7 :].mean(axis=(1, 2, 3))[:3] * noise
        self.weights = self.weights + self.velocity
        if step + 1 == self.diverges_at:
            self.weights = self.weights * np.nan
        self.steps.append(step)

    def monitor(self):
        return {"elbo": float(self.weights.sum()), "learning_rate": 0.1}

    def pictures(self):
        return {"inputs": np.full((1, 4, 4, 1), 0.5, np.float32)}

    def score(self, images, ids, seed):
        noise = normal_rows(seed, ids, (2,)).sum(axis=1)
        iwae = images.sum(axis=tuple(range(1, images.ndim))) + self.weights[0] + 0.01 * noise
        return {"iwae": iwae, "rate": noise}

    def reconstructions(self, images):
        return np.abs(images - 0.1 * self.weights[0]).clip(0, 1)


class FakeKind(ModelKind):
    """Runs of one model object on given data; the settings are a VAE's."""

    name = "fake"
    settings_class = VAESettings
    member_class = "fake_model:FakeModel"

    def __init__(self, model=None, data=None):
        self.model, self.data = model, data

    def load_data(self, settings):
        return self.data

    def score_keys(self, settings):
        return ["iwae", "rate"]

    def new_member(self, settings, example_shape, monitored, quantities):
        return self.model or FakeModel()


def fake_runner(model: FakeModel, training: ExampleSet | None = None, **settings):
    """Trains and scores members of the model in this process."""
    from vae_wgan.ensemble.member_runners import LocalRunner  # here: it loads TensorFlow

    training = training or made_up_set("train", 10)
    data = SimpleNamespace(training=training, monitored=training.examples[:1])
    return LocalRunner(FakeKind(model), VAESettings(model_dir="unused", **settings), data)
