import numpy as np
import pytest

from tools.data.registry import ImageSet
from tools.errors import InputError
from vae_wgan.vae_experiment import refuse_unfit_images, training_data


def image_set(*shape, checksum="0" * 64):
    return ImageSet("own", np.zeros((2, *shape), np.float32), np.arange(2), checksum)


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (64, 64, 1)])
def test_square_images_with_a_side_of_a_multiple_of_four_are_taken(shape):
    refuse_unfit_images(image_set(*shape))


@pytest.mark.parametrize("shape", [(28, 32, 1), (30, 30, 1), (24, 24, 1)])
def test_other_images_are_refused_by_their_shape(shape):
    with pytest.raises(InputError, match="x".join(map(str, shape))):
        refuse_unfit_images(image_set(*shape))


def test_training_data_are_known_by_their_content():
    one, other = (training_data(image_set(28, 28, 1, checksum=c * 64)) for c in "ab")
    assert one != other
    assert "own" in one["train_dataset"]
