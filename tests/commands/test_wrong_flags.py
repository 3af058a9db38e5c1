"""A deliberate mistake on each flag of each entry script: one line that names it, and code 2."""

import dataclasses

import pytest

from tools.run.command_line import run_from_command_line
from tools.run.options import PRESETS
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.settings.wgan_settings import WGANSettings

# Texts that can be wrong in ways of their own, given a file and a folder.
WRONG_TEXTS = {
    "groups": "(",
    "preset": "quick",
    "train_dataset": "nowhere",
    "ood_datasets": "nowhere",
    "launcher_address": "nowhere",
    "score_file": "nowhere",
    "background_rates": "2",
    "alerts": "many",
    "score_keys": "nonsense",
    "data_dir": "{file}",
    "log_dir": "{file}",
    "output": "{folder}",
}
# What they mean is known to the run's folder or to the table; tests of these have mistakes in them.
CHECKED_LATER = {
    "model_dir",
    "label_column",
    "normal_label",
    "time_column",
    "drop_columns",
    "keep_columns",
}
CASES = [
    pytest.param(settings, field, id=f"{settings.__name__}-{field.name}")
    for settings in (VAESettings, WGANSettings, TableSettings)
    for field in dataclasses.fields(settings)
    if field.name not in CHECKED_LATER
]


def wrong_values(field):
    """Values that the flag must not take."""
    limits = field.metadata
    if field.name in WRONG_TEXTS:
        return [WRONG_TEXTS[field.name]]
    if limits["choices"]:
        return ["nonsense"]
    values = ["nonsense"]
    values += [str(limits["at_least"] - 1)] if limits["at_least"] is not None else []
    values += [str(limits["above"])] if limits["above"] is not None else []
    return values


@pytest.mark.parametrize(("settings", "field"), CASES)
def test_a_mistake_is_one_line_that_names_the_flag(settings, field, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    places = {"file": tmp_path / "file", "folder": tmp_path}
    for value in wrong_values(field):
        flag = f"--{field.name}={value.format(**places)}"
        with pytest.raises(SystemExit) as caught:
            run_from_command_line(settings, _never, description="", argv=["a_run.py", flag])
        assert caught.value.code == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert field.name in err
        assert err.count("\n") == 1


def test_every_preset_is_right():
    for settings in (VAESettings, WGANSettings, TableSettings):
        for preset in PRESETS:
            calls = []
            run_from_command_line(
                settings,
                lambda *call, calls=calls: calls.append(call),
                description="",
                argv=["a_run.py", f"--preset={preset}"],
            )
            assert len(calls) == 1


def _never(settings, given):
    raise AssertionError("the run was started")
