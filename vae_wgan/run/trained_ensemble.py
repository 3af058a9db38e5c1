"""The trained ensemble of a finished run, which scores new rows."""

import dataclasses
import functools
import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self
from zlib import crc32

import numpy as np

from tools.data.example_set import ExampleSet
from tools.data.images.picture_files import PictureForm, form_of_shape
from tools.data.images.preprocessing import FITS, Range, ReadOptions, as_images, check_image_shape
from tools.data.tables.table_encoder import TableEncoder, encoder_from_json
from tools.errors import ArgumentError, InputError, checked_word
from tools.run.checkpoints import file_digest
from tools.run.manifest import Manifest
from tools.run.options import saved_value
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.scores.conformal import Scorer, cross_fitted_scores
from tools.scores.ensemble_statistics import anomaly_scores
from tools.scores.floors import SIMPLE
from tools.scores.input_statistics import PROVENANCE, input_statistics
from tools.scores.pictures.maps import Places, strongest
from tools.scores.score_files import read_arrays, read_scores
from tools.scores.score_registry import (
    FITTED_SCORES,
    INPUT_PROPERTIES,
    STRANGEST_PLACE,
    fit_score,
    needed_quantities,
    quantities_of,
    unmet_needs,
)
from tools.scores.simple_detectors import (
    SimpleDetectors,
    simple_detectors,
    simple_quantities,
)
from vae_wgan.data.table_rows import as_table
from vae_wgan.ensemble.devices import graphs_as_written
from vae_wgan.ensemble.member import Member
from vae_wgan.ensemble.members import score_members, trained_checkpoints
from vae_wgan.ensemble.model_kind import AnyKind
from vae_wgan.kinds import kept_settings, kind_named, kind_of_run
from vae_wgan.run.member_maps import maps_of_run, read_places, standardised_maps
from vae_wgan.run.score_sets import read_calibration
from vae_wgan.settings.any_settings import AnySettings
from vae_wgan.settings.image_settings import ImageSettings

_DEPLOYED = ("score_keys", "target_fpr")  # settings that say how new examples are flagged
Quantities = Mapping[str, np.ndarray]  # float64 [member or 1, row] by name


