"""A run of any kind of model: data, training, scores, report."""

import dataclasses
import logging
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.data.example_set import ExampleSet
from tools.errors import InputError
from tools.run.manifest import RESAMPLING
from tools.run.member_faults import faults_in_words
from tools.run.progress import RunProgress
from tools.run.resuming import delete_run, open_run, settle_settings
from tools.run.run_folder import RunFolder
from tools.run.stopwatch import Stopwatch
from tools.run.timings import record_costs, timed
from tools.scores.altered_scores import strongest
from tools.scores.conformal import FALSE_ALARMS
from tools.scores.few_rows import few_rows
from tools.scores.floor_files import write_floors, write_joined_floor
from tools.scores.floors import FLOOR_WORDS, SIMPLE
from tools.scores.score_registry import NOT_OF_MEMBERS, is_simple, needed_quantities
from vae_wgan.data.image_data import ExperimentData
from vae_wgan.ensemble.launchers import check_launcher, open_launcher
from vae_wgan.ensemble.members import TrainedMember
from vae_wgan.ensemble.model_kind import AnyKind
from vae_wgan.ensemble.runner import Runner
from vae_wgan.ensemble.training_plan import TrainingPlan
from vae_wgan.run.adversarial_sets import adversarial_sets
from vae_wgan.run.example_files import write_example_files
from vae_wgan.run.score_sets import (
    score_datasets,
    write_input_statistics,
    write_latents,
    write_samples,
)
from vae_wgan.run.step_history import score_history
from vae_wgan.settings.any_settings import AnySettings

_LOG = logging.getLogger(__name__)


