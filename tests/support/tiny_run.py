"""A run small enough for tests: 60 images of bars, two members of a few filters, twelve steps."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from repository_sources import ROOT

TINY_FLAGS = (
    "--num_models=2",
    "--max_steps=12",
    "--viz_steps=4",
    "--batch_size=8",
    "--latent_size=4",
    "--base_depth=2",
    "--n_flows=2",
    "--n_samples=2",
    "--eval_size=20",
    "--bootstrap=50",
    "--learning_rate=0.01",
    "--compile=False",
    "--processor=any",  # the same kernels on all machines
    "--score_keys=iwae,rate,likelihood_residual",  # without the passes that take long to trace
)
TINY_WGAN_FLAGS = (
    "--num_models=2",
    "--max_steps=4",
    "--extra_steps=3",
    "--viz_steps=3",
    "--batch_size=8",
    "--z_dim=4",
    "--base_depth=2",
    "--Citers=2",
    "--Citers_boosted=3",
    "--eval_size=20",
    "--bootstrap=50",
    "--compile=False",
)
TINY_DENOISER_FLAGS = (
    "--num_models=2",
    "--max_steps=6",
    "--viz_steps=3",
    "--batch_size=8",
    "--base_depth=2",
    "--eval_size=20",
    "--bootstrap=50",
)
TINY_TABLE_FLAGS = (
    "--num_models=2",
    "--max_steps=60",
    "--viz_steps=30",
    "--batch_size=64",
    "--latent_size=4",
    "--base_depth=16",
    "--n_flows=1",
    "--n_samples=2",
    "--bootstrap=20",
    "--alerts=40,100",
    "--learning_rate=0.01",
    "--compile=False",
)


def bars(count: int, seed: int = 0) -> np.ndarray:
    """uint8 [count, 28, 28]: one bright horizontal bar each, on a dark noisy ground."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 30, (count, 28, 28), np.uint8)
    for image, row in zip(images, rng.integers(4, 20, count), strict=True):
        image[row : row + 4, 4:24] = 220
    return images


def write_data(folder: Path) -> None:
    """bars.npz with a training and a test part, and columns.npy to tell from it."""
    np.savez(folder / "bars.npz", x_train=bars(60), x_test=bars(25, seed=1))
    np.save(folder / "columns.npy", bars(25, seed=2).swapaxes(1, 2))


def made_up_table(rows: int = 2000, anomalies: int = 40) -> pd.DataFrame:
    """Normal rows of correlated and skewed numbers and a text; anomalies are far from them."""
    random = np.random.default_rng(0)
    normal = random.normal(size=rows)
    frame = pd.DataFrame(
        {
            "Time": np.sort(random.uniform(0, 2 * 86400, rows)),
            "a": normal,
            "b": normal + 0.2 * random.normal(size=rows),
            "amount": random.lognormal(3, 1, rows),
            "shop": random.choice(["web", "till"], rows),
            "Class": "good",
        }
    )
    frame.loc[::37, "a"] = np.nan
    bad = random.choice(rows, anomalies, replace=False)
    frame.loc[bad, "b"] = random.normal(8, 1, anomalies)
    frame.loc[bad, "Class"] = "bad"
    return frame


def tiny_command(folder: Path, *flags: str, model_dir: str = "run") -> list[str]:
    """The command line of a tiny run of VAEs on the data in `folder`."""
    return _command("vae_run.py", folder, model_dir, *TINY_FLAGS, *flags)


def tiny_wgan_command(folder: Path, *flags: str, model_dir: str = "run") -> list[str]:
    """The command line of a tiny run of WGANs on the data in `folder`."""
    return _command("wgan_run.py", folder, model_dir, *TINY_WGAN_FLAGS, *flags)


def tiny_denoiser_command(folder: Path, *flags: str, model_dir: str = "run") -> list[str]:
    """The command line of a tiny run of denoisers on the data in `folder`."""
    return _command("denoiser_run.py", folder, model_dir, *TINY_DENOISER_FLAGS, *flags)


def tiny_table_command(folder: Path, *flags: str, model_dir: str = "run") -> list[str]:
    """The command line of a tiny run of VAEs on the table own.csv in `folder`."""
    return [
        sys.executable,
        str(ROOT / "vae_wgan" / "anomaly_run.py"),
        f"--train_dataset={folder / 'own.csv'}",
        "--label_column=Class",
        "--normal_label=good",
        "--time_column=Time",
        f"--model_dir={folder / model_dir}",
        *TINY_TABLE_FLAGS,
        *flags,
    ]


def tiny_flow_command(folder: Path, *flags: str, model_dir: str = "run") -> list[str]:
    """The command line of a tiny run of flows on the table own.csv in `folder`."""
    command = tiny_table_command(folder, "--model=flow", *flags, model_dir=model_dir)
    return [word for word in command if not word.startswith(("--latent_size", "--n_samples"))]


def _command(script: str, folder: Path, model_dir: str, *flags: str) -> list[str]:
    return [
        sys.executable,
        str(ROOT / "vae_wgan" / script),
        f"--train_dataset={folder / 'bars.npz'}",
        f"--ood_datasets=columns={folder / 'columns.npy'},hflip,uniform_noise",
        f"--model_dir={folder / model_dir}",
        *flags,
    ]


def assert_refused(result: subprocess.CompletedProcess, *words: str) -> None:
    """The command has ended with code 2 and a last line that has the words, and no traceback."""
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    message = result.stderr.strip().splitlines()[-1]
    for word in words:
        assert word in message


def bytes_by_path(root: Path, wanted: str) -> dict[str, bytes]:
    """The files below a folder whose path in it has the pattern."""
    paths = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    return {path: (root / path).read_bytes() for path in paths if re.search(wanted, path)}
