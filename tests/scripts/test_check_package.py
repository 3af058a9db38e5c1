"""What the distributions hold, and that an installed wheel is a good neighbour."""

import os
import re
import shutil
import subprocess
import sys
import venv

import numpy as np
import pytest

from repository_sources import ROOT
from scripts.check_package import foreign_files, lowest_versions, unwanted_files
from tiny_run import TINY_TABLE_FLAGS, made_up_table
from tools import __version__

SOURCES = ("anomaly", "tools", "vae_wgan", "tests", "scripts")
FILES = ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")
OURS = ("anomaly", "tools", "vae_wgan")  # names that a project of somebody else's may have, too
OF_TENSORFLOW = re.compile(r"^[IWEF]\d{4} |^WARNING:|absl|oneDNN|cuda", re.MULTILINE)
IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
import anomaly, tools, vae_wgan
import generative_ensembles
for module in pkgutil.walk_packages(generative_ensembles.__path__, "generative_ensembles."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for name in generative_ensembles.__all__:
    assert getattr(generative_ensembles, name).__module__.startswith("generative_ensembles"), name
assert anomaly.whose == tools.whose == vae_wgan.whose == "the project's own"
print(sorted(name for name in sys.modules if name.startswith(("anomaly.", "tools.", "vae_wgan."))))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the checkout, in which something was left lying about."""
    folder = tmp_path_factory.mktemp("copy")
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    (folder / "data").mkdir()
    (folder / "data" / "images.npz").write_bytes(b"")
    stale = folder / "build" / "lib" / "tools"
    stale.mkdir(parents=True)
    (stale / "errors.py").write_text("")
    return folder


@pytest.fixture(scope="module")
def distributions(copy):
    """Wheel, by way of the source distribution, and source distribution."""
    command = [sys.executable, "-m", "build", "--no-isolation", str(copy)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,), (sdist,) = (list((copy / "dist").glob(name)) for name in ("*.whl", "*.gz"))
    return wheel, sdist


def new_environment(folder, *package):
    """Programs of a new environment that has a package, and the dependencies of this one."""
    venv.create(folder, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    # Of a folder that a .pth file names no .pth file is read: this checkout is not installed there.
    (site / "dependencies.pth").write_text(str(os.path.dirname(os.path.dirname(np.__file__))))
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install"]
    flags = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--ignore-installed"]
    subprocess.run([*pip, *flags, *map(str, package)], check=True, capture_output=True)
    return folder / "bin"


@pytest.fixture(scope="module")
def installed(distributions, tmp_path_factory):
    return new_environment(tmp_path_factory.mktemp("installed"), distributions[0])


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Somebody's project, with folders that are called as ours in a checkout."""
    folder = tmp_path_factory.mktemp("project")
    for name in OURS:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text('whose = "the project\'s own"\n')
    made_up_table(600).to_csv(folder / "own.csv", index=False)
    return folder


def call(*command, folder):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_the_distributions_hold_the_package_and_nothing_else(distributions):
    wheel, sdist = distributions
    assert foreign_files(wheel) == []
    assert unwanted_files(sdist) == []
    assert f"-{__version__}" in wheel.name


def test_the_citation_has_the_version():
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_the_report_s_template_is_in_the_wheel(distributions):
    template = "generative_ensembles/tools/report/templates/page.html"
    command = [sys.executable, "-m", "zipfile", "-l", str(distributions[0])]
    assert template in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_every_installed_module_leaves_the_names_of_a_project_alone(installed, project):
    result = call(installed / "python", "-c", IMPORT_EVERYTHING, folder=project)
    assert (result.returncode, result.stdout) == (0, "[]\n"), result.stderr


@pytest.mark.parametrize("command", ["vae-run", "wgan-run", "anomaly-run", "features-run"])
def test_an_installed_command_says_its_version_and_names_itself(command, installed, project):
    version = call(installed / command, "--version", folder=project)
    assert (version.stdout, version.stderr) == (f"{command} {__version__}\n", "")
    shown = call(installed / command, "--help", folder=project)
    assert shown.returncode == 0
    assert f"\n{command} --" in shown.stdout
    assert "_run.py" not in shown.stdout.partition("Flags")[0]


def test_an_installed_run_says_nothing_that_is_not_ours(installed, project):
    data = ["--train_dataset=own.csv", "--label_column=Class", "--normal_label=good"]
    flags = [*data, *TINY_TABLE_FLAGS, "--max_steps=4", "--model_dir=run"]
    result = call(installed / "anomaly-run", *flags, folder=project)
    assert result.returncode == 0, result.stderr
    assert "scoring took" in result.stderr
    assert not OF_TENSORFLOW.search(result.stderr), result.stderr
    shutil.rmtree(project / "run" / "analysis")
    analysis = ["-m", "generative_ensembles.tools.analysis", "run", "--bootstrap=20"]
    again = call(installed / "python", *analysis, folder=project)
    assert again.returncode == 0, again.stderr
    assert (project / "run" / "analysis" / "report.html").is_file()


def test_an_editable_installation_keeps_the_names_of_the_checkout(copy, tmp_path):
    programs = new_environment(tmp_path / "editable", "--editable", copy)
    code = "import anomaly, tools, vae_wgan; print(anomaly.__file__)"
    result = call(programs / "python", "-c", code, folder=tmp_path)
    assert result.stdout == f"{copy / 'anomaly' / '__init__.py'}\n", result.stderr
    assert call(programs / "vae-run", "--version", folder=tmp_path).returncode == 0


def test_lower_bounds_become_exact_versions_and_extras_are_left_out():
    needs = ("numpy<3,>=2", "tf-keras<2.22,>=2.20", 'ray>=2.50; extra == "ray"', "plain")
    text = "Name: x\n" + "".join(f"Requires-Dist: {need}\n" for need in needs)
    assert lowest_versions(text) == ["numpy==2", "tf-keras==2.20"]
