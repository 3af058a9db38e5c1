"""The story of one run, whatever it trains: data, members, scores, report."""

import dataclasses
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.data.example_set import ExampleSet
from tools.errors import InputError
from tools.run.resuming import delete_run, open_run, settle_settings
from tools.run.run_folder import RunFolder
from tools.run.stopwatch import Stopwatch
from tools.run.timings import record_costs, timed
from tools.scores.altered_scores import strongest
from tools.scores.score_registry import NOT_OF_MEMBERS, needed_quantities
from vae_wgan.data.image_data import ExperimentData
from vae_wgan.ensemble.launchers import Launcher, check_launcher, open_launcher


def run_experiment(
    settings: Any,
    given: set[str],
    *,
    load_data: Callable[[Any], ExperimentData],
    make_member: Callable[[Any, ExperimentData], Any],
    describe: Callable[[Any, ExperimentData], Mapping[str, Any]],
    score_more: Callable[[RunFolder, Any, ExperimentData, Any], None] | None = None,
    attacks: Callable[[Any, ExperimentData], Sequence[ExampleSet]] = lambda settings, data: (),
) -> None:
    """Trains the members (unless skip_train), scores every set, writes tables, plots and report.

    Args:
        settings: Of the run.
        given: Names of the flags given by hand.
        load_data: From the settings to all data, checked; without TensorFlow.
        make_member: From settings and data to the model that becomes each member in turn; it
            trains and scores. TensorFlow may be imported when it is called, not before.
        describe: From settings and data to what else the manifest says.
        score_more: Writes what the members do not say of the examples, given folder, settings,
            data and the runner; None: nothing.
        attacks: From settings and data to the sets that are made more normal for member 0 by the
            gradient of its score, and scored as further out-of-distribution sets.
    """
    folder = RunFolder(settings.model_dir)
    settings = settle_settings(folder, settings, given)
    check_launcher(settings)
    with folder.locked():
        # All that may refuse the flags comes before an earlier run is deleted.
        data = load_data(settings)
        starts = attacks(settings, data)
        _prepare_folder(folder, settings, data, describe(settings, data))
        with open_launcher(settings, data, folder) as launcher:
            runner = _runner(folder, settings, data, make_member, launcher)
            checkpoints = _train(folder, settings, runner)
            data = _with_attacks(folder, settings, data, starts, (runner, checkpoints))
            with timed(folder, "scoring"):
                _score(folder, settings, data, runner, checkpoints)
            if score_more is not None:
                with timed(folder, "further scoring"):
                    score_more(folder, settings, data, runner)
            if settings.history:
                with timed(folder, "history"):
                    _score_history(folder, settings, data, runner.model)
        from tools.analysis.run_analysis import ensemble_analysis, options_of

        with timed(folder, "analysis"):
            options = options_of(dataclasses.asdict(settings))
            analysis = ensemble_analysis(folder.path, settings.score_keys, options)
        folder.update_manifest(status="finished")
    sys.stdout.write(f"{analysis.text}\nReport: {analysis.report}\n")


def training_data(training: ExampleSet) -> dict[str, str]:
    """What members are trained on, for the manifest: the content counts, wherever it lies."""
    return {"train_dataset": f"{training.name}, sha256 {training.checksum[:16]}"}


def _prepare_folder(
    folder: RunFolder, settings: Any, data: ExperimentData, entries: Mapping[str, Any]
) -> None:
    """Writes the manifest; before that deletes an earlier run where that is asked for.

    Raises:
        InputError: The run's folder holds another run, or log_dir cannot be written.
    """
    if settings.log_dir:
        try:
            Path(settings.log_dir).mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=settings.log_dir).close()
        except OSError as error:  # TensorFlow would say so in its own way, and later
            reason = error.strerror
            raise InputError(f"--log_dir={settings.log_dir} cannot be written: {reason}") from error
    if settings.delete_existing:
        delete_run(folder)
    open_run(folder, settings, training_data(data.training))
    # An earlier start may have had attacks and a history that this one has not.
    folder.update_manifest(datasets=_described(data), adversarial={}, history={}, **entries)


