import shutil
import subprocess
import sys

import pytest

from repository_sources import ROOT
from scripts.check_package import foreign_files, lowest_versions, unwanted_files

SOURCES = ("anomaly", "tools", "vae_wgan", "tests", "scripts")
FILES = ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """Wheel and source distribution of a copy, in which something was left lying about."""
    folder = tmp_path_factory.mktemp("copy")
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    (folder / "data").mkdir()
    (folder / "data" / "images.npz").write_bytes(b"")
    command = [sys.executable, "-m", "build", "--no-isolation", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,), (sdist,) = (list((folder / "dist").glob(name)) for name in ("*.whl", "*.gz"))
    return wheel, sdist


def test_the_distributions_hold_the_three_packages_and_nothing_else(distributions):
    wheel, sdist = distributions
    assert foreign_files(wheel) == []
    assert unwanted_files(sdist) == []


def test_the_report_s_template_is_in_the_wheel(distributions):
    template = "tools/report/report_template.html"
    command = [sys.executable, "-m", "zipfile", "-l", str(distributions[0])]
    assert template in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_lower_bounds_become_exact_versions_and_extras_are_left_out():
    needs = ("numpy<3,>=2", "tf-keras<2.22,>=2.20", 'ray>=2.50; extra == "ray"', "plain")
    text = "Name: x\n" + "".join(f"Requires-Dist: {need}\n" for need in needs)
    assert lowest_versions(text) == ["numpy==2", "tf-keras==2.20"]
