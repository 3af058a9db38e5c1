"""The project's ensembles of VAEs, WGANs and flows behind the interface of the detectors.

EnsembleDetector.open("runs/mnist").scored("new_pictures/")  # or fit_images(…), fit_table(…)
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from anomaly.machinery.detector_files import save_detector
from anomaly.machinery.detector_input import checked_count, checked_number
from anomaly.machinery.ensemble_input import finite, given, images_from, table_from
from anomaly.machinery.ensemble_state import EnsembleState
from tools.data.images.new_pictures import NewPictures, picture_parts
from tools.errors import ArgumentError
from tools.run.run_folder import RunFolder
from tools.scores.drift import ChangeWatch
from vae_wgan.data.table_rows import as_table
from vae_wgan.run.explained_rows import explained_rows
from vae_wgan.run.fitting import fit_ensemble
from vae_wgan.run.scorer import Scorer, open_scorer
from vae_wgan.run.trained_ensemble import TrainedEnsemble


class EnsembleDetector(EnsembleState):
    """An ensemble, of VAEs or WGANs of images, or of VAEs or flows of a table.

    Higher scores are more anomalous. A score is repeatable: its noise depends on the row and the
    run's seed only, not on the rows around it. Any number of threads may score at once; a fitted
    detector can be pickled and copied, so that joblib, multiprocessing and Ray carry it.

    Args:
        run_folder: A folder that `vae_run.py`, `wgan_run.py`, `anomaly_run.py` or `fit` has
            trained members in; None: `fit` trains.
        score: What is made of the members' scores. A statistic, "waic", "mean", "mixture",
            "variance" or "disagreement", of their headline, which is iwae of VAEs,
            extra_logit of WGANs and log_likelihood of flows; or a score key, such as "elbo" or
            "rate", for its mean; or both, as "rate.variance"; or a score that is fitted on the
            run's calibration split, as "likelihood_residual" or, for a table, "combined".
        threshold: Scores above it are flagged.
        data_type: What the rows are, a word for `meta`.

    Attributes:
        target_fpr: Share of normal rows that `scored` flags at most.

    Raises:
        InputError: The folder holds no run, or not all of its members.
        ArgumentError: The score is unknown, or not one of these members.
    """

    @classmethod
    def open(cls, run_folder: str | Path, *, target_fpr: float | None = None) -> Self:
        """A finished run with the score and threshold by which it flags new examples.

        They are those of `--score_file` on the command line.

        Args:
            run_folder: Folder of a run of `vae_run.py`, `wgan_run.py`, `anomaly_run.py` or `fit`.
            target_fpr: Share of normal examples to flag at most; None: that of the run.

        Raises:
            InputError: The folder holds no finished run.
        """
        return cls._of(open_scorer(RunFolder(run_folder), target_fpr=target_fpr))

    @classmethod
    def fit_images(  # noqa: PLR0913  named settings in place of **settings
        cls,
        images: Any,
        *,
        run_folder: str | Path | None = None,
        model: str = "vae",
        num_models: int = 5,
        max_steps: int | None = None,
        preset: str = "fast",
        target_fpr: float = 0.05,
        seed: int = 0,
        compile: bool | None = None,
    ) -> Self:
        """Trains an ensemble on normal images; its score is that of `vae_run.py` or `wgan_run.py`.

        Args:
            images: A folder of pictures, an .npz or .npy file, or an array as for `score`. Some,
                5 % of many and more of few, are kept from the members, for threshold and p-values.
            run_folder: Where checkpoints stay. Started again with the same images and settings,
                training goes on from there. None: nothing stays.
            model: "vae" or "wgan".
            num_models: Number of members.
            max_steps: Training steps of each member; None: those of the preset.
            preset: "fast", "reference" or "smoke"; sets what is not given.
            target_fpr: Share of normal images to flag at most.
            seed: Root seed of all random draws.
            compile: Whether XLA compiles; None: the preset's choice.

        Raises:
            InputError: The images or a setting are unfit, or the folder holds something else.
        """
        settings = {"num_models": num_models, "preset": preset, "seed": seed, "model": model}
        settings |= given(max_steps=max_steps, compile=compile)
        rows = images_from(images)
        score = {"wgan": "critic_distance"}.get(model, "combined_images")
        return cls(score=score)._fitted_with(rows, run_folder, target_fpr, settings)

    @classmethod
    def fit_table(  # noqa: PLR0913  as fit_images
        cls,
        table: Any,
        *,
        run_folder: str | Path | None = None,
        model: str = "vae",
        num_models: int = 5,
        max_steps: int | None = None,
        preset: str = "fast",
        target_fpr: float = 0.01,
        time_column: str = "",
        drop_columns: Sequence[str] = (),
        seed: int = 0,
        compile: bool | None = None,
    ) -> Self:
        """Trains an ensemble on the normal rows of a table; has a threshold and p-values then.

        Its score is that of `anomaly_run.py`: combined, or of flows combined_flow.

        Args:
            table: A pandas.DataFrame, the path of a file that `anomaly_run.py` reads, or an array
                [row, column]. Rows are kept for threshold and p-values as for `fit_images`.
            run_folder: As for `fit_images`.
            model: "vae" or "flow".
            num_models: As for `fit_images`.
            max_steps: As for `fit_images`.
            preset: As for `fit_images`.
            target_fpr: Share of normal rows to flag at most.
            time_column: Column of seconds or dates, of which members see the hour of the day.
            drop_columns: Columns that members do not see.
            seed: As for `fit_images`.
            compile: As for `fit_images`.

        Raises:
            InputError: The rows or a setting are unfit, or the folder holds something else.
        """
        settings = {"num_models": num_models, "preset": preset, "seed": seed, "model": model}
        settings |= {"time_column": time_column, "drop_columns": tuple(drop_columns)}
        settings |= given(max_steps=max_steps, compile=compile)
        score = {"flow": "combined_flow"}.get(model, "combined")
        return cls(score=score)._fitted_with(table_from(table), run_folder, target_fpr, settings)

    @classmethod
    def _of(cls, scorer: Scorer) -> Self:
        """A detector with the ensemble, score and threshold of a run."""
        name = scorer.name
        detector = cls(score=name, threshold=finite(scorer.threshold))
        detector._key, detector._statistic = scorer.ensemble.score_key, scorer.statistic
        detector._ensemble, detector.target_fpr = scorer.ensemble, scorer.target_fpr
        return detector

    def _fitted_with(
        self, rows: Any, folder: str | Path | None, target_fpr: float, settings: Mapping[str, Any]
    ) -> Self:
        checked_number("target_fpr", target_fpr, at_least=0, at_most=1)
        self.fit(rows, folder, target_fpr=target_fpr, **settings)
        self.target_fpr = target_fpr
        self.threshold = finite(self._scorer(target_fpr).threshold)
        return self

    def fit(self, X: Any, run_folder: str | Path | None = None, **settings: Any) -> Self:
        """Trains the members, with any setting; `fit_images`, `fit_table` name the usual ones.

        Args:
            X: Normal rows, as for `score`. Images are square, with a side of at least 28 pixels
                that is a multiple of 4. The kinds of a table's columns are inferred, as
                `anomaly_run.py` does. A fitted score takes some rows, which no member sees.
            run_folder: Where checkpoints and histories stay. Started again with the same rows and
                settings, training goes on from there. None: nothing stays.
            **settings: Fields of VAESettings, or TableSettings for a table, such as num_models=5,
                max_steps=3000, seed=0, preset="reference" or, for flows, model="flow"; with
                model="wgan", fields of WGANSettings.

        Returns:
            The detector.

        Raises:
            InputError: The rows or a setting are unfit, or the folder holds something else.
            TypeError: There is no such setting.
        """
        with tempfile.TemporaryDirectory() as scratch:
            folder = RunFolder(run_folder or scratch)
            self._ensemble = fit_ensemble(X, folder, self._key, **settings)
        return self

    def score(self, X: Any, batch_size: float = 1e10) -> np.ndarray:
        """Scores float64 [row].

        Args:
            X: Images [image, height, width, channel] or, grey ones, [image, height, width], or a
                single image; uint8, or floats in [0, 1]; or the path of a folder or file of them.
                Or a pandas.DataFrame with the columns of the training table, the path of a file, or
                an array [row, column] if the training table was one.
            batch_size: Rows that the members score together. It bounds no memory: a member takes
                few rows at a time in any case.

        Raises:
            InputError: X is not what the members were trained on.
        """
        size = checked_count("batch_size", batch_size)
        rows = (ensemble := self._trained()).rows(self._input(X))
        parts = (rows[start : start + size] for start in range(0, len(rows), size))
        return np.concatenate([ensemble.scores(part, self._statistic) for part in parts])

    def p_value(self, X: Any) -> np.ndarray:
        """Share of the run's calibration rows that are at least as anomalous: (0, 1], [row].

        Args:
            X: As for `score`.

        Raises:
            ArgumentError: The detector has no calibration rows: its score is not a fitted one.
        """
        return self._scorer().p_values(self.score(X))

    def scored(self, X: Any, target_fpr: float | None = None) -> pd.DataFrame:
        """Score, p-value, flag, reason and problem of each row, as `--score_file` writes them.

        A row or picture that cannot be scored has a problem in place of a score.

        Args:
            X: As for `score`. The result has the index of a pandas.DataFrame, and the paths of
                pictures in a folder as index.
            target_fpr: Share of normal rows to flag at most; None: that of the run.

        Raises:
            ArgumentError: The detector has no calibration rows: its score is not a fitted one.
        """
        scorer = self._scorer(target_fpr)
        if scorer.ensemble.encoder is not None:
            table = as_table(self._input(X))
            return scorer.scored_table(table).set_index(table.index)
        if not isinstance(X, str | Path):
            rows = scorer.ensemble.rows(self._input(X))
            return scorer.scored_images(rows).assign(reason="", problem="")
        return pd.concat(map(scorer.scored_pictures, self._parts(X))).set_index("path")

    def explain(self, X: Any) -> pd.DataFrame | np.ndarray:
        """Why rows have their scores: nats [row, column] of a table, or maps of images.

        A row is compared to the mean of the training rows nearest to it; over the columns the
        contributions sum to the rise of the members' -log p from that mean to the row. A map, the
        one that `--explain` draws, has [image, height, width] in deviations of normal images there.

        Args:
            X: As for `score`; a table's result has the index of a pandas.DataFrame.

        Raises:
            ArgumentError: The members have no maps, or a row cannot be encoded.
        """
        ensemble = self._trained()
        rows = ensemble.rows(found := self._input(X))
        if ensemble.encoder is None:
            return ensemble.maps(rows)
        return explained_rows(ensemble, rows).set_index(as_table(found).index)

    def watch(self) -> ChangeWatch:
        """A watch whose `update(scores)` says over time whether the data have changed."""
        return ChangeWatch(self._scorer().calibration)

    def infer_threshold(
        self, X: Any, threshold_perc: float = 95.0, batch_size: float = 1e10
    ) -> None:
        """Sets the threshold so that threshold_perc % of the scores of X are not above it."""
        self._set_threshold(self.score(X, batch_size), threshold_perc)

    def predict(
        self,
        X: Any,
        batch_size: float = 1e10,
        return_instance_score: bool = True,
        *,
        target_fpr: float | None = None,
    ) -> dict[str, Any]:
        """Flags rows, {"data": {"instance_score", "is_outlier"}, "meta"}, as OutlierVAE does.

        Args:
            X: As for `score`.
            batch_size: As for `score`.
            return_instance_score: False: None stands for the scores.
            target_fpr: Share of normal rows to flag at most, by the run's calibration rows; None:
                what is above `threshold` is flagged.

        Raises:
            ArgumentError: There is no threshold.
        """
        threshold = None if target_fpr is None else self._scorer(target_fpr).threshold
        if threshold is None:
            self._require_threshold()
        scores = self.score(X, batch_size)
        flags = self._flags(scores) if threshold is None else (scores > threshold).astype(np.int64)
        return self._result(
            instance_score=scores if return_instance_score else None, is_outlier=flags
        )

    def save(self, folder: str | Path) -> None:
        """Saves the detector and its members; `load_detector` reads it, without the run."""
        save_detector(self, folder)

    def _trained(self) -> TrainedEnsemble:
        if self._ensemble is None:
            raise ArgumentError("there are no members: give run_folder, or call fit")
        return self._ensemble

    def _scorer(self, target_fpr: float | None = None) -> Scorer:
        """The ensemble with its calibration rows."""
        if target_fpr is not None:
            checked_number("target_fpr", target_fpr, at_least=0, at_most=1)
        ensemble = self._trained()
        if ensemble.calibration is None:
            raise ArgumentError(
                f"score={self.score_name!r} was opened without calibration rows, which p-values"
                " need; use EnsembleDetector.open, fit_images or fit_table"
            )
        share = self.target_fpr if target_fpr is None else target_fpr
        return Scorer(ensemble, self._statistic, share)

    def _input(self, X: Any) -> Any:
        """Arrays and tables as they are; paths are read, and a single image is one of one."""
        ensemble = self._trained()
        if isinstance(X, str | Path):
            return table_from(X) if ensemble.encoder else self._pictures(X)
        shape = ensemble.row_shape or ()
        if ensemble.encoder is None and np.shape(X) in (shape, shape[:2]) and shape:
            return np.asarray(X).reshape(1, *shape)
        return X

    def _pictures(self, path: str | Path) -> np.ndarray:
        """The pictures of a folder or file.

        Raises:
            ArgumentError: One cannot be read; `scored` leaves it out.
        """
        for part in (parts := list(self._parts(path))):
            for name, problem in zip(part.names, part.problems, strict=True):
                if problem:
                    raise ArgumentError(f"X: {name}: {problem}")
        return np.concatenate([part.images for part in parts])

    def _parts(self, path: str | Path) -> Iterator[NewPictures]:
        ensemble = self._trained()
        return picture_parts(Path(path).expanduser(), ensemble.picture_form, ensemble.read_options)
