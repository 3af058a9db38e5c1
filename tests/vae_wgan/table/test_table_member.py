import dataclasses
from functools import cache

import numpy as np
import pytest
import tensorflow as tf

from input_errors import message_of
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.table import table_member
from vae_wgan.table.table_member import SCORE_BATCH, TableMember

SETTINGS = TableSettings(
    latent_size=2,
    base_depth=4,
    hidden_layers=1,
    n_flows=2,
    max_steps=8,
    batch_size=4,
    n_samples=2,
    learning_rate=1e-2,
    compile=False,
)
MODELS = ("vae", "flow")
RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(30, 3)).astype(np.float32)
IDS = RNG.permutation(1000)[: len(ROWS)]


def make_member(model="vae", seed=0, **changed):
    settings = dataclasses.replace(SETTINGS, model=model, score_keys=(), **changed)
    member = TableMember(settings, (3,), monitored=ROWS[:5])
    member.initialize(seed)
    return member


@cache
def member_of(model, compiled=False):
    """One for all tests that begin with `initialize`: building and tracing take seconds."""
    return make_member(model, compile=compiled)


def trained_state(*parts, model="vae", compiled=False):
    member = member_of(model, compiled)
    member.initialize(0)
    for part in parts:
        member.train_steps(ROWS, 7, part)
    return member.state()


def assert_equal_states(first, second):
    assert first.keys() == second.keys()
    for path, value in first.items():
        np.testing.assert_array_equal(value, second[path], err_msg=path)


@pytest.mark.parametrize("model", MODELS)
def test_every_weight_is_trained_and_no_permutation(model):
    before, after = trained_state(model=model), trained_state(range(3), model=model)
    for path, value in after.items():
        assert np.array_equal(value, before[path]) == ("permutation" in path), path


@pytest.mark.parametrize("compiled", [False, True])
def test_bytes_do_not_depend_on_how_steps_are_put_into_blocks(compiled):
    at_once = trained_state(range(8), compiled=compiled)
    in_parts = trained_state(range(1), range(1, 6), range(6, 8), compiled=compiled)
    assert_equal_states(in_parts, at_once)


@pytest.mark.parametrize("model", MODELS)
def test_training_goes_on_from_arrays_as_if_never_stopped(model):
    expected = trained_state(range(8), model=model)
    early = trained_state(range(3), model=model)
    resumed = member_of(model)
    resumed.initialize(5)
    resumed.load_state(early)
    resumed.train_steps(ROWS, 7, range(3, 8))
    assert_equal_states(resumed.state(), expected)


def test_initialize_forgets_and_draws_by_seed():
    member = member_of("vae")
    member.initialize(1)
    fresh = member.state()
    member.train_steps(ROWS, 7, range(2))
    member.initialize(1)
    assert_equal_states(member.state(), fresh)
    member.initialize(2)
    assert any(not np.array_equal(value, fresh[path]) for path, value in member.state().items())


def test_arrays_of_another_model_are_refused():
    assert "other weights" in message_of(member_of("vae").load_state, member_of("flow").state())


def test_a_step_sees_the_rows_of_its_batch(eagerly):
    """With one row in the table and no noise, any batch is that row: the loss is known."""
    member = make_member("flow", feature_noise=0.0)
    expected = -member.score(ROWS[:1], IDS[:1], seed=0)["log_likelihood"][0]
    loss = member.train_steps(ROWS[:1], 7, range(1))["loss"]
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_score_of_a_row_depends_neither_on_the_batch_nor_on_ids(model, monkeypatch):
    monkeypatch.setattr(table_member, "SCORE_BATCH", 8)
    member = member_of(model)
    member.initialize(0)
    member.train_steps(ROWS, 7, range(4))
    together = member.score(ROWS, IDS, seed=3)
    alone = [member.score(row[np.newaxis], np.zeros(1, int), seed=3) for row in ROWS]
    for key, values in together.items():
        assert values.shape == (len(ROWS),)
        assert np.isfinite(values).all()
        by_one = np.concatenate([one[key] for one in alone])
        np.testing.assert_allclose(by_one, values, rtol=1e-4, atol=1e-5, err_msg=key)
    assert member.costs["sampling"] > 0


