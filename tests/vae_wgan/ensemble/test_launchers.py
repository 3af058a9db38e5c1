"""One run through each launcher: the same bytes, whoever trains and scores."""

from types import SimpleNamespace

import pytest

from finished_runs import write_inputs
from program import call
from tiny_run import bytes_by_path, tiny_command, tiny_table_command, tiny_wgan_command
from tools.run.run_folder import RunFolder
from vae_wgan.ensemble.launchers import open_launcher
from vae_wgan.settings.launcher_settings import LauncherSettings

SAME = r"checkpoint-\d+\.npz|(scores|pictures|inputs)/.*\.npz|samples\.npz|metrics\.csv"
ONE_CORE = "--cpus_per_member=1"
FLAGS = (ONE_CORE, "--score_keys=iwae,rate,likelihood_ratio")
AT_ONCE, RAY = "--members_at_once=2", "--launcher=ray"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("launchers")
    write_inputs(folder)
    return folder


def saved_bytes(folder, model_dir, *flags, make_command=tiny_command):
    """Runs, and returns the bytes of all results by path in the run folder."""
    result = call(make_command(folder, *flags, model_dir=model_dir))
    assert result.returncode == 0, result.stderr
    # TensorFlow's notes: not of the processes that the launchers start, either.
    assert not any(note in result.stderr for note in ("absl::", "oneDNN")), result.stderr
    return bytes_by_path(folder / model_dir, SAME)


@pytest.fixture(scope="module")
def local(data):
    found = saved_bytes(data, "local", *FLAGS)
    assert "background-0.2/1/checkpoint-00000012.npz" in found
    return found


def test_several_members_at_once_are_the_same(data, local):
    assert saved_bytes(data, "at_once", *FLAGS, AT_ONCE) == local


def test_members_of_a_ray_on_this_machine_are_the_same(data, local):
    pytest.importorskip("ray")
    assert saved_bytes(data, "ray", *FLAGS, RAY) == local


@pytest.mark.slow
@pytest.mark.parametrize("make_command", [tiny_wgan_command, tiny_table_command])
def test_other_models_are_the_same_through_every_launcher(data, make_command):
    pytest.importorskip("ray")
    name = make_command.__name__
    results = [
        saved_bytes(data, f"{name}{number}", ONE_CORE, *launcher, make_command=make_command)
        for number, launcher in enumerate([(), (AT_ONCE,), (RAY,)])
    ]
    assert any(path.endswith("metrics.csv") for path in results[0])
    assert sum("checkpoint" in path for path in results[0]) >= 2
    assert results[0] == results[1] == results[2]


def test_without_a_launcher_all_is_done_in_this_process(tmp_path):
    with open_launcher(LauncherSettings(), SimpleNamespace(), RunFolder(tmp_path)) as launcher:
        assert launcher is None
