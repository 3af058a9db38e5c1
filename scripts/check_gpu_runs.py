"""The data and command lines of the short runs that check_gpu.py makes."""

from pathlib import Path

import numpy as np

from tools.run.seeds import child_seed

ROOT = Path(__file__).resolve().parents[1]


def write_data(folder: Path) -> None:
    """images.npz (bars on noise), columns.npy (bars that stand), table.csv with labels."""
    random = np.random.default_rng(child_seed(0, "check_gpu"))

    def bars(count: int) -> np.ndarray:
        images = random.integers(0, 30, (count, 28, 28), np.uint8)
        for image, row in zip(images, random.integers(4, 20, count), strict=True):
            image[row : row + 4, 4:24] = 220
        return images

    np.savez(folder / "images.npz", x_train=bars(600), x_test=bars(100))
    np.save(folder / "columns.npy", bars(100).swapaxes(1, 2))
    normal = random.normal(size=(1500, 1)) + 0.3 * random.normal(size=(1500, 5))
    rows = np.concatenate([normal, random.normal(4, 1, (60, 5))])
    lines = [
        ",".join([*(f"{value:.5f}" for value in row), str(int(i >= 1500))])
        for i, row in enumerate(rows)
    ]
    (folder / "table.csv").write_text("\n".join(["a,b,c,d,e,label", *lines]) + "\n", "utf-8")


def images_command(script: str, folder: Path, *flags: str) -> list[str]:
    """Arguments of Python for a short run on images.npz."""
    return [
        str(ROOT / "vae_wgan" / script),
        f"--train_dataset={folder / 'images.npz'}",
        f"--ood_datasets=columns={folder / 'columns.npy'},uniform_noise",
        "--preset=smoke",
        "--viz_steps=50",
        *flags,
    ]


def table_command(folder: Path, *flags: str) -> list[str]:
    """Arguments of Python for a short run on table.csv."""
    return [
        str(ROOT / "vae_wgan" / "anomaly_run.py"),
        f"--train_dataset={folder / 'table.csv'}",
        "--label_column=label",
        "--normal_label=0",
        "--preset=smoke",
        *flags,
    ]