def test_noise_of_a_score_is_drawn_by_the_seed_and_the_same_for_all_rows():
    member = member_of("vae")
    member.initialize(0)
    same = np.repeat(ROWS[:1], 4, axis=0)
    iwae = member.score(same, IDS[:4], seed=3)["iwae"]
    np.testing.assert_allclose(iwae, iwae[0], rtol=1e-6)
    assert np.all(member.score(same, IDS[:4], seed=4)["iwae"] != iwae)


@pytest.mark.parametrize("model", MODELS)
def test_compiled_and_plain_scores_agree(model):
    plain, compiled = (member_of(model, is_compiled) for is_compiled in (False, True))
    compiled.load_state(trained_state(range(3), model=model))
    plain, compiled = (member.score(ROWS, IDS, seed=3) for member in (plain, compiled))
    for key, values in plain.items():
        np.testing.assert_allclose(compiled[key], values, rtol=1e-4, atol=1e-5)


def test_posterior_means_are_those_of_the_scores():
    member = member_of("vae")
    member.initialize(0)
    expected = member.score(ROWS, IDS, seed=3)["posterior_mean"]
    np.testing.assert_allclose(member.posterior_means(ROWS), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_monitor_tells_the_means_of_the_scores_and_there_are_no_pictures(model):
    member = member_of(model)
    member.initialize(0)
    values = member.monitor()
    assert values.pop("learning_rate") == pytest.approx(1e-2)
    scores = member.score(ROWS[:5], IDS[:5], seed=0)
    assert values == pytest.approx({key: float(value.mean()) for key, value in scores.items()})
    assert member.pictures() == {}


def test_likelihood_of_rows_like_the_training_rows_rises():
    member = member_of("flow")
    member.initialize(0)
    rows = (0.2 * ROWS).astype(np.float32)
    before = member.score(rows, IDS, seed=0)["log_likelihood"].mean()
    member.train_steps(rows, 7, range(8))
    assert member.score(rows, IDS, seed=0)["log_likelihood"].mean() > before + 0.01


@pytest.mark.parametrize(
    ("model", "changed"),
    [
        ("vae", {"beta": 5.0}),
        ("vae", {"activation": "relu"}),
        ("flow", {"activation": "relu"}),
        ("vae", {"hidden_layers": 2}),
        ("vae", {"likelihood": "gaussian"}),
        ("vae", {"feature_noise": 0.5}),
        ("flow", {"feature_noise": 0.5}),
        ("vae", {"train_samples": 3}),
        ("vae", {"use_NF": False, "mixture_components": 4}),
        ("vae", {"use_NF": False, "mixture_components": 1, "analytic_kl": True}),
        ("flow", {"n_flows": 1}),
        ("vae", {"learning_rate": 1e-3}),
    ],
    ids=str,
)
def test_every_training_flag_acts(model, changed, eagerly):
    loss = make_member(model, **changed).train_steps(ROWS, 7, range(2))["loss"]
    plain = make_member(model)
    assert np.isfinite(loss)
    assert loss != plain.train_steps(ROWS, 7, range(2))["loss"]


def test_batches_are_filled_up_to_one_compiled_size(monkeypatch):
    sizes = []

    def record(weights, rows, noise):
        sizes.append(len(rows))
        return {"x": tf.constant(rows[:, 0])}

    member = member_of("vae")
    monkeypatch.setitem(
        member.passes, "sampling", member.passes["sampling"]._replace(function=record)
    )
    rows = np.zeros((SCORE_BATCH + 3, 3), np.float32)
    assert member.score(rows, np.arange(len(rows)), 0)["x"].shape == (len(rows),)
    assert sizes == [SCORE_BATCH, SCORE_BATCH]
