"""Members of every kind are functions of their weights: no thread and no training disturbs them."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from input_errors import message_of
from vae_wgan.ensemble.network_member import NetworkMember
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.settings.wgan_settings import WGANSettings
from vae_wgan.table.table_member import TableMember
from vae_wgan.vae.vae_member import VAEMember
from vae_wgan.wgan.wgan_member import WGANMember

SMALL = {"base_depth": 2, "batch_size": 8, "compile": False}
RNG = np.random.default_rng(0)
IMAGES, ROWS = RNG.random((9, 28, 28, 1), np.float32), RNG.random((9, 3), np.float32)
IDS = np.arange(9)
KINDS = {
    "vae": (VAEMember, VAESettings(**SMALL, latent_size=2, n_flows=1, n_samples=2), IMAGES),
    "wgan": (WGANMember, WGANSettings(**SMALL, z_dim=2), IMAGES),
    "table_vae": (TableMember, TableSettings(**SMALL, n_flows=1, n_samples=2), ROWS),
    "table_flow": (TableMember, TableSettings(**SMALL, n_flows=1, model="flow"), ROWS),
}
ABILITIES = {
    "score": lambda member, examples: member.score(examples, IDS, seed=3),
    "score_likelihood": lambda member, examples: member.score_likelihood(examples, IDS, seed=3),
    "samples": lambda member, examples: member.samples(3, seed=1),
    "codes": lambda member, examples: member.codes(examples),
    "reconstructions": lambda member, examples: member.reconstructions(examples),
    "posterior_means": lambda member, examples: member.posterior_means(examples),
}


@pytest.fixture(scope="module", params=KINDS)
def trained(request):
    """A model that is none of three members of its own, they, and examples."""
    make, settings, examples = KINDS[request.param]
    model, members = make(settings, examples.shape[1:], examples[:2]), []
    for seed in range(3):
        model.initialize(seed)
        for variable in model.network.trainable_variables:  # zeros say the same in all members
            variable.assign_add(tf.random.stateless_normal(variable.shape, (seed, 0)) / 10)
        members.append(model.with_state(model.state()))
    model.initialize(9)
    return model, members, examples


def assert_same(found, expected):
    assert type(found) is type(expected)
    for one, other in zip(
        *(list(each.values()) if isinstance(each, dict) else [each] for each in (found, expected)),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("ability", ABILITIES)
def test_four_threads_get_what_one_gets(trained, ability):
    _, members, examples = trained
    ask = ABILITIES[ability]
    alone = [ask(member, examples) for member in members]
    if alone[0] is None:
        pytest.skip("members of this kind have no such ability")
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # as on a busy machine
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda number: ask(members[number % 3], examples), range(24)))
    finally:
        sys.setswitchinterval(before)
    for number, answer in enumerate(found):
        assert_same(answer, alone[number % 3])


def test_members_differ_and_training_changes_none(trained):
    model, members, examples = trained
    before = [member.score(examples, IDS, seed=3) for member in members]
    for name in before[0]:
        assert len({values[name].tobytes() for values in before}) == 3, name
    model.train_steps(examples, 0, range(2))
    for member, expected in zip(members, before, strict=True):
        assert_same(member.score(examples, IDS, seed=3), expected)


def test_a_member_of_a_state_scores_as_the_trainee_that_had_it(trained):
    model, _, examples = trained
    twin = model.with_state(model.state())
    assert_same(twin.score(examples, IDS, seed=3), model.score(examples, IDS, seed=3))


def test_one_graph_serves_all_members(trained):
    _, members, examples = trained
    for member in members:
        member.score(examples, IDS, seed=3)
    for scoring in members[0].passes.values():
        assert scoring.function.experimental_get_tracing_count() == 1


def test_a_state_of_other_weights_is_refused(trained):
    model, _, _ = trained
    assert "other weights" in message_of(model.with_state, {"kernel": np.zeros(3)})


def test_a_network_without_a_differentiable_score_is_named():
    class Bare(NetworkMember):
        def train_steps(self, examples, seed, steps):
            return {}

    member = Bare(tf.keras.Sequential(), [], tf.keras.Sequential)
    options = {"epsilon": 0.1, "steps": 1, "compile": False}
    assert "Bare has no score" in message_of(member.more_normal, IMAGES, **options)
