"""Tasks in processes of this machine, the lost ones among them."""

import os
import signal
import subprocess
import sys
import time

import pytest

from fake_model import made_up_set
from input_errors import message_of
from repository_sources import MODULE_PATH
from tools.errors import InputError
from tools.run.member_lock import only_writer
from vae_wgan.ensemble.process_launcher import process_launcher
from vae_wgan.settings.launcher_settings import LauncherSettings

DATA = made_up_set("data", 3)


def weigh(data, factor):
    return factor * data.ids.sum(), os.getpid()


def fail(data, number):
    if number == 1:
        raise InputError("number 1 is wrong")
    time.sleep(600)


def die(data, number):
    os.kill(os.getpid(), signal.SIGKILL)


def settings(at_once):
    return LauncherSettings(members_at_once=at_once, cpus_per_member=1)


def everything(function, tasks):
    with process_launcher(settings(2), DATA) as launcher:
        return dict(launcher.run(function, tasks))


@pytest.fixture(autouse=True)
def found_by_the_processes(monkeypatch):
    """The modules of the tests, by the processes that are started."""
    monkeypatch.setenv("PYTHONPATH", MODULE_PATH)


def test_tasks_get_the_data_in_processes_of_their_own():
    with process_launcher(settings(2), DATA) as launcher:
        results = dict(launcher.run(weigh, ((launcher.share(factor),) for factor in range(5))))
    assert {number: result[0] for number, result in results.items()} == {
        number: 3 * number for number in range(5)
    }
    assert os.getpid() not in {result[1] for result in results.values()}


def test_a_wrong_input_ends_the_others_at_once():
    started = time.monotonic()
    assert message_of(everything, fail, [(0,), (1,)]) == "number 1 is wrong"
    assert time.monotonic() - started < 300


def test_a_process_that_was_killed_is_told():
    assert "--members_at_once=2" in message_of(everything, die, [(0,)])


PROGRAM = """
import sys
from pathlib import Path
from fake_model import made_up_set
from tests.vae_wgan.ensemble.test_process_launcher import hold, settings
from vae_wgan.ensemble.process_launcher import process_launcher

if __name__ == "__main__":
    with process_launcher(settings(2), made_up_set("data", 3)) as launcher:
        list(launcher.run(hold, [(Path(sys.argv[1]),)]))
"""


def hold(data, member):
    with only_writer(member):
        (member / "held").touch()
        time.sleep(200)


def test_processes_end_with_the_one_that_started_them(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    member = tmp_path / "0"
    with subprocess.Popen([sys.executable, tmp_path / "program.py", member]) as parent:
        while not (member / "held").exists():
            assert parent.poll() is None
            time.sleep(0.05)
        parent.kill()
    started = time.monotonic()
    with only_writer(member):
        assert time.monotonic() - started < 100


def test_more_threads_than_cores_are_told(caplog):
    cores = os.cpu_count()
    with process_launcher(LauncherSettings(members_at_once=cores, cpus_per_member=1), DATA):
        assert not caplog.records
    with process_launcher(LauncherSettings(members_at_once=2, cpus_per_member=cores), DATA):
        assert f"more threads than the {cores} cores here" in caplog.text
