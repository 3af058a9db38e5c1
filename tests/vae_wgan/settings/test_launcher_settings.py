"""Flags of the launcher: none is ignored, and none is taken over from an earlier start."""

import pytest

from input_errors import message_of
from tools.run.options import member_settings
from vae_wgan.settings.launcher_settings import LauncherSettings
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.settings.wgan_settings import WGANSettings

RUNS = (VAESettings, WGANSettings, TableSettings)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(
    "flag",
    [{"launcher_address": "auto"}, {"gpus_per_member": 0.5}, {"task_retries": 0}],
    ids=lambda flag: next(iter(flag)),
)
def test_a_flag_of_ray_is_refused_without_ray(run, flag):
    ((name, value),) = flag.items()
    message = message_of(run, **flag)
    assert f"--{name}={value}" in message
    assert "--launcher=ray" in message
    assert getattr(run(launcher="ray", **flag), name) == value


@pytest.mark.parametrize("run", RUNS)
def test_members_at_once_is_refused_with_ray(run):
    message = message_of(run, launcher="ray", members_at_once=2)
    assert "--members_at_once=2" in message
    assert "--launcher=local" in message


@pytest.mark.parametrize("address", ["", "auto", "10.0.0.1:6379", "ray://head:10001"])
def test_addresses_are_known_by_their_form(address):
    assert LauncherSettings(launcher="ray", launcher_address=address).launcher_address == address


@pytest.mark.parametrize(
    "address", ["head", "head:", "http://head:1", ":6379", "ray://head", "a b"]
)
def test_a_malformed_address_is_named(address):
    message = message_of(LauncherSettings, launcher="ray", launcher_address=address)
    assert f"--launcher_address={address}:" in message


def test_rows_of_a_file_are_scored_in_one_process():
    scoring = {"skip_train": True, "score_file": "new.csv", "output": "scores.csv"}
    for flag in ({"launcher": "ray"}, {"members_at_once": 2}):
        assert "--score_file" in message_of(TableSettings, **scoring, **flag)


@pytest.mark.parametrize("run", RUNS)
def test_members_of_one_launcher_are_gone_on_with_by_another(run):
    assert member_settings(run()) == member_settings(run(launcher="ray", launcher_address="auto"))
    assert member_settings(run()) == member_settings(run(members_at_once=3, cpus_per_member=1))
