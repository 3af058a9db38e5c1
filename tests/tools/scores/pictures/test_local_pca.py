"""Local PCA finds a small patch that the error of the whole picture drowns."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tools.scores.image_floors import fit_image_floor
from tools.scores.metrics import auroc
from tools.scores.pictures.local_pca import local_pca


def surfaces(count, seed):
    random = np.random.default_rng(seed)
    smooth = gaussian_filter(random.normal(size=(count, 24, 24, 1)), (0, 2, 2, 0))
    values = 0.5 + 0.7 * smooth + 0.03 * random.normal(size=smooth.shape)
    values[:, :, :12] += 0.15 * random.normal(size=values[:, :, :12].shape)  # a noisy half
    return np.clip(values, 0, 1).astype(np.float32)


@pytest.mark.parametrize("look", ["plain", "photo"])
def test_a_patch_in_the_quiet_half_is_found(look):
    training, normal, odd = surfaces(80, 0), surfaces(40, 1), surfaces(40, 2)
    odd[:, 8:12, 16:20] += 0.2 * np.random.default_rng(3).choice([-1, 1], (40, 4, 4, 1))
    local = local_pca(look, training, seed=0)
    whole = fit_image_floor("pca_reconstruction", training, seed=0)
    found = auroc(local(normal), local(odd))
    assert found > 0.85
    assert found > auroc(whole(normal), whole(odd)) + 0.1