def _described(data: ExperimentData) -> dict[str, Any]:
    """The data, for the manifest."""
    alterations = {part.name: dataclasses.asdict(part.alteration) for part in data.altered}
    described = {
        "in_distribution": data.test.name,
        "out_of_distribution": [example_set.name for example_set in data.ood],
        "missing": data.missing,
        "altered": [example_set.name for example_set in data.altered],
        "checksums": {example_set.name: example_set.checksum for example_set in data.scored},
        "sizes": {"training": len(data.training)}
        | {example_set.name: len(example_set) for example_set in data.scored},
    }
    return described | ({"alterations": alterations} if alterations else {})


def _runner(
    folder: RunFolder,
    settings: Any,
    data: ExperimentData,
    make_member: Callable[[Any, ExperimentData], Any],
    launcher: Launcher | None,
) -> Any:
    """Who trains and scores the members; the manifest gets the device."""
    # Imported here because these load TensorFlow, which takes seconds: wrong input ends before it.
    from vae_wgan.ensemble.devices import device_name, prepare_devices
    from vae_wgan.ensemble.member_runners import ModelSource, runner_of

    prepare_devices(settings.cpus_per_member)
    folder.update_manifest(device=device_name())
    return runner_of(ModelSource(make_member, settings, data), launcher)


def _train(folder: RunFolder, settings: Any, runner: Any) -> Sequence[Path]:
    """Trains what is missing of the members; their files."""
    from vae_wgan.ensemble.members import trained_members
    from vae_wgan.ensemble.training_loop import TrainingPlan

    if not settings.skip_train:
        plan = TrainingPlan(
            settings.seed, settings.total_steps, settings.viz_steps, settings.log_dir
        )
        if settings.history:
            plan = plan._replace(keep=None)
        with timed(folder, "training"):
            runner.train(plan, folder, settings.num_models)
    return trained_members(folder, num_models=settings.num_models, max_steps=settings.total_steps)


def _with_attacks(
    folder: RunFolder,
    settings: Any,
    data: ExperimentData,
    starts: Sequence[ExampleSet],
    attacked: tuple[Any, Sequence[Path]],
) -> ExperimentData:
    """The data with a set more for each of those that are attacked; the manifest says so."""
    if not starts:
        return data
    from vae_wgan.run.adversarial_sets import adversarial_sets

    runner, checkpoints = attacked
    with timed(folder, "attacks"):
        sets = tuple(adversarial_sets(runner.model, checkpoints[0], starts, settings))
    data = dataclasses.replace(data, ood=(*data.ood, *sets))
    names = {after.name: before.name for after, before in zip(sets, starts, strict=True)}
    folder.update_manifest(datasets=_described(data), adversarial=names)
    return data


def _score(
    folder: RunFolder,
    settings: Any,
    data: ExperimentData,
    runner: Any,
    checkpoints: Sequence[Path],
) -> None:
    """Scores what is missing of the sets; the manifest's costs are of what was not up to date."""
    from vae_wgan.run.score_sets import (
        score_datasets,
        write_input_statistics,
        write_latents,
        write_samples,
    )

    altered = data.altered
    needed = needed_quantities(settings.score_keys) - NOT_OF_MEMBERS
    score_datasets(runner, checkpoints, data.scored, settings, folder, needed)
    score_datasets(runner, checkpoints, altered, settings, folder, needed, pictures=False)
    write_samples(runner.model, checkpoints, folder)
    shown = {
        name
        for names in strongest({part.name: part.alteration for part in altered}).values()
        for name in names
    }
    coded = (data.test, *data.ood, *(part for part in altered if part.name in shown))
    write_latents(runner.model, checkpoints[0], coded, folder)
    inputs = Stopwatch()
    likelihood = getattr(settings, "likelihood", "none")  # a critic has none
    write_input_statistics((*data.scored, *altered), likelihood, folder, inputs)
    seconds = {name: len(checkpoints) * cost for name, cost in runner.costs.items()}
    record_costs(folder, seconds | inputs.per_thousand())


def _score_history(folder: RunFolder, settings: Any, data: ExperimentData, member: Any) -> None:
    """Scores what is missing of the kept checkpoints; the manifest says which steps there are."""
    from vae_wgan.run.step_history import score_history

    steps = score_history(member, (data.test, *data.ood), settings, folder)
    folder.update_manifest(history={"steps": steps})
