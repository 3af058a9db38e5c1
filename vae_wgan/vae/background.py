"""Background ensembles for the likelihood ratio: members trained on noisy images.

A background member is trained like the run's own members, but on images in which noise has replaced
a share of the pixels, so that it learns the background only. In the likelihood ratio, log p(x)
minus the background's log p(x), the background cancels and the content remains. Ren et al. 2019,
https://arxiv.org/abs/1906.02845.
"""

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tools.data.example_set import ExampleSet
from tools.run.run_folder import RunFolder
from tools.run.seeds import child_seed
from tools.run.stopwatch import Stopwatch
from tools.run.timings import record_costs, timed
from tools.scores.metrics import detection_metrics
from tools.scores.score_files import read_scores, write_scores
from tools.scores.score_registry import BACKGROUND, FITTED_SCORES
from vae_wgan.ensemble.members import TrainedMember
from vae_wgan.ensemble.runner import Runner
from vae_wgan.ensemble.training_plan import TrainingPlan
from vae_wgan.settings.vae_settings import VAESettings

_LOG = logging.getLogger(__name__)
PROXY = "calibration, quadrants swapped"


class Ensemble(NamedTuple):
    """Trained members, and the root seed of their scoring noise."""

    members: Sequence[TrainedMember]
    seed: int

    def log_likelihood(self, runner: Runner, example_set: ExampleSet) -> np.ndarray:
        """IWAE bound of log p(x): [member, example], nats."""
        ((_, scores),) = runner.scores(self.members, [example_set], self.seed)
        return scores["iwae"]


def add_background(
    settings: VAESettings,
    folder: RunFolder,
    *,
    make_runner: Callable[[float], Runner],
    calibration: ExampleSet,
    scored: Sequence[ExampleSet],
) -> None:
    """Adds `background_iwae` to the score files that lack it or have it from other members.

    Unfinished background ensembles are trained first, unless `skip_train`. The chosen rate, the
    AUROCs behind the choice and the cost of the pass are recorded in the manifest.

    Args:
        settings: Settings of the run.
        folder: The run folder, in which the run's own members have scored all sets.
        make_runner: Maps the share of noisy pixels to a runner of such members; its scores need
            only the sampling pass.
        calibration: Calibration images; if there are several rates, they decide which is best.
        scored: All sets of the run.

    Raises:
        InputError: A background member is missing under `skip_train`.
    """
    rates = list(dict.fromkeys(map(float, settings.background_rates)))
    runners = {rate: make_runner(rate) for rate in rates}
    if not settings.skip_train:
        with timed(folder, "background training"):
            for rate, runner in runners.items():
                _train(settings, folder, rate, runner)
    runner = runners[rates[0]]  # any of them: noise is for training alone
    backgrounds = {
        rate: Ensemble(runner.trained(folder.background(rate)), _seed(settings, rate))
        for rate in rates
    }
    aurocs = {}
    if len(rates) > 1:
        members = Ensemble(runner.trained(folder), settings.seed)
        aurocs = proxy_aurocs(runner, members, backgrounds, calibration)
    rate = max(rates, key=lambda rate: aurocs.get(rate, 0))
    folder.update_manifest(background={"rate": rate, "proxy": PROXY, "proxy_auroc": aurocs})
    _score(runner, backgrounds[rate], rate, scored, folder)


def proxy_aurocs(
    runner: Runner, members: Ensemble, backgrounds: Mapping[float, Ensemble], images: ExampleSet
) -> dict[float, float]:
    """AUROC of the likelihood ratio with each background, images against a proxy: {rate: AUROC}.

    The proxy is a copy of the images with their quadrants swapped. It has the same pixel values,
    hence the same brightness and number of dark pixels, and nearly the same edges, but other
    content, which the ratio is meant to detect. No out-of-distribution set is used, so the choice
    does not bias their results.

    Args:
        runner: Runner that scores with either kind of member.
        members: The run's own ensemble.
        backgrounds: The background ensembles by rate.
        images: Calibration images, which no member was trained on.
    """
    sets = (images, dataclasses.replace(images, examples=swapped_quadrants(images.examples)))
    likelihoods = [members.log_likelihood(runner, part) for part in sets]
    aurocs = {}
    for rate, background in backgrounds.items():
        statistics = (
            {"iwae": likelihood, BACKGROUND: background.log_likelihood(runner, part)}
            for likelihood, part in zip(likelihoods, sets, strict=True)
        )
        ratios = (FITTED_SCORES["likelihood_ratio"].compute(part, {}) for part in statistics)
        metrics = detection_metrics(*ratios, in_distribution=images.name, dataset=PROXY)
        aurocs[rate] = metrics.auroc
        _LOG.info("background %s: AUROC %.4f on the proxy", rate, metrics.auroc)
    return aurocs


def swapped_quadrants(images: np.ndarray) -> np.ndarray:
    """Swaps diagonally opposite quadrants of images [image, height, width, channel]."""
    height, width = images.shape[1:3]
    return np.roll(images, (height // 2, width // 2), axis=(1, 2))


def _seed(settings: VAESettings, rate: float) -> int:
    return child_seed(settings.seed, "background", str(rate))


def _train(settings: VAESettings, folder: RunFolder, rate: float, runner: Runner) -> None:
    _LOG.info("background ensemble, %s of the pixels noisy", rate)
    name = folder.background(rate).path.name
    log_dir = settings.log_dir and str(Path(settings.log_dir, name))
    plan = TrainingPlan(_seed(settings, rate), settings.total_steps, settings.viz_steps, log_dir)
    runner.train(plan, folder.background(rate), settings.num_models)


def _score(
    runner: Runner,
    background: Ensemble,
    rate: float,
    scored: Sequence[ExampleSet],
    folder: RunFolder,
) -> None:
    """Adds the background's scores to files that lack them, and the cost to the manifest."""
    digests = [member.digest for member in background.members]
    added = {"background": {"rate": rate, "members": digests}}
    stopwatch = Stopwatch()
    for example_set in scored:
        path = folder.scores(example_set.name)
        file = read_scores(path)
        if file.provenance == file.provenance | added:
            continue
        _LOG.info("%s: scoring with the background ensemble", example_set.name)
        with stopwatch.timed("background", len(example_set)):
            values = background.log_likelihood(runner, example_set)
        if len(values) != file.n_members:  # members of one of the ensembles are left out
            values = np.repeat(values.mean(axis=0, keepdims=True), file.n_members, axis=0)
        scores = {**file.scores, BACKGROUND: values}
        write_scores(path, scores, file.ids, file.provenance | added)
    record_costs(folder, stopwatch.per_thousand())
