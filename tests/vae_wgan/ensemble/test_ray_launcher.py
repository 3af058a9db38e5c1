"""A real Ray cluster of two nodes on this machine: the same bytes as here, whatever is lost."""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from fake_model import FakeKind, FakeModel, made_up_set
from input_errors import message_of
from repository_sources import MODULE_PATH
from tools.run.run_folder import RunFolder
from vae_wgan.ensemble.launchers import check_launcher, open_launcher
from vae_wgan.ensemble.member_runners import open_runner
from vae_wgan.ensemble.ray_launcher import _nodes_with_room, ray_launcher
from vae_wgan.ensemble.training_plan import TrainingPlan
from vae_wgan.settings.vae_settings import VAESettings

ray = pytest.importorskip("ray")

# Of every node: Ray would take the machine's own address for 127.0.0.1.
NODE = {"num_cpus": 2, "node_ip_address": "127.0.0.2"}
QUICK = {  # to see a loss, and to start
    "prestart_worker_first_driver": False,
    "health_check_initial_delay_ms": 500,
    "health_check_period_ms": 500,
    "health_check_failure_threshold": 4,
}
MEMBERS = 4
PLAN = TrainingPlan(seed=3, max_steps=6, save_every=2)
HALT = 4  # a step before which each member has saved
SETS = [made_up_set("near", 9, first_id=100), made_up_set("far", 5)]
TRAINING = made_up_set("train", 10)


class HaltingModel(FakeModel):
    """Leaves a file STEP-PID-TIME per step, and halts at one until the test lets it go on."""

    def __init__(self, steps_taken):
        super().__init__()
        self.steps_taken = steps_taken

    def train_step(self, examples, seed, step):
        (self.steps_taken / f"{step}-{os.getpid()}-{time.monotonic_ns()}").touch()
        while step == HALT and not (self.steps_taken / "go").exists():
            time.sleep(0.05)
        super().train_step(examples, seed, step)


class HaltingKind(FakeKind):
    def new_member(self, settings, example_shape, monitored, quantities):
        return HaltingModel(Path(settings.data_dir))


class DivergingKind(FakeKind):
    def new_member(self, settings, example_shape, monitored, quantities):
        model = FakeModel()
        model.diverges_at = 3
        return model


def made_up_data():
    return SimpleNamespace(training=TRAINING, monitored=TRAINING.examples[:1])


