"""Floors on the features of a run."""

import pkgutil

from tools.scores.floors import FEATURE_FLOOR_WORDS, IMAGE_FLOOR_WORDS
from vae_wgan.features.feature_floors import feature_floors
from vae_wgan.features.features_kind import FeaturesKind
from vae_wgan.features.features_member import FeaturesMember
from vae_wgan.settings.features_settings import FeaturesSettings


def test_each_floor_on_features_has_a_name_in_words():
    assert feature_floors(FeaturesSettings()).keys() == FEATURE_FLOOR_WORDS.keys()


def test_a_run_has_the_floors_of_images_and_those_on_features():
    floors = FeaturesKind().floors(FeaturesSettings())
    assert [*floors] == [*IMAGE_FLOOR_WORDS, *FEATURE_FLOOR_WORDS]


def test_the_kind_has_its_member():
    assert pkgutil.resolve_name(FeaturesKind.member_class) is FeaturesMember
