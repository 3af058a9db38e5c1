"""Floors on the features of a run."""

import pkgutil

from vae_wgan.features.feature_floors import FEATURE_FLOORS, score_feature_floors
from vae_wgan.features.features_kind import FeaturesKind
from vae_wgan.features.features_member import FeaturesMember


def test_two_floors_are_on_features_and_one_is_on_pixels():
    assert [*FEATURE_FLOORS] == ["feature_neighbours", "feature_gaussian", "pca_reconstruction"]
    assert callable(score_feature_floors)


def test_the_kind_has_its_member():
    assert pkgutil.resolve_name(FeaturesKind.member_class) is FeaturesMember