@pytest.fixture(scope="module")
def cluster():
    """The head of a cluster; processes of the cluster find the tests' modules."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", MODULE_PATH)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        head = NODE | {"include_dashboard": False, "_system_config": QUICK}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        yield cluster
        cluster.shutdown()


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    return folder


def settings_for(cluster, **changed):
    address = {"launcher": "ray", "launcher_address": cluster.address, "cpus_per_member": 1}
    options = {"num_models": MEMBERS, "max_steps": PLAN.max_steps, "model_dir": "unused"}
    return VAESettings(**options | address | changed)


def run_bytes(runner, folder):
    """Trains and scores; the bytes of all checkpoints, and of all scores by set and key."""
    runner.train(PLAN, folder, MEMBERS)
    members = runner.trained(folder)
    scored = runner.scores(members, SETS, PLAN.seed)
    scores = {
        (part.name, key): values.tobytes()
        for part, found in scored
        for key, values in found.items()
    }
    return [member.path.read_bytes() for member in members], scores


def lose_a_process_then_a_node(steps_taken: Path, cluster, node):
    """Kills the process of a member, and a node once another process has come to the same step."""

    def await_processes(count):
        while len(halted := sorted(steps_taken.glob(f"{HALT}-*"))) < count:
            time.sleep(0.05)
        return [int(path.name.split("-")[1]) for path in halted]

    victim, *others = await_processes(MEMBERS)
    os.kill(victim, signal.SIGKILL)
    await_processes(MEMBERS + 1)
    cluster.remove_node(node, allow_graceful=False)
    while all(map(is_running, others)):
        time.sleep(0.05)
    (steps_taken / "go").touch()


def is_running(process):
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_members_and_scores_are_the_same_though_a_process_and_a_node_are_lost(
    cluster, folder, tmp_path
):
    data = made_up_data()
    local = open_runner(FakeKind(), settings_for(cluster), data, None)
    expected = run_bytes(local, RunFolder(tmp_path / "local"))
    node = cluster.add_node(**NODE)
    cluster.wait_for_nodes()
    steps_taken = tmp_path / "steps"
    steps_taken.mkdir()
    settings = settings_for(cluster, data_dir=str(steps_taken))
    losing = (steps_taken, cluster, node)
    threading.Thread(target=lose_a_process_then_a_node, args=losing, daemon=True).start()
    with open_launcher(settings, data, folder) as launcher:
        found = run_bytes(open_runner(HaltingKind(), settings, data, launcher), folder)
    assert (steps_taken / "go").exists()
    assert len(list(steps_taken.glob("0-*"))) == MEMBERS  # the others went on from checkpoints
    assert len(list(steps_taken.glob(f"{HALT}-*"))) > MEMBERS + 1
    assert found == expected
    assert not list(folder.path.glob(".*"))  # the question to the nodes and its answers are gone


def test_a_member_that_diverges_ends_the_run_with_its_own_line(cluster, folder):
    data = made_up_data()
    data.diverges_at = 3
    settings = settings_for(cluster)
    with open_launcher(settings, data, folder) as launcher:
        runner = open_runner(DivergingKind(), settings, data, launcher)
        message = message_of(runner.train, PLAN, folder, 1)
    assert "all members failed; member 0 diverged by step" in message
    assert str(folder.path) in message


def test_a_node_that_leaves_while_nodes_are_checked_is_left_out(
    cluster, folder, monkeypatch, caplog
):
    node = cluster.add_node(**NODE)
    cluster.wait_for_nodes()

    def nodes_before_the_loss(settings):
        found = _nodes_with_room(settings)
        cluster.remove_node(node, allow_graceful=False)
        return found

    monkeypatch.setattr("vae_wgan.ensemble.ray_launcher._nodes_with_room", nodes_before_the_loss)
    settings, data = settings_for(cluster), made_up_data()
    with open_launcher(settings, data, folder) as launcher:
        runner = open_runner(FakeKind(), settings, data, launcher)
        runner.train(PLAN, folder, 1)
    assert list(folder.member(0).glob("checkpoint-*06.npz"))
    assert "has left the cluster" in caplog.text


def test_a_cluster_that_all_nodes_have_left_is_refused(cluster, folder, monkeypatch):
    monkeypatch.setattr("vae_wgan.ensemble.ray_launcher._is_there_and_fit", lambda *asked: False)
    assert "all nodes have left" in message_of(_open, settings_for(cluster), folder)


def test_storage_that_a_node_does_not_see_is_named(cluster, folder, monkeypatch):
    monkeypatch.setattr("vae_wgan.ensemble.ray_launcher.write_text", lambda path, text: None)
    message = message_of(_open, settings_for(cluster), folder)
    assert f"--model_dir={folder.path}" in message
    assert "127.0.0.2" in message


def test_other_packages_on_a_node_are_named(cluster, folder, monkeypatch):
    monkeypatch.setattr("vae_wgan.ensemble.ray_launcher.package_versions", lambda: {"numpy": "0.1"})
    message = message_of(_open, settings_for(cluster), folder)
    assert "127.0.0.2" in message
    assert "not 0.1" in message


def test_members_that_no_node_has_room_for_are_refused(cluster, folder):
    message = message_of(_open, settings_for(cluster, cpus_per_member=64), folder)
    assert "64 CPUs and 0 GPUs" in message
    assert "127.0.0.2 has 2 CPUs" in message
    message = message_of(_open, settings_for(cluster, gpus_per_member=1), folder)
    assert "--gpus_per_member" in message


def test_an_address_without_a_cluster_is_named(folder):
    settings = VAESettings(launcher="ray", launcher_address="127.0.0.2:1")
    assert "--launcher_address=127.0.0.2:1" in message_of(_open, settings, folder)


def test_without_ray_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert "pip install '.[ray]'" in message_of(check_launcher, VAESettings(launcher="ray"))


def _open(settings, folder):
    with ray_launcher(settings, made_up_data(), folder):
        pass
