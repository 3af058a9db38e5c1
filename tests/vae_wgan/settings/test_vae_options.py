"""Flags that VAEs of images and of tables share have one text, and the same limits."""

import dataclasses
from types import SimpleNamespace

import pytest

from input_errors import message_of
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.settings.vae_options import check_analytic_kl
from vae_wgan.settings.vae_settings import VAESettings

SHARED = ("latent_size", "use_NF", "mixture_components", "analytic_kl", "beta")


def flags(settings_class):
    return {field.name: field for field in dataclasses.fields(settings_class)}


@pytest.mark.parametrize("name", SHARED)
def test_a_shared_flag_is_the_same_for_images_and_tables(name):
    images, tables = flags(VAESettings)[name], flags(TableSettings)[name]
    assert images is not tables
    assert images.metadata == tables.metadata


def test_texts_name_what_an_example_is():
    for name, image, row in (
        ("train_samples", "per image", "per row"),
        ("elbo_threshold", "the images", "the rows"),
    ):
        assert image in flags(VAESettings)[name].metadata["help"]
        assert row in flags(TableSettings)[name].metadata["help"]


@pytest.mark.parametrize(
    ("has_flows", "components", "closed"), [(True, 1, False), (False, 2, False), (False, 1, True)]
)
def test_the_rate_has_a_closed_form_under_the_standard_normal_prior_only(
    has_flows, components, closed
):
    settings = SimpleNamespace(use_NF=has_flows, mixture_components=components, analytic_kl=True)
    if closed:
        check_analytic_kl(settings)
    else:
        assert "--analytic_kl needs" in message_of(check_analytic_kl, settings)