class TrainedEnsemble:
    """Trained members of one kind that score new rows; many threads may use it at once.

    A row's scores depend on the row and the root seed only, not on the other rows.

    Args:
        kind: Kind of the members.
        settings: Settings of the run.
        encoder: Encoder of a table's rows; None: the rows are images.
        states: State of each member, arrays by name as in its checkpoint.
        score_key: Name of the score; None: the first score of the kind.
        calibration: Quantities of the calibration split, which a fitted score needs.
        row_shape: Shape of one encoded row or image; None: unknown.

    Attributes:
        simple: Simple detectors of a table's rows or of images, for a score that needs them.
        places: Statistics by which maps of the members are standardised; None: there are no maps.
        value_range: Numbers that stood for black and white in the training images; None: they were
            bytes or pictures.
        largest_batch: Examples per pass at most; None: what suits many. Set it before scoring.

    Raises:
        ArgumentError: This kind of member has no such score.
    """

    def __init__(
        self,
        kind: AnyKind,
        settings: AnySettings,
        encoder: TableEncoder | None,
        states: Sequence[Mapping[str, np.ndarray]] = (),
        *,
        score_key: str | None = None,
        calibration: Quantities | None = None,
        row_shape: Sequence[int] | None = None,
    ):
        self.kind = kind
        self.settings = settings
        self.encoder = encoder
        self.states = states
        self.score_key = checked_score_key(kind, settings, score_key)
        self.calibration = calibration
        self.simple: SimpleDetectors | None = None
        self.value_range: Range | None = None
        self.places: Places | None = None
        self.largest_batch: int | None = None
        self.row_shape = None if row_shape is None else tuple(row_shape)
        self._members: Sequence[Member] | None = None
        self._building = threading.Lock()

    def to_json(self) -> dict[str, Any]:
        """All but members, score and calibration as JSON values."""
        return {
            "kind": self.kind.name,
            "settings": kept_settings(self.settings),
            "encoder": None if self.encoder is None else self.encoder.to_json(),
            "row_shape": None if self.row_shape is None else list(self.row_shape),
            "value_range": self.value_range,
        }

    @classmethod
    def from_json(
        cls, record: Mapping[str, Any], states: Sequence[Mapping[str, np.ndarray]], **others: Any
    ) -> Self:
        """Rebuilds an ensemble from `to_json()`, states, score and calibration."""
        kind = kind_named(record["kind"])
        encoder = None if record["encoder"] is None else encoder_from_json(record["encoder"])
        settings, row_shape = _settings(kind, record["settings"]), record.get("row_shape")
        ensemble = cls(kind, settings, encoder, states, row_shape=row_shape, **others)
        ensemble.value_range = _range_of(record.get("value_range"))
        return ensemble

    def rows(self, X: Any) -> np.ndarray:
        """Converts X to float32 rows for the members; see `EnsembleDetector.score`.

        Raises:
            InputError: X does not match the training data.
        """
        if self.encoder is None:
            return as_images(np.asarray(X), "X")
        try:
            return self.encoder.encode(as_table(X))
        except InputError as error:
            raise ArgumentError(f"X: {error}") from error

    @property
    def picture_form(self) -> PictureForm:
        """The form that picture files are brought to, as those of the training were."""
        fit = self.settings.fit if isinstance(self.settings, ImageSettings) else FITS[0]
        return form_of_shape(self.row_shape or (), fit)

    @property
    def read_options(self) -> ReadOptions:
        """How files of further images are read: as those of the training were."""
        return ReadOptions(remembered=self.value_range)

    def scores(self, rows: np.ndarray, statistic: str) -> np.ndarray:
        """Scores float64 [row], higher = more anomalous; a fitted score ignores the statistic."""
        return self.combined(self.quantities(rows), statistic)

    def quantities(self, rows: np.ndarray) -> Quantities:
        """The members' quantities, and the properties of the rows if the score needs them."""
        ids = np.array([crc32(row) for row in rows])
        members, examples = self.members(rows.shape[1:]), ExampleSet("X", rows, ids, "")
        with graphs_as_written():
            values = score_members(members, examples, self.settings.seed)
        if needed_quantities([self.score_key]).intersection(INPUT_PROPERTIES):
            properties = input_statistics(rows, self.settings.pixel_likelihood)
            values |= {name: property[np.newaxis] for name, property in properties.items()}
        if self.simple is not None:
            values |= simple_quantities(self.simple, rows)
        if self.places is not None and STRANGEST_PLACE in needed_quantities([self.score_key]):
            maps = standardised_maps(members, self.places, rows)
            values[STRANGEST_PLACE] = strongest(maps)[np.newaxis]
        return {name: value.astype(np.float64) for name, value in values.items()}

    def maps(self, rows: np.ndarray) -> np.ndarray:
        """Where images are strange, [image, height, width]; see `maps_of_run`.

        Raises:
            ArgumentError: These members have no maps.
        """
        maps_of = maps_of_run(self.members(rows.shape[1:]), self.simple, self.places)
        if maps_of is None:
            raise ArgumentError(f"{self.kind.name}: these members have no maps of images")
        return maps_of(rows)

    def combined(self, quantities: Quantities, statistic: str) -> np.ndarray:
        """The score [row] computed from all members' quantities."""
        if self.score_key in FITTED_SCORES:
            return self._fitted_score(quantities)
        values = quantities[self.score_key]
        return anomaly_scores(self.score_key, values, self.settings.ddof)[statistic]

    @functools.cached_property
    def _fitted_score(self) -> Scorer:
        """The score fitted to the calibration split, once for all rows that are scored."""
        return fit_score(self.score_key, self.calibration)

    def calibration_scores(self, statistic: str) -> np.ndarray:
        """Scores of the calibration split [row], for p-values; a fitted score is cross-fitted."""
        if self.score_key in FITTED_SCORES:
            fit = functools.partial(fit_score, self.score_key)
            return cross_fitted_scores(fit, self.calibration, seed=self.settings.seed)
        return self.combined(self.calibration, statistic)

    def members(self, row_shape: tuple[int, ...]) -> Sequence[Member]:
        """The members for rows of this shape, built on first use.

        Raises:
            ArgumentError: The members were trained on rows of another shape.
        """
        with self._building:
            if self._members is None or self.row_shape != row_shape:
                self._members = self._build(row_shape)
                self.row_shape = row_shape
            return self._members

    def _build(self, row_shape: tuple[int, ...]) -> Sequence[Member]:
        try:
            if self.row_shape not in (None, row_shape):
                raise InputError("they have another shape")
            if self.encoder is None:
                check_image_shape("X", row_shape)
            none = np.empty((0, *row_shape), np.float32)
            names = needed_quantities([self.score_key])
            model = self.kind.new_member(self.settings, row_shape, none, names)
            members = [model.with_state(state) for state in self.states]
            return [member.limited_to(names, self.largest_batch) for member in members]
        except InputError as error:
            wanted = "another shape" if self.row_shape is None else f"the shape {self.row_shape}"
            raise ArgumentError(
                f"X: the members were trained on rows of {wanted}, not {row_shape}"
            ) from error


