"""The members of a run, and all that is needed to score rows by them: of images or of a table."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self
from zlib import crc32

import numpy as np
import pandas as pd

from anomaly.detector_input import ArgumentError, checked_word
from tools.data.example_set import ExampleSet, digest_of
from tools.data.preprocessing import as_images, check_image_shape
from tools.data.table_encoder import TableEncoder, encoder_from_json, fit_encoder
from tools.errors import InputError
from tools.run.checkpoints import read_checkpoint
from tools.run.devices import graphs_as_written
from tools.run.folder import RunFolder, open_run, settle_settings
from tools.run.settings import PRESETS, member_settings, saved_value, settings_of_preset
from tools.run.training_loop import TrainingPlan
from tools.scores.registry import FITTED_SCORES
from vae_wgan.ensemble import Scorer, score_members, train_ensemble, trained_members
from vae_wgan.table_member import TableMember
from vae_wgan.table_settings import MODEL_SCORE_KEYS, TableSettings
from vae_wgan.vae_member import VAEMember
from vae_wgan.vae_settings import SCORE_KEYS, VAESettings
from vae_wgan.wgan_member import WGANMember
from vae_wgan.wgan_settings import SCORE_KEYS as WGAN_SCORE_KEYS
from vae_wgan.wgan_settings import WGANSettings

MONITORED_ROWS = 64  # of those that are trained on; they show how training goes
_SCORING_SETTINGS = ("num_models", "n_samples", "compile")
_OF_LABELS = {"normal_label", "protocol"}  # of tables with anomalies, which fit does not take


class EnsembleKind(NamedTuple):
    """What members can be.

    Attributes:
        settings_class: Of their runs.
        new_member: From settings, shape of a row and monitored rows to the model that becomes each
            member in turn.
        score_keys: From settings to the members' scores; the first is their headline.
    """

    settings_class: type
    new_member: Callable[[Any, Sequence[int], np.ndarray], Any]
    score_keys: Callable[[Any], Sequence[str]]


def _new_table_member(
    settings: TableSettings, row_shape: Sequence[int], monitored: np.ndarray
) -> TableMember:
    return TableMember(settings, row_shape[0], monitored)


TABLE = "table"
# A run is of the first kind whose settings it has: those of tables include all of the VAEs'.
KINDS = {
    TABLE: EnsembleKind(
        TableSettings,
        _new_table_member,
        lambda settings: [k for k in MODEL_SCORE_KEYS[settings.model] if k not in FITTED_SCORES],
    ),
    "vae": EnsembleKind(VAESettings, VAEMember, lambda settings: SCORE_KEYS),
    "wgan": EnsembleKind(WGANSettings, WGANMember, lambda settings: WGAN_SCORE_KEYS),
}


class TrainedEnsemble:
    """Members of one kind. A row's scores are repeatable: they depend on the row and the seed only.

    Args:
        kind: A name in KINDS.
        settings: Of the run.
        encoder: From a table to rows; None: the rows are images.
        members: Their variables by name.
    """

    def __init__(
        self,
        kind: str,
        settings: Any,
        encoder: TableEncoder | None,
        members: Sequence[Mapping[str, np.ndarray]],
    ):
        self.kind = kind
        self.settings = settings
        self.encoder = encoder
        self.members = members
        self._scorer: Scorer | None = None
        self._row_shape: tuple[int, ...] | None = None  # that the scorer is built for

    @property
    def score_keys(self) -> Sequence[str]:
        """The scores that members have."""
        return KINDS[self.kind].score_keys(self.settings)

    def to_json(self) -> dict[str, Any]:
        """All but the members, as JSON values."""
        encoder = None if self.encoder is None else self.encoder.to_json()
        return {"kind": self.kind, "settings": kept_settings(self.settings), "encoder": encoder}

    @classmethod
    def from_json(
        cls, record: Mapping[str, Any], members: Sequence[Mapping[str, np.ndarray]]
    ) -> Self:
        """The ensemble that had this `to_json()` and these members."""
        settings_class = KINDS[record["kind"]].settings_class
        fields = {field.name: field for field in dataclasses.fields(settings_class)}
        values = {
            name: saved_value(fields[name], settings_class, value)
            for name, value in record["settings"].items()
        }
        encoder = None if record["encoder"] is None else encoder_from_json(record["encoder"])
        settings = settings_class(**values)
        return cls(record["kind"], settings, encoder, members)

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

    def values(self, rows: np.ndarray, score_key: str) -> np.ndarray:
        """The members' values of one score, [member, row]."""
        if rows.shape[1:] != self._row_shape:
            self._become_scorer_of(rows.shape[1:])
        ids = np.array([crc32(row) for row in rows])
        examples = ExampleSet("X", rows, ids, "")
        with graphs_as_written():
            scores = score_members(self._scorer, self.members, examples, self.settings.seed)
        return scores[score_key]

    def _become_scorer_of(self, row_shape: tuple[int, ...]) -> None:
        """Builds the model for the shape of the rows that the members were trained on."""
        try:
            if self.encoder is None:
                check_image_shape("X", row_shape)
            none = np.empty((0, *row_shape), np.float32)
            scorer = KINDS[self.kind].new_member(self.settings, row_shape, none)
            scorer.load_state(self.members[0])
        except InputError as error:
            raise ArgumentError(
                f"X: the members were trained on rows of another shape than {row_shape}"
            ) from error
        self._scorer, self._row_shape = scorer, row_shape


