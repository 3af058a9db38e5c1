"""Builds the distributions, installs the wheel in an empty environment, and runs its commands.

python scripts/check_package.py [--versions=newest|lowest|pinned]

newest and lowest: of the dependencies, within the bounds of setup.py; pinned: constraints.txt.
Downloads gigabytes; the environment is deleted at the end.
"""

import argparse
import re
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Sequence
from email.parser import Parser
from pathlib import Path

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from scripts.script_start import run_script
from tools.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
INSTALLED = "generative_ensembles/"
_IMAGES = ("--train_dataset=own.npz", "--ood_datasets=hflip,uniform_noise")
OWN_DATA = {  # a small data file for each command
    "vae-run": _IMAGES,
    "wgan-run": _IMAGES,
    "anomaly-run": ("--train_dataset=own.csv",),
}
SMOKE = ("--preset=smoke", "--max_steps=4", "--eval_size=20", "--bootstrap=20", "--base_depth=2")


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks the package; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    versions = ("newest", "lowest", "pinned")
    parser.add_argument(
        "--versions",
        choices=versions,
        default="newest",
        help="versions of the dependencies; default: %(default)s",
    )
    return run_script(parser, _check, arguments)


def foreign_files(wheel: Path) -> list[str]:
    """Files of a wheel outside its one package."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
    return [name for name in names if not name.startswith(INSTALLED)]


def unwanted_files(sdist: Path) -> list[str]:
    """Files of a source distribution that are data, tests or scripts."""
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    unwanted = re.compile(r"(tests|scripts|runs|data)/.|.*\.(npz|gz|csv|keras)$")
    return [name for name in names if unwanted.match(name)]


def lowest_versions(metadata: str) -> list[str]:
    """Constraints that hold each dependency of a package's metadata at its lower bound."""
    needs = Parser().parsestr(metadata).get_all("Requires-Dist", [])
    found = (re.match(r"([\w.-]+).*>=([\w.]+)", need) for need in needs if "extra ==" not in need)
    return [f"{match[1]}=={match[2]}" for match in found if match]


def _check(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _call([sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)])
        (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
        if found := foreign_files(wheel) + unwanted_files(sdist):
            raise InputError(f"the distributions contain {', '.join(found)}")
        venv.create(folder / "venv", with_pip=True)
        programs = folder / "venv" / "bin"
        flags = _constraints(options.versions, wheel, folder)
        pip = [str(programs / "python"), "-m", "pip", "install", "--quiet", *flags]
        _call([*pip, str(wheel)], folder)
        _write_data(folder)
        for command, own in OWN_DATA.items():
            _call([str(programs / command), "--help"], folder)
            _call([str(programs / command), *own, *SMOKE, f"--model_dir={command}"], folder)
        listed = [str(programs / "python"), "-m", "pip", "list", "--format=freeze"]
        sys.stdout.write(_call(listed, folder))
    sys.stdout.write(f"The package is whole and runs with the {options.versions} versions.\n")


def _constraints(versions: str, wheel: Path, folder: Path) -> list[str]:
    if versions == "newest":
        return []
    if versions == "pinned":
        return ["--constraint", str(ROOT / "constraints.txt")]
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = lowest_versions(archive.read(name).decode())
    path = folder / "lowest.txt"
    path.write_text("\n".join(lines))
    return ["--constraint", str(path)]


def _write_data(folder: Path) -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (80, 28, 28), np.uint8)
    np.savez(folder / "own.npz", x_train=images[:60], x_test=images[60:])
    np.savetxt(
        folder / "own.csv", rng.normal(size=(300, 3)), delimiter=",", header="a,b,c", comments=""
    )


def _call(command: Sequence[str], folder: Path | None = None) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"{' '.join(command)} has failed: {done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
