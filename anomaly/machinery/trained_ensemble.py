"""The members of a run, and all that is needed to score rows by them: of images or of a table."""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, Self
from zlib import crc32

import numpy as np
import pandas as pd

from anomaly.machinery.detector_input import ArgumentError, checked_word
from anomaly.machinery.held_out_rows import held_out_statistics, score_held_out
from tools.data.example_set import ExampleSet
from tools.data.images.preprocessing import as_images, check_image_shape
from tools.data.tables.table_encoder import TableEncoder, encoder_from_json, fit_encoder
from tools.errors import InputError
from tools.run.checkpoints import read_checkpoint
from tools.run.options import PRESETS, member_settings, saved_value, settings_of_preset
from tools.run.resuming import open_run, settle_settings
from tools.run.run_folder import RunFolder
from tools.scores.ensemble_statistics import anomaly_scores
from tools.scores.input_statistics import input_statistics
from tools.scores.score_registry import (
    BACKGROUND,
    FITTED_SCORES,
    INPUT_PROPERTIES,
    fitted_scores,
    needed_quantities,
)
from vae_wgan.data.image_data import split_calibration
from vae_wgan.ensemble.devices import graphs_as_written
from vae_wgan.ensemble.members import Scorer, score_members, train_ensemble, trained_members
from vae_wgan.ensemble.training_loop import TrainingPlan
from vae_wgan.settings.table_settings import MODEL_SCORE_KEYS, TableSettings
from vae_wgan.settings.vae_settings import SCORE_KEYS, VAESettings
from vae_wgan.settings.wgan_settings import SCORE_KEYS as WGAN_SCORE_KEYS
from vae_wgan.settings.wgan_settings import WGANSettings
from vae_wgan.table.table_member import TableMember
from vae_wgan.vae.vae_member import VAEMember
from vae_wgan.wgan.wgan_member import WGANMember

MONITORED_ROWS = 64  # of those that are trained on; they show how training goes
_SCORING_SETTINGS = ("num_models", "n_samples", "compile")
_OF_LABELS = {"normal_label", "protocol"}  # of tables with anomalies, which fit does not take


class EnsembleKind(NamedTuple):
    """What members can be.

    Attributes:
        settings_class: Of their runs.
        new_member: From settings, shape of a row, monitored rows and the names of the values that
            `score` shall return to the model that becomes each member in turn.
        score_keys: From settings to the scores, of members and fitted ones; the first is the
            members' headline.
    """

    settings_class: type
    new_member: Callable[[Any, Sequence[int], np.ndarray, Collection[str]], Any]
    score_keys: Callable[[Any], Sequence[str]]


TABLE = "table"
# A run is of the first kind whose settings it has: those of tables include all of the VAEs'.
KINDS = {
    TABLE: EnsembleKind(
        TableSettings,
        lambda settings, row_shape, monitored, _: TableMember(settings, row_shape[0], monitored),
        lambda settings: MODEL_SCORE_KEYS[settings.model],
    ),
    "vae": EnsembleKind(
        VAESettings,
        VAEMember,
        # Those that a background ensemble has a part in are of two ensembles.
        lambda _: [
            *SCORE_KEYS,
            *(
                key
                for key in fitted_scores(of_critics=False)
                if BACKGROUND not in FITTED_SCORES[key].needs
            ),
        ],
    ),
    "wgan": EnsembleKind(
        WGANSettings,
        lambda settings, row_shape, monitored, _: WGANMember(settings, row_shape, monitored),
        lambda _: WGAN_SCORE_KEYS,
    ),
}


