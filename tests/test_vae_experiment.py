import numpy as np
import pytest

from tools.data.example_set import ExampleSet
from tools.errors import InputError
from vae_wgan.vae_experiment import refuse_unfit_images


def example_set(*shape):
    return ExampleSet("own", np.zeros((2, *shape), np.float32), np.arange(2), "0" * 64)


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (64, 64, 1)])
def test_square_images_with_a_side_of_a_multiple_of_four_are_taken(shape):
    refuse_unfit_images(example_set(*shape))


@pytest.mark.parametrize("shape", [(28, 32, 1), (30, 30, 1), (24, 24, 1)])
def test_other_images_are_refused_by_their_shape(shape):
    with pytest.raises(InputError, match="x".join(map(str, shape))):
        refuse_unfit_images(example_set(*shape))
