"""One run through each launcher: the same bytes, whoever trains and scores."""

import re
from types import SimpleNamespace

import pytest

from tiny_run import call, tiny_command, write_data
from tools.run.folder import RunFolder
from vae_wgan.launcher_settings import LauncherSettings
from vae_wgan.launchers import open_launcher

SAME = r"checkpoint-0*12\.npz|(scores|pictures|inputs)/.*\.npz|samples\.npz|metrics\.csv"
FLAGS = ("--cpus_per_member=1", "--score_keys=iwae,rate,likelihood_ratio")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("launchers")
    write_data(folder)
    return folder


def saved_bytes(folder, model_dir, *flags):
    """Runs, and returns the bytes of all results by path in the run folder."""
    result = call(tiny_command(folder, *FLAGS, *flags, model_dir=model_dir))
    assert result.returncode == 0, result.stderr
    root = folder / model_dir
    paths = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    return {path: (root / path).read_bytes() for path in paths if re.search(SAME, path)}


@pytest.fixture(scope="module")
def local(data):
    found = saved_bytes(data, "local")
    assert "background-0.2/1/checkpoint-00000012.npz" in found
    return found


def test_several_members_at_once_are_the_same(data, local):
    assert saved_bytes(data, "at_once", "--members_at_once=2") == local


def test_members_of_a_ray_on_this_machine_are_the_same(data, local):
    pytest.importorskip("ray")
    assert saved_bytes(data, "ray", "--launcher=ray") == local


def test_without_a_launcher_all_is_done_in_this_process(tmp_path):
    with open_launcher(LauncherSettings(), SimpleNamespace(), RunFolder(tmp_path)) as launcher:
        assert launcher is None