class TrainedEnsemble:
    """Members of one kind. A row's scores are repeatable: they depend on the row and the seed only.

    Args:
        kind: A name in KINDS.
        settings: Of the run.
        encoder: From a table to rows; None: the rows are images.
        members: Their variables by name.
        score_key: Of the scores; None: the members' headline.
        calibration: What the members and the input say of held-out rows, [member, row] by name;
            for a fitted score.

    Raises:
        ArgumentError: These members have no such score.
    """

    def __init__(
        self,
        kind: str,
        settings: Any,
        encoder: TableEncoder | None,
        members: Sequence[Mapping[str, np.ndarray]] = (),
        score_key: str | None = None,
        calibration: Mapping[str, np.ndarray] | None = None,
    ):
        self.kind = kind
        self.settings = settings
        self.encoder = encoder
        self.members = members
        self.score_key = _checked_score_key(KINDS[kind], settings, score_key)
        self.calibration = calibration
        self._scorer: Scorer | None = None
        self._row_shape: tuple[int, ...] | None = None  # that the scorer is built for

    def to_json(self) -> dict[str, Any]:
        """Kind, settings and encoder as JSON values."""
        encoder = None if self.encoder is None else self.encoder.to_json()
        return {"kind": self.kind, "settings": kept_settings(self.settings), "encoder": encoder}

    @classmethod
    def from_json(cls, record: Mapping[str, Any], *others: Any) -> Self:
        """The ensemble that had this `to_json()`; the others are members, score and calibration."""
        settings_class = KINDS[record["kind"]].settings_class
        fields = {field.name: field for field in dataclasses.fields(settings_class)}
        values = {
            name: saved_value(fields[name], settings_class, value)
            for name, value in record["settings"].items()
        }
        encoder = None if record["encoder"] is None else encoder_from_json(record["encoder"])
        settings = settings_class(**values)
        return cls(record["kind"], settings, encoder, *others)

    def rows(self, X: Any) -> np.ndarray:
        """X as float32 rows that members take; see `EnsembleDetector.score`.

        Raises:
            InputError: X does not fit to what the members were trained on.
        """
        if self.encoder is None:
            return as_images(np.asarray(X), "X")
        table = _as_table(X)
        try:
            return self.encoder.encode(table)
        except InputError as error:
            raise ArgumentError(f"X: {error}") from error

    def scores(self, rows: np.ndarray, statistic: str) -> np.ndarray:
        """Scores float64 [row], higher = more anomalous; a fitted one has no statistic."""
        statistics = self._statistics(rows)
        if self.score_key in FITTED_SCORES:
            return FITTED_SCORES[self.score_key].compute(statistics, self.calibration)
        return anomaly_scores(self.score_key, statistics[self.score_key])[statistic]

    def _statistics(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """What the members say, [member, row], and the input where the score needs it, [1, row]."""
        if rows.shape[1:] != self._row_shape:
            self._become_scorer_of(rows.shape[1:])
        ids = np.array([crc32(row) for row in rows])
        examples = ExampleSet("X", rows, ids, "")
        with graphs_as_written():
            values = score_members(self._scorer, self.members, examples, self.settings.seed)
        if needed_quantities([self.score_key]).intersection(INPUT_PROPERTIES):
            properties = input_statistics(rows, self.settings.likelihood)
            values |= {name: property[np.newaxis] for name, property in properties.items()}
        return {name: value.astype(np.float64) for name, value in values.items()}

    def _become_scorer_of(self, row_shape: tuple[int, ...]) -> None:
        """Builds the model for the shape of the rows that the members were trained on."""
        try:
            if self.encoder is None:
                check_image_shape("X", row_shape)
            none = np.empty((0, *row_shape), np.float32)
            names = needed_quantities([self.score_key])
            scorer = KINDS[self.kind].new_member(self.settings, row_shape, none, names)
            scorer.load_state(self.members[0])
        except InputError as error:
            raise ArgumentError(
                f"X: the members were trained on rows of another shape than {row_shape}"
            ) from error
        self._scorer, self._row_shape = scorer, row_shape


def _checked_score_key(kind: EnsembleKind, settings: Any, score_key: str | None) -> str:
    known = kind.score_keys(settings)
    return known[0] if score_key is None else checked_word("score", score_key, known)


def open_ensemble(folder: RunFolder, score_key: str | None = None) -> TrainedEnsemble:
    """The ensemble that `fit_ensemble` or one of the entry scripts has trained in a folder.

    Args:
        folder: Of the run.
        score_key: Of its scores; None: the members' headline.

    Raises:
        InputError: The folder holds no such run, or not all of its members; or what a fitted score
            needs of the calibration split is missing.
        ArgumentError: The members have no such score.
    """
    manifest = folder.find_manifest()
    saved, encoder = (manifest.settings, manifest.encoder) if manifest else ({}, None)
    for name, kind in KINDS.items():
        wanted = kept_settings(kind.settings_class()).keys()
        if wanted <= saved.keys() and (name == TABLE) == (encoder is not None):
            break
    else:
        raise ArgumentError(
            f"run_folder={folder.path} holds no run of vae_run.py, wgan_run.py or anomaly_run.py"
        )
    record = {"kind": name, "settings": {key: saved[key] for key in wanted}, "encoder": encoder}
    ensemble = TrainedEnsemble.from_json(record, (), score_key)
    settings = ensemble.settings
    checkpoints = trained_members(
        folder, num_models=settings.num_models, max_steps=settings.total_steps
    )
    ensemble.members = [read_checkpoint(checkpoint).arrays for checkpoint in checkpoints]
    if ensemble.score_key in FITTED_SCORES:
        ensemble.calibration = held_out_statistics(
            folder, checkpoints, settings, ensemble.score_key
        )
    return ensemble


def fit_ensemble(
    X: Any, folder: RunFolder, score_key: str | None = None, **settings: Any
) -> TrainedEnsemble:
    """Trains members on normal rows; see `EnsembleDetector.fit` and `open_ensemble`."""
    is_table = isinstance(X, pd.DataFrame) or np.ndim(X) == 2
    if is_table:
        name, table = TABLE, _as_table(X)
    else:
        images = as_images(np.asarray(X), "X")
        check_image_shape("X", images.shape[1:])
        name = checked_word("model", settings.pop("model", "vae"), sorted(KINDS.keys() - {TABLE}))
    kind = KINDS[name]
    settings = _checked_settings(kind.settings_class, folder, settings)
    score_key = _checked_score_key(kind, settings, score_key)
    encoder = _fit_encoder(table, settings) if is_table else None
    rows = encoder.encode(table) if is_table else images
    training, held_out = ExampleSet("X", rows, np.arange(len(rows)), ""), None
    if score_key in FITTED_SCORES:
        training, held_out = split_calibration(training, settings.seed)
    settle_settings(folder, settings, set())  # refuses members of other settings
    names = needed_quantities([score_key])
    member = kind.new_member(settings, rows.shape[1:], rows[:MONITORED_ROWS], names)
    plan = TrainingPlan(settings.seed, settings.total_steps, settings.viz_steps)
    with folder.locked():
        checksum = training.digest[:16]
        open_run(folder, settings, {"train_dataset": f"X, sha256 {checksum}"})
        if encoder is not None:
            folder.update_manifest(encoder=encoder.to_json())
        with graphs_as_written():
            train_ensemble(
                member, training.examples, plan, folder=folder, num_models=settings.num_models
            )
            if held_out is not None:
                score_held_out(member, held_out, settings, folder, score_key)
        folder.update_manifest(status="trained")
    return open_ensemble(folder, score_key)


def kept_settings(settings: Any) -> dict[str, Any]:
    """The settings that members and their scores depend on."""
    names = {field.name for field in dataclasses.fields(settings)}.intersection(_SCORING_SETTINGS)
    return member_settings(settings) | {name: getattr(settings, name) for name in sorted(names)}


def _checked_settings(settings_class: type, folder: RunFolder, settings: Mapping[str, Any]) -> Any:
    """The settings of a fit; refuses those that only the entry scripts act on."""
    fields = {field.name: field for field in dataclasses.fields(settings_class)}
    used = {name for name, field in fields.items() if field.metadata["shapes_members"]}
    used |= {*_SCORING_SETTINGS, "preset", "viz_steps"}
    if unused := sorted(settings.keys() & fields.keys() - used | settings.keys() & _OF_LABELS):
        raise ArgumentError(f"{', '.join(unused)}: fit makes no use of it; leave it out")
    by_hand = {"preset": "fast", "model_dir": str(folder.path), **settings}
    checked_word("preset", by_hand["preset"], PRESETS)
    try:
        return settings_of_preset(settings_class, **by_hand)
    except InputError as error:
        raise ArgumentError(str(error).removeprefix("--")) from error


def _as_table(X: Any) -> pd.DataFrame:
    """X with texts as names of its columns; those of an array are 0, 1, ..."""
    if not isinstance(X, pd.DataFrame) and np.ndim(X) != 2:
        raise ArgumentError(
            f"X: wants a pandas.DataFrame or an array [row, column], has the shape {np.shape(X)}"
        )
    table = pd.DataFrame(X).rename(columns=str)
    if table.empty:
        raise ArgumentError(f"X: is empty, its shape is {table.shape}")
    return table


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