def open_ensemble(folder: RunFolder) -> TrainedEnsemble:
    """The ensemble that `fit_ensemble` or one of the entry scripts has trained in a folder.

    Raises:
        InputError: The folder holds no such run, or not all of its members.
    """
    manifest = folder.manifest()
    saved, encoder = manifest.get("settings", {}), manifest.get("encoder")
    for name, kind in KINDS.items():
        wanted = kept_settings(kind.settings_class()).keys()
        if wanted <= saved.keys() and (name == TABLE) == (encoder is not None):
            break
    else:
        raise ArgumentError(
            f"run_folder={folder.path} holds no run of vae_run.py, wgan_run.py or anomaly_run.py"
        )
    record = {"kind": name, "settings": {key: saved[key] for key in wanted}, "encoder": encoder}
    ensemble = TrainedEnsemble.from_json(record, ())
    settings = ensemble.settings
    checkpoints = trained_members(
        folder, num_models=settings.num_models, max_steps=settings.total_steps
    )
    ensemble.members = [read_checkpoint(checkpoint).arrays for checkpoint in checkpoints]
    return ensemble


def fit_ensemble(X: Any, folder: RunFolder, **settings: Any) -> TrainedEnsemble:
    """Trains members on normal rows; see `EnsembleDetector.fit`."""
    is_table = isinstance(X, pd.DataFrame) or np.ndim(X) == 2
    if is_table:
        name, table = TABLE, _as_table(X)
    else:
        images = as_images(np.asarray(X), "X")
        check_image_shape("X", images.shape[1:])
        name = checked_word("model", settings.pop("model", "vae"), sorted(KINDS.keys() - {TABLE}))
    kind = KINDS[name]
    settings = _checked_settings(kind.settings_class, folder, settings)
    encoder = _fit_encoder(table, settings) if is_table else None
    rows = encoder.encode(table) if is_table else images
    settle_settings(folder, settings, set())  # refuses members of other settings
    member = kind.new_member(settings, rows.shape[1:], rows[:MONITORED_ROWS])
    plan = TrainingPlan(settings.seed, settings.total_steps, settings.viz_steps)
    with folder.locked():
        checksum = digest_of(rows)[:16]
        open_run(folder, settings, {"train_dataset": f"X, sha256 {checksum}"})
        if encoder is not None:
            folder.update_manifest(encoder=encoder.to_json())
        with graphs_as_written():
            train_ensemble(member, rows, plan, folder=folder, num_models=settings.num_models)
        folder.update_manifest(status="trained")
    return open_ensemble(folder)


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