def open_ensemble(
    folder: RunFolder,
    score_key: str | None = None,
    settings: AnySettings | None = None,
    *,
    calibrated: bool = False,
) -> TrainedEnsemble:
    """Opens the trained ensemble of a run folder. The run's data are not needed.

    Args:
        folder: The run folder.
        score_key: Name of the score; None: the first score of the kind.
        settings: Settings of the run; None: those in the manifest.
        calibrated: Whether to read the calibration split's quantities even if the score is not
            fitted.

    Raises:
        InputError: The folder holds no such run, or a member is missing.
        ArgumentError: The members have no such score, or it needs quantities of the calibration
            split that the folder lacks.
    """
    manifest, kind = _run_in(folder)
    settings = settings or _settings(kind, manifest.settings)
    checkpoints = [
        *trained_checkpoints(folder, num_models=settings.num_models, max_steps=settings.total_steps)
    ]
    encoder, shape = manifest.encoder, manifest.example_shape or None
    ensemble = TrainedEnsemble(
        kind,
        settings,
        None if encoder is None else encoder_from_json(encoder),
        [checkpoint.arrays for checkpoint in checkpoints],
        score_key=score_key,
        row_shape=shape,
    )
    if any(name.startswith(SIMPLE) for name in needed_quantities([ensemble.score_key])):
        ensemble.simple = simple_detectors(read_arrays(folder.simple_ensemble()))
    ensemble.places = read_places(folder)
    ensemble.value_range = _range_of(manifest.value_range)
    if calibrated or ensemble.score_key in FITTED_SCORES:
        digests = [file_digest(checkpoint.path) for checkpoint in checkpoints]
        known = _calibration_files(folder, digests, settings)
        ensemble.calibration = _needed_of(known, ensemble.score_key, folder)
    return ensemble


def _calibration_files(
    folder: RunFolder, digests: Sequence[str], settings: AnySettings
) -> Quantities:
    """All quantities in the calibration split's files, checked to be of these members."""
    known = dict(read_calibration(folder, digests, settings).scores)
    if (path := folder.inputs(CALIBRATION)).exists():
        file = read_scores(path)
        if "complexity" in file.scores and not file.provenance.items() >= PROVENANCE.items():
            raise InputError(f"{path} is of an earlier version; run with --skip_train=True first")
        known |= file.scores
    return known


def _needed_of(known: Quantities, score_key: str, folder: RunFolder) -> Quantities:
    """The known quantities that the score needs, float64."""
    if lacking := unmet_needs(score_key, known):
        raise ArgumentError(
            f"score={score_key!r} needs {', '.join(lacking)}, which the calibration split's files"
            f" in {folder.path} lack; run with --skip_train=True --score_keys={score_key}"
        )
    found = quantities_of([score_key], known)
    return {name: values.astype(np.float64) for name, values in found.items()}


def checked_score_key(kind: AnyKind, settings: AnySettings, score_key: str | None) -> str:
    """The score key after a check; None: the first score of the kind.

    Raises:
        ArgumentError: Members of this kind have no such score.
    """
    known = kind.score_keys(settings)
    return known[0] if score_key is None else checked_word("score", score_key, known)


def _range_of(values: Sequence[float] | None) -> Range | None:
    return (values[0], values[1]) if values else None


def saved_settings(folder: RunFolder) -> AnySettings:
    """Settings of a finished run that determine members, scores and the score to flag by.

    Raises:
        ArgumentError: The folder holds no run.
    """
    manifest, kind = _run_in(folder)
    return _settings(kind, manifest.settings, _DEPLOYED)


def _run_in(folder: RunFolder) -> tuple[Manifest, AnyKind]:
    manifest = folder.find_manifest()
    kind = None if manifest is None else kind_of_run(manifest)
    if manifest is None or kind is None:
        raise ArgumentError(
            f"run_folder={folder.path} holds no run of vae_run.py, wgan_run.py or anomaly_run.py"
        )
    return manifest, kind


def _settings(
    kind: AnyKind, saved: Mapping[str, Any], further: Collection[str] = ()
) -> AnySettings:
    """Settings from the values that a run or a detector has saved."""
    fields = {field.name: field for field in dataclasses.fields(kind.settings_class)}
    names = {*kept_settings(kind.settings_class()), *further} & saved.keys()
    values = {name: saved_value(fields[name], kind.settings_class, saved[name]) for name in names}
    return kind.settings_class(**values)
