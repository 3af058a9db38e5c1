"""Tables with labels, split and encoded: normal rows to learn from, and rows to tell apart."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tools.data.tables.table_encoder import fit_encoder
from tools.errors import InputError
from tools.run.options import settings_of_preset
from tools.run.seeds import child_seed
from tools.scores.simple.feature_spaces import Columns, columns_of
from vae_wgan.data.table_data import load_table_data
from vae_wgan.settings.table_settings import TableSettings

WORDS = ("low", "lower", "higher", "high")  # the quarters of a column
NSL_KDD_LABEL, NSL_KDD_DIFFICULTY = 41, 42  # the last columns; the files have no heading


class TableTask(NamedTuple):
    """One split of one table, encoded: float32 [row, feature].

    Attributes:
        training: Normal rows.
        calibration: Further normal rows, on which detectors may be calibrated.
        test: Normal rows that are tested.
        anomalies: Anomalies that are tested.
        columns: Kinds of the features.
    """

    training: np.ndarray
    calibration: np.ndarray
    test: np.ndarray
    anomalies: np.ndarray
    columns: Columns


def run_task(
    path: Path, most_rows: int, seed: int, *, label_column: str, normal_label: str
) -> TableTask:
    """The split that anomaly_run.py makes of a table: half of the normal rows train.

    Args:
        path: File of the table.
        most_rows: Rows that are tested, at most, of each class.
        seed: Root seed of the split.
        label_column: Column of the labels.
        normal_label: Label of normal rows.
    """
    settings = settings_of_preset(
        TableSettings,
        "fast",
        train_dataset=str(path),
        label_column=label_column,
        normal_label=normal_label,
        eval_size=most_rows,
        seed=seed,
    )
    data = load_table_data(settings)
    sets = {part.name: part.examples for part in data.ood}
    parts = [part.examples for part in (data.training, data.calibration, data.test)]
    return TableTask(*parts, sets[data.anomalies[0]], columns_of(data.encoder))


def binned_task(path: Path, most_rows: int, seed: int) -> TableTask | None:
    """As `run_task`, of a table of ADBench of which half the columns are made words.

    Every second column is cut at its quartiles, if it has more values than quarters.

    Args:
        path: An .npz of x [row, column] and y [row].
        most_rows: Rows that are tested, at most, of each class.
        seed: Root seed of the split.

    Returns:
        The split; None: there is no such column.
    """
    import pandas as pd

    with np.load(path) as arrays:
        frame, labels = pd.DataFrame(arrays["x"]).add_prefix("c"), arrays["y"].astype(int)
    varied = [name for name in frame.columns[1::2] if frame[name].nunique() > len(WORDS)]
    if not varied:
        return None
    for name in varied:
        edges = np.quantile(frame[name], [0.25, 0.5, 0.75])
        frame[name] = np.array(WORDS)[np.searchsorted(edges, frame[name])]
    with tempfile.TemporaryDirectory() as folder:
        binned = Path(folder) / f"{path.stem}.parquet"
        frame.assign(y=labels).to_parquet(binned, index=False)
        return run_task(binned, most_rows, seed, label_column="y", normal_label="0")


def nsl_kdd_task(folder: Path, most_rows: int, seed: int) -> TableTask:
    """NSL-KDD with its own split: normal connections of the training file, all of the test file.

    Args:
        folder: Folder of kdd_train.txt.gz and kdd_test.txt.gz.
        most_rows: Training rows, at most, and rows that are tested, at most, of each class.
        seed: Root seed of the rows that are drawn.
    """
    import pandas as pd

    parts = [_frame(folder / f"kdd_{name}.txt.gz") for name in ("train", "test")]
    frame = pd.concat(parts, ignore_index=True).rename(columns=str)
    is_normal = (frame.pop(str(NSL_KDD_LABEL)) == "normal").to_numpy()
    frame = frame.drop(columns=str(NSL_KDD_DIFFICULTY))
    is_training = np.arange(len(frame)) < len(parts[0])
    rng = np.random.default_rng(child_seed(seed, "NSL-KDD"))

    def drawn(mask: np.ndarray) -> np.ndarray:
        return rng.permutation(np.flatnonzero(mask))[:most_rows]

    normal = drawn(is_training & is_normal)
    training, calibration = np.split(normal, [round(0.9 * len(normal))])
    tested = drawn(~is_training & is_normal), drawn(~is_training & ~is_normal)
    encoder = fit_encoder(frame, training)
    rows = (encoder.encode(frame.iloc[part]) for part in (training, calibration, *tested))
    return TableTask(*rows, columns_of(encoder))


def table_files(folder: Path) -> Sequence[Path]:
    """The tables of ADBench in a folder, NUMBER_NAME.npz, by their numbers.

    Raises:
        InputError: The folder has no table.
    """
    paths = [path for path in folder.glob("*_*.npz") if path.name.partition("_")[0].isdecimal()]
    if not paths:
        raise InputError(f"--data_dir={folder}: holds no table of ADBench, as 45_wine.npz")
    return sorted(paths, key=lambda path: int(path.name.partition("_")[0]))


def _frame(path: Path):
    import pandas as pd

    if not path.exists():
        raise InputError(f"--data_dir={path.parent}: lacks {path.name}")
    return pd.read_csv(path, header=None)
