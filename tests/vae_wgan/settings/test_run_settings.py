import dataclasses

import pytest

from input_errors import message_of
from vae_wgan.settings.run_settings import RunSettings
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.settings.wgan_settings import WGANSettings


@pytest.mark.parametrize("settings", [RunSettings, VAESettings, WGANSettings, TableSettings])
def test_what_contradicts_is_refused_and_the_folder_of_the_data_filled_in(settings, monkeypatch):
    monkeypatch.setenv("WAIC_DATA_DIR", "somewhere")
    assert settings().data_dir == "somewhere"
    assert settings(data_dir="here").data_dir == "here"
    assert "--delete_existing" in message_of(settings, skip_train=True, delete_existing=True)
    assert "--num_pools=3" in message_of(settings, num_pools=3, num_models=2)
    assert "--ddof=2" in message_of(settings, ddof=2, num_models=2)


@pytest.mark.parametrize("settings_class", [VAESettings, WGANSettings, TableSettings])
def test_every_help_text_is_a_sentence(settings_class):
    for field in dataclasses.fields(settings_class):
        text = field.metadata["help"]
        assert text[0].isupper() and text.endswith("."), field.name
        assert not text.startswith(("Of ", "That of", "Those", "The same")), field.name


@pytest.mark.parametrize("settings_class", [VAESettings, WGANSettings, TableSettings])
def test_the_preset_is_the_first_setting_of_a_manifest(settings_class):
    assert dataclasses.fields(settings_class)[0].name == "preset"
