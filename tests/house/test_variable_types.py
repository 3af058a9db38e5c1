"""On a GPU a compiled function cannot read int32 variables: TensorFlow keeps them on the host."""

import gc

import numpy as np
import pytest
import tensorflow as tf

from tiny_detectors import ALL_DETECTORS, rows
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.settings.wgan_settings import WGANSettings
from vae_wgan.table.table_member import TableMember
from vae_wgan.vae.vae_member import VAEMember
from vae_wgan.wgan.wgan_member import WGANMember

SMALL = {"base_depth": 2, "batch_size": 8}
IMAGES = np.random.default_rng(0).random((9, 28, 28, 1), np.float32)
ROWS = np.random.default_rng(0).random((9, 3), np.float32)


def variables_on_the_host():
    """All variables that are alive: those of networks, optimizers, seed generators, counters."""
    alive = [each for each in gc.get_objects() if isinstance(each, tf.Variable)]
    assert alive
    return [each.name for each in alive if each.dtype == tf.int32]


@pytest.mark.parametrize(
    ("make", "settings", "examples"),
    [
        (VAEMember, VAESettings(**SMALL, latent_size=2, n_flows=2), IMAGES),
        (WGANMember, WGANSettings(**SMALL, z_dim=2), IMAGES),
        (TableMember, TableSettings(**SMALL), ROWS),
        (TableMember, TableSettings(**SMALL, model="flow"), ROWS),
    ],
    ids=["vae", "wgan", "table_vae", "table_flow"],
)
def test_no_variable_of_a_member_or_its_optimizers_is_kept_on_the_host(make, settings, examples):
    member = make(settings, examples.shape[1:], examples)
    assert {str(v.dtype) for v in member.variables} >= {"float32", "int64"}
    assert variables_on_the_host() == []


@pytest.mark.parametrize("make_detector", ALL_DETECTORS)
def test_no_variable_of_a_detector_or_its_optimizer_is_kept_on_the_host(make_detector):
    detector = make_detector()
    detector.fit(rows(), epochs=1, verbose=False)
    assert variables_on_the_host() == []