class Run:
    """One run from its settings to its report; `execute` runs all steps.

    Args:
        kind: Kind of the members.
        settings: Settings by the flags.
        given: Names of the flags given by hand.

    Attributes:
        kind: Kind of the members.
        folder: The run folder, which holds all files of the run.
        settings: Settings of the run, by the flags and, with --skip_train, the saved manifest.
        data: All examples; set by `prepare`.
        members: The trained members; set by `train`.
    """

    data: ExperimentData
    members: Sequence[TrainedMember]
    _attacked: Sequence[ExampleSet]
    _runner: Runner
    _progress: RunProgress

    def __init__(self, kind: AnyKind, settings: AnySettings, given: set[str]):
        self.kind = kind
        self.folder = RunFolder(settings.model_dir)
        self.settings = settle_settings(self.folder, settings, given)
        check_launcher(self.settings)

    def execute(self) -> None:
        """Loads data, trains, scores, and prints the tables."""
        with self.folder.locked():
            self.prepare()
            expected = expected_seconds(self.kind, self.settings, self.data)
            with RunProgress(expected) as self._progress:
                with self.open_runner():
                    self.train()
                    self.attack()
                    self.score()
                printed = self.analyse()
            sys.stdout.write(printed)

    def prepare(self) -> None:
        """Loads the data and writes the manifest, without loading TensorFlow.

        Raises:
            InputError: A flag or the data are unsuitable, or the folder holds another run.
        """
        # All checks of flags and data come before an earlier run is deleted.
        self.data = self.kind.load_data(self.settings)
        self.settings = self.settings.sized(len(self.data.training))
        self._attacked = self.kind.attacked_sets(self.settings, self.data)
        self._warn_of_few_rows()
        entries = self.kind.describe(self.settings, self.data)
        _check_log_dir(self.settings.log_dir)
        if self.settings.delete_existing:
            delete_run(self.folder)
        open_run(self.folder, self.settings, training_data(self.data.training))
        write_example_files(self.folder, self.data)
        shape = list(self.data.training.examples.shape[1:])
        # Clears the attacks and history of an earlier start.
        self.folder.update_manifest(
            datasets=self.data.described().to_json(),
            example_shape=shape,
            value_range=list(self.data.training.value_range or ()),
            adversarial={},
            history={},
            **{"protocol": dict(self.data.protocol), **entries},
        )

    def _warn_of_few_rows(self) -> None:
        settings, count = self.settings, len(self.data.calibration)
        targets = {
            "the thresholds of the report": FALSE_ALARMS,
            "--target_fpr": settings.target_fpr,
        }
        for line in few_rows(count, settings.score_keys, settings.num_models, targets):
            _LOG.warning(line)

    @contextmanager
    def open_runner(self) -> Iterator[None]:
        """Context with a runner that trains and scores; records the device in the manifest."""
        # Imported here, after all checks of flags and data: they load TensorFlow, which takes
        # seconds.
        from vae_wgan.ensemble.devices import device_name, processor_at_hand
        from vae_wgan.ensemble.member_runners import open_runner

        self.settings = self.settings.on_processor(processor_at_hand())
        saved = dataclasses.asdict(self.settings)
        with open_launcher(self.settings, self.data, self.folder) as launcher:
            self._runner = open_runner(
                self.kind, self.settings, self.data, launcher, self._progress
            )
            self.folder.update_manifest(device=device_name(), settings=saved)
            yield

    def train(self) -> None:
        """Trains unfinished members, unless skip_train; then reads all members."""
        settings = self.settings
        if not settings.skip_train:
            steps, every, log_dir = settings.total_steps, settings.viz_steps, settings.log_dir
            plan = TrainingPlan(settings.seed, steps, every, log_dir)
            if settings.history:
                plan = plan._replace(keep=None)
            with self._timed("training"):
                self._runner.train(plan, self.folder, settings.num_models)
        self.members = self._runner.trained(self.folder)
        restarted, left_out = faults_in_words(self.folder, settings.num_models)
        self.folder.update_manifest(restarted=restarted, left_out=left_out)

    def attack(self) -> None:
        """Adds sets attacked by the gradient of member 0's score, if --adversarial."""
        if not self._attacked:
            return
        with self._timed("attacks"):
            attacker = self.members[0].member
            sets = tuple(adversarial_sets(attacker, self._attacked, self.settings))
        self.data = dataclasses.replace(self.data, ood=(*self.data.ood, *sets))
        pairs = zip(sets, self._attacked, strict=True)
        names = {after.name: before.name for after, before in pairs}
        self.folder.update_manifest(datasets=self.data.described().to_json(), adversarial=names)

    def score(self) -> None:
        """Scores the sets that lack current scores, and records the measured costs."""
        with self._timed("scoring"):
            self._score_with_members()
            self._show_members()
        with self._timed("simple detectors"):
            self._score_floors()
        if self.data.training.examples.ndim == 4:
            # Imported here: it loads SciPy and scikit-learn, for which flags cannot wait.
            from vae_wgan.run.strange_images import score_and_show_strange_places

            with self._timed("strange places"):
                score_and_show_strange_places(self.members, self.data, self.settings, self.folder)
        with self._timed("further scoring"):
            self.kind.score_further(self.folder, self.settings, self.data, self._runner)
            joins = any(map(is_simple, needed_quantities(self.settings.score_keys)))
            test_sets = (self.data.test, *self.data.ood)
            if joins and write_joined_floor(test_sets, self.folder, is_simple):
                self.folder.add_peer(SIMPLE)
        if self.settings.history:
            with self._timed("history"):
                parts = (self.data.test, *self.data.ood)
                steps = score_history(self._runner.model, parts, self.settings, self.folder)
                self.folder.update_manifest(history={"steps": steps})

    def analyse(self) -> str:
        """Writes tables, plots and the report from the run's files; returns the tables as text."""
        from tools.analysis.run_analysis import ensemble_analysis, options_of  # loads Matplotlib

        with self._timed("analysis"):
            options = options_of(dataclasses.asdict(self.settings))
            analysis = ensemble_analysis(self.folder.path, self.settings.score_keys, options)
        self.folder.update_manifest(status="finished")
        return f"{analysis.text}\nReport: {analysis.report}\n"

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        with self._progress.part(part), timed(self.folder, part):
            yield

    def _score_with_members(self) -> None:
        scores_of, data, folder = self._runner.scores, self.data, self.folder
        needed = needed_quantities(self.settings.score_keys) - NOT_OF_MEMBERS
        common = (self.settings, folder, needed)
        score_datasets(scores_of, self.members, data.scored, *common)
        score_datasets(scores_of, self.members, data.altered, *common, pictures=False)
        inputs, likelihood = Stopwatch(), self.settings.pixel_likelihood
        write_input_statistics((*data.scored, *data.altered), likelihood, folder, inputs)
        seconds = {name: len(self.members) * cost for name, cost in self._runner.costs.items()}
        record_costs(folder, seconds | inputs.per_thousand())

    def _score_floors(self) -> None:
        """Writes the scores of simple detectors of the test sets, and names them in the manifest.

        Detectors that only an earlier start asked for are left out of the tables: their scores may
        be of other examples.
        """
        data, manifest = self.data, self.folder.manifest()
        fits = self.kind.floors(self.settings) if data.ood else {}  # else nothing is compared
        matched = (p for p in data.altered if p.alteration and p.alteration.group == RESAMPLING)
        test_sets = (data.test, *data.ood, *matched)
        stopwatch, seed = Stopwatch(), self.settings.seed
        left_out = write_floors(fits, data.training, test_sets, self.folder, seed, stopwatch)
        record_costs(self.folder, stopwatch.per_thousand())
        others = [name for name in manifest.peers or () if name not in FLOOR_WORDS]
        before = {name: why for name, why in manifest.left_out.items() if name not in FLOOR_WORDS}
        self.folder.update_manifest(
            peers=[*(name for name in fits if name not in left_out), *others],
            left_out={**before, **left_out},
        )

    def _show_members(self) -> None:
        """Writes the members' samples, and member 0's latent codes of the sets in the report."""
        altered = self.data.altered
        alterations = {part.name: part.alteration for part in altered if part.alteration}
        names = strongest(alterations).values()
        shown = {name for of_kind in names for name in of_kind}
        coded = (self.data.test, *self.data.ood, *(p for p in altered if p.name in shown))
        write_samples(self.members, self.folder)
        write_latents(self.members[0], coded, self.folder)


def expected_seconds(
    kind: AnyKind, settings: AnySettings, data: ExperimentData
) -> Mapping[str, float]:
    """What the parts of a run take on two cores, by name: roughly, for the bar."""
    count = sum(map(len, (*data.scored, *data.altered)))
    scoring = settings.num_models * count * kind.example_seconds
    training = settings.num_models * settings.total_steps * kind.step_seconds
    records = settings.total_steps // settings.viz_steps if settings.history else 0
    return {
        "training": 0.0 if settings.skip_train else training,
        "scoring": scoring,
        "simple detectors": 10.0,
        "strange places": 0.0 if kind.takes_tables else 5.0 + 0.002 * count,
        "further scoring": 5.0,
        "history": records * scoring,
        "analysis": 15.0,
    }


def training_data(training: ExampleSet) -> dict[str, str]:
    """Name and checksum of the training set for the manifest; its path does not matter."""
    return {"train_dataset": f"{training.name}, sha256 {training.checksum[:16]}"}


def _check_log_dir(log_dir: str) -> None:
    if not log_dir:
        return
    try:
        Path(log_dir).mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=log_dir).close()
    except OSError as error:  # TensorFlow would fail later, less clearly
        raise InputError(f"--log_dir={log_dir} cannot be written: {error.strerror}") from error
