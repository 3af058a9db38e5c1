import numpy as np
import pytest
import tensorflow as tf

from tiny_vae_member import IMAGES, make_member
from vae_wgan.ensemble import step_blocks
from vae_wgan.ensemble.devices import graphs_as_written
from vae_wgan.ensemble.step_blocks import StepBlocks, blocks
from vae_wgan.vae import vae_member


def test_blocks_hold_all_steps_in_their_order(monkeypatch):
    monkeypatch.setattr(step_blocks, "BLOCK_STEPS", 4)
    assert list(blocks(range(5, 14))) == [range(5, 9), range(9, 13), range(13, 14)]


@pytest.mark.parametrize("xla", [False, True])
def test_each_step_gets_its_rows_and_its_seed(xla, monkeypatch):
    monkeypatch.setattr(step_blocks, "BLOCK_STEPS", 3)
    seen = tf.Variable(tf.zeros(8, tf.int64))

    def step(batch, seed):
        at = tf.reshape(seed[1], [1, 1])
        seen.scatter_nd_update(at, tf.reshape(tf.reduce_sum(batch), [1]))
        return tf.cast(100 * seed[0] + seed[1], tf.float32)

    training = StepBlocks(step, 2, xla=xla)
    examples = np.arange(4) * 10 ** np.arange(4)
    assert training.train(examples, range(1, 8), order=5, noise=7) == 707
    sums = seen.numpy()
    # Two steps are a pass over the four examples, from whichever step a block begins.
    assert sums[0] == 0 and all(sums[[2, 4, 6]] + sums[[3, 5, 7]] == examples.sum())


def test_a_vae_on_a_gpu_is_trained_in_blocks_to_the_same_bytes(monkeypatch):
    one_by_one = make_member()
    monkeypatch.setattr(vae_member, "processor_at_hand", lambda: "gpu")
    in_blocks = make_member()
    monkeypatch.delattr(vae_member, "batch_rows")  # which only single steps use there
    expected = None
    for member in (in_blocks, one_by_one):
        if member is one_by_one:
            monkeypatch.undo()
        member.initialize(3)
        with graphs_as_written():
            elbo = member.train_steps(IMAGES, 7, range(5))["elbo"]
        state = member.state() | {"elbo": np.float32(elbo)}
        for path, value in (expected or state).items():
            np.testing.assert_array_equal(state[path], value, err_msg=path)
        expected = state
