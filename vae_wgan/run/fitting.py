"""Trains an ensemble on rows in memory: images or a table."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tools.data.example_set import ExampleSet
from tools.data.images.preprocessing import as_images, check_image_shape
from tools.data.tables.table_encoder import TableEncoder, fit_encoder
from tools.errors import ArgumentError, InputError, checked_word
from tools.run.options import PRESETS, settings_of_preset
from tools.run.resuming import open_run, settle_settings
from tools.run.run_folder import RunFolder
from tools.run.stopwatch import Stopwatch
from tools.scores.floors import SIMPLE
from tools.scores.score_registry import (
    FITTED_SCORES,
    NOT_OF_MEMBERS,
    SIMPLE_PARTS,
    STRANGEST_PLACE,
    needed_quantities,
)
from vae_wgan.data.image_data import ExperimentData, split_calibration
from vae_wgan.data.picture_groups import groups_by_sight
from vae_wgan.data.table_rows import as_table
from vae_wgan.ensemble.devices import graphs_as_written, processor_at_hand
from vae_wgan.ensemble.member_runners import LocalRunner
from vae_wgan.ensemble.members import TrainedMember
from vae_wgan.ensemble.model_kind import AnyKind
from vae_wgan.ensemble.training_plan import TrainingPlan
from vae_wgan.kinds import KINDS, kept_settings, kind_named
from vae_wgan.run.member_maps import score_strangest_places, write_places
from vae_wgan.run.picture_scores import score_simple_pictures
from vae_wgan.run.run import training_data
from vae_wgan.run.score_sets import score_datasets, write_input_statistics
from vae_wgan.run.trained_ensemble import (
    TrainedEnsemble,
    checked_score_key,
    open_ensemble,
)
from vae_wgan.settings.any_settings import AnySettings
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.table.simple_scores import score_simple

MONITORED_ROWS = 64  # training rows on which training is monitored
_OF_LABELS = {"normal_label", "protocol"}  # for tables with anomalies, which fit does not accept


def fit_ensemble(
    X: Any, folder: RunFolder, score_key: str | None = None, **settings: Any
) -> TrainedEnsemble:
    """Trains members on normal rows; see `EnsembleDetector.fit` and `open_ensemble`.

    Images may be an ExampleSet, which knows the range of their values.

    Raises:
        InputError: The rows or a setting are unsuitable, or the folder holds another run.
        TypeError: There is no such setting.
    """
    is_table = isinstance(X, pd.DataFrame) or (not isinstance(X, ExampleSet) and np.ndim(X) == 2)
    kind = kind_named("table") if is_table else _image_kind(settings.pop("model", "vae"))
    table = as_table(X) if is_table else None
    images = None if is_table else _image_set(X)
    checked = _checked_settings(kind.settings_class, folder, settings)
    score_key = checked_score_key(kind, checked, score_key)
    # The folder is one for --score_file too, which flags by what the manifest says.
    checked = dataclasses.replace(checked, score_keys=(score_key,))
    encoder = None if table is None else _fit_encoder(table, checked)
    known = images if encoder is None else _set_of(encoder.encode(table))
    # Refuses a folder with other settings.
    checked = settle_settings(folder, checked, set())
    with folder.locked():
        _train(kind, checked, folder, known, score_key, encoder)
        folder.update_manifest(status="trained")
    return open_ensemble(folder, score_key)


def _set_of(rows: np.ndarray) -> ExampleSet:
    return ExampleSet("X", rows, np.arange(len(rows)), "")


def _image_set(X: Any) -> ExampleSet:
    is_set = isinstance(X, ExampleSet)
    images = dataclasses.replace(X, name="X") if is_set else _set_of(as_images(np.asarray(X), "X"))
    check_image_shape("X", images.examples.shape[1:])
    return images


def _train(
    kind: AnyKind,
    settings: AnySettings,
    folder: RunFolder,
    known: ExampleSet,
    score_key: str,
    encoder: TableEncoder | None,
) -> None:
    """Trains the members; for a fitted score, also scores the calibration split."""
    training, calibration = known, known.take(np.arange(0))
    if is_fitted := score_key in FITTED_SCORES:
        if encoder is None:
            training = dataclasses.replace(training, groups=groups_by_sight(training))
        training, calibration = split_calibration(training, settings.seed)
    training = dataclasses.replace(training, checksum=training.digest)
    settings = settings.sized(len(training))
    monitored = np.asarray(known.examples[:MONITORED_ROWS])
    data = ExperimentData(training, calibration, monitored, calibration, (), {})
    open_run(folder, settings, training_data(training))
    folder.update_manifest(
        example_shape=list(known.examples.shape[1:]),
        value_range=list(known.value_range or ()),
        **({} if encoder is None else {"encoder": encoder.to_json()}),
    )
    runner = LocalRunner(kind, settings, data)
    plan = TrainingPlan(settings.seed, settings.total_steps, settings.viz_steps)
    with graphs_as_written():
        runner.train(plan, folder, settings.num_models)
        if not is_fitted:
            return
        needed, members = needed_quantities([score_key]), runner.trained(folder)
        of_members = (settings, folder, needed - NOT_OF_MEMBERS)
        score_datasets(runner.scores, members, [calibration], *of_members, pictures=False)
    if encoder is None:
        _describe_images(members, training, calibration, settings, folder, needed)
    elif SIMPLE in needed:
        score_simple(folder, training, [calibration], encoder, settings.seed)


def _describe_images(
    members: Sequence[TrainedMember],
    training: ExampleSet,
    calibration: ExampleSet,
    settings: AnySettings,
    folder: RunFolder,
    needed: Collection[str],
) -> None:
    """Writes what a score needs besides the members, and what maps of images are measured by."""
    write_input_statistics([calibration], settings.pixel_likelihood, folder, Stopwatch())
    if any(name.startswith(SIMPLE_PARTS) for name in needed):
        score_simple_pictures(folder, training, calibration, [calibration], settings.seed)
    write_places([one.member for one in members], calibration, folder)
    if STRANGEST_PLACE in needed:
        score_strangest_places(members, calibration, [calibration], folder)


def _image_kind(name: str) -> AnyKind:
    kinds = {name: kind_named(name) for name in sorted(KINDS)}
    known = [name for name, kind in kinds.items() if not kind.takes_tables]
    return kinds[checked_word("model", name, known)]


def _checked_settings(
    settings_class: type, folder: RunFolder, settings: Mapping[str, Any]
) -> AnySettings:
    """The settings of a fit; refuses those that only the entry scripts use."""
    known = {field.name for field in dataclasses.fields(settings_class)}
    used = {*kept_settings(settings_class()), "preset", "viz_steps", "target_fpr"}
    if unused := sorted(settings.keys() & known - used | settings.keys() & _OF_LABELS):
        raise ArgumentError(f"{', '.join(unused)}: fit makes no use of it; leave it out")
    by_hand = {"preset": "fast", "model_dir": str(folder.path), **settings}
    checked_word("preset", by_hand["preset"], PRESETS)
    try:
        return settings_of_preset(settings_class, **by_hand).on_processor(processor_at_hand())
    except InputError as error:
        raise ArgumentError(str(error).removeprefix("--")) from error


def _fit_encoder(table: pd.DataFrame, settings: TableSettings) -> TableEncoder:
    if settings.label_column:
        raise ArgumentError("label_column: fit takes normal rows only, without labels")
    for column in (settings.time_column, *settings.drop_columns):
        if column and column not in table:
            raise ArgumentError(f"X has no column {column}; it has {', '.join(table)}")
    try:
        return fit_encoder(
            table,
            np.arange(len(table)),
            time_column=settings.time_column,
            absolute_time=settings.absolute_time,
            not_features=dict.fromkeys(settings.drop_columns, "by drop_columns"),
        )
    except InputError as error:
        raise ArgumentError(f"X: {error}") from error
